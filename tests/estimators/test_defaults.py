"""What the deep estimators choose by the data."""

import numpy as np
import pytest
import torch

from ssm_estimators.estimators.deep import (
    LEAST_STEPS,
    default_batches,
    default_dt_range,
    default_standardize,
)
from ssm_estimators.series.data import SeriesData

TIME = np.linspace(0, 1, 60)


def _spectra(n_cases=40, seed=0):
    """A course that all cases share, on which two classes differ by a thousandth at one place."""
    random = np.random.default_rng(seed)
    y = np.arange(n_cases) % 2
    bump = 1e-3 * np.exp(-(((TIME - 0.7) / 0.05) ** 2))
    return (np.sin(6 * TIME) + y[:, None] * bump + 2e-4 * random.standard_normal((n_cases, 60)))[:, None], y


def _data(X, lengths=None):
    return SeriesData(torch.as_tensor(X, dtype=torch.float32), None if lengths is None else torch.tensor(lengths))


@pytest.mark.parametrize("n_cases", [1, 5, 16, 100, 1000, 5000])
def test_no_training_is_shorter_than_the_least_number_of_steps(n_cases):
    batch_size, n_epochs = default_batches(n_cases)
    n_batches = -(-n_cases // batch_size)
    assert default_batches(n_cases, batch_size) == (batch_size, n_epochs)
    assert n_epochs * n_batches >= LEAST_STEPS
    assert 30 <= n_epochs <= 60 or (n_epochs - 1) * n_batches < LEAST_STEPS


@pytest.mark.parametrize(("n_timepoints", "longest"), [(1, 8), (3, 8), (50, 100), (100, 200), (17_984, 200)])
def test_time_constants_reach_to_twice_the_series_or_200_samples(n_timepoints, longest):
    dt_min, dt_max = default_dt_range(n_timepoints)
    assert 2 / dt_min == pytest.approx(longest)
    assert 2 / dt_max == 4


def test_series_that_share_their_course_are_told_from_others():
    X, _ = _spectra()
    assert default_standardize(_data(X)) == "timepoint"
    assert default_standardize(_data(1e4 + 1e3 * X)) == "timepoint"
    assert default_standardize(_data(np.concatenate([X, np.random.default_rng(0).random(X.shape)], 1))) == "channel"
    assert default_standardize(_data(X[:1])) == "channel"
    assert default_standardize(_data(np.repeat(X[:1], 3, 0))) == "channel"
    assert default_standardize(_data(np.zeros_like(X))) == "channel"


def test_what_has_gaps_or_ends_is_standardised_by_channel():
    X, _ = _spectra()
    assert default_standardize(_data(X, lengths=[50] * len(X))) == "channel"
    X[0, 0, 3] = np.nan
    assert default_standardize(_data(X)) == "channel"


def test_small_differences_on_a_shared_course_are_learned(make_deep_classifier):
    X, y = _spectra()
    X_new, y_new = _spectra(seed=1)
    clf = make_deep_classifier(max_epochs=20, lr=0.02).fit(X, y)
    assert clf.score(X_new, y_new) > 0.8
    assert make_deep_classifier(max_epochs=20, lr=0.02, standardize="channel").fit(X, y).score(X_new, y_new) < 0.8
    assert clf.net_.module_.inputs.standardize == "timepoint"
    with pytest.raises(ValueError, match=r"of 60 time points; got series of 120, .* standardize='channel'"):
        clf.predict(np.tile(X_new, 2))


def test_a_warm_start_goes_on_with_what_was_chosen(make_deep_classifier):
    X, y = _spectra()
    clf = make_deep_classifier(warm_start=True).fit(X, y)
    before = clf.net_.module_.inputs.mean
    clf.set_params(lr=1e-12, ssm_lr=0.0, max_epochs=1).fit(X + np.random.default_rng(0).random(X.shape), y)
    assert clf.net_.module_.inputs.standardize == "timepoint"
    assert torch.equal(clf.net_.module_.inputs.mean, before)
