"""The estimators, small enough to be fitted hundreds of times."""

import numpy as np
import pytest

import ssm_estimators
from ssm_estimators.estimators.deep import DeepEstimator

ALL = tuple(getattr(ssm_estimators, name) for name in ssm_estimators.__all__)
CLASSIFIERS = tuple(cls for cls in ALL if cls.__name__.endswith("Classifier"))
REGRESSORS = tuple(cls for cls in ALL if cls.__name__.endswith("Regressor"))
DEEP = tuple(cls for cls in ALL if issubclass(cls, DeepEstimator))
SMALL = {
    "d_model": 8,
    "d_state": 4,
    "n_layers": 1,
    "max_epochs": 3,
    "batch_size": 8,
    "random_state": 0,
    "device": "cpu",
}
FEW_KERNELS = {"n_kernels": 64, "random_state": 0}


def build(cls, **params):
    """A small estimator; the ensemble hands on to its members what it does not know itself."""
    if cls is not ssm_estimators.StateSpaceEnsembleClassifier:
        return cls(**{**(SMALL if cls in DEEP else FEW_KERNELS), **params})
    own = {name: params.pop(name) for name in cls().get_params(deep=False) if name in params}
    members = {
        "features": build(ssm_estimators.StateSpaceRidgeClassifier, **{**params, "random_state": None}),
        "deep": build(ssm_estimators.S4DClassifier, **{**params, "random_state": None}),
    }
    return cls(**{"random_state": 0, "cv": 2, **members, **own})


def pytest_generate_tests(metafunc):
    """Tests of `make` run on all estimators, those of `make_deep` on the deep ones; the same for the two tasks."""
    names = set(metafunc.fixturenames)
    for name, classes in {"any_class": ALL, "a_classifier": CLASSIFIERS, "a_regressor": REGRESSORS}.items():
        if name in names:
            deep = {"make_deep", "make_deep_classifier", "make_deep_regressor"} & names
            chosen = [cls for cls in classes if cls in DEEP or not deep]
            metafunc.parametrize(name, chosen, ids=lambda cls: cls.__name__)


@pytest.fixture
def small():
    return SMALL


@pytest.fixture
def make(any_class):
    return lambda **params: build(any_class, **params)


@pytest.fixture
def make_deep(any_class):
    return lambda **params: build(any_class, **params)


@pytest.fixture
def make_classifier(a_classifier):
    return lambda **params: build(a_classifier, **params)


@pytest.fixture
def make_deep_classifier(a_classifier):
    return lambda **params: build(a_classifier, **params)


@pytest.fixture
def make_regressor(a_regressor):
    return lambda **params: build(a_regressor, **params)


@pytest.fixture
def make_deep_regressor(a_regressor):
    return lambda **params: build(a_regressor, **params)


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
