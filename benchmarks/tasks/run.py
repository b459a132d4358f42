"""Runs of models on tasks: what a run's row holds, and the loop over what is missing.

A run is a process of its own, whose memory is measured. Networks keep their training in a file, so that a killed run
goes on where it stopped.
"""

import pickle
from inspect import signature

import numpy as np
import pandas as pd
from skorch.callbacks import Callback

from benchmarks.harness.arguments import NETWORKS, SEEDS, arguments
from benchmarks.harness.folders import RESULTS
from benchmarks.harness.origin import origin
from benchmarks.harness.processes import in_new_process
from benchmarks.harness.rows import Rows, fit_and_predict
from benchmarks.tasks import baselines
from benchmarks.tasks.networks import GRUClassifier, network
from benchmarks.tasks.task import scores, widened
from ssm_estimators.estimators.deep import DeepEstimator
from ssm_estimators.training import TrainingCheckpoint

KNOWN = (*baselines.BASELINES, *baselines.PEERS, "GRU", *NETWORKS)
MODELS = {
    "quick": ("constant", "linear", "S4D"),
    "regular": ("constant", "linear", "1-NN", "MiniRocket", "features", "GRU", "S4D"),
    "full": NETWORKS,
}


class WithinEpoch(Callback):
    """Add to each epoch's history the mean loss of every fifth of its steps: an only epoch shows what it learned."""

    def on_epoch_end(self, net, **kwargs):
        losses = net.history[-1, "batches", :, "train_loss"]
        net.history.record("loss_by_fifths", [round(float(np.mean(part)), 4) for part in np.array_split(losses, 5)])


def run(task, name, model, seed, args):
    """The row of one fit."""
    cases = task.load(args.data_dir, args.profile)
    row = {"task": name, "model": model, "seed": seed, "profile": args.profile, "synthetic": cases.synthetic}
    row |= {"n_train": len(cases.X), "n_test": len(cases.X_test), "n_timepoints": cases.X.shape[-1]}
    row |= {"data_GB": round((cases.X.nbytes + cases.X_test.nbytes) / 1e9, 3)}
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
    if hasattr(estimator, "ridges_"):
        row |= {"saved_MB": round(len(pickle.dumps(estimator)) / 1e6, 1)}
    if hasattr(estimator, "net_"):
        row |= {"n_parameters": sum(p.numel() for p in estimator.net_.module_.parameters())}
        history = estimator.history_
        row |= {"epochs": len(history), "train_loss": [round(float(v), 4) for v in history[:, "train_loss"]]}
        row |= {"loss_by_fifths": history[0, "loss_by_fifths"]} if len(history) == 1 else {}
        seconds["fit_seconds"] = round(sum(history[:, "dur"]), 1)  # of all processes that it took
    return {**row, **seconds, **origin(estimator)}


def predict_coarse(estimator, cases):
    """Classes of every second sample: our networks are told the rate, to others each sample is given twice."""
    if isinstance(estimator, DeepEstimator) and not isinstance(estimator, GRUClassifier):
        return estimator.predict(cases.X_coarse, rate=2)
    n_timepoints = cases.X.shape[-1]
    return estimator.predict(widened(np.repeat(cases.X_coarse, 2, axis=-1)[..., :n_timepoints], n_timepoints))


def checkpoint(args, *key):
    """Where a network's training is kept until its row is written; not committed."""
    return RESULTS / "checkpoints" / f"{'_'.join(map(str, key))}_{args.profile}.pt"


def main(description, tasks, models=MODELS, default=None):
    """Run what is missing, each run in a process of its own; ``models`` and ``default``, the tasks, are by profile."""
    known = [*KNOWN, *(name for task in tasks.values() for name in task.baselines)]
    shared = ("data_dir", "seeds", "profile", "device", "jobs", "output")
    args = arguments(description, *shared, task={"choices": tasks}, model={"choices": known})
    rows = Rows.of_study(args, "task", "model", "seed", "profile")
    wanted = [
        (task, model, seed, args.profile)
        for task in args.task or (default or {}).get(args.profile, tasks)
        for seed in args.seeds or SEEDS[args.profile]
        for model in args.model or (*tasks[task].baselines, *models[args.profile])
        if not (tasks[task].n_tokens and model in baselines.OF_VALUES)
    ]
    for name, model, seed, _ in rows.missing(wanted):
        rows.add(in_new_process(run, tasks[name], name, model, seed, args))
        checkpoint(args, name, model, seed).unlink(missing_ok=True)
    report(rows, wanted, args.profile, tasks)


def report(rows, wanted, profile, tasks):
    """A table per task: a row per model, means over the seeds."""
    frame = pd.DataFrame(rows.rows)
    frame = frame[frame["profile"] == profile]
    for name in dict.fromkeys(task for task, *_ in wanted):
        own = frame[frame["task"] == name].dropna(axis=1, how="all")
        columns = [c for c in own if c.startswith(tasks[name].scores)] + ["fit_seconds", "predict_seconds", "peak_GB"]
        print(f"\n{name}\n{own.groupby('model', sort=False)[columns].mean().round(3).to_string()}")
