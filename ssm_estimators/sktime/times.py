"""Times of a series, those after its end, and the horizons that ask for them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssm_estimators.sktime.frames import of_series

# time points after which the main rhythm of a frequency repeats: a day of hours or minutes, a year of months
SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4, "min": 1440, "s": 60}


def with_frequency(key: Any, frame: pd.DataFrame, freq: Any = None) -> pd.DataFrame:
    """A series whose times have their frequency, this one or what they show.

    Raises
    ------
    ValueError
        If their steps differ or do not tell a frequency, after which no next time is known.
    """
    index = frame.index
    if len(index) == 0:
        raise ValueError(f"Expected at least one time point{of_series(key)}; got none.")
    remedy = "y.reset_index(drop=True) counts time points instead."
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        remedy = "y.asfreq(...) makes them, and shows as NaN what is missing; " + remedy
        if index.freq is None and freq is None and len(index) < 3:
            raise ValueError(
                f"Expected times of a known frequency; the {len(index)}{of_series(key)} from {index[0]} on do not tell "
                "it. y.asfreq(...) sets it."
            )
        freq = index.freq or freq or pd.infer_freq(index)
        try:
            regular = freq is not None
            frame = frame.set_axis(type(index)(index, freq=freq))
        except ValueError:  # of pandas: they are of another one
            regular = False
    elif isinstance(index, pd.PeriodIndex):
        regular = bool((np.diff(index.asi8) == index.freq.n).all())
    else:
        regular = bool((np.diff(index) == 1).all())
    if not regular:
        raise ValueError(
            f"Expected neighbouring times of one frequency; from {index[0]} to {index[-1]}{of_series(key)} they are "
            f"not. {remedy}"
        )
    return frame


def season_of(index: pd.Index) -> int:
    """Time points after which the main rhythm repeats, from the index's frequency; 1 if it has none."""
    freq = getattr(index, "freq", None)
    if freq is None:
        return 1
    base = freq.rule_code.split("-")[0]
    name = base if base in SEASONS else base.rstrip("ES").removeprefix("B")  # ends, starts and business months
    if name not in SEASONS:
        return 1
    season = SEASONS[name] // freq.n
    return season if season * freq.n == SEASONS[name] else 1


def steps_ahead(key: Any, fh: Any, index: pd.Index, most: int) -> NDArray[np.int64]:
    """Steps of a horizon from the end of a series; of absolute times and time differences, at most so many.

    Raises
    ------
    ValueError
        If a time is not among those of the series and those after it.
    """
    values = fh.to_pandas()
    if fh.is_relative and values.dtype.kind == "i":
        return np.asarray(values)
    try:
        times = index[np.full(len(values), len(index) - 1)] + values if fh.is_relative else values
    except (TypeError, ValueError) as error:  # of pandas: they are no dates, or months
        raise ValueError(
            f"Expected fh as numbers of steps, or times, for a y whose index is of {index.dtype}; got time differences."
        ) from error
    known = index.append(_after(index, most))
    position = known.get_indexer(times)
    if (position < 0).any():
        by = f" by {index.freqstr}" if hasattr(index, "freqstr") else ""
        raise ValueError(
            f"Expected times of fh among those of y and the {most} after its end, from {index[0]} to {known[-1]}{by}"
            f"{of_series(key)}; got {times[position < 0][0]}. To forecast more steps, raise horizon."
        )
    return position - (len(index) - 1)


def times_ahead(index: pd.Index, steps: NDArray[np.int64]) -> pd.Index:
    """The times so many steps from the end of a series, which are not before its start."""
    return index.append(_after(index, max(int(steps.max()), 0))).take(steps + (len(index) - 1))


def _after(index: pd.Index, n: int) -> pd.Index:
    """So many times after the end of a series."""
    last = index[-1]
    if isinstance(index, pd.DatetimeIndex):
        return pd.date_range(last, periods=n + 1, freq=index.freq)[1:]
    if isinstance(index, pd.TimedeltaIndex):
        return pd.timedelta_range(last, periods=n + 1, freq=index.freq)[1:]
    if isinstance(index, pd.PeriodIndex):
        return pd.period_range(last, periods=n + 1)[1:]
    return pd.RangeIndex(last + 1, last + 1 + n)
