"""What is the ridge estimators' own: counts, left-out cases, memory, probabilities."""

import warnings

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from ssm_estimators import StateSpaceRidgeClassifier, StateSpaceRidgeRegressor
from ssm_estimators.estimators.ridge_average import average_weights
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features.ridge import ridge_bytes


@pytest.fixture
def noisy():
    """80 cases of 60 points, two frequencies under noise; the second half is for testing."""
    rng, y = np.random.default_rng(0), np.arange(80) % 2
    phase = rng.uniform(0, 6, (80, 1))
    X = np.sin((0.3 + 0.1 * y[:, None]) * np.arange(60) + phase) + 1.2 * rng.standard_normal((80, 60))
    return X[:40, None], y[:40], X[40:, None], y[40:]


def test_it_classifies_unseen_cases(noisy):
    X, y, X_test, y_test = noisy
    clf = StateSpaceRidgeClassifier(n_kernels=1000, random_state=0).fit(X, y)
    assert clf.score(X_test, y_test) >= 0.85
    assert log_loss(y_test, clf.predict_proba(X_test)) < 0.5


def test_it_predicts_unseen_targets():
    rng = np.random.default_rng(0)
    frequency = rng.uniform(0.1, 0.6, 60)
    X = np.sin(frequency[:, None] * np.arange(70) + rng.uniform(0, 6, (60, 1)))
    reg = StateSpaceRidgeRegressor(n_kernels=400, random_state=0).fit(X[:40], frequency[:40])
    assert reg.score(X[40:], frequency[40:]) > 0.9


@pytest.mark.parametrize("cls", [StateSpaceRidgeClassifier, StateSpaceRidgeRegressor])
def test_a_weight_is_a_count(cls, noisy):
    X, y, X_test, _ = noisy
    weight = np.random.default_rng(1).integers(0, 4, 40)
    weighted = cls(n_kernels=64, random_state=0).fit(X, y, sample_weight=weight)
    repeated = cls(n_kernels=64, random_state=0).fit(np.repeat(X, weight, 0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict(X_test), repeated.predict(X_test), rtol=1e-6)
    if cls is StateSpaceRidgeClassifier:
        np.testing.assert_allclose(weighted.predict_proba(X_test), repeated.predict_proba(X_test), rtol=1e-6)


def test_class_weights_are_relative_and_shift_the_predictions(noisy):
    X, y, X_test, _ = noisy
    outputs = [
        StateSpaceRidgeClassifier(n_kernels=64, random_state=0, class_weight=weights).fit(X, y).predict_proba(X_test)
        for weights in (None, {0: 1, 1: 1}, {0: 5, 1: 1}, {0: 50, 1: 10})
    ]
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-9)
    np.testing.assert_allclose(outputs[2], outputs[3], rtol=1e-6)
    assert outputs[2][:, 0].mean() > outputs[0][:, 0].mean() + 0.05


def test_the_temperature_is_the_best_for_left_out_cases(noisy):
    X, y, _, _ = noisy
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y)
    left_out = np.einsum("rnq,rq->nq", [ridge.left_out for ridge in clf.ridges_.values()], clf.weights_)

    def loss(temperature):
        log_proba = log_softmax(left_out / temperature, axis=1)
        return -(40 * log_proba[np.arange(40), y] + log_proba.mean(1)).mean()

    losses = [loss(clf.temperature_ * factor) for factor in (0.9, 1, 1.1)]
    assert losses[1] == min(losses)


def test_groups_are_left_out_together():
    """Copies of a case in training make a case left out alone easy, and say nothing of one left out with them."""
    rng = np.random.default_rng(0)
    X, y = np.repeat(rng.standard_normal((15, 40)), 4, axis=0), np.repeat(rng.standard_normal(15), 4)
    X = X + 0.01 * rng.standard_normal(X.shape)
    alone = StateSpaceRidgeRegressor(n_kernels=64, random_state=0).fit(X, y)
    grouped = StateSpaceRidgeRegressor(n_kernels=64, random_state=0).fit(X, y, groups=np.repeat(np.arange(15), 4))
    errors = [
        np.mean((reg.ridges_["raw", 0.5, "all time"].left_out[:, 0] - y) ** 2) / y.var() for reg in (alone, grouped)
    ]
    assert errors[0] < 0.1
    assert errors[1] > 0.8
    with pytest.raises(ValueError, match="at least two groups, to leave one out; got one"):
        alone.fit(X, y, groups=np.zeros(60))


def test_targets_do_not_touch_each_other(noisy):
    X, y, _, _ = noisy
    noise = np.random.default_rng(1).standard_normal(40)
    both = StateSpaceRidgeRegressor(n_kernels=200, random_state=0).fit(X, np.stack([y, noise], axis=1))
    assert both.ridges_["raw", 0.5, "all time"].penalty.shape == both.weights_[0].shape == (2,)
    for column, target in enumerate((y, noise)):
        only = StateSpaceRidgeRegressor(n_kernels=200, random_state=0).fit(X, target)
        np.testing.assert_allclose(both.predict(X)[:, column], only.predict(X), rtol=1e-6)


def test_a_representation_that_tells_nothing_has_little_weight():
    level = np.random.default_rng(0).choice([0.0, 1.0], (40, 1))
    X = level + 1e-9 * np.random.default_rng(1).standard_normal((40, 30))
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, level[:, 0])
    weights = dict(zip(clf.ridges_, clf.weights_[:, 0], strict=True))
    assert sum(weight for (representation, *_), weight in weights.items() if representation == "raw") > 0.99


def test_little_memory_means_fewer_kernels(noisy):
    X, y, X_test, _ = noisy
    clf = StateSpaceRidgeClassifier(n_kernels=4000, max_memory=0.002, n_jobs=1, random_state=0).fit(X, y)
    n_features = [len(next(iter(clf.ridges_.values())).coef)]
    assert ridge_bytes(40, 2, n_features) < 0.5 * 0.002e9
    assert clf.n_kernels == 4000
    assert {level for *_, level in clf.ridges_} == {"all time"}  # windows go first
    assert clf.predict(X_test).shape == (40,)
    with pytest.raises(ValueError, match=r"too small for the features of 40 cases: expected at least (\S+)\.$") as e:
        clf.set_params(max_memory=1e-4).fit(X, y)
    enough = float(str(e.value).rstrip(".").split()[-1])
    assert clf.set_params(max_memory=enough).fit(X, y).predict(X_test).shape == (40,)


def test_a_class_seen_once(noisy):
    X, y, _, _ = noisy
    labels = np.where(np.arange(40) == 3, 7, y)
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, labels)
    assert clf.predict_proba(X).shape == (40, 3)
    assert (StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X[:3], [0, 1, 2]).predict_proba(X) > 0).all()


def test_constant_series():
    X, y = np.ones((10, 1, 30)), np.arange(10) % 2
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y)
    np.testing.assert_allclose(clf.predict_proba(X), 0.5, atol=1e-6)
    reg = StateSpaceRidgeRegressor(n_kernels=64, random_state=0).fit(X, y)
    np.testing.assert_allclose(reg.predict(X), 0.5)


def test_prediction_does_not_depend_on_threads(noisy):
    X, y, X_test, _ = noisy
    outputs = [
        StateSpaceRidgeClassifier(n_kernels=64, random_state=0, n_jobs=n).fit(X, y).predict_proba(X_test)
        for n in (1, 2, 3)
    ]
    assert np.array_equal(outputs[0], outputs[1])
    assert np.array_equal(outputs[0], outputs[2])


def test_groups_that_are_none(noisy):
    X, y, _, _ = noisy
    groups = np.where(np.arange(40) == 7, np.nan, np.arange(40) % 4)
    with pytest.raises(ValueError, match="Expected a group for each case; case 7 has none"):
        StateSpaceRidgeClassifier(n_kernels=64).fit(X, y, groups=groups)


def test_balanced_classes_count_weights(noisy):
    X, y, X_test, _ = noisy
    weight = np.where(y == 0, 3, 1)
    make = {"n_kernels": 64, "random_state": 0, "class_weight": "balanced"}
    weighted = StateSpaceRidgeClassifier(**make).fit(X, y, sample_weight=weight)
    repeated = StateSpaceRidgeClassifier(**make).fit(np.repeat(X, weight, 0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted.predict_proba(X_test), repeated.predict_proba(X_test), rtol=1e-6)


def test_its_features_are_a_fitted_transformer(noisy):
    X, y, X_test, _ = noisy
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y)
    table = clf.features_.transform(X_test)
    assert table.shape == (40, clf.features_.n_features_out_)
    own = StateSpaceFeatures(n_kernels=64, random_state=0).fit(X)
    assert np.array_equal(own.transform(X_test), table)


def test_a_case_without_weight_is_not_there_even_if_it_is_the_longest(noisy):
    X, y, X_test, _ = noisy
    series = [*X[:39, :, :50], X[39]]
    weight = np.arange(40) < 39
    weighted = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(series, y, sample_weight=weight)
    fewer = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(series[:39], y[:39])
    np.testing.assert_allclose(weighted.predict_proba(X_test), fewer.predict_proba(X_test), rtol=1e-6)


def test_weights_of_ridges_follow_their_left_out_errors():
    Y = np.array([[-1.0, 3.0], [1.0, 3.0], [1.0, 3.0], [-1.0, 3.0]])  # the second target is constant
    good, bad = Y * 0.9, Y * 0.5
    weights = average_weights(np.stack([good, bad, -Y]), Y, np.ones(4), shared=False)
    odds = np.array([0.99 / 0.011, 0.75 / 0.251, 0.001 / 4.001]) ** 4
    np.testing.assert_allclose(weights[:, 0], odds / odds.sum(), rtol=1e-9)
    np.testing.assert_allclose(weights.sum(0), 1)
    together = average_weights(np.stack([good, bad]), Y, np.ones(4), shared=True)
    assert np.array_equal(together[:, 0], together[:, 1])


def test_targets_whose_squares_cannot_be_summed():
    X = np.random.default_rng(0).standard_normal((4, 20))
    with pytest.raises(ValueError, match=r"targets of at most 1e\+100 in size; got 3e\+200. Scale y"):
        StateSpaceRidgeRegressor(n_kernels=64).fit(X, np.arange(4) * 1e200)


def test_threads_and_memory_may_be_set_anew(noisy):
    X, y, X_test, _ = noisy
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y)
    expected = clf.predict_proba(X_test)
    assert np.array_equal(clf.set_params(n_jobs=3).predict_proba(X_test), expected)
    with pytest.raises(ValueError, match="max_memory=1e-09 GB is too small"):
        clf.set_params(max_memory=1e-9).predict_proba(X_test)


def test_kernels_that_memory_has_no_room_for_are_told_of(noisy):
    X, y, *_ = noisy
    with pytest.warns(
        UserWarning, match=r"too small for 4000 kernels with 4 windows on 40 cases\. \d+ kernels"
    ) as told:
        clf = StateSpaceRidgeClassifier(n_kernels=4000, max_memory=0.002, random_state=0).fit(X, y)
    assert len(told) == 1
    assert clf.n_kernels_ < 4000
    assert clf.n_windows_ == 1
    enough = float(str(told[0].message).split("max_memory=")[-1].split()[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = StateSpaceRidgeClassifier(n_kernels=4000, max_memory=1.01 * enough, random_state=0).fit(X, y)
    assert whole.n_kernels_ > clf.n_kernels_
    assert whole.n_windows_ > 1


def test_a_bar_moves_over_the_parts_of_a_fit(noisy, capsys):
    X, y, *_ = noisy
    StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y)
    assert capsys.readouterr() == ("", "")
    StateSpaceRidgeClassifier(n_kernels=64, random_state=0, verbose=1).fit(X, y)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[-1].startswith("features and ridges: 100%, part 18/18")
    assert "\x1b" not in shown.err
