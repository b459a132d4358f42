"""A call that is refused or that fails leaves an estimator as it was, whatever stopped it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score
from skorch.callbacks import Callback

import ssm_estimators
from ssm_estimators import StateSpaceEnsembleClassifier, StateSpaceRidgeClassifier
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.sktime import S4DForecaster, StateSpaceRidgeForecaster
from ssm_estimators.training import TrainingCheckpoint
from ssm_estimators.training.callbacks import NonFiniteLossError

SMALL = {"d_model": 4, "d_state": 4, "n_layers": 1, "max_epochs": 2, "batch_size": 8, "device": "cpu"}
RNG = np.random.default_rng(0)
X, OTHER_X = RNG.standard_normal((16, 2, 12)), RNG.standard_normal((16, 3, 15))
LABELS, OTHER_LABELS = np.array(["a", "b"] * 8), np.array(["x", "y", "z", "x"] * 4)


class Raise(Callback):
    """An error in a fit that has begun."""

    def __init__(self, error):
        self.error = error

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            raise self.error


def _estimator(name):
    cls = getattr(ssm_estimators, name)
    if cls is StateSpaceEnsembleClassifier:
        return cls(features=_estimator("StateSpaceRidgeClassifier"), deep=_estimator("S4DClassifier"), cv=2)
    params = {"n_kernels": 16} if "Ridge" in name else SMALL
    return cls(random_state=0, **params)


def _target(name, other=False):
    if name.endswith("Classifier"):
        return OTHER_LABELS if other else LABELS
    return RNG.standard_normal((16, 2) if other else 16)


def _assert_unchanged(estimator, before):
    assert vars(estimator).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(estimator).items())


def _refused(name):
    """Arguments of fits that no estimator takes."""
    y = _target(name, other=True)
    return {
        "wrong labels": (OTHER_X, [None] * 16),
        "y too short": (OTHER_X, y[:15]),
        "wrong shape": (np.ones((16, 3, 15, 2)), y),
        "infinite": (np.full((16, 3, 15), np.inf), y),
        "no weight": (OTHER_X, y, np.zeros(16)),
    }


@pytest.mark.parametrize("cause", ["wrong labels", "y too short", "wrong shape", "infinite", "no weight"])
@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("name", ssm_estimators.__all__)
def test_a_refused_fit_changes_nothing(name, fitted, cause):
    estimator = _estimator(name)
    if fitted:
        estimator.fit(X, _target(name))
    before = dict(vars(estimator))
    with pytest.raises((ValueError, TypeError)):
        estimator.fit(*_refused(name)[cause])
    _assert_unchanged(estimator, before)


@pytest.mark.parametrize(
    "error", [RuntimeError("of a callback"), OSError(28, "No space left on device"), MemoryError()]
)
@pytest.mark.parametrize("name", [name for name in ssm_estimators.__all__ if "StateSpace" not in name])
def test_a_fit_that_fails_on_its_way_changes_nothing(name, error):
    estimator = _estimator(name).fit(X, _target(name))
    predicted = estimator.predict(X)
    estimator.set_params(callbacks=[Raise(error)])
    before = dict(vars(estimator))
    with pytest.raises(type(error)):
        estimator.fit(OTHER_X, _target(name, other=True))
    _assert_unchanged(estimator, before)
    np.testing.assert_array_equal(estimator.predict(X), predicted)


def test_a_refused_checkpoint_changes_nothing(tmp_path):
    checkpoint = TrainingCheckpoint(tmp_path / "run.pt")
    estimator = _estimator("S4DClassifier").set_params(callbacks=[checkpoint]).fit(X, LABELS)
    before, predicted = dict(vars(estimator)), estimator.predict(X)
    with pytest.raises(ValueError, match="is of another training"):
        estimator.fit(OTHER_X, OTHER_LABELS)
    _assert_unchanged(estimator, before)
    np.testing.assert_array_equal(estimator.predict(X), predicted)


@pytest.mark.parametrize("kind", ["interrupt", "divergence"])
@pytest.mark.parametrize("name", [name for name in ssm_estimators.__all__ if "StateSpace" not in name])
def test_an_interrupted_or_diverged_refit_is_of_the_new_data_throughout(name, kind):
    estimator = _estimator(name).fit(X, _target(name))
    if kind == "interrupt":
        estimator.set_params(callbacks=[Raise(KeyboardInterrupt())])
        error = KeyboardInterrupt
    else:
        estimator.set_params(lr=1e10, ssm_lr=1e10, gradient_clip=None, warmup=0.0)
        error = NonFiniteLossError
    with pytest.raises(error):
        estimator.fit(OTHER_X, _target(name, other=True))
    assert estimator.n_channels_in_ == 3
    if name.endswith("Classifier"):
        assert estimator.classes_.tolist() == ["x", "y", "z"]
        assert estimator.predict_proba(OTHER_X).shape == (16, 3)
    else:
        assert estimator.predict(OTHER_X).shape == (16, 2)


def test_one_ctrl_c_ends_ensembles_and_searches():
    calls = []

    class Count(Callback):
        def on_train_begin(self, net, **kwargs):
            calls.append(1)
            raise KeyboardInterrupt

    deep = _estimator("S4DClassifier").set_params(callbacks=[Count()])
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(deep, X, LABELS, cv=3)
    assert len(calls) == 1
    ensemble = _estimator("StateSpaceEnsembleClassifier").set_params(deep=deep)
    before = dict(vars(ensemble))
    with pytest.raises(KeyboardInterrupt):
        ensemble.fit(X, LABELS)
    assert len(calls) == 2
    _assert_unchanged(ensemble, before)


def test_a_refused_fit_of_features_changes_nothing():
    features = StateSpaceFeatures(n_kernels=16, random_state=0).fit(X)
    before = dict(vars(features))
    with pytest.raises(ValueError, match="inf"):
        features.fit(np.full((3, 3, 9), np.inf))
    _assert_unchanged(features, before)


@pytest.mark.parametrize("forecaster", [StateSpaceRidgeForecaster(), S4DForecaster(**SMALL, random_state=0)])
def test_a_refused_update_of_a_forecaster_changes_nothing(forecaster):
    index = pd.period_range("2000-01", periods=60, freq="M")
    y = pd.Series(np.exp(np.sin(np.arange(60) / 2) + np.arange(60) / 30), index)
    forecaster = forecaster.clone().set_params(transform="log").fit(y[:50], fh=[1, 2])
    before, expected = dict(vars(forecaster)), forecaster.predict()
    with pytest.raises(ValueError, match="neighbouring times"):
        forecaster.update(y[55:])
    with pytest.raises(ValueError, match="positive values"):
        forecaster.update(-y[50:])
    assert forecaster.cutoff == before["_cutoff"]
    pd.testing.assert_series_equal(forecaster.predict(), expected)
    forecaster.update(y[50:])
    assert forecaster.cutoff[0] == index[-1]


def test_a_refused_ridge_fit_keeps_the_old_one():
    ridge = StateSpaceRidgeClassifier(n_kernels=16, random_state=0).fit(X, LABELS)
    before = ridge.predict_proba(X)
    with pytest.raises(ValueError, match="at least two classes"):
        ridge.fit(OTHER_X, ["x"] * 16)
    np.testing.assert_array_equal(ridge.predict_proba(X), before)
