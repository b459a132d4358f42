"""Members of the fast lane: regressions on one table of features, linear or by similarity to training cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from ssm_estimators.random_features.scaling import ROWS, batches, products
from ssm_estimators.random_features.spectrum import PENALTIES, Dual, Primal, Problem, Solution, Sums, solve

WIDTHS = (3.0, 1.0, 1 / 3)  # of a Gaussian, as shares of the mean squared distance
N_TRIED = 500  # cases, at most, on which all widths are tried
MOST_EXACT = 6000  # cases, above which some are landmarks, and fewer where memory has no room
MOST_LANDMARKS = 2000
LANDMARKS = [MOST_LANDMARKS >> i for i in range(8)]
FLAT = 1e-10  # of the largest eigenvalue: directions in which landmarks do not differ

Array = NDArray[Any]


@dataclass(frozen=True)
class LinearRidge:
    """A regression that is linear in scaled features.

    Attributes
    ----------
    coef : ndarray of shape (n_features, n_targets)
    intercept : ndarray of shape (n_targets,)
    penalty : ndarray of shape (n_targets,)
        As chosen from :data:`~ssm_estimators.random_features.spectrum.PENALTIES`.
    left_out : ndarray of shape (n_cases, n_targets)
        What the training cases are predicted to be when they are left out.
    """

    coef: Array
    intercept: Array
    penalty: Array
    left_out: Array

    @classmethod
    def fit(cls, Z: Array, problem: Problem, gram: Array | None = None) -> "LinearRidge":
        """From scaled features of shape (n_cases, n_features), and perhaps their products, which are overwritten."""
        if len(Z) > Z.shape[1]:
            solution = solve_primal(lambda rows: Z[rows].astype(np.float64), Z.shape[1], problem)
        else:
            solution = solve(Dual(products(Z, Z) if gram is None else gram, problem), problem)
            coef = np.concatenate([Z[:, columns].T @ solution.coef for columns in batches(Z.shape[1])])
            solution = replace(solution, coef=coef)
        return cls.of(solution)

    @classmethod
    def of(cls, solution: Solution) -> "LinearRidge":
        """From a solution in the features themselves."""
        return cls(solution.coef, solution.intercept, solution.penalty, solution.left_out)

    def predict(self, Z: Array) -> Array:
        """Targets of scaled features: (n_cases, n_targets), float64."""
        return np.concatenate([Z[rows].astype(np.float64) @ self.coef for rows in batches(len(Z))]) + self.intercept


@dataclass(frozen=True)
class GaussianRidge:
    """A regression that is linear in similarities: Gaussians of the distances to training cases, or to some of them.

    Scaled features have unit length and a mean of about 0, so their squared distances are 2 on average.

    Attributes
    ----------
    landmarks : ndarray of shape (n_landmarks, n_features), float16
    width : float
        Squared distance, as a share of 2, at which the similarity is 1 / e; one of :data:`WIDTHS`.
    coef : ndarray of shape (n_landmarks, n_targets)
    intercept, penalty, left_out : ndarray
        As those of :class:`LinearRidge`.
    """

    landmarks: Array
    width: float
    coef: Array
    intercept: Array
    penalty: Array
    left_out: Array

    @classmethod
    def fit(cls, Z: Array, problem: Problem, tried: Array, landmarks: Array, gram: Array | None) -> "GaussianRidge":
        """Try all widths on some cases, then fit with the best one.

        Parameters
        ----------
        Z : ndarray of shape (n_cases, n_features)
            Scaled, and exact in float16.
        problem : Problem
        tried, landmarks : ndarray of int
            Positions of cases; all of them, or those that are to stand for all.
        gram : ndarray of shape (n_cases, n_cases) or None
            Products of Z with itself, which are overwritten, if all cases are landmarks.
        """
        few = products(Z[tried], Z[tried]) if gram is None else gram[np.ix_(tried, tried)]
        width, trials = best_width(few, problem.select(tried))
        if gram is None:
            solution = solve_by_landmarks(Z, problem, Z[landmarks], width)
        elif len(tried) < len(Z):
            solution = solve(Dual(_similarity(gram, width), problem), problem)
        else:
            solution = trials[width]
        return cls.of(solution, Z[landmarks], width)

    @classmethod
    def of(cls, solution: Solution, landmarks: Array, width: float) -> "GaussianRidge":
        """From a solution in the similarities to landmarks."""
        kept = landmarks.astype(np.float16)
        return cls(kept, width, solution.coef, solution.intercept, solution.penalty, solution.left_out)

    def predict(self, Z: Array) -> Array:
        """Targets of scaled features: (n_cases, n_targets), float64."""
        pieces = [_similarity(products(Z[rows], self.landmarks), self.width) @ self.coef for rows in batches(len(Z))]
        return np.concatenate(pieces) + self.intercept


class Landmarks:
    """Nystroem's approximation: features in which landmarks have their similarities as products.

    Parameters
    ----------
    rows : ndarray of shape (n_landmarks, n_features)
        Scaled.
    width : float

    Attributes
    ----------
    rows, width
        As given.
    n_features : int
    """

    def __init__(self, rows: Array, width: float):
        self.rows, self.width = rows, width
        self._rows = rows.astype(np.float64)
        values, vectors = eigh(_similarity(self._rows @ self._rows.T, width), overwrite_a=True, driver="evd")
        differ = values > FLAT * values[-1]
        self._to_features = vectors[:, differ] / np.sqrt(values[differ])
        self.n_features = self._to_features.shape[1]

    def __call__(self, Z: Array) -> Array:
        """Features of cases, (n_cases, n_features)."""
        return np.asarray(_similarity(Z @ self._rows.T, self.width) @ self._to_features)

    def by_landmarks(self, coef: Array) -> Array:
        """Coefficients of the similarities to the landmarks, from those of the features."""
        return np.asarray(self._to_features @ coef)


def solve_by_landmarks(Z: Array, problem: Problem, landmarks: Array, width: float) -> Solution:
    """Solve in features of similarities to landmarks; coefficients are those of the similarities."""
    to_features = Landmarks(landmarks, width)
    solution = solve_primal(lambda rows: to_features(Z[rows]), to_features.n_features, problem)
    return replace(solution, coef=to_features.by_landmarks(solution.coef))


def solve_primal(features: Callable[[Any], Array], n_features: int, problem: Problem) -> Solution:
    """Solve from sums over all cases, whose features are given by rows."""
    return solve(Primal(Sums.of(features, problem, n_features), features, problem), problem)


def _similarity(products: Array, width: float) -> Array:
    """Gaussians of distances between rows of unit length, from their products, which are overwritten."""
    products -= 1
    products /= width
    return np.exp(products, out=products)


def best_width(gram: Array, problem: Problem) -> tuple[float, dict[float, Solution]]:
    """The width that predicts left-out cases best, given their products, and the solution for every width."""
    trials = {width: solve(Dual(_similarity(gram.copy(), width), problem), problem) for width in WIDTHS}
    spread = problem.counted @ (problem.Y - problem.mean) ** 2
    spread = np.full_like(spread, spread.sum()) if problem.shared else spread
    return min(WIDTHS, key=lambda width: (trials[width].loss / np.where(spread > 0, spread, 1)).sum()), trials


def fit_members(Z: Array, problem: Problem, members: Sequence[str], tried: Array, landmarks: Array) -> dict[str, Any]:
    """Regressions on one table: by name of the member.

    Parameters
    ----------
    Z : ndarray of shape (n_cases, n_features), float32
        Scaled; rounded here to what float16 holds where there is a Gaussian member.
    problem : Problem
    members : sequence of {"linear", "gaussian"}
    tried, landmarks : ndarray of int
        As in :meth:`GaussianRidge.fit`.
    """
    fitted: dict[str, Any] = {}
    is_gaussian = "gaussian" in members
    is_exact = is_gaussian and len(landmarks) == len(Z)
    if is_gaussian:
        Z[:] = Z.astype(np.float16)
    if "linear" in members and not (is_exact and len(Z) <= Z.shape[1]):
        fitted["linear"] = LinearRidge.fit(Z, problem)
    if is_gaussian:
        gram = products(Z, Z) if is_exact else None
        if "linear" in members and "linear" not in fitted:  # both need the products
            fitted["linear"] = LinearRidge.fit(Z, problem, None if gram is None else gram.copy())
        fitted["gaussian"] = GaussianRidge.fit(Z, problem, tried, landmarks, gram)
    return fitted


def members_bytes(
    n_cases: int, n_targets: int, n_features: Sequence[int], n_landmarks: int, largest_group: int = 1
) -> int:
    """Memory of tables of features, float32, and of the regressions on one after the other; without landmarks.

    ``n_features`` is of the features over all time and, if there are any, over windows. ``n_landmarks`` is 0 where
    there is no Gaussian member.
    """
    side = max(min(n_cases, max(n_features)), min(n_cases, n_landmarks))
    square = 24 * side**2  # a matrix, its eigenvectors in its place, and what finding them takes, float64
    if n_landmarks >= n_cases <= n_features[0]:
        square += 8 * n_cases**2  # products that two members need
    converted = 16 * min(n_cases, ROWS) * max(n_cases, n_features[0])
    left_out = 8 * largest_group * (4 * largest_group + 3 * side) + 16 * len(PENALTIES) * n_targets * (n_cases + side)
    return 4 * n_cases * sum(n_features) + square + converted + left_out
