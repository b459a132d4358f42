"""Forecasters of windows: series in, forecasts and quantiles out."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from ssm_estimators.forecasting.conformal import ErrorQuantiles, movement
from ssm_estimators.forecasting.deep import S4DWindowForecaster
from ssm_estimators.forecasting.ridge import StateSpaceRidgeWindowForecaster

SMALL = {"d_model": 4, "d_state": 2, "n_layers": 1, "max_epochs": 3, "random_state": 0, "device": "cpu"}


@pytest.fixture
def walk():
    return np.cumsum(np.random.default_rng(0).standard_normal((2, 400)), axis=1)


@pytest.mark.parametrize("make", [StateSpaceRidgeWindowForecaster, lambda **p: S4DWindowForecaster(**SMALL, **p)])
def test_many_origins_in_one_call_are_one_by_one(make, walk):
    forecaster = make(horizon=5).fit(walk[None])
    origins = np.array([400, 1, 37, 250])
    together = forecaster.predict_windows(walk, origins)
    assert together.shape == (4, 2, 5)
    for origin, predicted in zip(origins, together, strict=True):
        alone = forecaster.predict([walk[:, :origin]])[0]
        np.testing.assert_allclose(alone, predicted, rtol=1e-4, atol=1e-4)
    quantiles = forecaster.predict_windows(walk, origins, levels=[0.9, 0.1])
    np.testing.assert_allclose(quantiles[0], forecaster.predict_quantiles([walk], [0.9, 0.1])[0], rtol=1e-4, atol=1e-4)
    assert (quantiles[origins > 1][..., 0] > quantiles[origins > 1][..., 1]).all()


def test_series_of_unequal_length_are_learnt_together():
    rng = np.random.default_rng(0)
    series = [np.sin(2 * np.pi * (np.arange(n) / 12 + phase))[None] for n, phase in ((90, 0.1), (60, 0.5), (14, 0.8))]
    forecaster = StateSpaceRidgeWindowForecaster(horizon=3, season=12).fit(series)
    start = rng.uniform()
    wave = np.sin(2 * np.pi * (np.arange(43) / 12 + start))
    np.testing.assert_allclose(forecaster.predict([wave[None, :40]])[0, 0], wave[40:], atol=0.02)


def test_spread_that_grows_with_the_level_is_seen():
    time = np.arange(120)
    season = np.sin(2 * np.pi * time / 12)
    additive, multiplicative = 50 + time + 5 * season, np.exp(3 + 0.02 * time + 0.2 * season)
    forecaster = StateSpaceRidgeWindowForecaster(horizon=6, season=12)
    assert forecaster.fit(np.stack([additive, multiplicative])[None]).log_.channels.tolist() == [False, True]
    assert forecaster.fit((multiplicative - 30)[None, None]).log_.channels.tolist() == [False]


def test_a_level_of_zero_is_no_division_by_it():
    zero_on_average = np.tile([1e9, -1e9], 60)[None, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecaster = StateSpaceRidgeWindowForecaster(horizon=2, season=4).fit(zero_on_average)
    assert not forecaster.log_.channels.any()


def test_a_channel_that_never_moves_is_left_alone_by_the_network():
    sine = np.sin(2 * np.pi * np.arange(300) / 12) + 0.1 * np.random.default_rng(0).standard_normal(300)
    series = np.stack([sine, np.full(300, 1e6)])
    forecaster = S4DWindowForecaster(horizon=4, season=12, **SMALL).fit(series[None])
    forecaster.gain_ = 1.0
    if forecaster.network_ is None:
        pytest.fail("nothing to test: the network was dropped")
    np.testing.assert_array_equal(forecaster.predict(series[None])[0, 1], 1e6)


def test_intervals_after_flat_windows_have_a_width():
    sparse = np.where(np.arange(400) % 40 == 0, 5.0, 0.0)[None, None]
    forecaster = StateSpaceRidgeWindowForecaster(horizon=3, window=20).fit(sparse)
    low, high = forecaster.predict_quantiles(sparse[..., :35], [0.05, 0.95])[0, 0].T
    assert (high > low).all()
    walk = np.cumsum(np.random.default_rng(0).standard_normal(19))[None, None]
    low, high = StateSpaceRidgeWindowForecaster(horizon=12).fit(walk).predict_quantiles(walk, [0.05, 0.95])[0, 0].T
    assert (high > low).all()


def test_bad_input_is_said(walk):
    forecaster = StateSpaceRidgeWindowForecaster(horizon=5).fit(walk[None])
    with pytest.raises(ValueError, match=r"Expected 2 channels per series; series 0 has shape \(1, 400\)"):
        forecaster.predict(walk[None, :1])
    with pytest.raises(ValueError, match="origins must be integers from 1 to the series' length, 400"):
        forecaster.predict_windows(walk, [0])
    with pytest.raises(ValueError, match="levels must be numbers between 0 and 1"):
        forecaster.predict_quantiles([walk], [0.5, 1.0])
    with pytest.raises(ValueError, match="n_lags=9 are more than the window of 5 time points has"):
        StateSpaceRidgeWindowForecaster(horizon=5, n_lags=9, window=5).fit(walk[None])
    with pytest.raises(ValueError, match="NaN"):
        StateSpaceRidgeWindowForecaster(horizon=5).fit(np.where(walk > 3, np.nan, walk)[None])
    with pytest.raises(ValueError, match=r"Expected values of at most 1e\+100; series 1 has others"):
        StateSpaceRidgeWindowForecaster(horizon=5).fit([walk, 1e101 * walk])


def test_quantiles_of_many_normal_errors_are_normal():
    errors = np.array([1.0, 3.0])[:, None] * np.random.default_rng(0).standard_normal((4000, 2, 2))
    quantiles = ErrorQuantiles.of(errors, 4000).at(np.array([0.05, 0.5, 0.95]))
    expected = np.array([1.0, 3.0])[:, None, None] * norm.ppf([0.05, 0.5, 0.95])
    np.testing.assert_allclose(quantiles, np.broadcast_to(expected, (2, 2, 3)), atol=0.15)


def test_few_windows_ask_for_wider_intervals():
    errors = np.random.default_rng(0).standard_normal((12, 1, 12))
    quantiles = replace(ErrorQuantiles.of(errors, 12), spread=np.ones((1, 12)))
    width = np.diff(quantiles.at(np.array([0.05, 0.95])), axis=-1)[0, :, 0]
    assert (np.diff(width) >= 0).all()
    assert width[-1] > 1.3 * width[0]


def test_movement_leaves_out_what_is_before_the_series():
    np.testing.assert_allclose(movement(np.array([np.nan, np.nan, 1.0, 4.0, 0.0])), np.sqrt((9 + 16) / 2))
    assert movement(np.full(4, 2.0)) == 0


def test_automatic_lags_fit_into_the_window_and_reach_a_season_back():
    x = np.random.default_rng(0).standard_normal((1, 1, 80))
    assert StateSpaceRidgeWindowForecaster(horizon=4, window=5, season=12).fit(x).lag_features_.n_lags == 5
    short = StateSpaceRidgeWindowForecaster(horizon=30, season=24, difference="season").fit(x[..., :60])
    assert short.lag_features_.n_lags == 24
    with pytest.raises(ValueError, match=r"at least 54 time points for a window of 24 and horizon=30; .* 53"):
        StateSpaceRidgeWindowForecaster(horizon=30, season=24, difference="season").fit(x[..., :53])


@pytest.mark.parametrize(("n_timepoints", "season"), [(47, 1), (48, 24)])
def test_a_season_is_used_where_two_of_them_are_seen(n_timepoints, season):
    x = np.random.default_rng(0).standard_normal((1, 1, n_timepoints)).cumsum(axis=-1)
    forecaster = StateSpaceRidgeWindowForecaster(horizon=2, season=24).fit(x)
    assert forecaster.season_ == forecaster.forecast_.smoothing.season == season
    without = StateSpaceRidgeWindowForecaster(horizon=2, season=1).fit(x)
    assert np.array_equal(forecaster.predict(x), without.predict(x)) == (season == 1)
    given = StateSpaceRidgeWindowForecaster(horizon=2, season=24, difference="season").fit(x)
    assert given.season_ == 24
    both = [x[0], x[0, :, :30]]  # one that shows the season is enough
    assert StateSpaceRidgeWindowForecaster(horizon=2, season=24).fit(both).season_ == season


def test_the_callers_settings_change_nothing(walk):
    expected = StateSpaceRidgeWindowForecaster(horizon=5).fit(walk[None]).predict_quantiles(walk[None], [0.1, 0.9])
    with np.errstate(all="raise"):
        forecaster = StateSpaceRidgeWindowForecaster(horizon=5).fit(walk[None])
        np.testing.assert_array_equal(forecaster.predict_quantiles(walk[None], [0.1, 0.9]), expected)
        tiny = forecaster.fit(1e-170 * walk[None]).predict(1e-170 * walk[None])  # whose squares underflow
    assert np.isfinite(tiny).all()


def test_a_short_series_is_seen_whole():
    """What was long ago tells of the season, though it has no lag."""
    rng = np.random.default_rng(0)
    x = (np.tile(rng.standard_normal(12), 6) + 0.3 * rng.standard_normal(72))[None, None]
    forecaster = StateSpaceRidgeWindowForecaster(horizon=12, season=12).fit(x)
    changed = x.copy()
    changed[..., 0] += 5.0
    assert forecaster.n_timepoints_ == 72
    assert (forecaster.predict(changed) != forecaster.predict(x)).any()
