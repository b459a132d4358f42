"""The ways to fit the ridges' members: with the features of all cases in memory, or from sums."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ssm_estimators.estimators.ridge_memory import Plan
from ssm_estimators.estimators.ridge_sample import PrioritySample, pick, pick_groups
from ssm_estimators.random_features.filter_bank import FilterBank, Resources
from ssm_estimators.random_features.ridge import N_TRIED, GaussianRidge, LinearRidge, fit_members
from ssm_estimators.random_features.scaling import Scaling
from ssm_estimators.random_features.spectrum import Problem, Sums
from ssm_estimators.random_features.sums import TableSums
from ssm_estimators.random_features.views import Part
from ssm_estimators.series.dask_series import DaskSeries
from ssm_estimators.series.data import SeriesData, in_batches
from ssm_estimators.series.sources import Series

Members = dict[str, tuple[str, ...]]  # kinds of members by level, "all time" or "windows"


@dataclass
class Regressions:
    """What a fit finds.

    Attributes
    ----------
    left_out_cases : ndarray of int
        Positions of the cases that are left out in turn.
    left_out_problem : Problem
        Of these.
    scalings : dict
        By representation, longest time constant and table.
    ridges : dict
        By the same and the kind of member.
    """

    left_out_cases: np.ndarray
    left_out_problem: Problem
    scalings: dict[tuple[str, float, str], Scaling] = field(default_factory=dict)
    ridges: dict[tuple[str, float, str, str], LinearRidge | GaussianRidge] = field(default_factory=dict)

    def keep(self, part: Part, scalings: dict[str, Scaling], ridges: dict[tuple[str, str], Any]) -> None:
        """Keep what was found of some tables of a part."""
        self.scalings |= {(*part, table): scaling for table, scaling in scalings.items()}
        self.ridges |= {(*part, *key): ridge for key, ridge in ridges.items()}


def fit_in_memory(
    bank: FilterBank,
    resources: Resources,
    data: Series,
    problem: Problem,
    members: Members,
    plan: Plan,
    update: Callable[[], Any],
) -> Regressions:
    """Fit with the features of all cases at once, part by part."""
    found = Regressions(np.arange(len(data)), problem)
    if isinstance(data, DaskSeries):  # there is room for all of it here
        data = data.select(np.arange(len(data)))
    few = _few(data, problem, plan)
    for part in bank.parts:
        X = bank.transform(data, resources, part)
        for level, columns in bank.columns(part).items():
            scaling = Scaling.of(X[:, columns], problem.weight)
            fitted = fit_members(scaling.apply(X[:, columns]), problem, members[level], *few)
            found.keep(part, {level: scaling}, {(level, member): ridge for member, ridge in fitted.items()})
        del X
        update()
    return found


def fit_from_sums(
    bank: FilterBank,
    resources: Resources,
    data: Series,
    problem: Problem,
    members: Members,
    plan: Plan,
    update: Callable[[], Any],
) -> Regressions:
    """Fit with the features of a sample, and of one batch after the other, part by part."""
    sampled, n_picked = (
        pick(data, problem, plan.n_sample)
        if problem.groups is None
        else pick_groups(problem.groups, problem.weight, plan.n_sample)
    )
    found = Regressions(sampled, problem.select(sampled, n_picked))
    own = data.select(sampled)
    few = _few(own, found.left_out_problem, plan)
    where = resources._replace(n_threads=1) if isinstance(data, DaskSeries) else resources  # a worker has many tasks
    for part in bank.parts:
        tables = bank.columns_by_window(part)
        for first in range(0, len(tables), plan.n_tables):
            some = {name: tables[name] for name in list(tables)[first : first + plan.n_tables]}
            X = bank.transform(own, resources, part)
            sums = TableSums(X, some, _by_table(some, members), found.left_out_problem, few)
            left_out = {table: sums.scaled(X, table) for table in some}
            del X
            collector = FeatureSums(bank, where, part, sums, plan.n_batch)
            total = data.collect(collector, problem.Y, problem.weight)
            found.keep(part, sums.scalings, sums.solve(total, left_out, found.left_out_problem))
            update()
    return found


@dataclass(frozen=True)
class FeatureSums:
    """Sums over cases of what the regressions on some tables of one part need; a collector.

    Attributes
    ----------
    bank : FilterBank
    resources : Resources
    part : Part
    tables : TableSums
    n_batch : int
        Cases whose features are held at once.
    """

    bank: FilterBank
    resources: Resources
    part: Part
    tables: TableSums
    n_batch: int

    def zero(self) -> dict[tuple[str, str], Sums]:
        """The sums over no case."""
        return self.tables.zero()

    def add(self, total: dict[tuple[str, str], Sums], data: SeriesData, *by_case: np.ndarray) -> None:
        """Add cases, with their targets and weights."""
        Y, weight = by_case
        self.tables.add(total, self.bank.transform(data, self.resources, self.part), Y, weight)

    def merge(self, totals: list[dict[tuple[str, str], Sums]]) -> dict[tuple[str, str], Sums]:
        """The sums of sums."""
        return {key: reduce(add, (total[key] for total in totals)) for key in totals[0]}


class BatchFit:
    """A fit to batches that come one after the other: sums of all parts, and a sample of the cases.

    Scalings, landmarks and widths are those of the first batch.

    Parameters
    ----------
    bank : FilterBank
    resources : Resources
    data : SeriesData, StoredSeries or DaskSeries
        The first batch.
    problem : Problem
    members : dict
    plan : Plan
    """

    def __init__(
        self, bank: FilterBank, resources: Resources, data: Series, problem: Problem, members: Members, plan: Plan
    ):
        self._bank, self._plan = bank, plan
        cases, n_picked = pick(data, problem, plan.n_sample)
        own, sample = data.select(cases), problem.select(cases, n_picked)
        few = _few(own, sample, plan)
        self._tables, self._sums = {}, {}
        for part in bank.parts:
            tables = bank.columns_by_window(part)
            X = bank.transform(own, resources, part)
            self._tables[part] = TableSums(X, tables, _by_table(tables, members), sample, few)
            self._sums[part] = self._tables[part].zero()
        self._sample = PrioritySample(plan.n_sample)
        self._is_whole = True
        self.add(resources, data, problem)

    def add(self, resources: Resources, data: Series, problem: Problem) -> None:
        """Add a batch."""
        self._check_whole()
        self._is_whole = False
        for cases in in_batches(len(data), self._plan.n_batch):
            own = data.select(cases)
            for part, tables in self._tables.items():
                X = self._bank.transform(own, resources, part)
                tables.add(self._sums[part], X, problem.Y[cases], problem.weight[cases])
        self._sample.add(data, problem)
        self._is_whole = True

    def solve(self, resources: Resources, update: Callable[[], Any]) -> Regressions:
        """The regressions on all batches so far."""
        self._check_whole()
        found = Regressions(self._sample.cases, self._sample.problem)
        for part, tables in self._tables.items():
            X = self._bank.transform(self._sample.data, resources, part)
            left_out = {table: tables.scaled(X, table) for table in tables.scalings}
            del X
            ridges = tables.solve(self._sums[part], left_out, found.left_out_problem, keep=True)
            found.keep(part, tables.scalings, ridges)
            update()
        return found

    def _check_whole(self) -> None:
        if not self._is_whole:
            raise ValueError(
                "A call of partial_fit was interrupted while its cases were added; some of them count and some do "
                "not. Start anew: fit_batches, or partial_fit of a clone."
            )


def _few(data: Series, problem: Problem, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the cases on which widths are tried, and of landmarks; none where there is no Gaussian member."""
    if plan.n_landmarks == 0:
        return np.arange(0), np.arange(0)
    return pick(data, problem, N_TRIED)[0], pick(data, problem, plan.n_landmarks)[0]


def _by_table(tables: dict[str, Any], members: Members) -> Members:
    """Kinds of members by table."""
    return {table: members["all time" if table == "all time" else "windows"] for table in tables}
