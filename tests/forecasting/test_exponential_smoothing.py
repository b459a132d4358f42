"""Exponential smoothing: its recurrence written out, what it foretells exactly, and windows of unequal length."""

import numpy as np
import pytest

from ssm_estimators.forecasting.exponential_smoothing import Smoothing

MODEL = np.array([[[0.4, 0.1, 0.9, 0.3]]])


def test_forecasts_are_those_of_the_recurrence():
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal(30)) + np.tile([0.0, 2.0, -1.0, 0.0, 1.0], 6)
    alpha, beta, phi, gamma = MODEL[0, 0]
    seasons = x.reshape(6, 5)
    trend = (seasons[-1].mean() - seasons[0].mean()) / 25
    level = x.mean() - trend * 31 / 2
    pattern = (x - level - trend * np.arange(1, 31)).reshape(6, 5).mean(axis=0)
    for t, value in enumerate(x):
        innovation = value - (level + phi * trend + pattern[t % 5])
        level = level + phi * trend + alpha * innovation
        trend = phi * trend + alpha * beta * innovation
        pattern[t % 5] += (1 - alpha) * gamma * innovation
    expected = [level + trend * (phi ** np.arange(1, h + 2)).sum() + pattern[h % 5] for h in range(7)]
    predicted = Smoothing(5, MODEL, np.ones((1, 1))).forecast(x[None, None], horizon=7)
    np.testing.assert_allclose(predicted[0, 0], expected)


@pytest.mark.parametrize("season", [1, 4, 12])
def test_lines_and_patterns_are_carried_on(season):
    time = np.arange(100)
    x = 3.0 + 0.5 * time + np.random.default_rng(0).standard_normal(season)[time % season]
    predicted = Smoothing.of([x[None, :80]], season).forecast(x[None, None, :80], horizon=20)
    np.testing.assert_allclose(predicted[0, 0], x[80:], atol=1e-6)


def test_each_window_is_forecast_as_if_alone():
    """Whatever is before a series' start, and beside it."""
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((5, 2, 40))
    for row, length in enumerate((40, 3, 25, 1, 12)):
        windows[row, :, : 40 - length] = np.nan
    smoothing = Smoothing.of([rng.standard_normal((2, 50)).cumsum(axis=1)], season=4)
    together = smoothing.forecast(windows, horizon=6)
    assert np.isfinite(together).all()
    for row, length in enumerate((40, 3, 25, 1, 12)):
        alone = smoothing.forecast(windows[row : row + 1, :, 40 - length :], horizon=6)
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-12)


@pytest.mark.parametrize("season", [1, 4, 12])
@pytest.mark.parametrize("n_timepoints", [2, 5, 30, 100])
def test_the_map_of_whole_windows_is_the_recursion(season, n_timepoints):
    rng = np.random.default_rng(0)
    smoothing = Smoothing.of([rng.standard_normal((3, 120)).cumsum(axis=1)], season)
    windows = rng.standard_normal((20, 3, n_timepoints)).cumsum(axis=2)
    few, many = (
        np.concatenate([smoothing.forecast(part, horizon=7) for part in np.split(windows, k)]) for k in (20, 1)
    )
    np.testing.assert_allclose(many, few, rtol=1e-9, atol=1e-9)
    assert (many != few).any()  # two ways to it


def test_forecasts_follow_level_and_scale():
    x = np.random.default_rng(0).standard_normal((3, 60)).cumsum(axis=1)
    one, other = (Smoothing.of([values], 6).forecast(values[None], horizon=5) for values in (x, 4 * x + 9))
    np.testing.assert_allclose(other, 4 * one + 9)


def test_a_random_walk_is_not_smoothed_and_noise_is():
    noise = np.random.default_rng(0).standard_normal((1, 400))
    walk, level = Smoothing.of([noise.cumsum(axis=1)], 1), Smoothing.of([noise], 1)
    assert (walk.models[0, :, 0] * walk.weights[0]).sum() > 0.8
    assert (level.models[0, :, 0] * level.weights[0]).sum() < 0.2
