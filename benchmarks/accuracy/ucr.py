"""Accuracy on the UCR archive, the archive's own split, one JSON row per run; a killed run goes on where it stopped.

python -m benchmarks.accuracy.ucr --data-dir DATA --profile full               # the features, 3 seeds
python -m benchmarks.accuracy.ucr --data-dir DATA --model S4D                  # all sets, one seed
python -m benchmarks.accuracy.ucr --data-dir DATA --model S4D --profile full   # and two more, and their ensemble
python -m benchmarks.accuracy.ucr --data-dir DATA --model LiquidS4 S4 LSSL     # ten sets, one seed
python -m benchmarks.accuracy.ucr --data-dir DATA --model S4D --profile quick  # a minute: five small sets, two epochs
python -m benchmarks.accuracy.ucr --data-dir DATA --timing                     # beside aeon's classifiers, one run
python -m benchmarks.report                                                    # tables and pictures from the rows
"""

from functools import partial

import numpy as np
import pandas as pd
import torch

import ssm_estimators
from benchmarks.accuracy.ucr_sets import DEEP, TEN, equal_length_sets, other_sets
from benchmarks.harness.aeon import peer_rows
from benchmarks.harness.arguments import NETWORKS, QUICK, SEEDS, arguments
from benchmarks.harness.folders import RESULTS
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows, fit_and_predict
from ssm_estimators.datasets import load_ucr_uea

# ours by name: class and parameters that differ from the defaults
MODELS = {
    "features": ("StateSpaceRidgeClassifier", {}),
    **{f"features_{n}": ("StateSpaceRidgeClassifier", {"n_kernels": n}) for n in (4000, 2000, 1000, 500)},
    **{name: (f"{name}Classifier", {}) for name in NETWORKS},
}
KEYS = ("model", "set", "seed")
QUICK_SETS = ("BME", "Chinatown", "MoteStrain", "Plane", "UMD")


def run(model, name, seed, data_dir, n_jobs, parts=None, **deep_params):
    """Accuracy of one fit on ``n_jobs`` threads; ``parts`` and ``deep_params`` are of networks only."""
    class_name, params = MODELS[model]
    (X, y), (X_test, y_test) = (load_ucr_uea(name, split, data_dir) for split in ("train", "test"))
    if np.isnan(X).any() or np.isnan(X_test).any():
        params = {**params, "missing": "mask"}
    own = {"n_threads": n_jobs, **deep_params} if model in NETWORKS else {"n_jobs": n_jobs}
    estimator = getattr(ssm_estimators, class_name)(random_state=seed, **params, **own)
    proba, seconds = fit_and_predict(estimator, X, y, X_test, "predict_proba")
    predicted = estimator.classes_[proba.argmax(1)]
    if model in NETWORKS:
        parts.mkdir(exist_ok=True, parents=True)
        np.save(probabilities(parts, model, name, seed), proba.astype(np.float32))
    row = {"protocol": "original split", "accuracy": round(float(np.mean(predicted == y_test)), 4)}
    return {**row, **seconds, **origin(estimator)}


def probabilities(parts, model, name, seed):
    """Where a network's, of a test part, are kept for the ensemble; not committed."""
    return parts / f"{model}_{name}_{seed}.npy"


def add_ensembles(rows, model, seeds, names, data_dir):
    """Rows of the mean of all seeds' probabilities, where they are kept."""
    key = {"model": f"{model} ensemble", "seed": "+".join(map(str, seeds))}
    for name in names:
        files = [probabilities(rows.path.with_suffix(".parts"), model, name, seed) for seed in seeds]
        if rows.find(set=name, **key) or not all(path.exists() for path in files):
            continue
        y = load_ucr_uea(name, "train", data_dir)[1]
        _, y_test = load_ucr_uea(name, "test", data_dir)
        predicted = np.unique(y)[np.mean([np.load(path) for path in files], axis=0).argmax(1)]
        accuracy = round(float(np.mean(predicted == y_test)), 4)
        rows.add({**key, "set": name, "protocol": "original split", "accuracy": accuracy, **origin()})


def run_missing(rows, model, seeds, names, args):
    """All runs that are not there yet; deep ones on the CPU side by side, on one thread each."""
    wanted = [(model, name, seed) for seed in seeds for name in names]
    own = partial(run, parts=rows.path.with_suffix(".parts"), **args.deep_params)
    if model not in NETWORKS or args.device not in ("auto", "cpu") or torch.cuda.is_available():
        rows.add_missing(wanted, own, args.data_dir, args.jobs)
    else:
        rows.add_missing(wanted, own, args.data_dir, 1, jobs=args.jobs)


def main():
    args = arguments(
        __doc__,
        *("data_dir", "seeds", "profile", "device", "jobs", "output"),
        model={"choices": MODELS, "default": ["features"]},
        sets={"help": "data sets to run on; by default the profile's, and ten for networks but S4D", "default": None},
        timing={"action": "store_true", "help": "time the features beside aeon's classifiers"},
    )
    is_quick, seeds = args.profile == "quick", args.seeds or SEEDS[args.profile]
    args.deep_params = {"device": args.device, **(QUICK if is_quick else {})}
    sets = args.sets or (QUICK_SETS if is_quick else None)
    if args.timing:
        time_beside_peers(args.data_dir, sets or equal_length_sets(args.data_dir), args.jobs)
        return
    rows = Rows.of_study(args, *KEYS)
    every = [*equal_length_sets(args.data_dir), *other_sets(args.data_dir)]
    for model in args.model:
        names = sets or (TEN if model in NETWORKS and model != DEEP else every)
        run_missing(rows, model, seeds, names, args)
        if model in NETWORKS and len(seeds) > 1:
            add_ensembles(rows, model, seeds, names, args.data_dir)
        print(f"{model}: mean accuracy {rows.mean('accuracy', model=model):.4f}")


def time_beside_peers(data_dir, names, jobs, seed=0):
    """Time all, set by set of ours and then of aeon's, in one run; print totals and mean accuracies."""
    rows = Rows(RESULTS / "ucr_timing.jsonl", KEYS)
    rows.clear()  # nothing is taken from an earlier run
    ours = sorted((model for model in MODELS if model.startswith("features_")), key=lambda m: int(m.split("_")[1]))
    run(ours[0], names[0], seed, data_dir, jobs)  # warm, as the peers are
    rows.add_missing([(model, name, seed) for model in [*ours, "features"] for name in names], run, data_dir, jobs)
    files = [str(data_dir.resolve() / "ucr" / f"{name}.npz") for name in names]
    for row in peer_rows(["MultiRocketHydra", "MiniRocket"], files, seed, jobs):
        rows.add(row)
    columns = {"accuracy": "mean", "fit_seconds": "sum", "predict_seconds": "sum", "peak_GB": "max"}
    print(pd.DataFrame(rows.rows).groupby("model", sort=False).agg(columns).round(4).to_string())


if __name__ == "__main__":
    main()
