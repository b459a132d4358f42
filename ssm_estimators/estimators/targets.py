"""What classifiers and regressors, deep or not, do with y and with weights."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Number, Real
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from ssm_estimators.series.dask_series import is_dask
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.sources import Series

# scikit-learn 1.8 accepts weights that are all zero, 1.9 does so if asked; what is said of them here is more
_ACCEPTED = inspect.signature(_check_sample_weight).parameters
_ALLOW_ZEROS = {name: True for name in ("allow_all_zero_weights",) if name in _ACCEPTED}

Data = TypeVar("Data", SeriesData, Series)


@dataclass(frozen=True)
class TrainingCases(Generic[Data]):
    """Cases that count: what a fit learns from, checked.

    Attributes
    ----------
    data : SeriesData, StoredSeries or DaskSeries
    y : ndarray of shape (n_cases,) or (n_cases, n_targets)
    sample_weight : ndarray of shape (n_cases,), float64, or None
        Above zero.
    groups : ndarray of shape (n_cases,) or None
    all_cases : AllCases or None
        What the fit was given, if some of its cases do not count.
    """

    data: Data
    y: np.ndarray
    sample_weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    all_cases: "AllCases | None" = None

    def kept(self, mask: np.ndarray) -> "TrainingCases[Data]":
        """The cases where ``mask`` is True."""
        if mask.all():
            return self
        weight, groups = (None if part is None else part[mask] for part in (self.sample_weight, self.groups))
        given = AllCases(self.y, self.groups, np.flatnonzero(mask))
        return TrainingCases(self.data.kept(mask), self.y[mask], weight, groups, given)


class AllCases(NamedTuple):
    """What a fit was given.

    Attributes
    ----------
    y : ndarray of shape (n_cases,) or (n_cases, n_targets)
    groups : ndarray of shape (n_cases,) or None
    kept : ndarray of int
        Positions of the cases that count.
    """

    y: np.ndarray
    groups: np.ndarray | None
    kept: np.ndarray


def check_training_data(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    sample_weight: Any,
    groups: Any,
    missing: str,
    check: Callable[..., Data],
    reset: bool = True,
) -> TrainingCases[Data]:
    """Check everything that a fit is given, and leave out the cases that have no weight.

    A case without weight is nowhere seen again: not in scales, classes, epochs or splits.

    Parameters
    ----------
    estimator : BaseEstimator
        A classifier's ``y`` are labels and it may have a ``class_weight``; another's are numbers.
    X, y, sample_weight, groups : as of ``fit``
    missing : {"error", "mask"}
    check : callable
        :func:`check_series`, or another one that says in which forms X may be.
    reset : bool, default=True
        Whether these are the first cases that the estimator sees.

    Raises
    ------
    ValueError
        If one of them is not as ``fit`` says, or no case has any weight.
    """
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} estimator requires y to be passed, but the target y is None.")
    y, sample_weight, groups = (part.compute() if is_dask(part) else part for part in (y, sample_weight, groups))
    data = check(estimator, X, missing, reset=reset)
    y = check_target(estimator, y, len(data))
    counts = np.ones(len(data), dtype=bool)
    for name, values in (("sample_weight", sample_weight), ("groups", groups)):
        if np.ma.is_masked(values):
            raise ValueError(f"Expected one number for each case in {name}; that of some cases is masked.")
    if sample_weight is not None:
        sample_weight = sample_weight.detach() if isinstance(sample_weight, torch.Tensor) else sample_weight
        sample_weight = _check_sample_weight(
            sample_weight, data, dtype=np.float64, ensure_non_negative=True, **_ALLOW_ZEROS
        )
        counts = sample_weight > 0
    class_weight = getattr(estimator, "class_weight", None)
    if isinstance(class_weight, dict):
        counts = counts & ~np.isin(y, _without_weight(class_weight))
    if not counts.any():
        raise ValueError("Expected a weight above zero of at least one case; all sample or class weights are zero.")
    return TrainingCases(data, y, sample_weight, check_groups(groups, data)).kept(counts)


def _without_weight(class_weight: dict[Any, Any]) -> list[Any]:
    """Labels whose weight is zero; the others' are checked too."""
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
            raise ValueError(
                f"Expected class_weight as finite numbers that are not negative; got {weight!r} for {label!r}."
            )
    return [label for label, weight in class_weight.items() if weight == 0]


def check_target(estimator: BaseEstimator, y: Any, n_cases: int) -> np.ndarray:
    """Targets of cases: a classifier's labels, another's numbers."""
    if isinstance(y, np.ma.MaskedArray):
        if (hidden := np.argwhere(np.ma.getmaskarray(y))).size:
            raise ValueError(f"Expected a target for each case; that of case {hidden[0, 0]} is masked.")
        y = y.data
    y = y.detach() if isinstance(y, torch.Tensor) else y
    y = check_labels(y) if is_classifier(estimator) else check_numbers(y)
    if len(y) != n_cases:
        raise ValueError(f"Expected one target for each case; X has {n_cases} cases and y has {len(y)}.")
    return y


def check_labels(y: Any) -> np.ndarray:
    """Labels as a vector, of any type that classes can have."""
    try:
        labels = y if hasattr(y, "__array_namespace__") else np.asarray(y)
    except ValueError as error:
        raise ValueError(
            f"Expected labels of one kind in y, one for each case; got {type(y[0]).__name__}s and others."
        ) from error
    if labels.dtype == object and labels.ndim:
        unknown = np.flatnonzero(pd.isna(labels.ravel()))
        if len(unknown):
            raise ValueError(f"Expected a label for each case; case {unknown[0]} has {labels.ravel()[unknown[0]]!r}.")
        kinds = sorted({type(label).__name__ for label in labels.flat if not isinstance(label, Number)})
        kinds += ["numbers"] * any(isinstance(label, Number) for label in labels.flat)
        if len(kinds) > 1:
            raise ValueError(f"Expected labels of one kind in y; got {' and '.join(kinds)}. Convert them, as to str.")
    check_classification_targets(y)
    return np.asarray(column_or_1d(y, warn=True))


def find_classes(y: np.ndarray) -> np.ndarray:
    """Sorted labels, at least two."""
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"Expected at least two classes in y; got 1 class, {classes.tolist()[0]!r}, among the cases with a weight "
            "above zero. There is nothing to tell apart."
        )
    return classes


def encode_labels(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Position of each label among sorted classes."""
    position = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    if (unknown := classes[position] != y).any():
        raise ValueError(f"The label {y[unknown].tolist()[0]!r} is not in the training data.")
    return position


def check_groups(groups: Any, data: Series) -> np.ndarray | None:
    """Groups as a vector, one per case, none missing."""
    if groups is None:
        return None
    groups = column_or_1d(groups)
    check_consistent_length(data, groups)
    if pd.isna(groups).any():
        raise ValueError(f"Expected a group for each case; case {int(np.flatnonzero(pd.isna(groups))[0])} has none.")
    return np.asarray(groups)


def weights_of_classes(
    class_weight: Any, classes: np.ndarray, position: np.ndarray, sample_weight: np.ndarray | None
) -> np.ndarray:
    """For each case the weight of its class; "balanced" counts cases by ``sample_weight``."""
    if class_weight is None:
        return np.ones(len(position))
    if isinstance(class_weight, dict):
        class_weight = {label: weight for label, weight in class_weight.items() if weight != 0}
    weights = compute_class_weight(class_weight, classes=classes, y=classes[position], sample_weight=sample_weight)
    return np.asarray(weights[position], dtype=np.float64)


def check_numbers(y: Any) -> np.ndarray:
    """Targets as float64, (n_cases,) or (n_cases, n_targets)."""
    y = check_array(y, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="y")
    if y.ndim not in (1, 2) or y.shape[1:] == (0,):
        raise ValueError(f"Expected y of shape (n_cases,) or (n_cases, n_targets); got {y.shape}.")
    if np.abs(y).max() > LARGEST:
        raise ValueError(f"Expected targets of at most {LARGEST:g} in size; got {np.abs(y).max():g}. Scale y.")
    return np.asarray(y)


LARGEST = 1e100  # of targets, whose squares are summed
