"""Linear forecasts: their features by an obvious recurrence, their ridge by brute force."""

import numpy as np
import pytest

from ssm_estimators.forecasting.lag_features import LagFeatures
from ssm_estimators.forecasting.linear import fit_linear_forecast
from ssm_estimators.forecasting.segment_ridge import SegmentRidge, SegmentSums, choose_penalty, fit_segment_ridge
from ssm_estimators.forecasting.windows import Origins, values_after, windows_before


def test_modes_are_states_of_a_recurrence():
    """The features at a window's end are states run over the window, less its last value."""
    lags = LagFeatures.of(n_lags=3, n_timepoints=60, season=4)
    x = np.random.default_rng(0).standard_normal(60)
    expected = []
    for time_constant in (1.0, 4.0, 12.0):
        for frequency in np.divide((0, 1 / 14, 1 / 7, 2 / 7, 1, 2, 3), 4):
            if frequency > 0.5 or 0 < frequency * time_constant < 0.3:
                continue
            state = 0j
            for value in x - x[-1]:
                state = np.exp(-1 / time_constant + 2j * np.pi * frequency) * state + value
            state *= 1 - np.exp(-1 / time_constant)
            expected += [state.real, state.imag] if frequency > 0 else [state.real]
    features = lags.features(x[None])[0]
    np.testing.assert_allclose(features[:2], x[[-2, -3]] - x[-1])
    np.testing.assert_allclose(features[2:], expected, atol=1e-12)


def test_what_is_before_a_series_counts_as_its_last_value():
    lags = LagFeatures.of(n_lags=3, n_timepoints=40, season=4)
    short = np.random.default_rng(0).standard_normal(10)
    padded = np.concatenate([np.full(30, short[-1]), short])
    windows = windows_before(short, np.array([10]), 40)
    np.testing.assert_allclose(lags.features(windows), lags.features(padded[None]))


def test_origins_have_points_before_and_after():
    origins = Origins.of(np.array([5, 2, 7]), first=2, horizon=2)
    assert sorted(zip(origins.series, origins.time, strict=True)) == [(0, 2), (0, 3), (2, 2), (2, 3), (2, 4), (2, 5)]
    assert origins.when.tolist() == sorted(origins.when)  # series end together
    assert Origins.of(np.array([9]), first=1, horizon=1, stride=3).time.tolist() == [2, 5, 8]


def test_segments_are_blocks_with_gaps_between_them():
    origins = Origins.of(np.array([21]), first=1, horizon=1)
    assert origins.segments(2, gap=3).tolist() == [0] * 8 + [1] * 2 + [2] * 10
    two = Origins.of(np.array([11, 11]), first=1, horizon=1)  # of a panel by time, not series by series
    assert two.segments(2, gap=3).tolist() == [0] * 6 + [1] * 4 + [2] * 10


def test_windows_and_what_follows():
    x = np.arange(12.0).reshape(2, 6)
    times = np.array([2, 4])
    np.testing.assert_array_equal(windows_before(x, times, 3)[0], [[np.nan, 0, 1], [np.nan, 6, 7]])
    np.testing.assert_array_equal(windows_before(x, times, 3)[1], [[1, 2, 3], [7, 8, 9]])
    np.testing.assert_array_equal(values_after(x, times, 2)[1], [[4, 5], [10, 11]])


@pytest.mark.parametrize("zero", [True, False])
def test_ridge_from_sums_is_the_ridge_by_hand(zero):
    """Maps and losses of every penalty, with every block left out with its gaps."""
    rng = np.random.default_rng(0)
    segment = np.repeat([0, 1, 2, 3, 4], [9, 3, 9, 3, 9])
    A, truth = rng.standard_normal((33, 4)), rng.standard_normal((4, 3))
    Y = A @ truth + 0.5 * rng.standard_normal((33, 3))
    toward = np.zeros((4, 3)) if zero else rng.standard_normal((4, 3))
    relative, growth, penalties = np.array([1.0, 1.0, 0.5, 2.0]), np.array([1.0, 1.5, 3.0]), np.logspace(-2, 3, 6)
    sums = SegmentSums.zeros(5, 4, 3)
    for s in range(5):
        sums.add(s, A[segment == s], Y[segment == s])
    penalty, _ = choose_penalty(sums, relative, growth, toward, penalties, n_judged=2)
    start = SegmentRidge(toward, np.stack([toward] * 3), np.inf)
    fitted = fit_segment_ridge(sums, relative, growth, start, penalty)

    def by_hand(rows, penalty):
        maps = [
            toward[:, q]
            + np.linalg.solve(
                A[rows].T @ A[rows] + penalty * growth[q] * np.diag(relative),
                A[rows].T @ (Y[rows, q] - A[rows] @ toward[:, q]),
            )
            for q in range(3)
        ]
        return np.stack(maps, axis=1)

    losses = [
        sum(np.sum((Y - A @ by_hand(np.abs(segment - own) > 1, penalty))[segment == own, :2] ** 2) for own in (0, 2, 4))
        for penalty in penalties
    ]
    assert penalty == penalties[np.argmin(losses)]
    np.testing.assert_allclose(fitted.coef, by_hand(segment >= 0, fitted.penalty))
    for k, own in enumerate((0, 2, 4)):
        np.testing.assert_allclose(fitted.before[k], by_hand(segment < own - 1, fitted.penalty), atol=1e-12)


def test_a_rhythm_is_learnt_and_carried_on():
    x = np.sin(2 * np.pi * np.arange(300) / 24) + np.sin(2 * np.pi * np.arange(300) / 9)
    lags = LagFeatures.of(n_lags=30, n_timepoints=60, season=24)
    fit = fit_linear_forecast([x[None, :290]], [np.ones(1)], lags, 60, horizon=10, seasons=[1])
    predicted = fit.forecast.predict(windows_before(x[None, :290], np.array([290]), 60))
    np.testing.assert_allclose(predicted[0, 0], x[290:], atol=0.02)


def test_a_series_that_repeats_itself_exactly():
    """Losses are then differences of equal sums."""
    for seed in range(20):
        period = np.random.default_rng(seed).standard_normal(12)
        x = np.tile(period, 12)[None]
        fit = fit_linear_forecast([x], [x.std(axis=1)], LagFeatures.of(12, 30, 12), 30, horizon=6, seasons=[12])
        predicted = fit.forecast.predict(windows_before(x, np.array([144]), 30))
        np.testing.assert_allclose(predicted[0, 0], period[:6], atol=1e-6)


def test_forecasts_follow_level_and_scale():
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal((2, 200)), axis=1)
    lags = LagFeatures.of(n_lags=5, n_timepoints=20, season=1)
    fit = fit_linear_forecast([x], [x.std(axis=1)], lags, 20, horizon=4, seasons=[1])
    windows = windows_before(x, np.array([200]), 20)
    np.testing.assert_allclose(fit.forecast.predict(3 * windows + 7), 3 * fit.forecast.predict(windows) + 7)


def test_channels_are_told_apart_where_there_are_enough_windows():
    """Two autoregressions of opposite sign: one map for both knows neither."""
    rng = np.random.default_rng(0)
    x = np.zeros((2, 2000))
    for t in range(1, 2000):
        x[:, t] = np.array([0.9, -0.9]) * x[:, t - 1] + rng.standard_normal(2)
    fit = fit_linear_forecast([x], [x.std(axis=1)], LagFeatures.of(3, 10, 1), 10, horizon=1, seasons=[1])
    window = np.zeros((1, 2, 10))
    window[..., -1] = 1.0
    np.testing.assert_allclose(fit.forecast.predict(window)[0, :, 0], [0.9, -0.9], atol=0.3)
