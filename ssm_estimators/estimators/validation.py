"""What a user may hand in as X, checked once and brought to one form."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ssm_estimators.training.data import SeriesData

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
    else:
        values, two_d = _from_array(estimator, X, reset)
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
    series = [np.asarray(x) for x in X]
    series = [x[None] if x.ndim == 1 else x for x in series]
    for i, x in enumerate(series):
        if x.dtype.kind not in "biuf":
            raise ValueError(f"Expected numbers in X; case {i} has dtype {x.dtype}.")
        if x.ndim != 2 or x.shape[0] != series[0].shape[0] or x.shape[1] == 0:
            raise ValueError(
                f"Expected every case as (n_channels={series[0].shape[0]}, n_timepoints >= 1); "
                f"case {i} has shape {x.shape}."
            )
    lengths = np.array([x.shape[1] for x in series])
    values = np.zeros((len(series), series[0].shape[0], lengths.max()), dtype=np.float32)
    for row, x in zip(values, series, strict=True):
        row[:, : x.shape[1]] = x
    return values, lengths


def _from_array(estimator: BaseEstimator, X: Any, reset: bool) -> tuple[NDArray[np.float32], bool]:
    """(n_cases, n_channels, n_timepoints), and whether X was two-dimensional."""
    name = type(estimator).__name__
    elements = getattr(X, "dtype", None)
    if elements is np.dtype(object) and X.size and all(isinstance(x, np.ndarray) for x in X.flat):
        raise ValueError(f"X is an array of arrays. {FORMS}: pass list(X).")
    if elements is not None and getattr(elements, "kind", "") in "US":
        raise ValueError(f"Expected numbers in X; got strings (dtype {elements}). Convert them to numbers first.")
    ndim = np.ndim(X) if hasattr(X, "ndim") else None
    if ndim is not None and ndim not in (2, 3):
        hint = " Reshape your data: X[None] if this is one case, X[:, None] if it is one time point a case."
        raise ValueError(f"{FORMS}; {name} got {ndim} dimensions.{hint if ndim == 1 else ''}")
    rules = {"allow_nd": True, "dtype": np.float32, "ensure_all_finite": False, "estimator": name}
    same_form = reset or ndim is None or (ndim == 2) == (estimator.n_timepoints_in_ is not None)
    with np.errstate(over="ignore"):  # what overflows float32 is reported with its place, see _check_values
        if same_form:
            del rules["estimator"]
            values = validate_data(estimator, X, reset=reset, **rules)
        else:
            values = check_array(X, **rules)
    if values.ndim not in (2, 3):
        raise ValueError(f"{FORMS}; {name} got {values.ndim} dimensions.")
    if values.size == 0:
        raise ValueError(f"{FORMS}; {name} got an empty array of shape {values.shape}.")
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
