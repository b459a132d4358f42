"""Accuracy on multivariate sets, the archive's own split, one JSON row a run; a killed run goes on where it stopped.

    python benchmarks/accuracy/uea.py --data-dir DATA --profile full     # the features, aeon's MultiRocketHydra, 1-NN
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
from runs import NETWORKS, QUICK, SEEDS, Rows, fit_and_predict, origin, results_file

import ssm_estimators
from ssm_estimators.datasets import load_ucr_uea

MODELS = {"features": "StateSpaceRidge", **{name: name for name in NETWORKS}}
PEERS = ("MultiRocketHydra", "MiniRocket")
BUNDLED = ("BasicMotions", "JapaneseVowels")
QUICK_SETS = ("AtrialFibrillation", "Libras", "RacketSports")


def sets(data_dir):
    return [*pd.read_csv(Path(data_dir) / "uea" / "summary.csv")["name"], *BUNDLED]


def read(name, split, data_dir):
    return load(name, split) if name in BUNDLED else load_ucr_uea(name, split, data_dir)


def run(model, name, seed, data_dir, n_jobs, deep_params):
    (X, y), (X_test, y_test) = (read(name, split, data_dir) for split in ("train", "test"))
    row = {"model": model, "set": name, "seed": seed, "protocol": "original split"}
    if model == "1-NN":
        return {**row, "accuracy": round(simple_predictor(X, y, X_test, y_test), 4), **origin()}
    params = {"n_jobs": n_jobs} if model == "features" else deep_params
    estimator = getattr(ssm_estimators, MODELS[model] + "Classifier")(random_state=seed, **params)
    predicted, seconds = fit_and_predict(estimator, X, y, X_test)
    return {**row, "accuracy": round(float(np.mean(predicted == y_test)), 4), **seconds, **origin(estimator)}


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
    parser.add_argument("--sets", nargs="+", help="default: the profile's")
    parser.add_argument("--seeds", nargs="+", type=int, help="default: the profile's")
    parser.add_argument("--profile", choices=SEEDS, default="regular")
    parser.add_argument("--device", default="auto", help="of the deep models")
    parser.add_argument("--jobs", type=int, default=2, help="threads of the features and of aeon's classifiers")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = Rows(results_file(args, "uea"), ("model", "set", "seed"))
    is_quick = args.profile == "quick"
    names = args.sets or (QUICK_SETS if is_quick else sets(args.data_dir))
    deep_params = {"device": args.device, **(QUICK if is_quick else {})}
    for seed in args.seeds or SEEDS[args.profile]:
        for model in args.model:
            missing = [name for name in names if not rows.has(model, name, seed)]
            if model in PEERS:
                for row in run_peers([model], missing, seed, args.data_dir, args.jobs):
                    rows.add(row)
                continue
            for name in missing:
                rows.add(run(model, name, seed, args.data_dir, args.jobs, deep_params))
    print(pd.DataFrame(rows.rows).pivot_table(index="set", columns="model", values="accuracy").round(4).to_string())


if __name__ == "__main__":
    main()
