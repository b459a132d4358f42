"""Which cases are held out of training to judge it."""

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit


def validation_split(
    validation: Any, n_cases: int, labels: np.ndarray | None, groups: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions of the training and the validation cases.

    Parameters
    ----------
    validation : float or scikit-learn splitter
        A share of the cases (drawn a class where ``labels`` allow it, whole groups where there are ``groups``), or a
        splitter whose first split is taken.
    n_cases : int
    labels : ndarray of shape (n_cases,) or None
        Classes, to keep their shares.
    groups : ndarray of shape (n_cases,) or None
    seed : int

    Returns
    -------
    tuple of ndarray, or None
        None, with a warning, if there are too few cases or groups to hold any out.
    """
    positions = np.zeros((n_cases, 1))
    if hasattr(validation, "split"):
        train, held_out = next(iter(validation.split(positions, labels, groups)))
        return np.asarray(train), np.asarray(held_out)
    units = n_cases if groups is None else len(np.unique(groups))
    n_held_out = round(validation * units)
    if n_held_out < 1 or n_held_out >= units:
        warnings.warn(
            f"validation={validation} of {units} {'cases' if groups is None else 'groups'} holds out none or all; "
            "training goes on without validation, and its own loss is watched instead.",
            UserWarning,
            stacklevel=2,
        )
        return None
    splitter: Any
    if groups is not None:
        splitter = GroupShuffleSplit(1, test_size=n_held_out, random_state=seed)
    elif _can_stratify(labels, n_held_out, n_cases):
        splitter = StratifiedShuffleSplit(1, test_size=n_held_out, random_state=seed)
    else:
        splitter = ShuffleSplit(1, test_size=n_held_out, random_state=seed)
    train, held_out = next(splitter.split(positions, labels, groups))
    return train, held_out


def _can_stratify(labels: np.ndarray | None, n_held_out: int, n_cases: int) -> bool:
    if labels is None:
        return False
    counts = np.unique(labels, return_counts=True)[1]
    return counts.min() >= 2 and min(n_held_out, n_cases - n_held_out) >= len(counts)
