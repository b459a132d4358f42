"""What networks are compared with in the same run: simple predictors, the features, aeon's classifiers.

Each is a factory, ``make(task, seed, jobs)``, of what has ``fit`` and ``predict``.
"""

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import ssm_estimators
from benchmarks.harness.aeon import peer_rows_of

PENALTIES = np.logspace(-3, 5, 17)


def flat(X):
    """All values of a case, zeros past its end."""
    return np.nan_to_num(X.reshape(len(X), -1))


def bag(X):
    """How often each token stands in a case."""
    n_tokens = int(X.max())
    return np.stack([np.bincount(case[case > 0], minlength=n_tokens + 1) for case in X.reshape(len(X), -1)])


def features(task, seed, jobs):
    """Random state-space features and a ridge."""
    missing = "mask" if task.ends_differ else "error"
    return getattr(ssm_estimators, f"StateSpaceRidge{task.kind}")(random_state=seed, n_jobs=jobs, missing=missing)


def linear(task, seed, jobs):
    """Ridge on raw points or bag of tokens."""
    ridge = RidgeClassifierCV if task.kind == "Classifier" else RidgeCV
    read = FunctionTransformer(bag if task.n_tokens else flat)
    return make_pipeline(read, StandardScaler(), ridge(PENALTIES))


def neighbour(task, seed, jobs):
    """Nearest neighbour of raw points or bag of tokens."""
    nearest = KNeighborsClassifier if task.kind == "Classifier" else KNeighborsRegressor
    return make_pipeline(FunctionTransformer(bag if task.n_tokens else flat), nearest(1, n_jobs=jobs))


def constant(task, seed, jobs):
    """Mean or majority."""
    return DummyClassifier() if task.kind == "Classifier" else DummyRegressor()


BASELINES = {"constant": constant, "linear": linear, "1-NN": neighbour, "features": features}
PEERS = ("MiniRocket", "MultiRocketHydra")  # of aeon
OF_VALUES = ("features", *PEERS)  # tokens are none


def peer_row(model, names, cases, seed, jobs):
    """Scores by name, seconds and memory of one fit of aeon's."""
    (row,) = peer_rows_of([model], {"set": map(np.nan_to_num, cases)}, seed, jobs)
    values = row["rmse"] if "rmse" in row else [row["accuracy"]]
    return dict(zip(names, values, strict=True)) | {k: row[k] for k in ("fit_seconds", "predict_seconds", "peak_GB")}
