"""New data for a fitted forecaster: what they must be like, and series that go on with them."""

from typing import Any

import pandas as pd

from ssm_estimators.sktime.frames import by_series, like, of_series, places
from ssm_estimators.sktime.times import frequency_of, with_frequency

Frames = dict[Any, pd.DataFrame]  # one per series


def check_update(y: pd.DataFrame, data: Frames, names: list[Any]) -> None:
    """Refuse data that cannot go on with those of fit.

    Parameters
    ----------
    y : DataFrame
    data : dict of DataFrame
        What the forecaster has.
    names : list
        Of the levels of the index of fit.

    Raises
    ------
    ValueError
        If the levels of the index, the kind of times or the columns are others.
    """
    kinds = {1: "a single series", 2: "a panel"}
    if y.index.nlevels != len(names):
        raise ValueError(
            f"Expected y of the form of fit's, {kinds.get(len(names), 'a hierarchy')} with {len(names)} levels of the "
            f"index; got {kinds.get(y.index.nlevels, 'a hierarchy')} with {y.index.nlevels}."
        )
    first = next(iter(data.values()))
    for key, frame in by_series(y).items():
        like("y", key, frame, data.get(key, first).index)
    places(first.columns, y.columns, "fit")


def continued(data: Frames, y: pd.DataFrame) -> Frames:
    """The series with new times, and old ones whose values are new."""
    longest, together = max(data.values(), key=len), dict(data)
    for key, frame in by_series(y).items():
        fresh = like("y", key, frame, longest.index)[longest.columns]
        if key not in data:
            together[key] = with_frequency(key, fresh, frequency_of(fresh.index, longest.index))
            continue
        before = data[key]
        joined = pd.concat([before[~before.index.isin(fresh.index)], fresh]).sort_index()
        together[key] = with_frequency(key, joined, getattr(before.index, "freq", None))
    return together


def check_later(y: pd.DataFrame, data: Frames) -> None:
    """Refuse data that begin before the end of what the forecaster has seen.

    Raises
    ------
    ValueError
    """
    for key, frame in by_series(y).items():
        if key in data and (frame.index[0] <= data[key].index[-1]):
            raise ValueError(
                f"update_predict forecasts from the end of each window of y. The forecaster has already seen the values"
                f"{of_series(key)} until {data[key].index[-1]}, but y begins at {frame.index[0]}. Give later data."
            )
