"""What the scripts of single tasks share: a task, one run of a model on it, and the loop over what is missing.

Every script has --task, --model, --profile, --seeds, --device and --output. A run is a process of its own, whose memory
is measured; networks keep their training in a file, so that a killed run goes on where it stopped.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from inspect import signature
from pathlib import Path
from typing import NamedTuple

import baselines
import numpy as np
import pandas as pd
from runs import NETWORKS, RESULTS, SEEDS, Rows, fit_and_predict, origin, results_file
from skorch.callbacks import Callback

import ssm_estimators
from ssm_estimators.estimators.deep import DeepEstimator
from ssm_estimators.layers import S4D
from ssm_estimators.networks import SequenceNetwork
from ssm_estimators.training import TrainingCheckpoint

ACCURACY = ("accuracy",)
KNOWN = (*baselines.BASELINES, *baselines.PEERS, "GRU", *NETWORKS)
MODELS = {
    "quick": ("constant", "linear", "S4D"),
    "regular": ("constant", "linear", "1-NN", "MiniRocket", "features", "GRU", "S4D"),
    "full": NETWORKS,
}


class Cases(NamedTuple):
    """Training and test part of a task."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    groups: np.ndarray | None = None
    synthetic: bool = False  # a stand-in for data that is not in the folder
    X_coarse: np.ndarray | None = None  # every second sample of the test cases


@dataclass(frozen=True)
class Task:
    """What to fit on what; ``load(data_dir, profile)`` returns the cases."""

    load: Callable[[Path, str], Cases]
    params: dict[str, dict]  # of the networks, a profile
    kind: str = "Classifier"
    scores: tuple[str, ...] = ACCURACY  # or a root mean squared error a target
    n_tokens: int = 0  # more than none: cases are texts
    ends_differ: bool = False  # NaN lies past the end of a case
    baselines: dict[str, Callable] = field(default_factory=dict)  # of this task alone


class WithinEpoch(Callback):
    """Add to each epoch's history the mean loss of every fifth of its steps: an only epoch shows what it learned."""

    def on_epoch_end(self, net, **kwargs):
        losses = net.history[-1, "batches", :, "train_loss"]
        net.history.record("loss_by_fifths", [round(float(np.mean(part)), 4) for part in np.array_split(losses, 5)])


def params_of(paper, quick, regular, **shared):
    """Parameters of the networks, a profile: so many epochs of the defaults but ``shared``, or the paper's."""
    return {"quick": {"max_epochs": quick, **shared}, "regular": {"max_epochs": regular, **shared}, "full": paper}


def run(task, name, model, seed, args):
    """The row of one fit."""
    cases = task.load(args.data_dir, args.profile)
    row = {"task": name, "model": model, "seed": seed, "profile": args.profile, "synthetic": cases.synthetic}
    row |= {"n_train": len(cases.X), "n_test": len(cases.X_test), "n_timepoints": cases.X.shape[-1]}
    if model in baselines.PEERS:
        return {**row, **origin(), **baselines.peer_row(model, task.scores, cases[:4], seed, args.jobs)}
    simple = baselines.BASELINES | task.baselines
    if model in simple:
        estimator = simple[model](task, seed, args.jobs)
    else:
        kept = [TrainingCheckpoint(checkpoint(args, name, model, seed)), WithinEpoch()]
        estimator = network(task, model, args.profile, random_state=seed, device=args.device, callbacks=kept)
    uses_groups = cases.groups is not None and "groups" in signature(estimator.fit).parameters
    predicted, seconds = fit_and_predict(estimator, *cases[:3], **({"groups": cases.groups} if uses_groups else {}))
    row |= scores(task.scores, predicted, cases.y_test)
    if cases.X_coarse is not None:
        coarse = scores(task.scores, predict_coarse(estimator, cases), cases.y_test)
        row |= {f"{score} at half rate": value for score, value in coarse.items()}
    if hasattr(estimator, "net_"):
        row |= {"n_parameters": sum(p.numel() for p in estimator.net_.module_.parameters())}
        history = estimator.history_
        row |= {"epochs": len(history), "train_loss": [round(float(v), 4) for v in history[:, "train_loss"]]}
        row |= {"loss_by_fifths": history[0, "loss_by_fifths"]} if len(history) == 1 else {}
        seconds["fit_seconds"] = round(sum(history[:, "dur"]), 1)  # of all processes that it took
    return {**row, **seconds, **origin(estimator)}


def scores(names, predicted, y):
    """Accuracy, or a root mean squared error a target, by name."""
    if names == ACCURACY:
        return {"accuracy": round(float(np.mean(predicted == y)), 4)}
    errors = np.sqrt(np.mean((predicted - y) ** 2, axis=0))
    return {name: round(float(error), 4) for name, error in zip(names, errors, strict=True)}


def predict_coarse(estimator, cases):
    """Classes of every second sample: our networks are told the rate, to others each sample is given twice."""
    if isinstance(estimator, DeepEstimator) and not isinstance(estimator, baselines.GRUClassifier):
        return estimator.predict(cases.X_coarse, rate=2)
    n_timepoints = cases.X.shape[-1]
    return estimator.predict(widened(np.repeat(cases.X_coarse, 2, axis=-1)[..., :n_timepoints], n_timepoints))


def widened(X, n_timepoints):
    """Cases with NaN past their ends, up to so many points."""
    return np.pad(X, ((0, 0), (0, 0), (0, n_timepoints - X.shape[-1])), constant_values=np.nan)


def network(task, model, profile, **more):
    """An untrained network with the task's parameters of a profile, and ``more``."""
    params = {**task.params[profile], **more}
    if task.n_tokens:
        params |= {"input": "tokens", "n_tokens": task.n_tokens}
    if task.ends_differ:
        params["missing"] = "mask"
    if model == "GRU":
        params["d_model"] = width_of_gru(**params)
        params["batch_size"] *= 4  # a time step takes as long for more cases: an epoch then takes about S4D's time
    cls = getattr(baselines if model == "GRU" else ssm_estimators, f"{model}{task.kind}")
    if not hasattr(cls, "bandlimit"):
        params.pop("bandlimit", None)  # other systems have no modes
    return cls(**params)


def width_of_gru(d_model=64, n_layers=3, d_state=16, **_):
    """Features of a recurrent network with about as many parameters as S4D's."""
    systems = {"d_state": d_state, "bidirectional": True, "dt_min": 0.01, "dt_max": 0.5}

    def size(layer, width):
        return sum(p.numel() for p in SequenceNetwork(layer, systems, 1, 1, width, n_layers).parameters())

    wanted = size(S4D, d_model)
    return min(range(4, d_model + 1, 4), key=lambda width: abs(size(baselines.GRULayer, width) - wanted))


def checkpoint(args, *key):
    """Where a network's training is kept until its row is written; not committed."""
    return RESULTS / "checkpoints" / f"{'_'.join(map(str, key))}_{args.profile}.pt"


def main(description, tasks, models=MODELS, default=None):
    """Run what is missing, a process a run; ``models`` and ``default``, the tasks, are by profile."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="see ssm_estimators.datasets")
    parser.add_argument("--task", nargs="+", choices=tasks, help="default: the profile's")
    known = [*KNOWN, *(name for task in tasks.values() for name in task.baselines)]
    parser.add_argument("--model", nargs="+", choices=known, help="default: the profile's")
    parser.add_argument("--seeds", nargs="+", type=int, help="default: the profile's")
    parser.add_argument("--profile", choices=SEEDS, default="regular")
    parser.add_argument("--device", default="auto", help="of the networks")
    parser.add_argument("--jobs", type=int, default=2, help="threads of the baselines")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = Rows(results_file(args, Path(sys.argv[0]).stem), ("task", "model", "seed", "profile"))
    wanted = [
        (task, model, seed)
        for task in args.task or (default or {}).get(args.profile, tasks)
        for seed in args.seeds or SEEDS[args.profile]
        for model in args.model or (*tasks[task].baselines, *models[args.profile])
        if not (tasks[task].n_tokens and model in baselines.OF_VALUES)
    ]
    for key in wanted:
        if not rows.has(*key, args.profile):
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
                rows.add(process.submit(run, tasks[key[0]], *key, args).result())
            checkpoint(args, *key).unlink(missing_ok=True)
    report(rows, wanted, args.profile, tasks)


def report(rows, wanted, profile, tasks):
    """A table a task: a row a model, means over the seeds."""
    frame = pd.DataFrame(rows.rows)
    frame = frame[frame["profile"] == profile]
    for name in dict.fromkeys(task for task, _, _ in wanted):
        own = frame[frame["task"] == name].dropna(axis=1, how="all")
        columns = [c for c in own if c.startswith(tasks[name].scores)] + ["fit_seconds", "predict_seconds", "peak_GB"]
        print(f"\n{name}\n{own.groupby('model', sort=False)[columns].mean().round(3).to_string()}")
