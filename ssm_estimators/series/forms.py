"""The forms in which users hand in series: each becomes an array, or a list of one array or frame per case."""

from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse

FORMS = (
    "Expected X of shape (n_cases, n_channels, n_timepoints), or (n_cases, n_timepoints) for one channel, or a list of "
    "arrays of shape (n_channels, n_timepoints) whose lengths may differ, or one of sktime's panel formats"
)
CASE = "Expected every case as an array of shape (n_channels, n_timepoints), or (n_timepoints,) for one channel"
TIME = ("time", "times", "timepoint", "timepoints")  # what a dimension of xarray is called that goes last
LONG = (["case_id", "dim_id", "reading_id", "value"], ["variable", "value"])  # columns of sktime's long format
IRREGULAR = 1e-3  # of a step: how far time stamps may be from regular ones;
FINE = 0.1  # of a step: how far they may be if they are rounded so; what is coarser could hide irregular ones
UNITS = (10**9, 10**6, 1000, 1, 1e-3, 1e-6, 1e-9)  # to which clocks round


def plain_form(X: Any) -> Any:
    """Series as an array, as a two-dimensional frame, or as a list of one array or frame per case.

    Parameters
    ----------
    X : array-like, tensor, masked array, pandas, polars or xarray object, or list of series
        Frames in sktime's formats ``pd-multiindex``, ``pd-long`` and ``nested_univ`` become a list of frames, whose
        rows are time points and whose columns are channels; cases stay in the order in which they first appear.
        A dimension of xarray's that is called time goes last. What a mask hides becomes NaN.

    Raises
    ------
    ValueError
        If X is nothing that could hold series, or if time stamps differ in their steps.

    Examples
    --------
    >>> index = pd.MultiIndex.from_product([["first", "second"], range(3)])
    >>> [case.shape for case in plain_form(pd.DataFrame({"x": np.arange(6.0)}, index))]
    [(3, 1), (3, 1)]
    """
    if issparse(X):
        return X  # scikit-learn refuses it
    if X is None or isinstance(X, str | bytes | dict | set | PathLike) or not _is_sized(X):
        raise ValueError(f"{FORMS}; got {'None' if X is None else f'an object of type {type(X).__name__}'}.")
    X = _as_numpy_or_pandas(X)
    if isinstance(X, pd.DataFrame):
        X = _plain_frame(X)
    if isinstance(X, pd.Series) and X.dtype == object:
        X = X.to_numpy()
    is_list = isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)
    return [_plain_case(i, x) for i, x in enumerate(X)] if is_list and any(map(_holds_series, X)) else X


def check_stamps(case: int, stamps: pd.Index) -> None:
    """Refuse time stamps that are not in order, or whose steps differ by more than they are rounded.

    Examples
    --------
    >>> check_stamps(3, pd.Index([0.0, 0.5, 2.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: Expected time stamps at equal steps; in case 3 a step of 0.5 is followed by one of 1.5. ...
    """
    kind = stamps.dtype.kind
    if len(stamps) < 2 or not (kind in "iufmM" or isinstance(stamps, pd.PeriodIndex)):
        return  # names of time points, not times
    if stamps.hasnans:
        lacking = np.flatnonzero(stamps.isna())[0]
        raise ValueError(f"Expected a stamp for each time point; case {case} has none for time point {lacking}.")
    if kind in "mM":
        stamps = pd.DatetimeIndex(stamps) if kind == "M" else pd.TimedeltaIndex(stamps)
    times, rounding = _numbers_of(stamps)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite stamps
        if _are_regular(times - times[0], rounding):
            return
        steps = np.diff(times)
        i = int(np.argmax(np.abs(steps - steps[0])))
    if isinstance(stamps, pd.DatetimeIndex) and steps[0] > 0 and _of_the_calendar(stamps):
        return
    before, step = (stamps[j + 1] - stamps[j] if kind in "mM" else steps[j] for j in (i - 1, i))
    seen = f"a step of {before} is followed by one of {step}" if i else f"the first step is {step}"
    raise ValueError(
        f"Expected time stamps at equal steps; in case {case} {seen}. Resample the series. If the index holds no "
        "times, drop it: reset_index(drop=True), or drop_vars in xarray."
    )


def _numbers_of(stamps: pd.Index) -> tuple[NDArray[Any], float]:
    """Time stamps as int64 or float64, whose differences have a sign, and how far rounding may have moved them."""
    if isinstance(stamps, pd.DatetimeIndex | pd.TimedeltaIndex | pd.PeriodIndex):
        return stamps.asi8, 0.0
    times = stamps.to_numpy()
    if times.dtype.kind != "f":
        return times.astype(np.int64), 0.0
    return times.astype(np.float64), 3 * float(np.spacing(np.abs(times).max()))


def _are_regular(elapsed: NDArray[Any], rounding: float) -> bool:
    """Whether times since the first one are multiples of one step, as far as they are exact."""
    step = elapsed[-1] / (len(elapsed) - 1)
    off = np.abs(elapsed - step * np.arange(len(elapsed))).max()
    if not step > 0 or off <= IRREGULAR * step:
        return bool(step > 0)
    unit = next((u for u in UNITS if np.minimum(rest := elapsed % u, u - rest).max() <= rounding), 0.0)
    return any(off <= allowed <= FINE * step for allowed in (rounding, unit))


def _of_the_calendar(stamps: pd.DatetimeIndex) -> bool:
    """Whether times are regular in the calendar, such as the first days of months."""
    return stamps.freq is not None or (len(stamps) > 2 and pd.infer_freq(stamps) is not None)


def _is_sized(X: Any) -> bool:
    return hasattr(X, "__len__") or hasattr(X, "__array__") or hasattr(X, "shape")


def _is_series(x: Any) -> bool:
    return hasattr(x, "shape") and len(x.shape) > 0


def _holds_series(x: Any) -> bool:
    return _is_series(x) or (isinstance(x, list | tuple) and any(map(_is_series, x)))


def _plain_case(case: int, x: Any) -> Any:
    """One case as an array or, with regular time stamps, as a frame or Series."""
    if isinstance(x, list | tuple):
        x = [_plain_case(case, channel) if _is_series(channel) else channel for channel in x]
    x = _as_numpy_or_pandas(x, case)
    if isinstance(x, pd.DataFrame | pd.Series):
        check_stamps(case, x.index)
        return x
    try:
        array = np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{CASE}; case {case} makes no array: {error}") from error
    if array.ndim == 0:
        raise ValueError(f"{CASE}; case {case} is an object of type {type(x).__name__}.")
    return array


def _as_numpy_or_pandas(X: Any, case: int = 0) -> Any:
    """Masked arrays, tensors, polars frames and xarray's arrays, by their own conversions; all else as it is."""
    if isinstance(X, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(X)
        return np.where(mask, np.nan, X.data) if X.dtype.kind in "biufO" and mask.any() else X.data
    if isinstance(X, np.ndarray) and X.dtype == object:
        return np.where(pd.isna(X), np.nan, X)  # pandas' NA is no float
    if isinstance(X, torch.Tensor):
        return X.detach().cpu().to_dense().numpy() if X.dtype != torch.bfloat16 else X.detach().cpu().float().numpy()
    module = type(X).__module__.split(".")[0]
    if module == "polars":
        if not hasattr(X, "columns"):
            return X.to_numpy()
        values = {name: X[name].to_numpy() for name in X.columns}
        return pd.DataFrame({name: x if x.ndim == 1 else list(x) for name, x in values.items()})
    return _from_xarray(X, case) if module == "xarray" else X


def _from_xarray(X: Any, case: int) -> NDArray[Any]:
    """An array with its dimension of time last."""
    if not hasattr(X, "to_numpy"):
        raise ValueError(
            f"{FORMS}; got an xarray {type(X).__name__}. Make it an array, cases first: "
            "X.to_dataarray().transpose('case', ...)."
        )
    times = [name for name in X.dims if str(name).lower() in TIME]
    X = X.transpose(..., times[0]) if len(times) == 1 else X
    for name in X.dims[-1:]:
        if name in getattr(X, "indexes", ()):
            check_stamps(case, X.indexes[name])
    return np.asarray(X.to_numpy())


def _plain_frame(X: pd.DataFrame) -> Any:
    """A frame in one of sktime's panel formats as a list of frames, by sktime's converters; another one as it is."""
    nested = X.dtypes.eq(object).any() and any(isinstance(x, pd.Series | np.ndarray | list) for x in X.to_numpy().flat)
    is_long = sorted(map(str, X.columns)) == LONG[0] or (X.shape[1] == 4 and list(X.columns[2:]) == LONG[1])
    if not (nested or is_long or isinstance(X.index, pd.MultiIndex)):
        return X
    from sktime.datatypes import check_raise, convert

    if is_long:
        X = _pivoted(X, ["case_id", "reading_id", "dim_id", "value"] if "case_id" in X.columns else list(X.columns))
    kind = "nested_univ" if nested else "pd-multiindex"
    try:
        if nested:
            X = X.map(lambda x: pd.Series(x) if isinstance(x, np.ndarray | list) else x)
        check_raise(X, kind, "Panel")
        return convert(X, kind, "df-list", "Panel")
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"{FORMS}; X looks like sktime's format {kind!r}, but is not: {error}") from error


def _pivoted(X: pd.DataFrame, columns: list[Any]) -> pd.DataFrame:
    """A long table, its columns being case, time, channel and value, as frames below each other."""
    keys = columns[:3]
    if (again := X.duplicated(keys)).any():
        case, time, channel = X.loc[again, keys].iloc[0]
        raise ValueError(
            f"Expected one value for each case, time and channel; case {case} has several at time {time} of "
            f"channel {channel}. Drop the others: X.drop_duplicates({keys})."
        )
    table = X.pivot(index=columns[:2], columns=columns[2], values=columns[3]).rename_axis(columns=None)
    return table.reindex(pd.unique(X[columns[0]]), level=0)  # a pivot sorts cases
