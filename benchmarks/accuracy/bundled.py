"""Default estimators on sets that sktime brings: accuracy or RMSE, seconds a fit, several seeds and their median.

python benchmarks/accuracy/bundled.py --models LiquidS4 S4D --seeds 0 1 2
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier
from sktime.datasets import load_basic_motions, load_covid_3month, load_gunpoint
from sktime.datatypes import convert_to

import ssm_estimators

LOADERS = {"GunPoint": load_gunpoint, "BasicMotions": load_basic_motions, "Covid3Month": load_covid_3month}


def load(name, split):
    X, y = LOADERS[name](split)
    return convert_to(X, "numpy3D"), y


def run(model, name, seed):
    (X, y), (X_test, y_test) = load(name, "train"), load(name, "test")
    regression = np.issubdtype(y.dtype, np.floating)
    cls = getattr(ssm_estimators, model + ("Regressor" if regression else "Classifier"))
    start = time.perf_counter()
    estimator = cls(random_state=seed).fit(X, y)
    seconds = time.perf_counter() - start
    if regression:
        score = float(np.sqrt(np.mean((estimator.predict(X_test) - y_test) ** 2)))
        simple = float(np.sqrt(np.mean((y.mean() - y_test) ** 2)))
    else:
        score = estimator.score(X_test, y_test)
        nearest = KNeighborsClassifier(1).fit(X.reshape(len(X), -1), y)
        simple = nearest.score(X_test.reshape(len(X_test), -1), y_test)
    return {
        "model": model,
        "set": name,
        "seed": seed,
        "metric": "RMSE" if regression else "accuracy",
        "score": round(score, 4),
        "mean predictor or 1-NN": round(simple, 4),
        "seconds": round(seconds, 1),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["LiquidS4", "S4D"])
    parser.add_argument("--sets", nargs="+", choices=LOADERS, default=list(LOADERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = []
    for model in args.models:
        for name in args.sets:
            for seed in args.seeds:
                rows.append(run(model, name, seed))
                print(rows[-1], flush=True)
            scores, seconds = zip(*((r["score"], r["seconds"]) for r in rows[-len(args.seeds) :]), strict=True)
            print(f"{model} {name}: median {statistics.median(scores):.4f}, {statistics.median(seconds):.0f} s a fit")
    if args.output:
        args.output.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
