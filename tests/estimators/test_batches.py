"""Fits to batches that come one after the other: of all at once, and call by call."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from ssm_estimators import StateSpaceRidgeClassifier, StateSpaceRidgeRegressor
from ssm_estimators.estimators.ridge_sample import PrioritySample
from ssm_estimators.random_features.spectrum import Problem, Sums
from ssm_estimators.series.data import SeriesData

SMALL = {"n_kernels": 48, "n_windows": 2, "random_state": 0}


@pytest.fixture(scope="module")
def waves():
    """1,000 cases of one channel and 40 points, their frequency class and their amplitude."""
    rng = np.random.default_rng(0)
    labels, amplitude = rng.choice(["fast", "slow", "still"], 1000), rng.uniform(1, 3, 1000)
    frequency = np.select([labels == "fast", labels == "slow"], [0.7, 0.3])
    X = amplitude[:, None] * np.sin(frequency[:, None] * np.arange(40) + rng.uniform(0, 6, (1000, 1)))
    return (X + 0.3 * rng.standard_normal(X.shape))[:, None], labels, amplitude


def cut(n, *arrays):
    """Batches of n cases."""
    return [tuple(part[i : i + n] for part in arrays) for i in range(0, len(arrays[0]), n)]


@pytest.mark.parametrize("cls", [StateSpaceRidgeClassifier, StateSpaceRidgeRegressor])
def test_call_by_call_is_as_all_batches_at_once(waves, cls):
    X, labels, amplitude = waves
    batches = cut(20, X, labels if cls is StateSpaceRidgeClassifier else amplitude)
    assert len(batches) == 50
    at_once = cls(**SMALL).fit_batches(iter(batches))
    one_by_one = cls(**SMALL)
    for number, (X_part, y) in enumerate(batches):
        one_by_one.partial_fit(X_part, y)
        if number == 20:
            one_by_one.predict(X[:3])  # a prediction on the way changes nothing
    method = "predict_proba" if cls is StateSpaceRidgeClassifier else "predict"
    expected, found = (getattr(each, method)(X[:100]) for each in (at_once, one_by_one))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)
    assert at_once.score(X, labels if cls is StateSpaceRidgeClassifier else amplitude) > 0.7


@pytest.mark.parametrize("members", [["linear"], ["gaussian"]])
def test_one_batch_of_all_cases_is_a_fit(waves, members):
    X, _, amplitude = waves
    params = {**SMALL, "n_windows": 1, "members": members}
    fitted, of_batch = (
        StateSpaceRidgeRegressor(**params).fit(X[:250], amplitude[:250]),
        StateSpaceRidgeRegressor(**params).fit_batches([(X[:250], amplitude[:250])]),
    )
    assert fitted.left_out_cases_.tolist() == of_batch.left_out_cases_.tolist()
    tolerance = 1e-8 if members == ["linear"] else 1e-3  # as its landmarks are all cases, rounded to float16
    np.testing.assert_allclose(of_batch.predict(X[:250]), fitted.predict(X[:250]), rtol=tolerance)


def test_how_later_cases_are_cut_into_batches_does_not_matter(waves):
    X, labels, _ = waves
    first, rest = (X[:100], labels[:100]), (X[100:], labels[100:])
    one, other = (
        StateSpaceRidgeClassifier(**SMALL).fit_batches([first, *cut(n, *rest)]).predict_proba(X[:50]) for n in (900, 77)
    )
    np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8)


def test_weights_are_counts(waves):
    X, _, amplitude = waves
    weight = np.arange(1000) % 3 + 1
    params = {**SMALL, "members": ["linear"], "n_windows": 1, "n_kernels": 12}
    weighted = StateSpaceRidgeRegressor(**params).fit_batches(cut(500, X, amplitude, weight))
    repeated = StateSpaceRidgeRegressor(**params).fit_batches(
        cut(1001, np.repeat(X, weight, 0), np.repeat(amplitude, weight))
    )
    assert weighted.predict(X[:9]) == pytest.approx(repeated.predict(X[:9]), rel=0.1)
    unweighted = StateSpaceRidgeRegressor(**params).fit_batches(
        [*cut(500, X, amplitude), (X, 9 * amplitude, np.zeros(1000) + 1e-6)]
    )
    assert unweighted.predict(X[:9]) == pytest.approx(
        StateSpaceRidgeRegressor(**params).fit_batches(cut(500, X, amplitude)).predict(X[:9]), rel=0.05
    )


def test_a_class_weighs_the_same_in_every_batch(waves):
    X, labels, _ = waves
    first, rest = (X[:100], labels[:100]), (X[100:], labels[100:])
    in_order = np.argsort(rest[1], kind="stable")
    params = {**SMALL, "class_weight": {"fast": 5, "slow": 1, "still": 1}}
    one, other = (
        StateSpaceRidgeClassifier(**params).fit_batches([first, *cut(150, *parts)]).predict_proba(X[:50])
        for parts in (rest, [part[in_order] for part in rest])
    )
    np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_batches_of_unequal_lengths(waves):
    X, labels, _ = waves
    batches = [(X[:300], labels[:300]), ([*X[300:400, :, :30], *X[400:600]], labels[300:600])]
    clf = StateSpaceRidgeClassifier(**SMALL).fit_batches(batches)
    assert clf.score([*X[600:, :, :35]], labels[600:]) > 0.9


def test_a_fit_goes_on_after_it_was_saved(waves):
    X, labels, _ = waves
    batches = cut(250, X, labels)
    clf = StateSpaceRidgeClassifier(**SMALL)
    for batch in batches[:2]:
        clf.partial_fit(*batch)
    saved = pickle.loads(pickle.dumps(clf))
    for batch in batches[2:]:
        clf.partial_fit(*batch)
        saved.partial_fit(*batch)
    assert np.array_equal(clf.predict_proba(X[:9]), saved.predict_proba(X[:9]))
    assert not hasattr(clone(clf).partial_fit(*batches[0]), "ridges_")


def test_what_batches_cannot_do_is_said(waves):
    X, labels, amplitude = waves
    clf, reg = StateSpaceRidgeClassifier(**SMALL), StateSpaceRidgeRegressor(**SMALL)
    two = labels != "still"
    clf.partial_fit(X[two][:100], labels[two][:100])
    expected = clf.predict_proba(X[:9])
    with pytest.raises(ValueError, match=r"'still' is not among the first call's classes, \['fast', 'slow'\]"):
        clf.partial_fit(X, labels)
    with pytest.raises(ValueError, match="fitted on 1 channel; X has 2"):
        clf.partial_fit(np.repeat(X[two], 2, 1), labels[two])
    with pytest.raises(ValueError, match="classes of the first call"):
        clf.partial_fit(X[two], labels[two], classes=["fast", "still"])
    assert np.array_equal(clf.predict_proba(X[:9]), expected)
    with pytest.raises(ValueError, match="class_weight='balanced' needs all cases at once"):
        StateSpaceRidgeClassifier(**SMALL, class_weight="balanced").partial_fit(X, labels)
    fitted = StateSpaceRidgeClassifier(**SMALL).fit(X[:60], labels[:60])
    with pytest.warns(UserWarning, match="fit and fit_batches keep no sums.* begins anew"):
        fitted.partial_fit(X, labels)
    assert np.array_equal(
        fitted.predict_proba(X[:9]), StateSpaceRidgeClassifier(**SMALL).partial_fit(X, labels).predict_proba(X[:9])
    )
    with pytest.raises(ValueError, match="at least one batch"):
        reg.fit_batches([])
    with pytest.raises(ValueError, match=r"tuple \(X, y\) or \(X, y, sample_weight\); got 1 parts"):
        reg.fit_batches([(X,)])
    reg.partial_fit(X, amplitude)
    with pytest.raises(ValueError, match="Expected y with 1 targets in 1 dimensions"):
        reg.partial_fit(X, np.stack([amplitude, amplitude], 1))


def test_sums_that_memory_has_no_room_for_are_refused_with_what_would_do(waves):
    X, _, amplitude = waves
    reg = StateSpaceRidgeRegressor(n_kernels=960, max_memory=0.01, random_state=0)
    with pytest.raises(ValueError, match=r"sums of 960 kernels with 4 windows: set max_memory=(\S+), or n_ker") as said:
        reg.partial_fit(X, amplitude)
    enough = float(str(said.value).split("max_memory=")[2].split(",")[0])
    fewer = int(str(said.value).split("n_kernels=")[1].split()[0])
    assert clone(reg).set_params(max_memory=1.001 * enough).partial_fit(X, amplitude).n_kernels_ == 960
    reg.set_params(n_kernels=fewer).partial_fit(X, amplitude)
    with pytest.raises(ValueError, match="too small for the sums"):
        clone(reg).set_params(n_kernels=fewer + 96).partial_fit(X, amplitude)


def test_an_interrupted_call_is_not_passed_over(waves, monkeypatch):
    X, _, amplitude = waves
    reg = StateSpaceRidgeRegressor(**SMALL).partial_fit(X, amplitude)

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sums, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reg.partial_fit(X, amplitude)
    with pytest.raises(ValueError, match="interrupted while its cases were added"):
        reg.predict(X)


def test_a_sample_of_a_stream_stands_for_all():
    rng = np.random.default_rng(0)
    weight, value = rng.pareto(2, 4000) + 0.1, rng.standard_normal((4000, 1))
    value += weight[:, None]
    X = value[:, None].astype(np.float32)
    sample = PrioritySample(500)
    for rows in np.array_split(np.arange(4000), 13):
        batch = Problem(value[rows], weight[rows], np.ones(len(rows)))
        sample.add(SeriesData(torch.from_numpy(X[rows])), batch)
    assert len(sample.cases) == len(sample.data) == 500
    np.testing.assert_array_equal(sample.problem.Y, value[sample.cases])
    np.testing.assert_array_equal(sample.data.X[:, 0].numpy(), X[sample.cases, 0])
    counted = sample.problem.counted
    assert counted.sum() == pytest.approx(weight.sum(), rel=0.1)
    assert counted @ sample.problem.Y[:, 0] == pytest.approx(weight @ value[:, 0], rel=0.1)


def test_a_sample_that_has_room_for_all_holds_all():
    sample = PrioritySample(50)
    weight = np.arange(1.0, 31)
    for rows in (np.arange(20), np.arange(20, 30)):
        sample.add(
            SeriesData(torch.ones(len(rows), 1, 3)), Problem(np.ones((len(rows), 1)), weight[rows], np.ones(len(rows)))
        )
    assert sample.cases.tolist() == list(range(30))
    np.testing.assert_array_equal(sample.problem.counted, weight)
