"""Times that do not tell a frequency, that do not exist or that cannot be asked for."""

import numpy as np
import pandas as pd
import pytest

from ssm_estimators.sktime import StateSpaceRidgeForecaster


def series(index, n=None):
    values = 20 + 5 * np.sin(np.arange(len(index)) / 3)
    return pd.Series(values, index, name="y")


def panel(**indices):
    frames = {key: series(index).to_frame() for key, index in indices.items()}
    table = pd.concat(frames, names=["shop", "day"]).reset_index()
    return table.set_index(["shop", "day"])


@pytest.mark.parametrize(
    ("freq", "short", "after"),
    [
        ("D", pd.date_range("2000-01-10", periods=2), "2000-01-12"),
        ("D", pd.date_range("2000-01-10", periods=1), "2000-01-11"),
        ("B", pd.bdate_range("2000-01-03", periods=5), "2000-01-10"),
        ("MS", pd.date_range("2000-01-01", periods=3, freq="MS"), "2000-04-01"),
        ("B", pd.date_range("2000-01-03", periods=9), "2000-01-12"),  # its own
    ],
)
def test_short_series_of_a_panel_have_the_frequency_of_the_longest(freq, short, after):
    y = panel(a=pd.date_range("2000-01-03", periods=30, freq=freq), b=short)
    predicted = StateSpaceRidgeForecaster().fit(y, fh=[1]).predict()
    assert predicted.loc["b"].index[0] == pd.Timestamp(after)
    fitted = StateSpaceRidgeForecaster().fit(y.loc[["a"]], fh=[1]).update(y.loc[["b"]])
    assert fitted.predict().loc["b"].index[0] == pd.Timestamp(after)
    pretrained = StateSpaceRidgeForecaster(horizon=1).pretrain(y)
    assert pretrained.fit(y).predict([1]).loc["b"].index[0] == pd.Timestamp(after)


def test_times_are_stepped_only_as_far_as_asked():
    y = series(pd.date_range("1700-01-01", periods=309, freq="YS").as_unit("ns"))
    for fh in (pd.DatetimeIndex(["2009-01-01", "2010-01-01"]), [1, 2]):
        predicted = StateSpaceRidgeForecaster().fit(y, fh=fh).predict()
        np.testing.assert_array_equal(predicted.index, pd.DatetimeIndex(["2009-01-01", "2010-01-01"]))
    short = series(pd.date_range("2250-01-01", periods=11, freq="YS").as_unit("ns"))
    with pytest.raises(ValueError, match=r"Not all times up to 3 steps after 2260-01-01 .* exist: .*reset_index"):
        StateSpaceRidgeForecaster().fit(short, fh=[1, 3]).predict()


def test_hours_that_a_change_of_clocks_skips():
    y = series(pd.date_range(end="2024-03-29 02:30", periods=40, freq="D", tz="Europe/Berlin"))
    day = y.index[-1:] + pd.Timedelta("1D")
    assert StateSpaceRidgeForecaster().fit(y, fh=day).predict().index[0] == day[0]
    with pytest.raises(ValueError, match=r"Not all times up to 2 steps after 2024-03-29 02:30.* exist: 2024-03-31 02"):
        StateSpaceRidgeForecaster().fit(y, fh=[1, 2]).predict()


@pytest.mark.parametrize(
    ("index", "gone", "message"),
    [
        (pd.period_range("2000-01", periods=60, freq="M"), 30, "from 2002-06 to 2002-08 is another step"),
        (pd.date_range("2000-01-01", periods=60, freq="MS"), 30, "from 2002-06-01 .* to 2002-08-01 .* is another"),
        (pd.date_range("2000-01-03", periods=60, freq="B"), 32, "from 2000-02-15 .* to 2000-02-17 .* is another step"),
        (pd.date_range("2000-01-01", periods=60, freq="h"), 5, "from 2000-01-01 04:00:00 to 2000-01-01 06:00:00 is"),
        (pd.timedelta_range(0, periods=9, freq="h"), 4, "from 0 days 03:00:00 to 0 days 05:00:00 is another step"),
        (pd.RangeIndex(60), 8, "from 7 to 9 is another step"),
    ],
)
def test_gaps_are_named(index, gone, message):
    with pytest.raises(ValueError, match=f"Expected neighbouring times of one frequency; {message}"):
        StateSpaceRidgeForecaster().fit(series(index).drop(index[gone]), fh=[1])


def test_times_of_another_kind_cannot_be_asked_for():
    months, starts = pd.period_range("2000-01", periods=62, freq="M"), pd.date_range("2000", periods=62, freq="MS")
    with pytest.raises(ValueError, match=r"fh is of datetime64; y's index is of period\[M\]. Give fh as such times"):
        StateSpaceRidgeForecaster().fit(series(months[:60]), fh=starts[60:]).predict()
    with pytest.raises(ValueError, match=r"fh is of period\[M\]; y's index is of datetime64\."):
        StateSpaceRidgeForecaster().fit(series(starts[:60]), fh=months[60:]).predict()


def test_remedies_are_possible():
    y = series(pd.period_range("2000-01", periods=60, freq="M"))
    whole = pd.concat({"a": y.to_frame()}, names=["shop", "month"])
    with pytest.raises(ValueError, match=r"fh asks for 36. Give fh, or horizon=36, to pretrain"):
        StateSpaceRidgeForecaster().pretrain(whole).fit(y, fh=range(1, 37)).predict()
    forecaster = StateSpaceRidgeForecaster().pretrain(whole, fh=range(1, 37))
    assert len(forecaster.fit(y, fh=range(1, 37)).predict()) == 36
    with pytest.raises(ValueError, match=r"a time 70 steps before the end; the series has 60 time points. Ask for lat"):
        forecaster.predict([-70])
    with pytest.raises(ValueError, match=r"the longest has 1. Give a longer series"):
        StateSpaceRidgeForecaster().fit(y[:1], fh=[1])
    with pytest.raises(ValueError, match=r"the longest has 2. Lower horizon"):
        StateSpaceRidgeForecaster().fit(y[:2], fh=[1, 2])
