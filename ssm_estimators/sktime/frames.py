"""Frames of series, one below the other, and what is said of their values."""

from typing import Any

import numpy as np
import pandas as pd
from sktime.datatypes import check_is_scitype, convert

from ssm_estimators.forecasting.base import LARGEST

FRAMES = {"Series": "pd.DataFrame", "Panel": "pd-multiindex", "Hierarchical": "pd_multiindex_hier"}


def by_series(frame: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """One frame per series, by the levels of the index but the last; of a single series by None."""
    if not isinstance(frame.index, pd.MultiIndex):
        return {None: frame}
    levels = list(range(frame.index.nlevels - 1))
    if len(levels) == 1:  # pandas 2 would warn of a list of one level
        return {(key,): group.droplevel(0) for key, group in frame.groupby(level=0, sort=False)}
    return {key: group.droplevel(levels) for key, group in frame.groupby(level=levels, sort=False)}


def of_series(key: Any) -> str:
    """How to name a series of a panel in an error; a single one has no name."""
    if key is None:
        return ""
    return f" of series {key[0] if isinstance(key, tuple) and len(key) == 1 else key!r}"


def kind_of(index: pd.Index) -> str:
    """What times are. Those of one kind can be compared."""
    if isinstance(index, pd.DatetimeIndex):
        return "datetime64" if index.tz is None else "datetime64 with a zone"
    if isinstance(index, pd.TimedeltaIndex):
        return "timedelta64"
    return "integers" if index.dtype.kind in "iu" else str(index.dtype)


def in_zone_of(index: pd.Index, other: pd.Index) -> pd.Index:
    """Times as the clocks of another index show them, where both have a zone."""
    both = getattr(index, "tz", None) is not None and getattr(other, "tz", None) is not None
    return index.tz_convert(other.tz) if both else index


def like(name: str, key: Any, frame: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """A frame whose times can be compared with those of fit.

    Raises
    ------
    ValueError
        If they are of another kind.
    """
    if kind_of(frame.index) != kind_of(index):
        raise ValueError(
            f"Expected times of {name}{of_series(key)} of the kind of fit's, {kind_of(index)}; got "
            f"{kind_of(frame.index)}."
        )
    return frame.set_axis(in_zone_of(frame.index, index))


def places(columns: pd.Index, given: pd.Index, source: str) -> list[int]:
    """Where the columns lie among those given.

    Raises
    ------
    ValueError
        If not the same columns were given.
    """
    if len(columns) != len(given) or set(columns) != set(given):
        raise ValueError(f"Expected y with the columns {list(columns)} of {source}; got {list(given)}.")
    return [int(place) for place in given.get_indexer(columns)]


def as_frame(data: Any) -> pd.DataFrame | None:
    """Series of any of sktime's forms as a frame; None if they are of no such form."""
    valid, _, metadata = check_is_scitype(data, list(FRAMES), return_metadata=["mtype", "scitype"])
    if not valid:
        return None
    return convert(data, metadata["mtype"], FRAMES[metadata["scitype"]], as_scitype=metadata["scitype"])


def check_positive(frames: dict[Any, pd.DataFrame], channels: Any) -> None:
    """Refuse values of which no logarithm can be taken, and say where they are.

    Raises
    ------
    ValueError
    """
    for key, frame in frames.items():
        values = frame.to_numpy(dtype=float)
        wrong = np.argwhere((values <= 0) & channels)
        if len(wrong):
            row, number = wrong[0]
            raise ValueError(
                f"Expected positive values in column {frame.columns[number]!r}{of_series(key)}, whose logarithm is "
                f"taken; got {values[row, number]:g} at {frame.index[row]}. Use transform=None."
            )


def check_numbers(name: str, frame: pd.DataFrame | None, series: Any = None) -> None:
    """Refuse numbers that are missing, infinite or too large, and say where they are.

    Raises
    ------
    ValueError
    """
    if frame is None:
        return
    if frame.shape[1] == 0:
        raise ValueError(f"Expected at least one column in {name}; got none.")
    values = frame.to_numpy(dtype=float, na_value=np.nan)
    wrong = np.argwhere(~(np.abs(values) <= LARGEST))
    if len(wrong):
        row, number = wrong[0]
        *key, time = frame.index[row] if isinstance(frame.index, pd.MultiIndex) else [frame.index[row]]
        value = values[row, number]
        remedy = "Fill it first, as sktime's Imputer does." if np.isnan(value) else f"Replace it, or scale {name}."
        raise ValueError(
            f"Expected numbers of at most {LARGEST:g} in {name}; column {frame.columns[number]!r}"
            f"{of_series(tuple(key) or series)} has {value:g} at {time}. {remedy}"
        )
