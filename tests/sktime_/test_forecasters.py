"""The forecasters with sktime's interface: what their tags promise, and what a user sees."""

import numpy as np
import pandas as pd
import pytest
from sktime.datasets import load_airline, load_longley
from sktime.forecasting.compose import (
    EnsembleForecaster,
    ForecastingPipeline,
    TransformedTargetForecaster,
    make_reduction,
)
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter
from sktime.transformations.series.difference import Differencer
from sktime.transformations.series.exponent import ExponentTransformer
from sktime.utils.estimator_checks import check_estimator

from ssm_estimators.sktime import (
    LiquidS4Forecaster,
    LSSLForecaster,
    S4DForecaster,
    S4Forecaster,
    StateSpaceRidgeForecaster,
    StateSpaceRidgeRegressor,
)
from ssm_estimators.sktime.times import season_of

DEEP = [LSSLForecaster, S4Forecaster, S4DForecaster, LiquidS4Forecaster]
SMALL = {"d_model": 4, "d_state": 2, "n_layers": 1, "max_epochs": 2, "random_state": 0, "device": "cpu"}
FH = range(1, 7)


def build(cls, **params):
    return cls(**{**(SMALL if cls in DEEP else {}), **params})


@pytest.fixture(params=[*DEEP, StateSpaceRidgeForecaster], ids=lambda cls: cls.__name__)
def forecaster_class(request):
    return request.param


@pytest.fixture
def airline():
    return load_airline()


@pytest.fixture
def panel():
    """Three sines of one period and other phases, and what follows them."""
    times = pd.period_range("2000-01", periods=78, freq="M")
    series = {
        name: pd.DataFrame({"y": 10 + np.sin(2 * np.pi * np.arange(78) / 12 + phase)}, index=times)
        for name, phase in {"a": 0.0, "b": 1.0, "c": 2.0}.items()
    }
    whole = pd.concat(series, names=["shop", "month"])
    past = whole[whole.index.get_level_values(1) < pd.Period("2006-01")]
    return past, whole[whole.index.get_level_values(1) >= pd.Period("2006-01")]


@pytest.mark.parametrize(
    "cls",
    [
        StateSpaceRidgeForecaster,
        S4DForecaster,
        *[pytest.param(cls, marks=pytest.mark.full) for cls in DEEP if cls is not S4DForecaster],
    ],
)
def test_checks_of_sktime(cls):
    results = check_estimator(cls, verbose=False)
    assert {name: result for name, result in results.items() if result != "PASSED"} == {}
    assert len(results) >= 740


@pytest.mark.parametrize(
    ("freq", "season"),
    [
        ("h", 24),
        ("30min", 48),
        ("D", 7),
        ("B", 5),
        ("W", 52),
        ("W-WED", 52),
        ("MS", 12),
        ("BME", 12),
        ("QE", 4),
        ("YE", 1),
        ("3D", 1),
        ("7D", 1),
    ],
)
def test_seasons_follow_from_frequencies(freq, season):
    index = pd.date_range("2000-01-01", periods=150, freq=freq)
    y = pd.Series(np.random.default_rng(0).standard_normal(150), index)
    assert season_of(index[:20]) == StateSpaceRidgeForecaster().fit(y, fh=[1]).estimator_.season == season


def test_forecasts_follow_a_sine(forecaster_class):
    y = pd.Series(np.sin(2 * np.pi * np.arange(206) / 12), pd.period_range("2000-01", periods=206, freq="M"))
    predicted = build(forecaster_class).fit(y[:200], fh=FH).predict()
    np.testing.assert_array_equal(predicted.index, y.index[200:])
    np.testing.assert_allclose(predicted, y[200:], atol=0.05)


def test_a_constant_series_stays_with_intervals_of_no_width(forecaster_class):
    y = pd.Series(5.0, pd.period_range("2000-01", periods=60, freq="M"))
    forecaster = build(forecaster_class).fit(y, fh=FH)
    np.testing.assert_array_equal(forecaster.predict(), 5.0)
    np.testing.assert_array_equal(forecaster.predict_interval(), 5.0)


def test_several_columns_are_learnt_at_once(forecaster_class):
    columns = pd.DataFrame({"a": np.sin(np.arange(120.0)), "b": 50 + np.cos(np.arange(120.0))})
    forecaster = build(forecaster_class).fit(columns[:110], fh=FH)
    assert not hasattr(forecaster, "forecasters_")
    predicted = forecaster.predict()
    assert list(predicted.columns) == ["a", "b"]
    np.testing.assert_allclose(predicted, columns[110:116], atol=0.5)


def test_a_panel_is_learnt_at_once(forecaster_class, panel):
    past, future = panel
    forecaster = build(forecaster_class).fit(past, fh=FH)
    assert not hasattr(forecaster, "forecasters_")
    predicted = forecaster.predict()
    pd.testing.assert_index_equal(predicted.index, future.index)
    np.testing.assert_allclose(predicted, future, atol=0.05)


def test_pretraining_serves_a_series_that_is_too_short_to_learn_from(forecaster_class, panel):
    past, _ = panel
    forecaster = build(forecaster_class, horizon=6, season=12).pretrain(past)
    times = past.index.get_level_values(1).unique()
    short = pd.Series(10 + np.sin(2 * np.pi * np.arange(72) / 12 + 0.5), times)[-26:]
    predicted = forecaster.fit(short).predict(FH)
    np.testing.assert_allclose(predicted, 10 + np.sin(2 * np.pi * np.arange(72, 78) / 12 + 0.5), atol=0.1)


def test_series_of_a_panel_that_end_at_other_times_go_on_from_there(panel):
    past, future = panel
    ends_early = past.drop([("a", time) for time in past.loc["a"].index[-5:]])
    predicted = StateSpaceRidgeForecaster().fit(ends_early, fh=FH).predict()
    whole = pd.concat([past, future])
    np.testing.assert_allclose(predicted, whole.loc[predicted.index], atol=0.05)
    assert predicted.loc["a"].index[0] == past.loc["a"].index[-5]
    until = future.loc["b"].index
    absolute = StateSpaceRidgeForecaster().fit(ends_early, fh=until).predict()
    np.testing.assert_allclose(absolute, whole.loc[absolute.index], atol=0.05)


def test_pretraining_goes_on_with_more_series(panel):
    past, _ = panel
    names = past.index.get_level_values(0)
    in_two = StateSpaceRidgeForecaster(horizon=6, season=12).pretrain(past[names != "c"]).pretrain(past[names == "c"])
    at_once = StateSpaceRidgeForecaster(horizon=6, season=12).pretrain(past)
    short = past.loc["a"][-30:]
    np.testing.assert_allclose(in_two.fit(short).predict(FH), at_once.fit(short).predict(FH))


def test_times_in_the_sample_are_forecast_one_step_ahead(airline):
    forecaster = StateSpaceRidgeForecaster(season=12).fit(airline, fh=[1])
    inside = forecaster.predict(fh=np.arange(-143, 1))
    assert inside.iloc[0] == airline.iloc[0]
    assert np.abs(inside[24:] / airline[24:] - 1).mean() < 0.05
    truncated = airline[:100]
    by_hand = forecaster.estimator_.predict(truncated.to_numpy()[None, None])[0, 0, 0]
    np.testing.assert_allclose(inside.iloc[100], by_hand)


def test_update_moves_on_with_and_without_refitting(airline):
    forecaster = StateSpaceRidgeForecaster().fit(airline[:120], fh=[1])
    coef = forecaster.estimator_.forecast_.coef.copy()
    forecaster.update(airline[120:132], update_params=False)
    np.testing.assert_array_equal(forecaster.estimator_.forecast_.coef, coef)
    assert forecaster.predict().index[0] == airline.index[132]
    forecaster.update(airline[132:], update_params=True)
    assert not np.array_equal(forecaster.estimator_.forecast_.coef, coef)
    fresh = StateSpaceRidgeForecaster(horizon=1, season=12).fit(airline).predict(fh=[1])
    np.testing.assert_allclose(forecaster.predict(), fresh)


def test_known_variables_act_at_their_time():
    rng = np.random.default_rng(0)
    index = pd.period_range("2000-01", periods=106, freq="M")
    X = pd.DataFrame({"promotion": rng.integers(0, 2, 106), "noise": rng.standard_normal(106)}, index)
    y = pd.Series(np.sin(2 * np.pi * np.arange(106) / 12) + 3 * X["promotion"], index)
    forecaster = StateSpaceRidgeForecaster().fit(y[:100], X=X[:100], fh=FH)
    np.testing.assert_allclose(forecaster.predict(X=X[100:]), y[100:], atol=0.2)
    with pytest.raises(ValueError, match="X must have a row for every time of fh; it lacks 2008-05 and 5 more"):
        forecaster.predict()
    with pytest.raises(ValueError, match="X must have a row for every time of fh; it lacks 2008-10"):
        forecaster.predict(X=X[100:105])


def test_longley_with_five_variables():
    y, X = load_longley()
    forecaster = StateSpaceRidgeForecaster(transform=None).fit(y[:-2], X=X[:-2], fh=[1, 2])
    assert np.abs(forecaster.predict(X=X[-2:]) / y[-2:] - 1).max() < 0.05


def test_coverage_of_intervals_on_series_of_one_law():
    hits = []
    for seed in range(40):
        walk = np.cumsum(np.random.default_rng(seed).standard_normal(160))
        interval = StateSpaceRidgeForecaster().fit(walk[:148], fh=range(1, 13)).predict_interval(coverage=0.9)
        low, high = np.asarray(interval).T
        hits.append((walk[148:] >= low) & (walk[148:] <= high))
    assert 0.84 <= np.mean(hits) <= 0.97


def test_quantiles_are_in_order(forecaster_class, airline):
    quantiles = build(forecaster_class).fit(airline, fh=FH).predict_quantiles(alpha=[0.05, 0.3, 0.5, 0.9])
    assert (np.diff(quantiles, axis=1) > 0).all()
    assert (quantiles > 0).all(axis=None)  # of logarithms


def test_seasonal_differences(airline):
    """Without anything to learn from, the value of one season before."""
    y = airline[:50]
    forecaster = StateSpaceRidgeForecaster(difference="season", n_lags=12, transform=None).fit(y, fh=FH)
    last = StateSpaceRidgeForecaster(n_lags=12, transform=None).fit(y, fh=FH)
    before = y.to_numpy()[-12:-6]
    assert np.abs(forecaster.predict() - before).mean() < np.abs(last.predict() - before).mean()


def test_bad_input_is_said(airline):
    with pytest.raises(ValueError, match=r"fitted for 6 steps ahead; fh asks for 9\. Give fh in fit, or horizon=9"):
        StateSpaceRidgeForecaster().fit(airline, fh=FH).predict(fh=[9])
    with pytest.raises(ValueError, match="at least 37 time points to learn horizon=36; the longest has 20"):
        StateSpaceRidgeForecaster().fit(airline[:20], fh=range(1, 37))
    with pytest.raises(ValueError, match="Expected a series of at least 206 time points for a window of 200"):
        StateSpaceRidgeForecaster(window=200).fit(airline, fh=FH)
    with pytest.raises(
        ValueError, match=r"Expected positive values in column 'Number of .*, whose logarithm .* got -188 at"
    ):
        StateSpaceRidgeForecaster(transform="log").fit(airline - 300, fh=FH)
    forecaster = StateSpaceRidgeForecaster(transform="log").fit(airline, fh=FH)
    with pytest.raises(ValueError, match=r"Expected positive values in column 'Number of .*, whose logarithm is taken"):
        forecaster.update(airline[-3:] - 1000, update_params=False)


def test_times_must_be_regular(airline):
    daily = pd.Series(airline.to_numpy(), pd.date_range("2000", periods=144, freq="D"))
    with pytest.raises(ValueError, match="Expected neighbouring times of one frequency; from 2000-01-30"):
        StateSpaceRidgeForecaster().fit(daily.drop(daily.index[30:32]), fh=FH)
    with pytest.raises(ValueError, match="Expected neighbouring times of one frequency; from 0 to 2 is"):
        StateSpaceRidgeForecaster().fit(pd.Series(airline.to_numpy(), range(0, 288, 2)), fh=FH)
    with pytest.raises(ValueError, match="Expected neighbouring times of one frequency; from 1951-06 to 1951-12"):
        StateSpaceRidgeForecaster().fit(airline.drop(airline.index[30:35]), fh=FH)
    with pytest.raises(ValueError, match="Expected neighbouring times of one frequency"):
        StateSpaceRidgeForecaster().fit(airline[:40], fh=FH).update(airline[50:])


def test_pipelines_and_tuning_of_sktime(airline):
    y = airline[:96]
    pipeline = TransformedTargetForecaster([("log", ExponentTransformer(0.5)), ("model", StateSpaceRidgeForecaster())])
    assert np.isfinite(pipeline.fit(y, fh=FH).predict()).all()
    assert np.isfinite((Differencer() * StateSpaceRidgeForecaster()).fit(y, fh=FH).predict()).all()
    ensemble = EnsembleForecaster([("a", StateSpaceRidgeForecaster()), ("b", build(S4DForecaster))])
    assert np.isfinite(ensemble.fit(y, fh=FH).predict()).all()
    cv = ExpandingWindowSplitter(initial_window=72, step_length=12, fh=list(FH))
    search = ForecastingGridSearchCV(
        StateSpaceRidgeForecaster(), cv=cv, param_grid={"n_lags": [3, 13]}, error_score="raise"
    )
    assert search.fit(y, fh=FH).best_params_ == {"n_lags": 13}
    scores = evaluate(StateSpaceRidgeForecaster(), cv=cv, y=y, error_score="raise")
    assert len(scores) == 2
    exogenous = ForecastingPipeline([("scale", ExponentTransformer(1)), ("model", StateSpaceRidgeForecaster())])
    assert np.isfinite(exogenous.fit(y, fh=FH).predict()).all()


def test_reduction_with_our_regressor(airline):
    reduced = make_reduction(
        StateSpaceRidgeRegressor(n_kernels=64, random_state=0), strategy="recursive", window_length=24,
        scitype="time-series-regressor",
    )  # fmt: skip
    assert np.isfinite(reduced.fit(airline, fh=FH).predict()).all()


def test_random_state_of_networks(airline):
    first, same, other = (
        build(S4DForecaster, random_state=seed).fit(airline, fh=[1, 2]).predict() for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
