"""Time stamps are held to equal steps as far as they are exact, wherever they stand."""

import numpy as np
import pandas as pd
import pytest
import xarray

from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.series.forms import check_stamps, plain_form

N = np.arange(600)
MS = (N * 1000 / 60).astype(int)  # 60 Hz in whole milliseconds

REGULAR = {
    "seconds of 10 Hz": 1.7e9 + N / 10,
    "the same since the first": (1.7e9 + N / 10) - 1.7e9,
    "float32": (50 + N / 10).astype(np.float32),
    "three decimals": np.round(N / 60, 3),
    "sums": np.cumsum(np.full(600, 0.1)),
    "thirds": N / 3,
    "milliseconds": MS,
    "rounded milliseconds": np.round(N * 1000 / 60),
    "dates of milliseconds": pd.to_datetime(MS, unit="ms"),
    "the same in nanoseconds": pd.to_datetime(MS, unit="ms").as_unit("ns"),
    "differences": pd.to_timedelta(MS, unit="ms"),
    "time zone": pd.date_range("2020-03-28", periods=600, freq="h", tz="Europe/Berlin"),
    "days of a time zone": pd.DatetimeIndex(pd.date_range("2020-03-28", periods=9, tz="Europe/Berlin"), freq=None),
    "months": pd.DatetimeIndex(pd.date_range("2020", periods=9, freq="MS"), freq=None),
    "periods": pd.period_range("2020", periods=9, freq="M"),
    "unsigned": N.astype(np.uint64) + 2**63,
    "int8": np.arange(-128, 128, 50).astype(np.int8),
    "nullable": pd.Index([1, 2, 3], dtype="Int64"),
    "one": [5.0],
    "names": ["a", "b", "d"],
}

IRREGULAR = {
    "a unit more": (np.r_[N, 601], "a step of 1 is followed by one of 2"),
    "a unit more of five": (np.r_[5 * N, 3001], "a step of 5 is followed by one of 6"),
    "milliseconds with a gap": (np.delete(MS, 300), "is followed by one of 33"),
    "a gap at the end": (np.delete(MS, -2), "is followed by one of 33"),
    "dates": (pd.to_datetime([0, 1, 2, 9], unit="D"), "a step of 1 days .* is followed by one of 7 days"),
    "dates of a time zone": (pd.to_datetime([0, 1, 9], unit="D", utc=True), "a step of 1 days .* by one of 8 days"),
    "five seconds more": (pd.to_datetime(np.r_[60 * N, 36005], unit="s").as_unit("ns"), "one of 0 days 00:01:05"),
    "periods": (pd.period_range("2020", periods=9, freq="M")[[0, 1, 4]], "a step of 1 is followed by one of 3"),
    "too coarse": ((1.7e9 + N).astype(np.float32), "a step of 0.0 is followed by one of 128.0"),
    "backward": (N[::-1], "the first step is -1"),
    "backward, unsigned": (N[::-1].astype(np.uint64), "the first step is -1"),
    "backward, a range": (pd.RangeIndex(9)[::-1], "the first step is -1"),
    "backward by months": (pd.date_range("2020", periods=9, freq="MS")[::-1], "a step of -31 days"),
    "one time": (np.ones(9), "the first step is 0.0"),
    "infinite": ([0, 1, np.inf], "a step of 1.0 is followed by one of inf"),
    "infinite from the start": ([-np.inf, 0, 1], "the first step is inf"),
}


@pytest.mark.parametrize("stamps", REGULAR)
@pytest.mark.filterwarnings("error")  # stamps that overflow or wrap are told of by NumPy's warnings alone
def test_regular_stamps(stamps):
    check_stamps(0, pd.Index(REGULAR[stamps]))


@pytest.mark.parametrize("stamps", IRREGULAR)
@pytest.mark.filterwarnings("error")  # stamps that overflow or wrap are told of by NumPy's warnings alone
def test_irregular_stamps(stamps):
    index, seen = IRREGULAR[stamps]
    with pytest.raises(ValueError, match=f"equal steps; in case 3 .*{seen}.*Resample the series.*reset_index"):
        check_stamps(3, pd.Index(index))


@pytest.mark.parametrize(
    "stamps",
    [pd.Index([0, 1, None], dtype="Int64"), pd.Index([0, 1, np.nan]), pd.to_datetime([0, 1, None], unit="D", utc=True)],
)
def test_missing_stamps(stamps):
    with pytest.raises(ValueError, match="a stamp for each time point; case 3 has none for time point 2"):
        check_stamps(3, stamps)


SQUARES = pd.Index(N[:20] ** 2)
DIMS = ["case", "channel", "time"]

FORMS = {
    "frames": lambda X, stamps: [pd.DataFrame(x.T, stamps) for x in X],
    "multiindex": lambda X, stamps: pd.concat({i: pd.DataFrame(x.T, stamps) for i, x in enumerate(X)}),
    "series": lambda X, stamps: [pd.Series(x[0], stamps) for x in X],
    "series of channels": lambda X, stamps: [[pd.Series(channel, stamps) for channel in x] for x in X],
    "nested": lambda X, stamps: pd.DataFrame({"a": [pd.Series(x[0], stamps) for x in X]}),
    "xarray": lambda X, stamps: xarray.DataArray(X, {"time": stamps}, DIMS),
    "xarray, time within": lambda X, stamps: xarray.DataArray(X, {"time": stamps}, DIMS).transpose("case", "time", ...),
    "list of xarray": lambda X, stamps: [xarray.DataArray(x, {"time": stamps}, DIMS[1:]) for x in X],
    "table of xarray": lambda X, stamps: xarray.DataArray(X[:, 0], {"time": stamps}, DIMS[::2]),
}


@pytest.mark.parametrize("form", FORMS)
def test_stamps_of_each_form(panel, form):
    with pytest.raises(ValueError, match="in case 0 a step of 35 is followed by one of 37"):
        StateSpaceFeatures(n_kernels=64).fit(FORMS[form](panel[0], SQUARES))
    assert len(plain_form(FORMS[form](panel[0], 2 * pd.RangeIndex(20)))) == 24


def test_the_case_is_told(panel):
    frames = FORMS["frames"](panel[0], pd.RangeIndex(20))
    frames[7] = frames[7].iloc[::-1]
    with pytest.raises(ValueError, match="in case 7 the first step is -1"):
        StateSpaceFeatures(n_kernels=64).fit(frames)
