import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import forecasting, load_ett, load_weather


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """ETTh1 and weather of a few rows."""
    monkeypatch.setitem(forecasting.ETT_SHAPE, "ETTh1", (12, 2))
    monkeypatch.setitem(forecasting.ETT_ROWS, "ETTh1", (4, 2, 3))
    monkeypatch.setattr(forecasting, "WEATHER_SHAPE", (10, 1))
    (tmp_path / "forecasting").mkdir()
    hours = pd.date_range("2016-07-01", periods=12, freq="h", name="date")
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
    with pytest.raises(FileNotFoundError, match=r"No .*ETTm1.csv.gz. Expected a column date and 7 more"):
        load_ett("ETTm1", folder)


def test_counts_are_checked(folder, monkeypatch):
    monkeypatch.setitem(forecasting.ETT_SHAPE, "ETTh1", (13, 2))
    with pytest.raises(ValueError, match="holds 12 rows of 2 columns; published are 13 rows"):
        load_ett("ETTh1", folder)
