"""Accuracy on multivariate sets, the archive's own split, one JSON row a run; a killed run goes on where it stopped.

    python benchmarks/accuracy/uea.py --data-dir DATA                    # the features, aeon's MultiRocketHydra, 1-NN
    python benchmarks/accuracy/uea.py --data-dir DATA --model S4D --seeds 0 --sets PenDigits JapaneseVowels

BasicMotions and JapaneseVowels are those that sktime brings. aeon's classifier takes series of 9 points and more.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from bundled import load, simple_predictor
from peers import peer_rows
from runs import RESULTS, Rows, fit_and_predict, origin

import ssm_estimators
from ssm_estimators.datasets import load_ucr_uea

MODELS = {"features": "StateSpaceRidge", **{name: name for name in ("LiquidS4", "S4D", "S4", "LSSL")}}
PEERS = ("MultiRocketHydra", "MiniRocket")
BUNDLED = ("BasicMotions", "JapaneseVowels")


def sets(data_dir):
    return [*pd.read_csv(Path(data_dir) / "uea" / "summary.csv")["name"], *BUNDLED]


def read(name, split, data_dir):
    return load(name, split) if name in BUNDLED else load_ucr_uea(name, split, data_dir)


def run(model, name, seed, data_dir, n_jobs):
    (X, y), (X_test, y_test) = (read(name, split, data_dir) for split in ("train", "test"))
    row = {"model": model, "set": name, "seed": seed, "protocol": "original split"}
    if model == "1-NN":
        return {**row, "accuracy": round(simple_predictor(X, y, X_test, y_test), 4), **origin()}
    threads = {"n_jobs": n_jobs} if model == "features" else {}
    estimator = getattr(ssm_estimators, MODELS[model] + "Classifier")(random_state=seed, **threads)
    predicted, seconds = fit_and_predict(estimator, X, y, X_test)
    return {**row, "accuracy": round(float(np.mean(predicted == y_test)), 4), **seconds, **origin()}


def run_peers(models, names, seed, data_dir, n_jobs):
    """aeon's classifiers on the sets of equal length and at least 9 points."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in names:
            (X, y), (X_test, y_test) = (read(name, split, data_dir) for split in ("train", "test"))
            if isinstance(X, np.ndarray) and X.shape[2] >= 9:
                files.append(f"{folder}/{name}.npz")
                np.savez(files[-1], X_train=X, y_train=y.astype(str), X_test=X_test, y_test=y_test.astype(str))
        yield from peer_rows(models, files, seed, n_jobs) if files else ()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder that holds uea/")
    known = [*MODELS, "1-NN", *PEERS]
    parser.add_argument("--model", nargs="+", choices=known, default=["features", "1-NN", "MultiRocketHydra"])
    parser.add_argument("--sets", nargs="+", help="default: all that are there, and the two of sktime")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2, help="threads of the features and of aeon's classifiers")
    parser.add_argument("--output", type=Path, default=RESULTS / "uea.jsonl")
    args = parser.parse_args()
    rows = Rows(args.output, ("model", "set", "seed"))
    names = args.sets or sets(args.data_dir)
    for seed in args.seeds:
        for model in args.model:
            missing = [name for name in names if not rows.has(model, name, seed)]
            if model in PEERS:
                for row in run_peers([model], missing, seed, args.data_dir, args.jobs):
                    rows.add(row)
                continue
            for name in missing:
                rows.add(run(model, name, seed, args.data_dir, args.jobs))
    print(pd.DataFrame(rows.rows).pivot_table(index="set", columns="model", values="accuracy").round(4).to_string())


if __name__ == "__main__":
    main()
