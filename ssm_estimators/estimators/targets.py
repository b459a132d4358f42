"""What classifiers and regressors, deep or not, do with y and with weights."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.validation import check_series


def check_training_data(
    estimator: BaseEstimator, X: Any, y: Any, sample_weight: Any, missing: str, dtype: Any
) -> tuple[SeriesData, np.ndarray | None]:
    """Everything that can be checked before the targets are read: the series and the weights of cases."""
    if y is None:
        name = type(estimator).__name__
        raise ValueError(f"This {name} estimator requires y to be passed, but the target y is None.")
    data = check_series(estimator, X, missing, reset=True)
    check_consistent_length(data.X, y)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, data.X.numpy(), dtype=dtype, ensure_non_negative=True)
    return data, sample_weight


def check_labels(y: Any) -> np.ndarray:
    """Labels as a vector, of any type that classes can have."""
    check_classification_targets(y)
    return np.asarray(column_or_1d(y, warn=True))


def find_classes(y: np.ndarray) -> np.ndarray:
    """Sorted labels, at least two."""
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"Expected at least two classes in y; got 1 class, {classes.tolist()[0]!r}. There is nothing to tell apart."
        )
    return classes


def encode_labels(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Position of each label among sorted classes."""
    position = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    if (unknown := classes[position] != y).any():
        raise ValueError(f"The label {y[unknown].tolist()[0]!r} is not in the training data.")
    return position


def check_groups(groups: Any, data: SeriesData) -> np.ndarray | None:
    """Groups as a vector, one a case, none missing."""
    if groups is None:
        return None
    groups = column_or_1d(groups)
    check_consistent_length(data.X, groups)
    if pd.isna(groups).any():
        raise ValueError(f"Expected a group for each case; case {int(np.flatnonzero(pd.isna(groups))[0])} has none.")
    return np.asarray(groups)


def weights_of_classes(
    class_weight: Any, classes: np.ndarray, position: np.ndarray, sample_weight: np.ndarray | None
) -> np.ndarray:
    """For each case the weight of its class; "balanced" counts cases by ``sample_weight``."""
    if class_weight is None:
        return np.ones(len(position))
    weights = compute_class_weight(class_weight, classes=classes, y=classes[position], sample_weight=sample_weight)
    if (weights < 0).any():
        raise ValueError(f"class_weight must not be negative; got {class_weight}.")
    return np.asarray(weights[position], dtype=np.float64)


def check_numbers(y: Any) -> np.ndarray:
    """Targets as float64, (n_cases,) or (n_cases, n_targets)."""
    y = check_array(y, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="y")
    if y.ndim > 2:
        raise ValueError(f"Expected y of shape (n_cases,) or (n_cases, n_targets); got {y.shape}.")
    return np.asarray(y)
