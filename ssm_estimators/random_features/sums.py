"""Regressions fitted from sums over the cases, which are collected a batch at a time.

A sample of the cases gives what has to be known before: scalings, landmarks and widths. After the last batch cases of a
sample are left out in turn.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.random_features.ridge import GaussianRidge, Landmarks, LinearRidge, best_width
from ssm_estimators.random_features.scaling import ROWS, Scaling, batches, products
from ssm_estimators.random_features.spectrum import PENALTIES, Primal, Problem, Sums, solve

Array = NDArray[Any]
Key = tuple[str, str]  # table and member


class TableSums:
    """What is summed over the cases for the members of some tables of one part, and how that is solved.

    Parameters
    ----------
    X : ndarray of shape (n_sampled, n_features), float32
        Features of the sample.
    tables : mapping of str to columns
    members : mapping of str to sequence of {"linear", "gaussian"}
        By table.
    sample : Problem
        Of the cases of ``X``.
    few : tuple of ndarray of int
        Positions within the sample: of cases on which widths are tried, and of landmarks.

    Attributes
    ----------
    scalings : dict
        By table.
    """

    def __init__(
        self,
        X: Array,
        tables: Mapping[str, Any],
        members: Mapping[str, Sequence[str]],
        sample: Problem,
        few: tuple[Array, Array],
    ):
        self._tables, (tried, landmarks) = dict(tables), few
        self._members = {table: tuple(members[table]) for table in tables}
        self.scalings = {table: Scaling.of(_columns(X, columns), sample.counted) for table, columns in tables.items()}
        self._landmarks: dict[str, Landmarks] = {}
        for table in tables:
            if "gaussian" in self._members[table]:
                Z = self.scaled(X, table)
                width, _ = best_width(products(Z[tried], Z[tried]), sample.select(tried, sample.counted[tried]))
                self._landmarks[table] = Landmarks(Z[landmarks].astype(np.float16), width)
        self._n_targets = sample.Y.shape[1]

    def scaled(self, X: Array, table: str) -> Array:
        """A table of cases whose features are given, scaled: (n_cases, n_features) float32."""
        return self.scalings[table].apply(_columns(X, self._tables[table]))

    def zero(self) -> dict[Key, Sums]:
        """The sums over no case, by table and kind of member."""
        return {
            (table, member): Sums(
                len(self.scalings[table].mean) if member == "linear" else self._landmarks[table].n_features,
                self._n_targets,
            )
            for table in self._tables
            for member in self._members[table]
        }

    def add(self, sums: dict[Key, Sums], X: Array, Y: Array, weight: Array) -> None:
        """Add cases to sums, in place, by their features, (n_cases, n_features) float32."""
        for table in self._tables:
            Z = self.scaled(X, table)
            for rows in batches(len(Z)):
                for member in self._members[table]:
                    sums[table, member].add(self._mapped(member, table, Z, rows), Y[rows], weight[rows])

    def solve(
        self, sums: dict[Key, Sums], left_out: Mapping[str, Array], problem: Problem, keep: bool = False
    ) -> dict[Key, LinearRidge | GaussianRidge]:
        """The members, fitted to all cases that were added.

        Parameters
        ----------
        sums : dict
            By table and kind of member.
        left_out : mapping of str to ndarray
            By table the scaled features of the cases that are left out in turn.
        problem : Problem
            Of these.
        keep : bool, default=False
            Whether the sums stay, so that further cases can be added.
        """
        ridges: dict[Key, LinearRidge | GaussianRidge] = {}
        for table, member in list(sums):
            own = deepcopy(sums[table, member]) if keep else sums.pop((table, member))
            features = partial(self._mapped, member, table, left_out[table])
            solution = solve(Primal(own, features, problem), problem)
            if member == "gaussian":
                landmarks = self._landmarks[table]
                solution = replace(solution, coef=landmarks.by_landmarks(solution.coef))
                ridges[table, member] = GaussianRidge.of(solution, landmarks.rows, landmarks.width)
            else:
                ridges[table, member] = LinearRidge.of(solution)
        return ridges

    def _mapped(self, member: str, table: str, Z: Array, rows: Any) -> Array:
        """Features of a member, float64."""
        return Z[rows].astype(np.float64) if member == "linear" else self._landmarks[table](Z[rows])


def sums_bytes(n_features: int, n_tables: int, n_landmarks: int) -> int:
    """Memory of the sums of so many tables, each of so many features, one of which has landmarks."""
    return 8 * (n_tables * n_features**2 + 2 * n_landmarks**2) + 10 * n_landmarks * n_features


def solving_bytes(n_features: int, n_landmarks: int, n_targets: int, n_sample: int, largest_group: int = 1) -> int:
    """Memory of solving one table after the other, beside the sums."""
    widest = max(n_features, n_landmarks)
    left_out = 16 * len(PENALTIES) * (n_sample + widest) * n_targets + 24 * ROWS * widest
    return 16 * widest**2 + left_out + 8 * largest_group * (4 * largest_group + 3 * widest)


def _columns(X: Array, columns: Any) -> Array:
    """A copy, so that X neither changes nor stays."""
    return np.array(X[:, columns], order="C")
