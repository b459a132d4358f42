"""Long multivariate series to forecast: electricity transformers (ETT) and weather, with the usual parts."""

from pathlib import Path

import pandas as pd

from ssm_estimators.datasets.files import check_counts, check_options, require

PARTS = ("train", "validation", "test")
ETT_ROWS = {"ETTh1": (8640, 2880, 2880), "ETTm1": (34560, 11520, 11520)}
ETT_ROWS |= {"ETTh2": ETT_ROWS["ETTh1"], "ETTm2": ETT_ROWS["ETTm1"]}
ETT_SHAPE = {"ETTh1": (17420, 7), "ETTh2": (17420, 7), "ETTm1": (69680, 7), "ETTm2": (69680, 7)}
WEATHER_SHAPE = (52696, 21)
WEATHER_MISSING = -9999


def load_ett(name: str, data_dir: str | Path, part: str | None = None) -> pd.DataFrame:
    """Load and oil temperature of an electricity transformer (ETT, arXiv:2012.07436).

    Parameters
    ----------
    name : {"ETTh1", "ETTh2", "ETTm1", "ETTm2"}
        Two transformers, hourly (h) or every quarter of an hour (m).
    data_dir : path
        Folder that holds ``forecasting/<name>.csv.gz``: ``date`` and seven columns.
    part : {"train", "validation", "test"} or None, default=None
        The usual 12, 4 and 4 months of 30 days; ``None``: all rows, which are four months more.

    Returns
    -------
    DataFrame
        One row a time point, its index of frequency one hour or 15 minutes; columns HUFL, HULL, MUFL, MULL, LUFL, LULL
        (loads) and OT (degrees Celsius), in the source's units.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If ``name`` or ``part`` is unknown, or the file's shape is another.
    """
    check_options(name=(name, tuple(ETT_ROWS)), part=(part, (*PARTS, None)))
    frame = _read(name, data_dir, ETT_SHAPE[name])
    frame = frame.asfreq("h" if "h" in name else "15min")
    return _part(frame, part, ETT_ROWS[name])


def load_weather(data_dir: str | Path, part: str | None = None, fill: bool = True) -> pd.DataFrame:
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

    Returns
    -------
    DataFrame
        One row a time point; eight of the year's time points are not in the source, so the index has no frequency.
        Columns as in the source, their units in parentheses.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If ``part`` is unknown, or the file's shape is another.
    """
    check_options(part=(part, (*PARTS, None)))
    frame = _read("weather", data_dir, WEATHER_SHAPE)
    if fill:
        frame = frame.mask(frame == WEATHER_MISSING).interpolate()
    n_train, n_test = int(0.7 * len(frame)), int(0.2 * len(frame))
    return _part(frame, part, (n_train, len(frame) - n_train - n_test, n_test))


def _read(name: str, data_dir: str | Path, shape: tuple[int, int]) -> pd.DataFrame:
    path = Path(data_dir) / "forecasting" / f"{name}.csv.gz"
    expected = (
        f"a column date and {shape[1]} more in it; the files are those of github.com/zhouhaoyi/ETDataset and of most "
        "papers on long-term forecasting."
    )
    require([path], expected)
    # some copies of the weather file have a broken character in three units
    frame = pd.read_csv(path, parse_dates=["date"], index_col="date", encoding_errors="replace")
    check_counts(path, f"{frame.shape[0]} rows of {frame.shape[1]} columns", f"{shape[0]} rows of {shape[1]} columns")
    return frame


def _part(frame: pd.DataFrame, part: str | None, n_rows: tuple[int, int, int]) -> pd.DataFrame:
    if part is None:
        return frame
    start = sum(n_rows[: PARTS.index(part)])
    return frame.iloc[start : start + n_rows[PARTS.index(part)]]
