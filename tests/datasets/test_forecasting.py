import gzip
from functools import partial

import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import forecasting, load_ett, load_weather

LARGE = "inf" if int(pd.__version__.split(".")[0]) >= 3 else "1e999"  # as pandas reads 1e999


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """ETTh1 and weather of a few rows."""
    monkeypatch.setitem(forecasting.ETT_CASES, "h", 12)
    monkeypatch.setattr(forecasting, "ETT_COLUMNS", ("HUFL", "OT"))
    monkeypatch.setitem(forecasting.ETT_ROWS, "ETTh1", (4, 2, 3))
    hours = pd.date_range("2016-07-01", periods=12, freq="h", name="date")
    monkeypatch.setattr(forecasting, "WEATHER_DATES", hours[:10])
    monkeypatch.setattr(forecasting, "WEATHER_COLUMNS", 1)
    (tmp_path / "forecasting").mkdir()
    frame = pd.DataFrame({"HUFL": np.arange(12.0), "OT": 1.0}, index=hours)
    frame.to_csv(tmp_path / "forecasting" / "ETTh1.csv.gz")
    weather = pd.DataFrame({"wv (m/s)": [1.0, -9999.0, 3.0, *range(4, 11)]}, index=hours[:10])
    weather.to_csv(tmp_path / "forecasting" / "weather.csv.gz")
    return tmp_path


def test_parts_follow_each_other(folder):
    parts = [load_ett("ETTh1", folder, part)["HUFL"].tolist() for part in ("train", "validation", "test")]
    assert parts == [[0, 1, 2, 3], [4, 5], [6, 7, 8]]
    assert len(load_ett("ETTh1", folder)) == 12
    assert load_ett("ETTh1", folder).index.freqstr == "h"


def test_missing_weather_is_filled_or_left(folder):
    assert load_weather(folder)["wv (m/s)"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
    assert load_weather(folder, fill=False)["wv (m/s)"].iloc[1] == -9999
    assert [len(load_weather(folder, part)) for part in ("train", "validation", "test")] == [7, 1, 2]


def test_what_is_absent_or_unknown_is_said(folder):
    with pytest.raises(ValueError, match="name must be one of"):
        load_ett("ETTh3", folder)
    with pytest.raises(ValueError, match="part must be one of"):
        load_ett("ETTh1", folder, "valid")
    with pytest.raises(FileNotFoundError, match=r"No .*ETTm1.csv.gz. Expected a column date and 2 more"):
        load_ett("ETTm1", folder)


def test_counts_are_checked(folder, monkeypatch):
    monkeypatch.setitem(forecasting.ETT_CASES, "h", 13)
    with pytest.raises(ValueError, match="holds 12 rows of 2 columns; published are 13 rows"):
        load_ett("ETTh1", folder)


def test_published_dates_of_the_weather():
    dates = forecasting.WEATHER_DATES
    assert len(dates) == 52_696
    assert dates[19_043] == dates[19_044] == pd.Timestamp("2020-05-12 06:00")
    assert dates[21_513:21_515].tolist() == [pd.Timestamp("2020-05-29 09:30"), pd.Timestamp("2020-05-29 11:10")]


def _replace(path, old, new):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(old, new)))


@pytest.mark.parametrize(
    "date", [b"2999-07-01 02:00:00", b"1016-07-01 02:00:00", b"2016-07-01 02:01:00", b"never", b""]
)
@pytest.mark.parametrize("load", [partial(load_ett, "ETTh1"), load_weather])
def test_a_wrong_date_is_named_with_its_line_and_nothing_is_resampled(folder, date, load, monkeypatch):
    monkeypatch.setattr(pd.DataFrame, "asfreq", None, raising=False)
    for path in (folder / "forecasting").iterdir():
        _replace(path, b"2016-07-01 02:00:00", date)
    with pytest.raises(
        ValueError, match=r"csv.gz cannot be read as .*: line 4 has the date .*expected 2016-07-01 02:00"
    ):
        load(folder)


def test_the_first_date_is_known(folder):
    _replace(folder / "forecasting" / "ETTh1.csv.gz", b"2016-07-01 00:00:00", b"2016-07-01 00:30:00")
    with pytest.raises(ValueError, match=r"line 2 has the date '2016-07-01 00:30:00'; expected 2016-07-01 00:00"):
        load_ett("ETTh1", folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b",3.0,", b",three,", "line 5 has 'three' as HUFL; expected a finite number"),
        (b",3.0,", b",,", "line 5 has 'nan' as HUFL; expected a finite number"),
        (b",3.0,", b",1e999,", f"line 5 has {LARGE!r} as HUFL; expected a finite number"),
        (b",3.0,", b",3.0,3.0,", "line 5 has 4 fields; the first has 3"),
        (b",3.0,", b",", "line 5 has 2 fields; the first has 3"),
        (b"HUFL", b"LUFL", r"it has the columns \['date', 'LUFL', 'OT'\] and lacks \['HUFL'\]"),
        (b"HUFL", b"OT", r"lacks \['HUFL'\]"),
        (b"HUFL,OT", b"HUFL,OT,HUFL", "are not all different"),
        (b",3.0,", b",3\0.0,", "zero bytes"),
        (b",3.0,", b',"3.0,', "unexpected end of data"),
    ],
)
def test_values_and_columns_are_checked(folder, old, new, message):
    _replace(folder / "forecasting" / "ETTh1.csv.gz", old, new)
    with pytest.raises(ValueError, match=rf"ETTh1.csv.gz cannot be read as a table .*{message}"):
        load_ett("ETTh1", folder)


@pytest.mark.parametrize("load", [partial(load_ett, "ETTh1"), load_weather])
def test_files_are_bounded_and_cut_ones_named(folder, load):
    with pytest.raises(ValueError, match=r"csv.gz cannot be read .*more than max_bytes=200 allows"):
        load(folder, max_bytes=200)
    for path in (folder / "forecasting").iterdir():
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"csv.gz cannot be read .*EOFError, Compressed file ended"):
        load(folder)
