"""Times of a series, those after its end, and the horizons that ask for them."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ssm_estimators.sktime.frames import in_zone_of, kind_of, of_series

try:
    from pytz.exceptions import InvalidTimeError  # raised by pandas 2, which has zones of pytz
except ImportError:
    InvalidTimeError = ValueError

# what is raised of dates after 2262, or of hours that a change of clocks skips
NOT_THERE = (ValueError, OverflowError, InvalidTimeError)

# time points after which the main rhythm of a frequency repeats: a day of hours or minutes, a year of months
SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4, "min": 1440, "s": 60}


def frequency_of(index: pd.Index, longest: pd.Index) -> Any:
    """The frequency of the longest series, if these times have it too. A short series may show several."""
    if not isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) or index.freq is not None:
        return None
    freq = getattr(longest, "freq", None) or (pd.infer_freq(longest) if len(longest) > 2 else None)
    try:
        type(index)(index, freq=freq)
    except ValueError:  # of pandas: they have another one
        return None
    return freq


def with_frequencies(frames: dict[Any, pd.DataFrame]) -> dict[Any, pd.DataFrame]:
    """Series whose times have their frequency."""
    longest = max(frames.values(), key=len).index
    return {key: with_frequency(key, frame, frequency_of(frame.index, longest)) for key, frame in frames.items()}


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
        freq = freq or index.freq or pd.infer_freq(index)
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
        before, after = _odd_step(index, freq)
        raise ValueError(
            f"Expected neighbouring times of one frequency; from {before} to {after}{of_series(key)} is another step. "
            f"{remedy}"
        )
    return frame


def _odd_step(index: pd.Index, freq: Any) -> tuple[Any, Any]:
    """The first two neighbouring times whose step is not the usual one."""
    steps = np.diff(index.asi8 if hasattr(index, "asi8") else index.to_numpy())
    if not isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        odd = steps != (index.freq.n if isinstance(index, pd.PeriodIndex) else 1)
    else:
        parts = (index[start : start + 10] for start in range(0, len(index) - 2, 10))
        freq = freq or next((freq for part in parts if len(part) > 2 and (freq := pd.infer_freq(part))), None)
        odd = np.abs(steps / np.median(steps) - 1) > 0.5
        if freq is not None:
            offset = pd.tseries.frequencies.to_offset(freq)
            odd = np.array([before + offset != after for before, after in pairwise(index)])
    first = int(np.argmax(odd))
    return index[first], index[first + 1]


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
    """How many steps after the end of the series each asked time lies. Times may lie at most `most` steps ahead.

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
    if kind_of(times) != kind_of(index):
        raise ValueError(
            f"fh is of {kind_of(times)}; y's index{of_series(key)} is of {kind_of(index)}. Give fh as such times or as "
            "numbers of steps."
        )
    times = in_zone_of(times, index)
    known = index.append(_reached(index, most, times.max()))
    position = known.get_indexer(times)
    if (position < 0).any():
        by = f" by {index.freqstr}" if hasattr(index, "freqstr") else ""
        raise ValueError(
            f"Expected times of fh among those of y and the {most} after its end, from {index[0]} to {known[-1]}{by}"
            f"{of_series(key)}; got {times[position < 0][0]}. To forecast more steps, raise horizon."
        )
    return position - (len(index) - 1)


def check_steps(steps: NDArray[np.int64], length: int, horizon: int, pretrained: bool) -> None:
    """Refuse steps farther than the horizon, and those before the start of a series.

    Raises
    ------
    ValueError
    """
    farthest = steps.max()
    if farthest > horizon:
        ways = (
            f"fh, or horizon={farthest}, to pretrain"
            if pretrained
            else (f"fh in fit, or horizon={farthest} in the constructor")
        )
        raise ValueError(f"The forecaster was fitted for {horizon} steps ahead; fh asks for {farthest}. Give {ways}.")
    if steps.min() <= -length:
        raise ValueError(
            f"fh asks for a time {-steps.min()} steps before the end; the series has {length} time points. Ask for "
            "later times."
        )


def times_ahead(index: pd.Index, steps: NDArray[np.int64]) -> pd.Index:
    """The times so many steps from the end of a series, which are not before its start."""
    return index.append(_after(index, max(int(steps.max()), 0))).take(steps + (len(index) - 1))


def _reached(index: pd.Index, most: int, end: Any) -> pd.Index:
    """At most so many times after the end of a series. Where not all exist, they go as far as an end."""
    try:
        return _after(index, most)
    except ValueError:
        return _after(index, most, end) if end > index[-1] else index[:0]


def _after(index: pd.Index, n: int, end: Any = None) -> pd.Index:
    """So many times after the end of a series, none of them after an end."""
    last = index[-1]
    how = {"periods": n + 1} if end is None else {"end": end}
    try:
        if isinstance(index, pd.DatetimeIndex):
            return pd.date_range(last, freq=index.freq, **how)[1 : n + 1]
        if isinstance(index, pd.TimedeltaIndex):
            return pd.timedelta_range(last, freq=index.freq, **how)[1 : n + 1]
    except NOT_THERE as error:
        raise ValueError(
            f"Not all times up to {f'{n} steps' if end is None else end} after {last} exist: {error} "
            "y.reset_index(drop=True) counts time points instead."
        ) from error
    if isinstance(index, pd.PeriodIndex):
        return pd.period_range(last, periods=n + 1)[1:]
    return pd.RangeIndex(last + 1, last + 1 + n)
