"""The forms in which users hand in series: each becomes an array, or a list of one array or frame per case."""

from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.sparse import issparse

FORMS = (
    "Expected X of shape (n_cases, n_channels, n_timepoints), or (n_cases, n_timepoints) for one channel, or a list of "
    "arrays of shape (n_channels, n_timepoints) whose lengths may differ, or one of sktime's panel formats"
)
LONG = (["case_id", "dim_id", "reading_id", "value"], ["variable", "value"])  # columns of sktime's long format
IRREGULAR = 1e-6  # of a step: how far time stamps may be from regular ones


def plain_form(X: Any) -> Any:
    """Series as an array, as a two-dimensional frame, or as a list of one array or frame per case.

    Parameters
    ----------
    X : array-like, tensor, masked array, pandas, polars or xarray object, or list of series
        Frames in sktime's formats ``pd-multiindex``, ``pd-long`` and ``nested_univ`` become a list of frames, whose
        rows are time points and whose columns are channels. What a mask hides becomes NaN.

    Raises
    ------
    ValueError
        If X is nothing that could hold series.

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
        return _plain_frame(X)
    if isinstance(X, pd.Series) and X.dtype == object:
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1 and all(map(_is_series, X)):
        X = list(X)
    if isinstance(X, list | tuple) and len(X) and all(map(_is_series, X)):
        return [_as_numpy_or_pandas(x) for x in X]
    return X


def check_stamps(case: int, stamps: pd.Index) -> None:
    """Refuse time stamps that are not in order, or whose steps differ.

    Examples
    --------
    >>> check_stamps(3, pd.Index([0.0, 0.5, 2.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: Expected time stamps at equal steps; in case 3 a step of 0.5 is followed by one of 1.5. ...
    """
    if len(stamps) < 2 or isinstance(stamps, pd.RangeIndex):
        return
    if isinstance(stamps, pd.MultiIndex) or stamps.dtype == object:
        return  # names of time points, not times
    if isinstance(stamps, pd.PeriodIndex):
        steps = np.diff(stamps.asi8)
    elif stamps.dtype.kind in "iufmM":
        steps = np.diff(stamps.to_numpy())
    else:
        return
    numbers = steps.astype(float)
    wrong = np.flatnonzero(~(np.abs(numbers - numbers[0]) <= IRREGULAR * np.abs(numbers[0])))
    if len(wrong) and isinstance(stamps, pd.DatetimeIndex) and _of_the_calendar(stamps):
        return
    if len(wrong) or not numbers[0] > 0:
        i = wrong[0] if len(wrong) else 0
        seen = f"a step of {steps[i - 1]} is followed by one of {steps[i]}" if i else f"the first step is {steps[0]}"
        raise ValueError(
            f"Expected time stamps at equal steps; in case {case} {seen}. Resample the series first, "
            "for how long a step takes would be lost; or, if the index holds no times, reset_index(drop=True)."
        )


def _of_the_calendar(stamps: pd.DatetimeIndex) -> bool:
    """Whether times are regular in the calendar, such as the first days of months."""
    return stamps.freq is not None or (len(stamps) > 2 and pd.infer_freq(stamps) is not None)


def _is_sized(X: Any) -> bool:
    return hasattr(X, "__len__") or hasattr(X, "__array__") or hasattr(X, "shape")


def _is_series(x: Any) -> bool:
    return hasattr(x, "shape") and len(x.shape) > 0


def _as_numpy_or_pandas(X: Any) -> Any:
    """Masked arrays, tensors, polars frames and xarray's arrays, by their own conversions; all else as it is."""
    if isinstance(X, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(X)
        return np.where(mask, np.nan, X.data) if X.dtype.kind in "biuf" and mask.any() else X.data
    if isinstance(X, torch.Tensor):
        return X.detach().cpu().to_dense().numpy() if X.dtype != torch.bfloat16 else X.detach().cpu().float().numpy()
    module = type(X).__module__.split(".")[0]
    if module == "polars":
        if not hasattr(X, "columns"):
            return X.to_numpy()
        return pd.DataFrame({name: X[name].to_numpy() for name in X.columns})
    return X.to_numpy() if module == "xarray" and hasattr(X, "to_numpy") else X


def _plain_frame(X: pd.DataFrame) -> Any:
    """A frame in one of sktime's panel formats as a list of frames, by sktime's converters; another one as it is."""
    nested = X.dtypes.eq(object).any() and any(isinstance(x, pd.Series | np.ndarray | list) for x in X.to_numpy().flat)
    is_long = sorted(map(str, X.columns)) == LONG[0] or (X.shape[1] == 4 and list(X.columns[2:]) == LONG[1])
    if not (nested or is_long or isinstance(X.index, pd.MultiIndex)):
        return X
    from sktime.datatypes import check_raise, convert

    if is_long:
        columns = ["case_id", "reading_id", "dim_id", "value"] if "case_id" in X.columns else list(X.columns)
        X = X[columns].pivot(index=columns[:2], columns=columns[2], values=columns[3])
        X.columns.name = None
    kind = "nested_univ" if nested else "pd-multiindex"
    try:
        check_raise(X, kind, "Panel")
        return convert(X, kind, "df-list", "Panel")
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(f"{FORMS}; X looks like sktime's format {kind!r}, but is not: {error}") from error
