"""Long multivariate series to forecast: electricity transformers (ETT) and weather, with the usual parts."""

from pathlib import Path

import numpy as np
import pandas as pd

from ssm_estimators.datasets.files import MAX_BYTES, check_counts, check_options, check_whole, reading, require
from ssm_estimators.datasets.formats import as_numbers, read_table

PARTS = ("train", "validation", "test")
ETT_ROWS = {"ETTh1": (8640, 2880, 2880), "ETTm1": (34560, 11520, 11520)}
ETT_ROWS |= {"ETTh2": ETT_ROWS["ETTh1"], "ETTm2": ETT_ROWS["ETTm1"]}
ETT_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
ETT_START, ETT_CASES = "2016-07-01", {"h": 17420, "15min": 69680}  # of each step
WEATHER_DATES = pd.date_range("2020-01-01 00:10", "2021-01-01", freq="10min")
WEATHER_DATES = WEATHER_DATES.drop(pd.date_range("2020-05-29 09:40", "2020-05-29 11:00", freq="10min"))  # as published
WEATHER_DATES = WEATHER_DATES.append(pd.DatetimeIndex(["2020-05-12 06:00"])).sort_values()
WEATHER_COLUMNS = 21
WEATHER_MISSING = -9999


def load_ett(name: str, data_dir: str | Path, part: str | None = None, *, max_bytes: int = MAX_BYTES) -> pd.DataFrame:
    """Load and oil temperature of an electricity transformer (ETT, arXiv:2012.07436).

    Parameters
    ----------
    name : {"ETTh1", "ETTh2", "ETTm1", "ETTm2"}
        Two transformers, hourly (h) or every quarter of an hour (m).
    data_dir : path
        Folder that holds ``forecasting/<name>.csv.gz``: ``date`` and seven columns.
    part : {"train", "validation", "test"} or None, default=None
        The usual 12, 4 and 4 months of 30 days; ``None``: all rows, which are four months more.
    max_bytes : int, default=2**32
        The file may unpack to this many bytes at most; more is refused.

    Returns
    -------
    DataFrame
        One row per time point; the index has a frequency of one hour or 15 minutes. Columns HUFL, HULL, MUFL, MULL,
        LUFL, LULL (loads) and OT (degrees Celsius), in the source's units.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If an option is unknown, or the file is damaged, too large or of another shape. A date that is not the one of
        its row, counted by the step, is named with its line.
    """
    check_options(name=(name, tuple(ETT_ROWS)), part=(part, (*PARTS, None)))
    check_whole(max_bytes=max_bytes)
    step = "h" if "h" in name else "15min"
    dates = pd.date_range(ETT_START, periods=ETT_CASES[step], freq=step)
    frame = _read(name, data_dir, dates, ETT_COLUMNS, len(ETT_COLUMNS), max_bytes)
    return _part(frame.asfreq(step), part, ETT_ROWS[name])


def load_weather(
    data_dir: str | Path, part: str | None = None, fill: bool = True, *, max_bytes: int = MAX_BYTES
) -> pd.DataFrame:
    """Weather in Jena, Germany, every ten minutes of 2020 (Max Planck Institute for Biogeochemistry).

    The source codes 81 values, all in the training part, as -9999.

    Parameters
    ----------
    data_dir : path
        Folder that holds ``forecasting/weather.csv.gz``: ``date`` and 21 columns.
    part : {"train", "validation", "test"} or None, default=None
        The usual first 70 %, next 10 % and last 20 % of the rows; ``None``: all.
    fill : bool, default=True
        Replace -9999 by linear interpolation in time. False leaves them; published tables standardise with them.
    max_bytes : int, default=2**32
        The file may unpack to this many bytes at most; more is refused.

    Returns
    -------
    DataFrame
        One row per time point. Nine of the year's time points are not in the source and 6:00 of 12 May is there twice,
        so the index has no frequency. Columns as in the source, their units in parentheses.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If an option is unknown, or the file is damaged, too large or of another shape. A date that is not the
        published one of its row is named with its line.
    """
    check_options(part=(part, (*PARTS, None)))
    check_whole(max_bytes=max_bytes)
    frame = _read("weather", data_dir, WEATHER_DATES, (), WEATHER_COLUMNS, max_bytes)
    if fill:
        frame = frame.mask(frame == WEATHER_MISSING).interpolate()
    n_train, n_test = int(0.7 * len(frame)), int(0.2 * len(frame))
    return _part(frame, part, (n_train, len(frame) - n_train - n_test, n_test))


def _read(
    name: str,
    data_dir: str | Path,
    dates: pd.DatetimeIndex,
    columns: tuple[str, ...],
    n_columns: int,
    max_bytes: int,
) -> pd.DataFrame:
    path = Path(data_dir) / "forecasting" / f"{name}.csv.gz"
    expected = (
        f"a column date and {n_columns} more in it; the files are those of github.com/zhouhaoyi/ETDataset and of most "
        "papers on long-term forecasting."
    )
    contents = "a table of dates and finite numbers"
    # some copies of the weather file have a broken character in three units
    table = read_table(require([path], expected), contents, ("date", *columns), max_bytes, errors="replace")
    found, published = (len(table), table.shape[1] - 1), (len(dates), n_columns)
    check_counts(path, *(f"{n_rows} rows of {n} columns" for n_rows, n in (found, published)))
    with reading(path, contents):
        index = pd.DatetimeIndex(pd.to_datetime(table["date"].astype(str), format="ISO8601", errors="coerce"))
        if len(wrong := np.flatnonzero(index != dates)):
            row = wrong[0]
            raise ValueError(f"line {row + 2} has the date {table['date'].iloc[row]!r}; expected {dates[row]}")
        return as_numbers(table.drop(columns="date")).set_index(index)


def _part(frame: pd.DataFrame, part: str | None, n_rows: tuple[int, int, int]) -> pd.DataFrame:
    if part is None:
        return frame
    start = sum(n_rows[: PARTS.index(part)])
    return frame.iloc[start : start + n_rows[PARTS.index(part)]]
