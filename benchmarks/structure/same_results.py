"""What ten fits on bundled data predict, to be compared before and after a change of structure.

python -m benchmarks.structure.same_results keep FILE
python -m benchmarks.structure.same_results compare FILE
"""

import sys
import time
import warnings

import numpy as np
import torch
from sktime.datasets import load_airline, load_basic_motions, load_gunpoint

import ssm_estimators as ssm
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.sktime import S4DForecaster, StateSpaceRidgeForecaster

DEEP = {"d_model": 16, "n_layers": 2, "max_epochs": 3, "random_state": 0, "device": "cpu"}


def results():
    """Names of fits, and what they predict."""
    warnings.simplefilter("ignore")
    X, y = load_gunpoint("train", return_type="numpy3D")
    X_test, _ = load_gunpoint("test", return_type="numpy3D")
    X, y, X_test = X[:40], y[:40], X_test[:40]
    motions, labels = load_basic_motions("train", return_type="numpy3D")
    target = X[:, 0].max(1)
    yield "S4D", ssm.S4DClassifier(**DEEP, validation=0.2).fit(X, y).predict_proba(X_test)
    yield "S4", ssm.S4Classifier(**DEEP, norm="layer").fit(motions, labels).predict_proba(motions)
    yield "LSSL", ssm.LSSLRegressor(**DEEP).fit(X, target).predict(X_test)
    yield "LiquidS4 kb", ssm.LiquidS4Classifier(**DEEP, dropout=0.2).fit(X, y).predict_proba(X_test)
    yield (
        "LiquidS4 exact",
        ssm.LiquidS4Regressor(**DEEP | {"max_epochs": 1}, liquid="exact").fit(X, target).predict(X_test),
    )
    yield (
        "ridge classifier",
        ssm.StateSpaceRidgeClassifier(n_kernels=300, random_state=0).fit(X, y).predict_proba(X_test),
    )
    yield "ridge regressor", ssm.StateSpaceRidgeRegressor(n_kernels=300, random_state=0).fit(X, target).predict(X_test)
    ensemble = ssm.StateSpaceEnsembleClassifier(
        features=ssm.StateSpaceRidgeClassifier(n_kernels=100), deep=ssm.S4DClassifier(**DEEP), cv=2, random_state=0
    )
    yield "ensemble", ensemble.fit(X, y).predict_proba(X_test)
    airline = load_airline()
    fh = np.arange(1, 13)
    yield "ridge forecaster", StateSpaceRidgeForecaster().fit(airline, fh=fh).predict().to_numpy()
    deep = S4DForecaster(d_model=8, n_layers=1, max_epochs=2, random_state=0, device="cpu")
    yield "deep forecaster", deep.fit(airline, fh=fh).predict().to_numpy()
    yield "features", StateSpaceFeatures(n_kernels=200, random_state=0).fit(X).transform(X_test)


def main():
    command, file = sys.argv[1:]
    torch.set_num_threads(1)
    start = time.perf_counter()
    made = {name: np.asarray(values) for name, values in results()}
    print(f"{time.perf_counter() - start:.1f} s")
    if command == "keep":
        np.savez(file, **made)
        return
    kept, worst = np.load(file), 0.0
    for name, values in made.items():
        difference = np.abs(values - kept[name]).max() / np.abs(kept[name]).max()
        worst = max(worst, difference)
        print(f"{name:20} {'the same bits' if np.array_equal(values, kept[name]) else f'differs by {difference:.1e}'}")
    sys.exit(worst > 0)


if __name__ == "__main__":
    main()
