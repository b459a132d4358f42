"""Which cases are held out of training to judge it."""

from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

from ssm_estimators.notices import warn


def validation_split(
    validation: Any,
    target: np.ndarray,
    is_classifier: bool,
    groups: np.ndarray | None,
    seed: int,
    all_cases: tuple[np.ndarray, np.ndarray | None, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions of the training and the validation cases.

    Parameters
    ----------
    validation : float or scikit-learn splitter
        A share of the cases (of each class where there are enough of them, whole groups where there are ``groups``),
        or a splitter whose first split is taken.
    target : ndarray of shape (n_cases,) or (n_cases, n_targets)
    is_classifier : bool
        Whether the target is a class, which training must not lose.
    groups : ndarray of shape (n_cases,) or None
    seed : int
    all_cases : tuple or None, default=None
        Targets and groups of all cases, which a splitter counts, and the positions among them of those of ``target``;
        ``None``: these are all.

    Returns
    -------
    tuple of ndarray, or None
        None, with a warning, if there are too few cases or groups to hold any out.
    """
    n_cases = len(target)
    if hasattr(validation, "split"):
        y, all_groups, kept = all_cases or (target, groups, np.arange(n_cases))
        position = np.full(len(y), -1)
        position[kept] = np.arange(n_cases)
        first = _first_split(validation, y, all_groups)
        train, held_out = (part[part >= 0] for part in (position[side] for side in first))
        _check_split(validation, target, is_classifier, train, held_out)
        return train, held_out
    n_groups = n_cases if groups is None else len(np.unique(groups))
    n_held_out = round(validation * n_groups)
    if n_held_out < 1 or n_held_out >= n_groups:
        _warn_of_no_split(validation, n_groups, groups)
        return None
    splitter: Any
    if groups is not None:
        splitter = GroupShuffleSplit(1, test_size=n_held_out, random_state=seed)
    elif is_classifier and _can_stratify(target, n_held_out, n_cases):
        splitter = StratifiedShuffleSplit(1, test_size=n_held_out, random_state=seed)
    else:
        splitter = ShuffleSplit(1, test_size=n_held_out, random_state=seed)
    train, held_out = next(splitter.split(np.zeros((n_cases, 1)), target, groups))
    if is_classifier:
        lost = ~np.isin(target[held_out], target[train])  # of a class whose few members or groups were all drawn
        if groups is not None:
            lost = np.isin(groups[held_out], groups[held_out[lost]])
        train, held_out = np.r_[train, held_out[lost]], held_out[~lost]
    if not len(held_out):
        _warn_of_no_split(validation, n_groups, groups)
        return None
    return train, held_out


def _warn_of_no_split(validation: float, n_groups: int, groups: np.ndarray | None) -> None:
    warn(
        f"validation={validation} of {n_groups} {'cases' if groups is None else 'groups'} holds out none, or all of "
        "some class. The network is trained without validation, and the training loss is watched instead."
    )


def _can_stratify(labels: np.ndarray, n_held_out: int, n_cases: int) -> bool:
    counts = np.unique(labels, return_counts=True)[1]
    return counts.min() >= 2 and min(n_held_out, n_cases - n_held_out) >= len(counts)


def _first_split(splitter: Any, y: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    first = next(iter(splitter.split(np.zeros((len(y), 1)), y, groups)), None)
    if first is None:
        raise ValueError(f"validation={splitter} yields no split.")
    return np.asarray(first[0], dtype=int), np.asarray(first[1], dtype=int)


def _check_split(
    splitter: Any, target: np.ndarray, is_classifier: bool, train: np.ndarray, held_out: np.ndarray
) -> None:
    if not len(train) or not len(held_out):
        raise ValueError(
            f"validation={splitter} splits {len(target)} cases into {len(train)} and {len(held_out)}. Expected some in "
            "both parts."
        )
    if is_classifier and len(lost := np.setdiff1d(target, target[train])):
        raise ValueError(
            f"validation={splitter} holds out all cases of {len(lost)} of the classes, so that none is left to train "
            "on. Use a stratified splitter, or a share of the cases."
        )
