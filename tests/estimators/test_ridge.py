"""What is the ridge estimators' own: counts, left-out cases, memory, probabilities."""

import warnings

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from ssm_estimators import StateSpaceRidgeClassifier, StateSpaceRidgeRegressor
from ssm_estimators.estimators.ridge_sample import pick_groups
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features.ridge import members_bytes
from ssm_estimators.random_features.spectrum import Problem
from ssm_estimators.random_features.stacking import stacking_weights


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
    left_out = clf.offset_ + np.einsum("rnq,rq->nq", [r.left_out for r in clf.ridges_.values()], clf.weights_)

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
        np.mean((reg.ridges_["raw", 0.5, "all time", "linear"].left_out[:, 0] - y) ** 2) / y.var()
        for reg in (alone, grouped)
    ]
    assert errors[0] < 0.1
    assert errors[1] > 0.8
    with pytest.raises(ValueError, match="at least two groups, to leave one out; got one"):
        alone.fit(X, y, groups=np.zeros(60))


def test_targets_of_linear_members_do_not_touch_each_other(noisy):
    X, y, _, _ = noisy
    noise = np.random.default_rng(1).standard_normal(40)
    both = StateSpaceRidgeRegressor(n_kernels=200, random_state=0).fit(X, np.stack([y, noise], axis=1))
    assert both.ridges_["raw", 0.5, "all time", "linear"].penalty.shape == both.weights_[0].shape == (2,)
    for column, target in enumerate((y, noise)):
        only = StateSpaceRidgeRegressor(n_kernels=200, random_state=0).fit(X, target)
        np.testing.assert_allclose(both.predict(X)[:, column], only.predict(X), rtol=1e-6)


def test_a_representation_that_tells_nothing_has_little_weight():
    level = np.random.default_rng(0).choice([0.0, 1.0], (40, 1))
    X = level + 1e-9 * np.random.default_rng(1).standard_normal((40, 30))
    clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, level[:, 0])
    weights = dict(zip(clf.ridges_, clf.weights_[:, 0], strict=True))
    assert sum(weight for (representation, *_), weight in weights.items() if representation == "raw") > 0.99 * sum(
        weights.values()
    )


def test_little_memory_means_fewer_kernels(noisy):
    X, y, X_test, _ = noisy
    clf = StateSpaceRidgeClassifier(n_kernels=4000, max_memory=0.002, n_jobs=1, random_state=0).fit(X, y)
    n_features = [len(next(iter(clf.ridges_.values())).coef)]
    assert members_bytes(40, 2, n_features, 0) < 0.002e9
    assert clf.n_kernels == 4000
    assert {level for *_, level in clf.scalings_} == {"all time"}  # windows go first
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


def problem_of(Y, weight=None, shared=False):
    ones = np.ones(len(Y))
    return Problem(Y, ones if weight is None else weight, ones, shared=shared)


@pytest.fixture
def predictions():
    """Of three members, of 30 cases and two targets, and the targets."""
    rng = np.random.default_rng(0)
    Y = rng.standard_normal((30, 2))
    return np.stack([Y + rng.standard_normal(Y.shape) * noise for noise in (0.5, 1.0, 3.0)]), Y


@pytest.mark.parametrize("shared", [False, True])
def test_members_weights_are_those_of_non_negative_least_squares(predictions, shared):
    left_out, Y = predictions
    counts = np.arange(30) % 3 + 1.0
    weights = stacking_weights(left_out, problem_of(Y, counts, shared))
    A, target = (np.repeat(part - counts @ Y / counts.sum(), counts.astype(int), -2) for part in (left_out, Y))
    if shared:
        expected = np.repeat(nnls(A.reshape(3, -1).T, target.ravel())[0][:, None], 2, axis=1)
    else:
        expected = np.stack([nnls(A[..., q].T, target[:, q])[0] for q in range(2)], axis=1)
    np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_a_member_that_predicts_the_opposite_has_no_weight(predictions):
    left_out, Y = predictions
    weights = stacking_weights(np.stack([left_out[0], 2 * Y.mean(0) - left_out[0]]), problem_of(Y))
    assert (weights[0] > 0.5).all()
    np.testing.assert_allclose(weights[1], 0, atol=1e-6)


def test_equal_members_share_their_weight(predictions):
    left_out, Y = predictions
    alone, twice = (stacking_weights(np.stack([left_out[0]] * n), problem_of(Y)) for n in (1, 2))
    np.testing.assert_allclose(twice.sum(0), alone.sum(0), rtol=1e-6)


def test_members_that_say_the_mean_have_no_weight(predictions):
    _, Y = predictions
    constant = np.broadcast_to(Y.mean(0), (2, *Y.shape))
    assert (stacking_weights(constant, problem_of(Y)) == 0).all()


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
    assert shown.err.splitlines()[-1].startswith("features and ridges: 100%, part 6/6")
    assert "\x1b" not in shown.err


def kinds(estimator):
    return {member for *_, member in estimator.ridges_}


@pytest.mark.parametrize(("n_cases", "n_classes", "expected"), [(40, 2, 1), (60, 2, 2), (60, 6, 2), (60, 10, 1)])
def test_gaussian_members_need_enough_cases_of_a_class(n_cases, n_classes, expected):
    X, labels = np.random.default_rng(0).standard_normal((n_cases, 30)), np.arange(n_cases) % n_classes
    clf = StateSpaceRidgeClassifier(n_kernels=48, random_state=0)
    assert len(kinds(clf.fit(X, labels))) == expected
    half = slice(n_cases // 2)
    assert len(kinds(clf.fit(X[half], labels[half], sample_weight=np.full(n_cases // 2, 2.0)))) == expected
    assert kinds(clf.set_params(members=["gaussian"]).fit(X, labels)) == {"gaussian"}


def on_a_circle(n_cases, seed):
    """Series whose target is no linear function of anything that they show."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, n_cases)
    X = np.sin(0.3 * np.arange(60) + phase[:, None]) + 0.1 * rng.standard_normal((n_cases, 60))
    return X, np.sin(4 * phase)


def test_gaussian_members_learn_what_is_not_linear_in_features():
    (X, y), (X_test, y_test) = on_a_circle(300, 0), on_a_circle(200, 1)
    params = {"n_kernels": 48, "max_time_constants": (0.05,), "representations": ("raw",), "n_windows": 1}
    linear, gaussian = (
        StateSpaceRidgeRegressor(**params, random_state=0, members=members).fit(X, y)
        for members in (["linear"], "auto")
    )
    error = [np.mean((each.predict(X_test) - y_test) ** 2) / y_test.var() for each in (linear, gaussian)]
    assert error[1] < 0.75 * error[0]
    left_out = gaussian.offset_ + np.einsum(
        "rnq,rq->nq", [ridge.left_out for ridge in gaussian.ridges_.values()], gaussian.weights_
    )
    assert np.mean((left_out[:, 0] - y) ** 2) / y.var() == pytest.approx(error[1], rel=0.5)


def test_little_memory_means_fewer_landmarks_before_fewer_kernels():
    X, y = on_a_circle(400, 0)
    reg = StateSpaceRidgeRegressor(n_kernels=48, max_memory=0.0065, n_jobs=1, random_state=0).fit(X, y)
    n_landmarks = {len(ridge.coef) for (*_, member), ridge in reg.ridges_.items() if member == "gaussian"}
    assert n_landmarks == {250}
    assert (reg.n_kernels_, reg.n_windows_) == (96, 4)  # all: eight a direction of each part
    assert reg.score(*on_a_circle(100, 1)) > 0.5


def test_landmarks_are_of_two_groups_at_least():
    X, y = on_a_circle(600, 0)
    groups = np.where(X[:, 0] < np.quantile(X[:, 0], 0.999), 0, 1)
    weight = np.where(groups == 0, 1.0, 1e-6)
    reg = StateSpaceRidgeRegressor(n_kernels=48, random_state=0).fit(X, y, sample_weight=weight, groups=groups)
    assert np.isfinite(reg.predict(X)).all()


@pytest.mark.parametrize("members", [(), ("ridge",), ("linear", "linear"), "gaussian"])
def test_unknown_members_are_refused(members, noisy):
    X, y, *_ = noisy
    with pytest.raises(ValueError, match="members"):
        StateSpaceRidgeClassifier(n_kernels=48, members=members).fit(X, y)


LITTLE = {"n_kernels": 96, "max_memory": 0.006, "n_jobs": 1, "random_state": 0}


def test_where_features_of_all_cases_have_no_room_sums_serve():
    (X, y), (X_test, y_test) = on_a_circle(1500, 0), on_a_circle(300, 1)
    little, enough = (StateSpaceRidgeRegressor(**{**LITTLE, **more}).fit(X, y) for more in ({}, {"max_memory": 2}))
    assert (little.n_kernels_, little.n_windows_) == (enough.n_kernels_, enough.n_windows_) == (96, 4)
    assert 100 < len(little.left_out_cases_) < len(enough.left_out_cases_) == 1500
    assert {level for *_, level in little.scalings_} == {"all time", *(f"window {i}" for i in range(4))}
    assert little.score(X_test, y_test) > enough.score(X_test, y_test) - 0.05
    assert little.set_params(max_memory=2).score(X_test, y_test) == pytest.approx(
        little.score(X_test, y_test), abs=1e-6
    )


def test_sums_do_not_depend_on_the_order_of_cases():
    X, y = on_a_circle(1500, 0)
    order = np.random.default_rng(0).permutation(1500)
    one, other = (StateSpaceRidgeRegressor(**LITTLE).fit(X[rows], y[rows]) for rows in (np.arange(1500), order))
    assert set(order[other.left_out_cases_]) == set(one.left_out_cases_)
    np.testing.assert_allclose(one.predict(X[:9]), other.predict(X[:9]), rtol=1e-4, atol=1e-5)


def test_a_classifier_from_sums_weighs_cases_and_classes():
    X, y = on_a_circle(1500, 0)
    labels = np.where(y > 0.8, "rare", "common")
    even, heavy = (
        StateSpaceRidgeClassifier(**LITTLE, class_weight=weight).fit(X, labels) for weight in (None, "balanced")
    )
    assert len(even.left_out_cases_) < 1500
    assert even.score(X, labels) > 0.85
    assert np.mean(heavy.predict(X) == "rare") > np.mean(even.predict(X) == "rare")


def test_groups_are_left_out_whole_where_sums_serve():
    X, y = on_a_circle(1500, 0)
    groups = np.arange(1500) // 10
    reg = StateSpaceRidgeRegressor(**LITTLE).fit(X, y, groups=groups)
    assert len(reg.left_out_cases_) < 1500
    sizes = np.unique(groups[reg.left_out_cases_], return_counts=True)[1]
    assert (sizes == 10).all()
    with pytest.raises(ValueError, match="room for 800 cases that are left out; two groups have more"):
        pick_groups(np.arange(1500) // 750, np.ones(1500), 800)
