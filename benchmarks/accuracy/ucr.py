"""Accuracy on the UCR archive, the archive's own split, one JSON row a run; a killed run goes on where it stopped.

python benchmarks/accuracy/ucr.py --data-dir DATA                              # the features, 3 seeds
python benchmarks/accuracy/ucr.py --data-dir DATA --model S4D --seeds 0 --sets Trace
python benchmarks/accuracy/ucr.py --data-dir DATA --timing                     # beside aeon's classifiers, one run
python benchmarks/accuracy/ucr.py --data-dir DATA --report                     # tables and picture from the rows
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from peers import peer_rows
from runs import RESULTS, Rows, fit_and_predict, origin
from ucr_sets import equal_length_sets, other_sets

import ssm_estimators
from ssm_estimators.datasets import load_ucr_uea

# ours by name: class and parameters that differ from the defaults
MODELS = {
    "features": ("StateSpaceRidgeClassifier", {}),
    "features_4000": ("StateSpaceRidgeClassifier", {"n_kernels": 4000}),
    "features_2000": ("StateSpaceRidgeClassifier", {"n_kernels": 2000}),
    "features_1000": ("StateSpaceRidgeClassifier", {"n_kernels": 1000}),
    "features_500": ("StateSpaceRidgeClassifier", {"n_kernels": 500}),
    **{name: (f"{name}Classifier", {}) for name in ("LiquidS4", "S4D", "S4", "LSSL")},
}
KEYS = ("model", "set", "seed")


def run(model, name, seed, data_dir, n_jobs):
    """Accuracy of one fit."""
    class_name, params = MODELS[model]
    (X, y), (X_test, y_test) = (load_ucr_uea(name, split, data_dir) for split in ("train", "test"))
    if np.isnan(X).any() or np.isnan(X_test).any():
        params = {**params, "missing": "mask"}
    threads = {"n_jobs": n_jobs} if class_name.startswith("StateSpaceRidge") else {}
    estimator = getattr(ssm_estimators, class_name)(random_state=seed, **params, **threads)
    predicted, seconds = fit_and_predict(estimator, X, y, X_test)
    row = {"model": model, "set": name, "seed": seed, "protocol": "original split"}
    return {**row, "accuracy": round(float(np.mean(predicted == y_test)), 4), **seconds, **origin()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder that holds ucr/")
    parser.add_argument("--model", nargs="+", choices=MODELS, default=["features"])
    parser.add_argument("--sets", nargs="+", help="default: all that are there")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2, help="threads of the features")
    parser.add_argument("--timing", action="store_true", help="time the features beside aeon's classifiers")
    parser.add_argument("--output", type=Path, default=RESULTS / "ucr.jsonl")
    args = parser.parse_args()
    names = args.sets or [*equal_length_sets(args.data_dir), *other_sets(args.data_dir)]
    if args.timing:
        time_beside_peers(args.data_dir, args.sets or equal_length_sets(args.data_dir), args.jobs)
        return
    rows = Rows(args.output, KEYS)
    for model in args.model:
        for seed in args.seeds:
            for name in names:
                if not rows.has(model, name, seed):
                    rows.add(run(model, name, seed, args.data_dir, args.jobs))
        print(f"{model}: mean accuracy {rows.mean('accuracy', model=model):.4f}")


def time_beside_peers(data_dir, names, jobs, seed=0):
    """Time all, set by set of ours and then of aeon's, in one run; print totals and mean accuracies."""
    path = RESULTS / "ucr_timing.jsonl"
    path.unlink(missing_ok=True)  # nothing is taken from an earlier run
    rows = Rows(path, KEYS)
    ours = sorted((model for model in MODELS if model.startswith("features_")), key=lambda m: int(m.split("_")[1]))
    run(ours[0], names[0], seed, data_dir, jobs)  # warm, as the peers are
    for model in [*ours, "features"]:
        for name in names:
            rows.add(run(model, name, seed, data_dir, jobs))
    files = [str(data_dir.resolve() / "ucr" / f"{name}.npz") for name in names]
    for row in peer_rows(["MultiRocketHydra", "MiniRocket"], files, seed, jobs):
        rows.add(row)
    frame = pd.DataFrame(rows.rows)
    frame = frame.assign(seconds=frame["fit_seconds"] + frame["predict_seconds"])
    table = frame.groupby("model", sort=False).agg(
        accuracy=("accuracy", "mean"), fit=("fit_seconds", "sum"), predict=("predict_seconds", "sum"),
        seconds=("seconds", "sum"), peak_GB=("peak_GB", "max"),
    )  # fmt: skip
    print(table.assign(of_MultiRocketHydra=table["seconds"] / table.loc["MultiRocketHydra", "seconds"]).round(4))


if __name__ == "__main__":
    main()
