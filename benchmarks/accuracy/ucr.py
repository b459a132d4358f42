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
from runs import RESULTS, Rows, fit_and_predict, origin

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


def published():
    """Accuracies of others on the original split, from tsml-eval's result files: a column a method, a row a set."""
    return pd.read_csv(Path(__file__).parents[1] / "published" / "ucr_original_split.csv").set_index("set")


def summary(data_dir):
    return pd.read_csv(Path(data_dir) / "ucr" / "summary.csv").set_index("name")


def equal_length_sets(data_dir):
    """Sets without missing values, of equal length, that have published rows."""
    table = summary(data_dir)
    return [name for name in table.index[table["kind"] == "equal"] if name in published().index]


def other_sets(data_dir):
    """Sets of unequal length, and with gaps."""
    table = summary(data_dir)
    return list(table.index[table["kind"] != "equal"])


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
    parser.add_argument("--report", action="store_true", help="only write the tables")
    parser.add_argument("--output", type=Path, default=RESULTS / "ucr.jsonl")
    args = parser.parse_args()
    rows = Rows(args.output, KEYS)
    if args.timing:
        from timing import time_beside_peers

        return time_beside_peers(args.data_dir, args.sets or equal_length_sets(args.data_dir), args.jobs)
    names = args.sets or [*equal_length_sets(args.data_dir), *other_sets(args.data_dir)]
    if not args.report:
        for model in args.model:
            for seed in args.seeds:
                for name in names:
                    if not rows.has(model, name, seed):
                        rows.add(run(model, name, seed, args.data_dir, args.jobs))
    from ucr_report import write_report

    write_report(rows, args.model, args.data_dir)


if __name__ == "__main__":
    main()
