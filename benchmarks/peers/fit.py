"""Run by this folder's own Python: aeon's estimators on sets given as npz files, one JSON line a fit on stdout.

fit.py --jobs 2 --seed 0 --models MultiRocketHydra MiniRocket --files a.npz b.npz

Where targets are numbers, several a case, MiniRocket's features go to one ridge for all of them.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np
import torch
from aeon.classification.convolution_based import MiniRocketClassifier, MultiRocketHydraClassifier
from aeon.transformations.collection.convolution_based import MiniRocket
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODELS = {"MultiRocketHydra": MultiRocketHydraClassifier, "MiniRocket": MiniRocketClassifier}


class MiniRocketRegressor:
    """One ridge for all targets, of which aeon's own takes one."""

    def __init__(self, random_state, n_jobs):
        self.features = MiniRocket(random_state=random_state, n_jobs=n_jobs)
        self.ridge = make_pipeline(StandardScaler(with_mean=False), RidgeCV(np.logspace(-3, 3, 10)))

    def fit(self, X, y):
        self.ridge.fit(self.features.fit_transform(X), y)
        return self

    def predict(self, X):
        return self.ridge.predict(self.features.transform(X))


def build(model, is_regression, seed, jobs):
    if not is_regression:
        return MODELS[model](random_state=seed, n_jobs=jobs)
    if model != "MiniRocket":
        raise ValueError(f"Only MiniRocket is built for numbers; got {model}.")
    return MiniRocketRegressor(seed, jobs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--files", nargs="+", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.jobs)
    rng = np.random.default_rng(0)
    for model in args.models:
        for n_channels in (1, 2):  # compiled before the clock runs
            warm = rng.standard_normal((20, n_channels, 60))
            MODELS[model](n_jobs=args.jobs).fit(warm, np.arange(20) % 2).predict(warm)
        for path in args.files:
            with np.load(path) as arrays:
                X, y, X_test, y_test = (arrays[key] for key in ("X_train", "y_train", "X_test", "y_test"))
            X, X_test = X.astype(np.float64), X_test.astype(np.float64)
            start = time.perf_counter()
            is_regression = np.issubdtype(y.dtype, np.floating)
            estimator = build(model, is_regression, args.seed, args.jobs).fit(X, y)
            fitted = time.perf_counter()
            predicted = estimator.predict(X_test)
            seconds = {"fit_seconds": fitted - start, "predict_seconds": time.perf_counter() - fitted}
            row = {"model": model, "set": path.stem, "seed": args.seed}
            if is_regression:
                row["rmse"] = np.sqrt(np.mean((predicted - y_test) ** 2, axis=0)).round(4).tolist()
            else:
                row["accuracy"] = round(float(np.mean(predicted == y_test)), 4)
            row |= {key: round(value, 3) for key, value in seconds.items()}
            row["peak_GB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
