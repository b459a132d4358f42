"""Regressions on features that memory has no room for: fitted from sums over the cases, which one pass collects.

A sample of the cases gives what has to be known before the pass: scalings, landmarks and widths. Its cases are also
those that are left out in turn, after the pass.
"""

from collections.abc import Callable, Mapping, Sequence
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


def fit_from_sums(
    features: Callable[[Array], Array],
    tables: Mapping[str, Any],
    members: Mapping[str, Sequence[str]],
    problem: Problem,
    sample: Problem,
    sampled: Array,
    few: tuple[Array, Array],
    n_batch: int,
) -> tuple[dict[str, Scaling], dict[Key, LinearRidge | GaussianRidge]]:
    """Fit the members of all tables of one part.

    Parameters
    ----------
    features : callable
        From positions of cases to their features, (n_cases, n_features) float32.
    tables : mapping of str to columns
    members : mapping of str to sequence of {"linear", "gaussian"}
        By table.
    problem : Problem
        Of all cases.
    sample : Problem
        Of those at the positions ``sampled``.
    sampled : ndarray of int
    few : tuple of ndarray of int
        Positions within the sample: of cases on which widths are tried, and of landmarks.
    n_batch : int
        Cases whose features are held at once.

    Returns
    -------
    scalings : dict
        By table.
    ridges : dict
        By table and kind of member.
    """
    scalings: dict[str, Scaling] = {}
    own: dict[str, Array] = {}  # the sample's features
    maps: dict[Key, Callable[[Array], Array]] = {}
    sums: dict[Key, Sums] = {}
    X, (tried, landmarks) = features(sampled), few
    widths = {}
    for table, columns in tables.items():
        Z = np.ascontiguousarray(X[:, columns])  # a copy, so that X does not stay
        scalings[table] = Scaling.of(Z, sample.counted)
        own[table] = scalings[table].apply(Z)
        for member in members[table]:
            key, n_features = (table, member), Z.shape[1]
            if member == "linear":
                maps[key] = _as_they_are
            else:
                widths[table], _ = best_width(products(Z[tried], Z[tried]), sample.select(tried, sample.counted[tried]))
                maps[key] = by_landmarks = Landmarks(Z[landmarks].astype(np.float16), widths[table])
                n_features = by_landmarks.n_features
            sums[key] = Sums(n_features, problem.Y.shape[1])
    del X
    for start in range(0, len(problem.Y), n_batch):
        cases = np.arange(start, min(start + n_batch, len(problem.Y)))
        X = features(cases)
        for table, columns in tables.items():
            Z = scalings[table].apply(X[:, columns])
            for rows in batches(len(Z)):
                for member in members[table]:
                    mapped = maps[table, member](Z[rows])
                    sums[table, member].add(mapped, problem.Y[cases[rows]], problem.weight[cases[rows]])
    ridges: dict[Key, LinearRidge | GaussianRidge] = {}
    for (table, member), to_features in maps.items():
        features_of_rows = partial(_mapped, to_features, own[table])
        solution = solve(Primal(sums.pop((table, member)), features_of_rows, sample), sample)
        if isinstance(to_features, Landmarks):
            solution = replace(solution, coef=to_features.by_landmarks(solution.coef))
            ridges[table, member] = GaussianRidge.of(solution, own[table][landmarks], widths[table])
        else:
            ridges[table, member] = LinearRidge.of(solution)
    return scalings, ridges


def sums_bytes(
    n_features: int, n_tables: int, n_landmarks: int, n_targets: int, n_sample: int, largest_group: int = 1
) -> int:
    """Memory of the fit of so many tables, each of so many features, beside the features of sample and batch."""
    widest = max(n_features, n_landmarks)
    sums = 8 * (n_tables * n_features**2 + 2 * n_landmarks**2) + 16 * widest**2
    left_out = 16 * len(PENALTIES) * (n_sample + widest) * n_targets + 24 * ROWS * widest
    return sums + 10 * n_landmarks * n_features + left_out + 8 * largest_group * (4 * largest_group + 3 * widest)


def _mapped(to_features: Callable[[Array], Array], Z: Array, rows: Any) -> Array:
    return to_features(Z[rows])


def _as_they_are(Z: Array) -> Array:
    return Z.astype(np.float64)
