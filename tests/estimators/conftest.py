"""The estimators, small enough to be fitted hundreds of times."""

import numpy as np
import pytest

import ssm_estimators

CLASSIFIERS = tuple(getattr(ssm_estimators, name) for name in ssm_estimators.__all__ if name.endswith("Classifier"))
REGRESSORS = tuple(getattr(ssm_estimators, name) for name in ssm_estimators.__all__ if name.endswith("Regressor"))
SMALL = {
    "d_model": 8,
    "d_state": 4,
    "n_layers": 1,
    "max_epochs": 3,
    "batch_size": 8,
    "random_state": 0,
    "device": "cpu",
}


@pytest.fixture
def small():
    return SMALL


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=lambda cls: cls.__name__)
def any_class(request):
    return request.param


@pytest.fixture
def make(any_class):
    return lambda **params: any_class(**{**SMALL, **params})


@pytest.fixture(params=CLASSIFIERS, ids=lambda cls: cls.__name__)
def make_classifier(request):
    return lambda **params: request.param(**{**SMALL, **params})


@pytest.fixture(params=REGRESSORS, ids=lambda cls: cls.__name__)
def make_regressor(request):
    return lambda **params: request.param(**{**SMALL, **params})


@pytest.fixture
def panel():
    """24 cases of two channels and 20 points: sines of two frequencies; labels are strings."""
    rng = np.random.default_rng(0)
    labels = np.array(["slow", "fast"])[np.arange(24) % 2]
    frequency = np.where(labels == "slow", 0.3, 1.0)
    time, phase = np.arange(20), rng.uniform(0, 6, (24, 2, 1))
    X = np.sin(frequency[:, None, None] * time + phase) + 0.1 * rng.standard_normal((24, 2, 20))
    return X, labels


@pytest.fixture
def target(any_class, panel):
    """What the class under test predicts: the labels, or a number of each case."""
    X, labels = panel
    return labels if any_class in CLASSIFIERS else X.mean((1, 2)) + (labels == "fast")


@pytest.fixture
def output():
    """What to compare of a fitted estimator."""

    def compute(estimator, X):
        return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else estimator.predict(X)

    return compute
