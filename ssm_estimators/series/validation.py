"""What a user may hand in as X, checked once and brought to one form."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from ssm_estimators.notices import warn
from ssm_estimators.series.dask_series import DaskSeries, is_dask
from ssm_estimators.series.data import SeriesData, longest_of
from ssm_estimators.series.forms import FORMS, plain_form
from ssm_estimators.series.sources import Series
from ssm_estimators.series.stored import StoredSeries, stored_arrays

LARGEST = float(np.finfo(np.float32).max)
CHECKED = 2**24  # values at a time
SURELY_CHANNELS_LAST = 8  # channels per time point: no series that were seen had so many


@dataclass(frozen=True)
class Panel:
    """Series beside each other.

    Attributes
    ----------
    values : ndarray of shape (n_cases, n_channels, longest), float32 or float64
        As the user's numbers are: nothing is rounded before it is centred.
    lengths : ndarray of shape (n_cases,), int
    two_d : bool
        Whether they came as rows of a two-dimensional table.
    names : list of str or None
        Of the channels, where frames say.
    """

    values: NDArray[Any]
    lengths: NDArray[np.int64]
    two_d: bool = False
    names: list[str] | None = None

    def channel(self, number: int) -> str:
        """How to call a channel in an error."""
        return f"channel {number}" if self.names is None else f"channel {number} ({self.names[number]!r})"


def check_series(estimator: BaseEstimator, X: Any, missing: str, reset: bool) -> SeriesData:
    """Series of any accepted form as one tensor and the length of each.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets ``n_features_in_``, ``n_channels_in_``, ``n_timepoints_in_`` (None if any length is allowed) and, of named
        channels, ``channel_names_in_`` when ``reset``, and is held against them when not.
    X : array-like, DataFrame or list of arrays or frames
        See :func:`~ssm_estimators.series.forms.plain_form`.
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
        If X has another form, is empty, holds strings, NaN (with ``missing="error"``) or infinity, has irregular time
        stamps, or does not fit what the estimator was fitted on.
    """
    X = plain_form(X)
    if isinstance(X, list) and len(X) and getattr(X[0], "shape", None):
        panel = _from_list(X, None if reset else getattr(estimator, "channel_names_in_", None))
        if reset:
            estimator.n_features_in_ = panel.values.shape[1]
            vars(estimator).pop("feature_names_in_", None)
    else:
        panel = _from_array(estimator, X, _dimensions(X), reset)
    _check_shape(estimator, panel, reset)
    lengths = np.concatenate([_check_values(panel, rows, missing) for rows in _batches(panel.values)])

    longest = int(lengths.max())
    values = np.require(panel.values[..., :longest], requirements=("C", "W"))  # else as it is, without a copy
    if (lengths == longest).all():
        return SeriesData(torch.as_tensor(values))
    ends = torch.tensor(lengths)
    past_end = torch.arange(longest) >= ends[:, None, None]
    return SeriesData(torch.as_tensor(values).masked_fill(past_end, 0), ends)


def check_stored_series(estimator: BaseEstimator, X: Any, missing: str, reset: bool) -> Series:
    """As :func:`check_series`, but what is stored stays there: it is read and checked some cases at a time.

    Parameters
    ----------
    estimator, missing, reset
        As of :func:`check_series`.
    X : object
        As of :func:`check_series`, or a stored form, see :func:`~ssm_estimators.series.stored.stored_arrays`.

    Returns
    -------
    SeriesData or StoredSeries
    """
    arrays = stored_arrays(X)
    if arrays is None and not is_dask(X):
        return check_series(estimator, X, missing, reset)
    data = DaskSeries.of(X) if arrays is None else StoredSeries.of(arrays)
    if reset:
        estimator.n_features_in_ = data.n_timepoints if data.two_d else data.n_channels
        vars(estimator).pop("feature_names_in_", None)
    shape = (len(data), data.n_channels, data.n_timepoints)
    whole = np.full(len(data), data.n_timepoints)
    _check_shape(estimator, Panel(np.broadcast_to(0.0, shape), whole, data.two_d), reset)
    lengths = data.each_block(_lengths_of, missing, by_case=(np.arange(len(data)),))
    longest, unequal = longest_of(torch.from_numpy(lengths))
    return replace(data, n_timepoints=longest, lengths=unequal)


def _lengths_of(data: StoredSeries, cases: NDArray[Any], missing: str) -> NDArray[Any]:
    """Check the values of stored cases, which are called by these numbers; return their lengths."""
    lengths = []
    for mine in data.batches(len(data)):
        values = data.values(mine)
        panel = Panel(values, np.full(len(mine), values.shape[2]))
        lengths.append(_check_values(panel, slice(0, len(mine)), missing, int(cases[mine[0]])))
    return np.concatenate(lengths)


def _from_list(X: list[Any], fitted_names: Any) -> Panel:
    first = next((x for x in X if isinstance(x, pd.DataFrame)), pd.DataFrame())
    names = _names(first) if fitted_names is None or _names(first) is None else list(fitted_names)
    series = []
    for case, x in enumerate(X):
        if isinstance(x, pd.DataFrame):
            x = _by_name(case, x, list(first.columns) if names is None else names)
        values = np.asarray(x)
        series.append(values[None] if values.ndim == 1 else values)
    n_channels = series[0].shape[0]
    for i, x in enumerate(series):
        if x.dtype == object:
            x = series[i] = _numbers(i, x)
        if x.dtype.kind not in "biuf":
            raise ValueError(f"Expected numbers in X; case {i} has dtype {x.dtype}.")
        if x.ndim != 2 or x.shape[0] != n_channels or 0 in x.shape:
            raise ValueError(
                f"Expected every case as (n_channels={max(n_channels, 1)}, n_timepoints >= 1); "
                f"case {i} has shape {x.shape}."
            )
    lengths = np.array([x.shape[1] for x in series])
    single = all(x.dtype in (np.float32, np.float16) for x in series)
    values = np.zeros((len(series), n_channels, lengths.max()), dtype=np.float32 if single else np.float64)
    for row, x in zip(values, series, strict=True):
        row[:, : x.shape[1]] = x
    return Panel(values, lengths, names=names)


def _names(x: Any) -> list[str] | None:
    """Names of a frame's channels; None if it has none, or only numbers."""
    named = isinstance(x, pd.DataFrame) and len(x.columns) and all(isinstance(name, str) for name in x.columns)
    return list(x.columns) if named else None


def _by_name(case: int, x: pd.DataFrame, names: list[Any]) -> NDArray[Any]:
    """A frame's channels in the order of these names, (n_channels, n_timepoints)."""
    columns = list(x.columns)
    if len(set(columns)) < len(columns) or set(columns) != set(names):
        lacking, further = [n for n in names if n not in columns], [n for n in columns if n not in names]
        raise ValueError(
            f"Expected each of the columns {names} once in every frame; case {case} has {columns}: "
            f"it lacks {lacking}, and has {further} besides."
        )
    return np.asarray(x[names].to_numpy().T)


def _numbers(case: int, x: NDArray[Any]) -> NDArray[Any]:
    """Objects as numbers."""
    try:
        return np.where(pd.isna(x), np.nan, x).astype(np.float64)  # pandas' NA is no float
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected numbers in X; case {case} holds other objects: {error}") from error


def _dimensions(X: Any) -> int:
    """Number of dimensions; errors name the form of X where scikit-learn would name a conversion, or nothing."""
    if issparse(X):
        return 2  # scikit-learn refuses it
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise ValueError(f"{FORMS}; got lists of unequal length. Make each case an array.") from error
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{FORMS}; got what makes no array: {error}") from error
    if array.dtype.kind in "USmM" or _holds(array, str | bytes):
        raise ValueError(f"Expected numbers in X; got strings or times (dtype {array.dtype}). Convert them to numbers.")
    if array.dtype.kind == "V":
        raise ValueError(f"{FORMS}; got an array of records (dtype {array.dtype}).")
    if _holds(array, np.ndarray | pd.Series | list):
        raise ValueError(f"X is an array of arrays. {FORMS}: make each case an array.")
    if array.ndim not in (2, 3) and not _holds(array, object):
        hint = " Reshape your data: X[None] if this is one case, X[:, None] if it is one time point per case."
        raise ValueError(f"{FORMS}; got {array.ndim} dimensions.{hint * (array.ndim == 1)}")
    if array.size == 0 and array.ndim == 3:
        raise ValueError(f"{FORMS}; got an empty array of shape {array.shape}.")
    return array.ndim


def _holds(array: np.ndarray, types: Any) -> bool:
    return array.dtype == np.dtype(object) and any(isinstance(value, types) for value in array.flat)


def _from_array(estimator: BaseEstimator, X: Any, ndim: int, reset: bool) -> Panel:
    rules = {"allow_nd": True, "dtype": [np.float64, np.float32], "ensure_all_finite": False}
    if reset or (ndim == 2 and estimator.n_timepoints_in_ is not None):
        values = validate_data(estimator, X, reset=reset, **rules)
    else:  # channels and lengths are compared with the fit's below
        values = check_array(X, estimator=estimator, input_name="X", **rules)
    two_d = values.ndim == 2
    values = values[:, None] if two_d else values
    return Panel(values, np.full(len(values), values.shape[2]), two_d)


def _check_shape(estimator: BaseEstimator, panel: Panel, reset: bool) -> None:
    _warn_of_layout(panel)
    if reset:
        _remember(estimator, panel)
    else:
        _check_against_fit(estimator, panel)


def _warn_of_layout(panel: Panel) -> None:
    _, n_channels, longest = panel.values.shape
    if n_channels > SURELY_CHANNELS_LAST * longest:
        warn(
            f"X is read as {n_channels} channels of {longest} time points, in the layout (n_cases, n_channels, "
            "n_timepoints). If they are time points, swap the last two axes: X.swapaxes(1, 2), or the transpose of "
            "each array of a list."
        )


def _remember(estimator: BaseEstimator, panel: Panel) -> None:
    estimator.n_channels_in_ = panel.values.shape[1]
    estimator.n_timepoints_in_ = panel.values.shape[2] if panel.two_d else None
    vars(estimator).pop("channel_names_in_", None)
    if panel.names is not None:
        estimator.channel_names_in_ = np.array(panel.names, dtype=object)


def _check_against_fit(estimator: BaseEstimator, panel: Panel) -> None:
    name, lengths = type(estimator).__name__, panel.lengths
    n_channels, n_timepoints = estimator.n_channels_in_, estimator.n_timepoints_in_
    if panel.values.shape[1] != n_channels:
        how = " as two-dimensional input, one channel" if panel.two_d else ""
        raise ValueError(
            f"Expected as many channels as in fit: {name} was fitted on {n_channels} channel{'s' * (n_channels != 1)}; "
            f"X has {panel.values.shape[1]}{how}. X is read as (n_cases, n_channels, n_timepoints)."
        )
    if n_timepoints is not None and (lengths != n_timepoints).any():
        raise ValueError(
            f"{name} was fitted on two-dimensional X with {n_timepoints} features, the time points; X has "
            f"{sorted(set(lengths.tolist()))[:5]}. Fit on (n_cases, 1, n_timepoints) to predict other lengths."
        )


def _batches(values: NDArray[Any]) -> list[slice]:
    """Cases that are checked at a time, since checks take copies."""
    step = max(1, CHECKED // (values.shape[1] * values.shape[2]))
    return [slice(start, start + step) for start in range(0, len(values), step)]


def _check_values(panel: Panel, rows: slice, missing: str, n_before: int = 0) -> NDArray[Any]:
    """Refuse what is not a number; return the lengths of these cases, less missing values at the end."""
    values, lengths = panel.values[rows], panel.lengths[rows]
    first = n_before + rows.start
    unknown = np.isnan(values)
    wrong = ~(np.abs(values) <= LARGEST)
    if missing == "mask":
        wrong &= ~unknown
    if wrong.any():
        case, channel, time = np.argwhere(wrong)[0]
        place = f"case {first + case}, {panel.channel(int(channel))}, time point {time}"
        if unknown[case, channel, time]:
            todo = "missing='mask' accepts NaN; a list of arrays holds series of unequal length."
            raise ValueError(f"X contains NaN at {place}. {todo}")
        value = values[case, channel, time]
        what = "infinity" if np.isinf(value) else f"{value:g}, a value too large for float32"
        raise ValueError(
            f"Expected numbers of at most {LARGEST:.2g} in size; X contains {what} at {place}. Scale X, or remove "
            "infinities."
        )
    if not unknown.any():
        return lengths
    seen = ~unknown.all(axis=1) & (np.arange(values.shape[2]) < lengths[:, None])
    if not seen.any(axis=1).all():
        empty = first + int(np.flatnonzero(~seen.any(axis=1))[0])
        raise ValueError(f"Case {empty} of X has no value: all of it is NaN.")
    return np.asarray(values.shape[2] - np.argmax(seen[:, ::-1], axis=1))
