"""Times, variables and values that users give to forecasters: each form works or is refused by an error of ours."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.compose import ForecastX
from sktime.split import ExpandingWindowSplitter

from ssm_estimators.sktime import StateSpaceRidgeForecaster

FH = range(1, 7)
LATE = ExpandingWindowSplitter(initial_window=2, fh=[7])
RNG = np.random.default_rng(0)
INDEX = pd.period_range("2000-01", periods=106, freq="M")
X = pd.DataFrame({"promotion": RNG.integers(0, 2, 106), "noise": RNG.standard_normal(106)}, INDEX)
Y = pd.Series(np.sin(2 * np.pi * np.arange(106) / 12) + 3 * X["promotion"], INDEX, name="sales")
LATER = Y[:16].set_axis(pd.period_range(INDEX[100], periods=16))


def panel(frame):
    """Two series of the same values, the second of which ends two time points before."""
    frame = pd.DataFrame(frame)
    return pd.concat({"a": frame, "b": frame[:-2] + 1.0}, names=["shop", "month"])


@pytest.fixture
def with_x():
    return StateSpaceRidgeForecaster().fit(Y[:100], X=X[:100], fh=FH)


@pytest.fixture
def without_x():
    return StateSpaceRidgeForecaster().fit(Y[:100], fh=FH)


@pytest.mark.parametrize(
    "call",
    [
        lambda f: f.predict(X=X[100:]),
        lambda f: f.predict_interval(X=X[100:]),
        lambda f: f.update(Y[100:], X=X[100:]),
        lambda f: f.update_predict_single(Y[100:102], X=X[100:]),
        lambda f: f.update_predict(Y[100:], X=X[100:]),
    ],
)
def test_x_without_x_in_fit_is_refused(without_x, call):
    before = dict(vars(without_x))
    with pytest.raises(ValueError, match=r"fitted without X, which it can therefore not use\. Give X to fit too"):
        call(without_x)
    assert vars(without_x) == before


def test_x_of_the_future_may_come_with_any_call(with_x):
    expected = with_x.predict(X=X[100:])
    longer = StateSpaceRidgeForecaster().fit(Y[:100], X=X, fh=FH)
    pd.testing.assert_series_equal(longer.predict(), expected)
    pd.testing.assert_series_equal(StateSpaceRidgeForecaster().fit_predict(Y[:100], X=X, fh=FH), expected)
    pd.testing.assert_frame_equal(longer.predict_interval(), with_x.predict_interval(X=X[100:]))
    partly = StateSpaceRidgeForecaster().fit(Y[:100], X=X[:103], fh=FH)
    pd.testing.assert_series_equal(partly.predict(X=X[103:]), expected)
    with pytest.raises(ValueError, match="X must have a row for every time of fh; it lacks 2008-08 and 2 more"):
        partly.predict()


def test_x_given_to_predict_counts_before_x_given_to_fit(with_x):
    other = X[100:] * -2.0
    longer = StateSpaceRidgeForecaster().fit(Y[:100], X=X, fh=FH)
    pd.testing.assert_series_equal(longer.predict(X=other), with_x.predict(X=other))
    pd.testing.assert_series_equal(longer.predict(), with_x.predict(X=X[100:]))  # for that call only


def test_update_takes_x_of_the_future_and_keeps_it():
    expected = StateSpaceRidgeForecaster().fit(Y[:98], X=X[:98], fh=FH).update(Y[98:100], X=X[98:100])
    longer = StateSpaceRidgeForecaster().fit(Y[:98], X=X[:98], fh=FH).update(Y[98:100], X=X[98:])
    pd.testing.assert_series_equal(longer.predict(), expected.predict(X=X[100:]))
    from_fit = StateSpaceRidgeForecaster().fit(Y[:98], X=X, fh=FH).update(Y[98:100])
    pd.testing.assert_series_equal(from_fit.predict(), expected.predict(X=X[100:]))
    with pytest.raises(ValueError, match="X must have a row for every time of y; it lacks 2008-03 and 1 more"):
        StateSpaceRidgeForecaster().fit(Y[:98], X=X[:98], fh=FH).update(Y[98:100])


def test_x_of_panels_may_be_longer():
    y = panel(Y[:100])
    forecaster = StateSpaceRidgeForecaster().fit(y, X=panel(X), fh=range(1, 5))
    future = panel(X)[panel(X).index.get_level_values(1) >= INDEX[98]]
    exact = StateSpaceRidgeForecaster().fit(y, X=panel(X).loc[y.index], fh=range(1, 5))
    pd.testing.assert_frame_equal(forecaster.predict(), exact.predict(X=future))
    with pytest.raises(
        ValueError, match="X must have a row for every time of y of series 'b'; it lacks 2000-01 and 97"
    ):
        StateSpaceRidgeForecaster().fit(y, X=panel(X).loc[["a"]], fh=FH)
    with pytest.raises(
        ValueError, match="X must have a row for every time of fh of series 'b'; it lacks 2008-03 and 3"
    ):
        exact.predict(X=future.loc[["a"]])


def test_forecast_x_of_sktime():
    longer = ForecastX(StateSpaceRidgeForecaster(), StateSpaceRidgeForecaster(), columns=["noise"])
    longer.set_config(remember_data=False)
    predicted = longer.fit(Y[:100], X=X[:100], fh=FH).predict(X=X[100:][["promotion"]])
    np.testing.assert_allclose(predicted, Y[100:], atol=0.3)
    known = StateSpaceRidgeForecaster().fit(Y[:100], X=X, fh=FH).predict()
    both = ForecastX(StateSpaceRidgeForecaster(), StateSpaceRidgeForecaster())
    pd.testing.assert_series_equal(both.fit(Y[:100], X=X, fh=FH).predict(), known)


def test_columns_and_values_of_x_are_named(with_x):
    with pytest.raises(ValueError, match=r"the columns \['promotion', 'noise'\] of the X of fit; X lacks \['noise'\]"):
        with_x.predict(X=X[100:][["promotion"]])
    for value, remedy in ((np.nan, "Fill it first"), (np.inf, "Replace it, or scale X"), (-1e101, "Replace it")):
        wrong = X[100:].astype(float)
        wrong.iloc[3, 1] = value
        with pytest.raises(ValueError, match=rf"column 'noise' has {value:g} at 2008-08. {remedy}".replace("+", r"\+")):
            with_x.predict(X=wrong)
        with pytest.raises(ValueError, match=r"column 'noise' of series 'b' has .* at 2008-06"):
            StateSpaceRidgeForecaster().fit(panel(Y[:100]), X=panel(X).replace(X["noise"].iloc[101] + 1, value), fh=FH)
    with pytest.raises(ValueError, match="Expected one row of X a time; there are more of 48"):
        StateSpaceRidgeForecaster().fit(np.arange(49.0), pd.DataFrame({"x": np.ones(50)}, [*range(49), 48]), fh=FH)
    with pytest.raises(ValueError, match="Expected at least one column in X; got none"):
        StateSpaceRidgeForecaster().fit(Y[:100], X=X[:100][[]], fh=FH)
    with pytest.raises(ValueError, match="at least two time points of y to learn the effect of X; got one"):
        StateSpaceRidgeForecaster().fit(Y[:1], X=X[:1], fh=[1])
    frames = panel(X.rename(columns={"noise": 7}))
    fitted = StateSpaceRidgeForecaster().fit(panel(Y[:100]), X=frames, fh=range(1, 5))
    with pytest.raises(ValueError, match=r"X lacks \[7\]"):
        fitted.predict(X=panel(X))


@pytest.mark.parametrize(("value", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (2e100, "2e")])
def test_values_of_y_are_named(value, shown):
    wrong = Y.copy()
    wrong.iloc[7] = value
    with pytest.raises(ValueError, match=f"of at most 1e.100 in y; column 'sales' has {shown}.* at 2000-08"):
        StateSpaceRidgeForecaster().fit(wrong, fh=FH)
    with pytest.raises(ValueError, match=f"in y; column 'sales' of series 'a' has {shown}.* at 2000-08"):
        StateSpaceRidgeForecaster().pretrain(panel(wrong))
    with pytest.raises(ValueError, match=f"in y; column 0 has {shown}.* at 7"):
        StateSpaceRidgeForecaster().fit(wrong.to_numpy(), fh=FH)


@pytest.mark.parametrize("dtype", [object, complex, str])
def test_arrays_must_be_of_numbers(dtype):
    with pytest.raises(TypeError, match="Expected numbers in y; got an array of dtype"):
        StateSpaceRidgeForecaster().fit(Y.to_numpy().astype(dtype), fh=FH)
    with pytest.raises(TypeError, match="Expected numbers in X; got an array of dtype"):
        StateSpaceRidgeForecaster().fit(Y, X=X.to_numpy().astype(dtype), fh=FH)


def test_columns_of_y_are_named(without_x):
    with pytest.raises(ValueError, match="Expected at least one time point; got none"):
        StateSpaceRidgeForecaster().fit(Y[:0], fh=FH)
    with pytest.raises(ValueError, match=r"Expected y with the columns \['sales'\] of fit; got \['other'\]"):
        without_x.update(Y[100:].rename("other"))
    with pytest.raises(ValueError, match=r"Expected times of y of the kind of fit's, period\[M\]; got datetime64"):
        without_x.update(Y[100:].to_timestamp())
    pretrained = StateSpaceRidgeForecaster(horizon=6).pretrain(panel(Y))
    with pytest.raises(ValueError, match=r"Expected y with the columns .*'sales'.* of pretrain; got"):
        pretrained.fit(X)


@pytest.mark.parametrize("freq", ["D", "h", "2D", "15min"])
def test_horizons_may_be_time_differences(freq):
    y = Y.set_axis(pd.date_range("2000-01-01", periods=106, freq=freq))
    step = y.index[1] - y.index[0]
    expected = StateSpaceRidgeForecaster().fit(y[:100], fh=[0, 1, 3]).predict()
    for fh in (pd.TimedeltaIndex([0 * step, step, 3 * step]), [0 * step, step, 3 * step], y.index[[99, 100, 102]]):
        pd.testing.assert_series_equal(StateSpaceRidgeForecaster().fit(y[:100], fh=fh).predict(), expected)
    with pytest.raises(ValueError, match=f"among those of y and the 3 after its end, from 2000.*; got {y.index[103]}"):
        StateSpaceRidgeForecaster(horizon=3).fit(y[:100]).predict([4 * step])
    with pytest.raises(ValueError, match="Expected times of fh among those of y and the 100 after its end"):
        StateSpaceRidgeForecaster().fit(y[:100], fh=[0.7 * step])


def test_time_differences_on_other_indices():
    daily = Y.set_axis(pd.period_range("2000-01-01", periods=106, freq="D"))
    fh = pd.to_timedelta([1, 2], "D")
    expected = StateSpaceRidgeForecaster().fit(daily, fh=[1, 2]).predict()
    pd.testing.assert_series_equal(StateSpaceRidgeForecaster().fit(daily, fh=fh).predict(), expected)
    for y in (Y, Y.reset_index(drop=True)):
        with pytest.raises(ValueError, match=r"Expected fh as numbers of steps, or times, .*; got time differences"):
            StateSpaceRidgeForecaster().fit(y, fh=fh)


def test_series_over_time_differences():
    y = Y.set_axis(pd.timedelta_range(0, periods=106, freq="h"))
    forecaster = StateSpaceRidgeForecaster(season=12).fit(y[:100], fh=FH)
    counted = StateSpaceRidgeForecaster(season=12).fit(Y[:100].reset_index(drop=True), fh=FH)
    pd.testing.assert_index_equal(forecaster.predict().index, y.index[100:])
    np.testing.assert_array_equal(forecaster.predict(), counted.predict())
    np.testing.assert_array_equal(
        forecaster.update(y[100:]).predict(), counted.update(Y.reset_index(drop=True)[100:]).predict()
    )
    with pytest.raises(ValueError, match="Expected neighbouring times of one frequency"):
        StateSpaceRidgeForecaster().fit(y.drop(y.index[5]), fh=FH)


@pytest.mark.parametrize(("freq", "start"), [("D", "2000-01-01"), ("h", "2000-03-22")])  # over the change of clocks
def test_times_with_a_zone_warn_of_nothing(freq, start):
    y = Y.set_axis(pd.date_range(start, periods=106, freq=freq, tz="Europe/Berlin"))
    expected = StateSpaceRidgeForecaster().fit(y[:84], fh=FH).predict()
    np.testing.assert_array_equal(expected.index, y.index[84:90])
    for fh in (y.index[84:90], ForecastingHorizon(y.index[84:90], is_relative=False)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            predicted = StateSpaceRidgeForecaster().fit(y[:84], fh=fh).predict()
        pd.testing.assert_series_equal(predicted, expected)
    with pytest.raises(ValueError, match="fh is of datetime64; y's index is of datetime64 with a zone"):
        StateSpaceRidgeForecaster().fit(y[:84], fh=y.index[84:90].tz_localize(None))


def test_a_frequency_must_be_known():
    y = Y.set_axis(pd.date_range("2000-01-01", periods=106, freq="D"))
    y.index.freq = None
    with pytest.raises(
        ValueError, match=r"Expected times of a known frequency; the 2 from 2000-01-01 .* do not tell it"
    ):
        StateSpaceRidgeForecaster().fit(y[:2], fh=[1])
    forecaster = StateSpaceRidgeForecaster().fit(y[:2].asfreq("D"), fh=[1]).update(y[2:3])
    assert forecaster.predict().index[0] == y.index[3]


@pytest.mark.parametrize("update_params", [True, False])
def test_old_data_do_not_move_the_end_back(without_x, update_params):
    expected = without_x.predict()
    without_x.update(Y[:10], update_params=update_params)
    assert without_x.cutoff[0] == INDEX[99]
    pd.testing.assert_series_equal(without_x.predict(), expected)
    without_x.update(Y[95:102], update_params=update_params)
    assert without_x.cutoff[0] == INDEX[101]
    without_x.fit(Y[:50], fh=FH)
    assert without_x.cutoff[0] == INDEX[49]
    assert without_x.fit_predict(Y[:40], fh=FH).index[0] == INDEX[40]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.fit(Y[:3], fh=FH), "at least 7 time points"),
        (lambda f: f.fit_predict(Y[:3], fh=FH), "at least 7 time points"),
        (lambda f: f.predict(fh=[9]), "fh asks for 9"),
        (lambda f: f.predict_interval(fh=[9]), "fh asks for 9"),
        (lambda f: f.update(pd.DataFrame({"a": Y[100:], "b": 1.0})), "Expected y with the columns"),
        (lambda f: f.update_predict_single(Y[102:]), "neighbouring times"),
        (lambda f: f.update_predict(LATER, reset_forecaster=False, cv=LATE), "fh asks for 7"),
        (lambda f: f.pretrain(panel(Y), X=panel(X)), "pretrain takes no X"),
        (lambda f: f.pretrain(panel(Y[:3])), "at least 7 time points"),
    ],
)
def test_a_refused_call_changes_nothing(call, message):
    forecaster = StateSpaceRidgeForecaster(horizon=6).fit(Y[:100], fh=[1, 2])
    expected = forecaster.predict()
    before, converter = dict(vars(forecaster)), dict(forecaster._converter_store_y)
    with pytest.raises(ValueError, match=message):
        call(forecaster)
    assert vars(forecaster) == before
    assert forecaster._converter_store_y == converter
    pd.testing.assert_series_equal(forecaster.predict(), expected)


def test_a_refused_pretraining_changes_nothing():
    forecaster = StateSpaceRidgeForecaster(horizon=6, season=12).pretrain(panel(Y))
    before = dict(vars(forecaster))
    with pytest.raises(ValueError, match=r"neighbouring times of one frequency; .* of series 'a'"):
        forecaster.pretrain(panel(Y.drop(Y.index[5])))
    assert vars(forecaster) == before
    expected = StateSpaceRidgeForecaster(horizon=6, season=12).pretrain(panel(Y)).fit(Y[:50]).predict(FH)
    pd.testing.assert_series_equal(forecaster.fit(Y[:50]).predict(FH), expected)


def test_pretraining_may_come_after_a_fit():
    expected = StateSpaceRidgeForecaster(horizon=6).pretrain(panel(Y)).fit(Y[:50]).predict(FH)
    after = StateSpaceRidgeForecaster(horizon=6).fit(Y[:100]).pretrain(panel(Y)).fit(Y[:50])
    pd.testing.assert_series_equal(after.predict(FH), expected)
