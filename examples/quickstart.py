"""Classify and regress time series that come with sktime, print scores, draw two pictures (make demo)."""

import numpy as np
from sktime.datasets import load_gunpoint

from ssm_estimators import LiquidS4Classifier, LiquidS4Regressor, StateSpaceRidgeClassifier, StateSpaceRidgeRegressor

X, y = load_gunpoint("train", return_type="numpy3D")  # (n_cases, n_channels, n_timepoints), labels
X_test, y_test = load_gunpoint("test", return_type="numpy3D")
gunpoint = LiquidS4Classifier(random_state=0, verbose=1).fit(X, y)
print(
    f"GunPoint: accuracy {gunpoint.score(X_test, y_test):.3f}, first test case: class {gunpoint.predict(X_test[:1])[0]}"
)


def compare() -> None:
    """The same on more data, beside what needs no training."""
    import time

    from sklearn.neighbors import KNeighborsClassifier
    from sktime.datasets import load_basic_motions, load_covid_3month
    from sktime.datatypes import convert_to

    for name, load in {"GunPoint": load_gunpoint, "BasicMotions": load_basic_motions}.items():
        (X, y), (X_test, y_test) = (load(split, return_type="numpy3D") for split in ("train", "test"))
        start = time.perf_counter()
        clf = gunpoint if name == "GunPoint" else LiquidS4Classifier(random_state=0, verbose=1).fit(X, y)
        seconds = sum(clf.history_[:, "dur"]) if name == "GunPoint" else time.perf_counter() - start
        start = time.perf_counter()
        ridge = StateSpaceRidgeClassifier(random_state=0).fit(X, y)
        ridge_seconds = time.perf_counter() - start
        nearest = KNeighborsClassifier(1).fit(X.reshape(len(X), -1), y)
        print(
            f"{name:13} accuracy: LiquidS4Classifier {clf.score(X_test, y_test):.3f} ({seconds:.0f} s), "
            f"StateSpaceRidgeClassifier {ridge.score(X_test, y_test):.3f} ({ridge_seconds:.1f} s), "
            f"1-nearest neighbour {nearest.score(X_test.reshape(len(X_test), -1), y_test):.3f}"
        )

    (X, y), (X_test, y_test) = (load_covid_3month(split) for split in ("train", "test"))
    X, X_test = convert_to(X, "numpy3D"), convert_to(X_test, "numpy3D")
    reg = LiquidS4Regressor(random_state=0, verbose=1).fit(X, y)
    ridge = StateSpaceRidgeRegressor(random_state=0).fit(X, y)
    predictions = {"LiquidS4Regressor": reg.predict(X_test), "StateSpaceRidgeRegressor": ridge.predict(X_test)}
    predictions["mean predictor"] = y.mean()
    errors = (f"{name} {np.sqrt(np.mean((p - y_test) ** 2)):.4f}" for name, p in predictions.items())
    print(f"Covid3Month   RMSE: {', '.join(errors)}")


def draw() -> None:
    """How the training went, and what the layers respond to."""
    from pathlib import Path

    from matplotlib import pyplot as plt

    from ssm_estimators.visualisation import plot_kernels, plot_learning_curve

    folder = Path(__file__).parent / "output"
    folder.mkdir(exist_ok=True)
    plot_learning_curve(gunpoint).figure.savefig(folder / "learning_curve.png", dpi=120)
    plot_kernels(gunpoint, length=75)[0].figure.savefig(folder / "kernels.png", dpi=120)
    plt.close("all")
    print(f"Pictures: {folder / 'learning_curve.png'}, {folder / 'kernels.png'}")


if __name__ == "__main__":
    compare()
    draw()
