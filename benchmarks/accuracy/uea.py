"""Accuracy on multivariate sets, the archive's own split, one JSON row per run; a killed run goes on where it stopped.

    python -m benchmarks.accuracy.uea --data-dir DATA --profile full     # the features, aeon's MultiRocketHydra, 1-NN
    python -m benchmarks.accuracy.uea --data-dir DATA --model S4D --seeds 0 --sets PenDigits JapaneseVowels

BasicMotions and JapaneseVowels are those that sktime brings. aeon's classifier takes series of 9 points and more.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import ssm_estimators
from benchmarks.accuracy.bundled import load, simple_predictor
from benchmarks.harness.aeon import peer_rows_of
from benchmarks.harness.arguments import NETWORKS, QUICK, SEEDS, arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows, fit_and_predict
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
    row = {"protocol": "original split"}
    if model == "1-NN":
        return {**row, "accuracy": round(simple_predictor(X, y, X_test, y_test), 4), **origin()}
    params = {"n_jobs": n_jobs} if model == "features" else deep_params
    estimator = getattr(ssm_estimators, MODELS[model] + "Classifier")(random_state=seed, **params)
    predicted, seconds = fit_and_predict(estimator, X, y, X_test)
    return {**row, "accuracy": round(float(np.mean(predicted == y_test)), 4), **seconds, **origin(estimator)}


def run_peers(models, names, seed, data_dir, n_jobs):
    """aeon's classifiers on the sets of equal length and at least 9 points."""
    cases = {}
    for name in names:
        (X, y), (X_test, y_test) = (read(name, split, data_dir) for split in ("train", "test"))
        if isinstance(X, np.ndarray) and X.shape[2] >= 9:
            cases[name] = X, y.astype(str), X_test, y_test.astype(str)
    return peer_rows_of(models, cases, seed, n_jobs)


def main():
    args = arguments(
        __doc__,
        *("data_dir", "sets", "seeds", "profile", "device", "jobs", "output"),
        model={"choices": (*MODELS, "1-NN", *PEERS), "default": ["features", "1-NN", "MultiRocketHydra"]},
    )
    rows = Rows.of_study(args, "model", "set", "seed")
    is_quick = args.profile == "quick"
    names = args.sets or (QUICK_SETS if is_quick else sets(args.data_dir))
    deep_params = {"device": args.device, **(QUICK if is_quick else {})}
    for seed in args.seeds or SEEDS[args.profile]:
        for model in args.model:
            wanted = [(model, name, seed) for name in names]
            if model not in PEERS:
                rows.add_missing(wanted, run, args.data_dir, args.jobs, deep_params)
                continue
            missing = [name for _, name, _ in rows.missing(wanted)]
            for row in run_peers([model], missing, seed, args.data_dir, args.jobs):
                rows.add(row)
    print(pd.DataFrame(rows.rows).pivot_table(index="set", columns="model", values="accuracy").round(4).to_string())


if __name__ == "__main__":
    main()
