"""How a fit of the ridge estimators keeps to ``max_memory``."""

from bisect import bisect_left, bisect_right
from typing import Any, NamedTuple

import numpy as np

from ssm_estimators.declaration import declared
from ssm_estimators.notices import warn
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features import fit as features_fit
from ssm_estimators.random_features.filter_bank import widths
from ssm_estimators.random_features.parameters import FeatureParameters
from ssm_estimators.random_features.ridge import LANDMARKS, MOST_EXACT, MOST_LANDMARKS, members_bytes
from ssm_estimators.random_features.spectrum import Problem
from ssm_estimators.random_features.sums import solving_bytes, sums_bytes
from ssm_estimators.series.sources import Series

MOST_SAMPLED, FEWEST_SAMPLED = 10_000, 100  # cases
SAMPLE, BATCH = 1 / 6, 1 / 24  # of the memory, for features of the sample and of a batch


class Plan(NamedTuple):
    """What a fit can afford.

    Attributes
    ----------
    features : StateSpaceFeatures
        Unfitted.
    n_landmarks : int
        Of each Gaussian member.
    n_sample, n_batch, n_tables : int
        Cases whose features are held, and tables whose sums are, if the regressions are fitted from sums; else 0.
    """

    features: StateSpaceFeatures
    n_landmarks: int
    n_sample: int = 0
    n_batch: int = 0
    n_tables: int = 0

    def n_passes(self, n_windows: int) -> int:
        """Over the cases, for each part."""
        n_tables = 1 + (n_windows if n_windows > 1 else 0)
        return -(-n_tables // self.n_tables) if self.n_tables else 1


def affordable(estimator: Any, n_timepoints: int, problem: Problem, members: dict[str, tuple[str, ...]]) -> Plan:
    """Decide how to fit within ``max_memory``.

    With the features of all cases at once if there is room, perhaps with fewer landmarks; else from sums, if there are
    more cases than features in a table; else without windows and with fewer kernels.

    Raises
    ------
    ValueError
        If there is no room for any kernel.
    """
    budget = _Budget(estimator, n_timepoints, problem, sum(map(len, members.values())))
    n_cases, n_kernels, n_windows = len(problem.Y), estimator.n_kernels, estimator.n_windows
    wanted = n_cases if n_cases <= MOST_EXACT else MOST_LANDMARKS
    choices = [wanted, *(n for n in LANDMARKS if n < wanted)] if "gaussian" in members["all time"] else [0]
    for n_landmarks in choices:
        if budget.at_once(n_kernels, n_windows, n_landmarks) <= estimator.max_memory:
            return Plan(budget.features, n_landmarks)
    for n_landmarks in [n for n in choices if n <= MOST_LANDMARKS]:
        if (plan := budget.from_sums(n_kernels, n_landmarks)) is not None:
            return plan
    affordable_kernels = bisect_right(
        range(1, n_kernels + 1), estimator.max_memory, key=lambda n: budget.at_once(n, 1, n_landmarks)
    )
    if affordable_kernels == 0:
        raise ValueError(
            f"max_memory={estimator.max_memory} GB is too small for the features of {n_cases} cases: "
            f"expected at least {1.01 * budget.at_once(1, 1, n_landmarks):.3g}."
        )
    warn(
        f"max_memory={estimator.max_memory} GB is too small for {n_kernels} kernels with {n_windows} "
        f"windows on {n_cases} cases. {affordable_kernels} kernels without windows are used, which may cost accuracy. "
        f"Set max_memory={1.01 * budget.at_once(n_kernels, n_windows, wanted):.3g} to use all."
    )
    budget.features.set_params(n_kernels=affordable_kernels, n_windows=1)
    return Plan(budget.features, n_landmarks)


def affordable_in_batches(estimator: Any, data: Series, problem: Problem, members: dict[str, tuple[str, ...]]) -> Plan:
    """Decide how to fit to batches, of which the first is given: perhaps with fewer landmarks.

    Raises
    ------
    ValueError
        If there is no room for the sums of all regressions.
    """
    budget = _Budget(estimator, data.n_timepoints, problem, sum(map(len, members.values())))
    n_values, n_kernels, memory = data.n_channels * data.n_timepoints, estimator.n_kernels, estimator.max_memory
    choices = [n for n in LANDMARKS if n <= max(len(data), LANDMARKS[-1])] if "gaussian" in members["all time"] else [0]
    for n_landmarks in choices:
        if (plan := budget.in_batches(n_kernels, n_landmarks, n_values, memory)) is not None:
            return plan

    def fits(n_kernels: int, memory: float) -> bool:
        return budget.in_batches(n_kernels, choices[-1], n_values, memory) is not None

    enough = next(m for i in range(1, 1000) if fits(n_kernels, m := memory * 1.05**i))
    most = bisect_left(range(1, n_kernels + 1), True, key=lambda n: not fits(n, memory))
    fewer = f", or n_kernels={most} or fewer" if most else ""
    raise ValueError(
        f"max_memory={memory} GB is too small for the sums of {n_kernels} kernels with {estimator.n_windows} windows: "
        f"set max_memory={enough:.3g}{fewer}; or use fit, which collects the sums one after the other."
    )


class _Budget:
    """Memory of the ways to fit a problem.

    Parameters
    ----------
    estimator : StateSpaceRidge
    n_timepoints : int
    problem : Problem
    n_members : int
        Of a part.
    """

    def __init__(self, estimator: Any, n_timepoints: int, problem: Problem, n_members: int):
        self.features = StateSpaceFeatures(**{name: getattr(estimator, name) for name in declared(FeatureParameters)})
        self._most_windows = estimator.n_windows
        self._n_timepoints, self._n_members = n_timepoints, n_members
        self._n_cases, self._n_targets = problem.Y.shape
        self._weight = float(problem.weight.sum())
        sizes = [1] if problem.groups is None else np.unique(problem.groups, return_counts=True)[1]
        self._largest_group = int(max(sizes))

    def at_once(self, n_kernels: int, n_windows: int, n_landmarks: int) -> float:
        """Gigabytes of a fit, or twice those of its features, since these are there while others are computed."""
        n_features, n_parts, _ = self._tables(n_kernels, n_windows)
        left_out = 16 * self._n_cases * self._n_targets * n_parts * self._n_members
        whole = members_bytes(self._n_cases, self._n_targets, n_features, n_landmarks, self._largest_group) + left_out
        return max(whole, 2 * (4 * self._n_cases * sum(n_features) + left_out)) / 1e9

    def from_sums(self, n_kernels: int, n_landmarks: int) -> Plan | None:
        """How to fit from sums, with those of as many tables at once as there is room for; None if of not one."""
        memory = self.features.max_memory * 1e9
        n_features, n_parts, n_windows = self._tables(n_kernels, self._most_windows)
        n_tables = 1 + (n_windows if len(n_features) > 1 else 0)
        n_sample, n_batch = (int(share * memory / (4 * sum(n_features))) for share in (SAMPLE, BATCH))
        n_sample = min(self._n_cases, MOST_SAMPLED, n_sample)
        if self._n_cases <= max(n_features[0], n_sample) or n_sample <= n_landmarks or n_batch == 0:
            return None
        held = 4 * sum(n_features) * n_sample + 16 * n_sample * self._n_targets * n_parts * (1 + n_tables)
        solving = solving_bytes(n_features[0], n_landmarks, self._n_targets, n_sample, self._largest_group)
        held += max(solving, 8 * sum(n_features) * n_batch)  # one after the other
        for n_at_once in range(n_tables, 0, -1):
            if held + sums_bytes(n_features[0], n_at_once, n_landmarks) <= memory:
                return Plan(self.features, n_landmarks, n_sample, n_batch, n_at_once)
        return None

    def in_batches(self, n_kernels: int, n_landmarks: int, n_values: int, max_memory: float) -> Plan | None:
        """How to fit to batches of cases of so many values, with the sums of all tables at once; None if not so."""
        memory = max_memory * 1e9
        n_features, n_parts, n_windows = self._tables(n_kernels, self._most_windows)
        n_tables = 1 + (n_windows if len(n_features) > 1 else 0)
        n_members = n_parts * self._n_members * n_tables
        of_case = 8 * sum(n_features) + 24 * n_values + 16 * self._n_targets * n_members
        n_sample = min(MOST_SAMPLED, int(SAMPLE * memory / of_case))
        n_batch = int(BATCH * memory / (8 * sum(n_features) + 16 * n_values))
        if n_sample < FEWEST_SAMPLED or n_sample <= n_landmarks or n_batch == 0:
            return None
        sums = sums_bytes(n_features[0], n_parts * n_tables, n_landmarks)
        sums += solving_bytes(n_features[0], n_landmarks, self._n_targets, n_sample)
        sums += 8 * max(n_features[0], n_landmarks) ** 2  # a copy, to solve
        sums += (n_parts - 1) * n_landmarks * (16 * n_landmarks + 10 * n_features[0])
        if of_case * n_sample + BATCH * memory + sums > memory:
            return None
        return Plan(self.features, n_landmarks, n_sample, n_batch, n_tables)

    def _tables(self, n_kernels: int, n_windows: int) -> tuple[list[int], int, int]:
        """Features over all time and over windows, and the numbers of parts and windows."""
        self.features.set_params(n_kernels=n_kernels, n_windows=n_windows)
        plan = features_fit.Plan.of(self.features, self._n_timepoints, self._weight)
        n_kernels = len(plan.directions) * plan.n_groups * self.features.group_size
        return [n_kernels * width for width in widths(plan.pooling, plan.n_windows)], len(plan.parts), plan.n_windows
