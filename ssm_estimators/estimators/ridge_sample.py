"""Cases that stand for all: picked before a fit, or kept of batches that come one after the other."""

from dataclasses import replace

import numpy as np

from ssm_estimators.random_features.spectrum import Problem
from ssm_estimators.random_features.thresholds import pick_cases, sorted_cases
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.sources import Series


def pick(data: Series, problem: Problem, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Pick cases by their share of all weight, of two groups at least, without regard to the order of rows.

    Returns
    -------
    cases : ndarray of int
        Positions, ascending; all of them if there are at most so many.
    n_picked : ndarray
        How much each counts.
    """
    if len(data) <= most:
        return np.arange(len(data)), problem.weight
    picked = pick_cases(sorted_cases(data), problem.weight, (np.arange(most) + 0.5) / most)
    if problem.groups is not None:  # so that one can be left out
        picked = np.concatenate([picked, np.unique(problem.groups, return_index=True)[1][:2]])
    cases, n_picked = np.unique(picked, return_counts=True)
    return cases, n_picked.astype(float)


def pick_groups(groups: np.ndarray, weight: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Pick whole groups of at most so many cases; see :func:`pick`.

    Raises
    ------
    ValueError
        If no two groups together are so few cases.
    """
    names, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.RandomState(0).permutation(len(names))
    chosen = order[np.cumsum(sizes[order]) <= most]
    if len(chosen) < 2:
        raise ValueError(
            f"max_memory has room for {most} cases that are left out; two groups have more. Raise max_memory, or give "
            "smaller groups."
        )
    cases = np.flatnonzero(np.isin(number, chosen))
    return cases, weight[cases]


class PrioritySample:
    """Of all cases that were added, at most so many, drawn by weight; sums over them estimate sums over all [1]_.

    Each case has the priority weight / u, with u uniform between 0 and 1. Those of the highest priorities are kept, and
    each counts as its weight or as the highest priority that was not kept, whichever is more.

    Parameters
    ----------
    most : int

    Attributes
    ----------
    data : SeriesData
    cases : ndarray of int
        Positions of the kept cases among all, in the order of which they were added.

    References
    ----------
    .. [1] Duffield, Lund and Thorup, "Priority sampling for estimation of arbitrary subset sums", Journal of the ACM
       54, 2007.
    """

    def __init__(self, most: int):
        self._most, self._random = most, np.random.RandomState(0)
        self._n_added, self._bound = 0, 0.0
        self._priority = np.zeros(0)
        self.cases = np.zeros(0, dtype=np.int64)
        self.data: SeriesData
        self._problem: Problem

    def add(self, data: Series, problem: Problem) -> None:
        """Add cases."""
        priority = problem.weight / (1 - self._random.uniform(size=len(data)))
        every = np.concatenate([self._priority, priority])
        order = np.argsort(-every, kind="stable")
        kept = np.sort(order[: self._most])
        if len(every) > self._most:
            self._bound = max(self._bound, float(every[order[self._most]]))
        n_old = len(self._priority)
        old, new = kept[kept < n_old], kept[kept >= n_old] - n_old
        own, mine = data.select(new), problem.select(new)
        if n_old:
            own = self.data.select(old).joined(own)
            before, after = self._problem.select(old), mine
            Y, weight, copy_weight = (
                np.concatenate([getattr(part, name) for part in (before, after)])
                for name in ("Y", "weight", "copy_weight")
            )
            mine = Problem(Y, weight, copy_weight, None, problem.shared)
        self.data, self._problem = own, mine
        self.cases = np.concatenate([self.cases[old], self._n_added + new])
        self._priority, self._n_added = every[kept], self._n_added + len(data)

    @property
    def problem(self) -> Problem:
        """Of the kept cases."""
        return replace(self._problem, n_picked=np.maximum(self._problem.weight, self._bound))
