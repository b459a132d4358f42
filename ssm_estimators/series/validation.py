"""What a user may hand in as X, checked once and brought to one form."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ssm_estimators.series.data import SeriesData

FORMS = (
    "Expected X of shape (n_cases, n_channels, n_timepoints), or (n_cases, n_timepoints) for one channel, or a list of "
    "arrays of shape (n_channels, n_timepoints) whose lengths may differ"
)


def check_series(estimator: BaseEstimator, X: Any, missing: str, reset: bool) -> SeriesData:
    """Series of any accepted form as one float32 tensor and the length of each.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets ``n_features_in_``, ``n_channels_in_`` and ``n_timepoints_in_`` (None if any length is allowed) when
        ``reset``, and is held against them when not.
    X : array-like, DataFrame or list of arrays
        A list may also hold DataFrames of shape (n_timepoints, n_channels), as sktime's ``df-list`` does.
    missing : {"error", "mask"}
        With ``"mask"``, NaN means missing, and NaN in all channels at a case's end is what lies past its end.
    reset : bool
        Whether this is a fit.

    Returns
    -------
    SeriesData

    Raises
    ------
    ValueError
        If X has another form, is empty, holds strings, NaN (with ``missing="error"``) or infinity, or does not fit what
        the estimator was fitted on.
    """
    if _is_list_of_series(X):
        values, lengths = _from_list(X)
        two_d = False
        if reset:
            estimator.n_features_in_ = values.shape[1]
            vars(estimator).pop("feature_names_in_", None)
    else:
        values, two_d = _from_array(estimator, X, _dimensions(X), reset)
        lengths = np.full(len(values), values.shape[2])
    if reset:
        estimator.n_channels_in_ = values.shape[1]
        estimator.n_timepoints_in_ = values.shape[2] if two_d else None
    else:
        _check_against_fit(estimator, values, lengths, two_d)
    lengths = _check_values(values, lengths, missing)

    longest = lengths.max()
    tensor = torch.tensor(values[..., :longest])
    if (lengths == longest).all():
        return SeriesData(tensor)
    ends = torch.tensor(lengths)
    past_end = torch.arange(longest) >= ends[:, None, None]
    return SeriesData(tensor.masked_fill_(past_end, 0), ends)


def _is_list_of_series(X: Any) -> bool:
    return isinstance(X, list | tuple) and len(X) > 0 and all(hasattr(x, "ndim") and x.ndim > 0 for x in X)


def _from_list(X: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    series = [x.to_numpy().T if isinstance(x, pd.DataFrame) else np.asarray(x) for x in X]
    series = [x[None] if x.ndim == 1 else x for x in series]
    n_channels = series[0].shape[0]
    for i, x in enumerate(series):
        if x.dtype.kind not in "biuf":
            raise ValueError(f"Expected numbers in X; case {i} has dtype {x.dtype}.")
        if x.ndim != 2 or x.shape[0] != n_channels or x.shape[1] == 0:
            raise ValueError(
                f"Expected every case as ({n_channels=}, n_timepoints >= 1); case {i} has shape {x.shape}."
            )
    lengths = np.array([x.shape[1] for x in series])
    values = np.zeros((len(series), n_channels, lengths.max()), dtype=np.float32)
    with np.errstate(over="ignore"):  # reported with its place, see _check_values
        for row, x in zip(values, series, strict=True):
            row[:, : x.shape[1]] = x
    return values, lengths


def _dimensions(X: Any) -> int:
    """Number of dimensions; errors name the form of X where scikit-learn would name a conversion, or nothing."""
    if issparse(X):
        return 2  # scikit-learn refuses it
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise ValueError(f"{FORMS}; got lists of unequal length. Make each case an array.") from error
    if array.dtype.kind in "USmM" or _holds(array, str | bytes):
        raise ValueError(f"Expected numbers in X; got strings or times (dtype {array.dtype}). Convert them to numbers.")
    if isinstance(X, pd.DataFrame) and _holds(array, np.ndarray | pd.Series | list):
        raise ValueError(
            f"X is a DataFrame of series. {FORMS}: sktime.datatypes.convert_to(X, 'numpy3D'), or 'df-list' for series "
            "of unequal length, makes one of them."
        )
    if _holds(array, np.ndarray | pd.Series | list):
        raise ValueError(f"X is an array of arrays. {FORMS}: pass list(X).")
    if array.ndim not in (2, 3) and not _holds(array, object):
        hint = " Reshape your data: X[None] if this is one case, X[:, None] if it is one time point a case."
        raise ValueError(f"{FORMS}; got {array.ndim} dimensions.{hint * (array.ndim == 1)}")
    if array.size == 0 and array.ndim == 3:
        raise ValueError(f"{FORMS}; got an empty array of shape {array.shape}.")
    return array.ndim


def _holds(array: np.ndarray, types: Any) -> bool:
    return array.dtype == np.dtype(object) and any(isinstance(value, types) for value in array.flat)


def _from_array(estimator: BaseEstimator, X: Any, ndim: int, reset: bool) -> tuple[NDArray[np.float32], bool]:
    """(n_cases, n_channels, n_timepoints), and whether X was two-dimensional."""
    rules = {"allow_nd": True, "dtype": np.float32, "ensure_all_finite": False}
    with np.errstate(over="ignore"):  # reported with its place, see _check_values
        if reset or (ndim == 2 and estimator.n_timepoints_in_ is not None):
            values = validate_data(estimator, X, reset=reset, **rules)
        else:  # channels and lengths are compared with the fit's below
            values = check_array(X, estimator=estimator, input_name="X", **rules)
    return (values[:, None], True) if values.ndim == 2 else (values, False)


def _check_against_fit(estimator: BaseEstimator, values: np.ndarray, lengths: np.ndarray, two_d: bool) -> None:
    name = type(estimator).__name__
    n_channels, n_timepoints = estimator.n_channels_in_, estimator.n_timepoints_in_
    if values.shape[1] != n_channels:
        how = " as two-dimensional input, one channel" if two_d else ""
        raise ValueError(f"{name} was fitted on {n_channels} channels; X has {values.shape[1]}{how}.")
    if n_timepoints is not None and (lengths != n_timepoints).any():
        raise ValueError(
            f"{name} was fitted on two-dimensional X with {n_timepoints} features, the time points; X has "
            f"{sorted(set(lengths.tolist()))[:5]}. Fit on (n_cases, 1, n_timepoints) to predict other lengths."
        )


def _check_values(values: np.ndarray, lengths: np.ndarray, missing: str) -> np.ndarray:
    """Refuse what is not a number; return the lengths, less missing values at the end."""
    unknown = np.isnan(values)
    wrong = ~np.isfinite(values) if missing == "error" else np.isinf(values)
    if wrong.any():
        case, channel, time = np.argwhere(wrong)[0]
        kind = "NaN" if unknown[case, channel, time] else "inf, or a value too large for float32"
        todo = "missing='mask' accepts NaN; a list of arrays holds series of unequal length." if kind == "NaN" else ""
        raise ValueError(f"X contains {kind} at case {case}, channel {channel}, time point {time}. {todo}".rstrip())
    if not unknown.any():
        return lengths
    seen = ~unknown.all(axis=1) & (np.arange(values.shape[2]) < lengths[:, None])
    if not seen.any(axis=1).all():
        raise ValueError(f"Case {np.flatnonzero(~seen.any(axis=1))[0]} of X has no value: all of it is NaN.")
    return values.shape[2] - np.argmax(seen[:, ::-1], axis=1)
