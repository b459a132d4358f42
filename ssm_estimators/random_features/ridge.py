r"""Ridge regression on many features, its penalty chosen by leaving cases out, all in closed form.

With Z the scaled features less their weighted mean, w the weights, W their sum and :math:`S = \sqrt w\, Z`, everything
follows from the eigenvectors and eigenvalues of :math:`S S^\top` (fewer cases than features) or :math:`S^\top S`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

PENALTIES = np.logspace(1, -4, 11)  # of features of unit length
CLIP = 10.0  # deviations
ROWS = 1024  # cases converted to float64 at a time

Array = NDArray[Any]


@dataclass(frozen=True)
class Scaling:
    """Weighted standardisation of columns, then unit length of rows.

    Attributes
    ----------
    mean, factor : ndarray of shape (n_features,), float32
        A feature that hardly varies has factor 0.
    """

    mean: Array
    factor: Array

    @classmethod
    def of(cls, X: Array, weight: Array) -> "Scaling":
        """From training features, (n_cases, n_features) float32, and weights that add up to more than 0."""
        mean, square = np.zeros((2, X.shape[1]))
        for rows in _batches(len(X)):
            mean += weight[rows] @ X[rows].astype(np.float64)
        mean /= weight.sum()
        for rows in _batches(len(X)):
            square += weight[rows] @ (X[rows] - mean) ** 2
        deviation = np.sqrt(square / weight.sum())
        varies = deviation > 1e-6 * np.maximum(np.abs(mean), 1)
        factor = np.where(varies, 1 / np.where(varies, deviation, 1), 0)
        return cls(mean.astype(np.float32), factor.astype(np.float32))

    def apply(self, X: Array) -> Array:
        """Scaled features, overwriting ``X``; a case that is average in everything stays zero."""
        X -= self.mean
        X *= self.factor
        np.clip(X, -CLIP, CLIP, out=X)
        for rows in _batches(len(X)):
            X[rows] /= np.maximum(np.linalg.norm(X[rows], axis=1, keepdims=True), 1e-6)
        return X


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge regression.

    Attributes
    ----------
    scaling : Scaling
    coef : ndarray of shape (n_features, n_targets)
    intercept : ndarray of shape (n_targets,)
    penalty : ndarray of shape (n_targets,)
        As chosen from :data:`PENALTIES`.
    left_out : ndarray of shape (n_cases, n_targets)
        What the training cases are predicted to be when they are left out.
    """

    scaling: Scaling
    coef: Array
    intercept: Array
    penalty: Array
    left_out: Array

    def predict(self, X: Array) -> Array:
        """Targets of unscaled features, which are overwritten: (n_cases, n_targets), float64."""
        Z = self.scaling.apply(X)
        return np.concatenate([Z[rows].astype(np.float64) @ self.coef for rows in _batches(len(Z))]) + self.intercept


def fit_ridge(
    X: Array,
    Y: Array,
    weight: Array,
    copy_weight: Array | float = 1.0,
    groups: Array | None = None,
    shared: bool = True,
) -> Ridge:
    r"""Ridge regression with the penalty of least squared error on left-out cases.

    A case counts as several copies, each of weight u. Leaving out one copy of case i has leverage
    :math:`h_i = u\, z_i^\top (Z^\top \mathrm{diag}(w) Z + \alpha I)^{-1} z_i + u / W` and error
    :math:`r_i / (1 - h_i)`, which counts :math:`w_i` times; a case of less than one copy is left out whole.

    Parameters
    ----------
    X : ndarray of shape (n_cases, n_features), float32
        Overwritten.
    Y : ndarray of shape (n_cases, n_targets), float64
    weight : ndarray of shape (n_cases,), float64
        Positive.
    copy_weight : ndarray of shape (n_cases,) or float, default=1.0
        u, what is left out of a case at a time.
    groups : ndarray of shape (n_cases,) or None
        Cases of one group are left out together.
    shared : bool, default=True
        One penalty for all targets, else one each.

    Returns
    -------
    Ridge
    """
    scaling = Scaling.of(X, weight)
    Z = scaling.apply(X)
    root, total = np.sqrt(weight)[:, None], weight.sum()
    n_copies = np.maximum(weight / copy_weight, 1)
    center = sum(weight[rows] @ Z[rows].astype(np.float64) for rows in _batches(len(Z))) / total
    mean = weight @ Y / total
    spectrum = (_Dual if len(Z) <= Z.shape[1] else _Primal)(Z, center, root, root * (Y - mean))

    errors = np.empty((len(PENALTIES), *Y.shape))  # of cases left out
    shrinkage = 1 / (spectrum.values[:, None] + PENALTIES)
    for rows in _batches(len(Z)) if groups is None else _members(groups):
        errors[:, rows] = _left_out(
            spectrum.scores(rows),
            shrinkage,
            spectrum.response,
            root[rows],
            Y[rows] - mean,
            total,
            n_copies[rows] if groups is None else None,
        )
    loss = np.einsum("n,anq->aq", weight, errors**2)
    if shared:
        loss = np.repeat(loss.sum(axis=1, keepdims=True), Y.shape[1], axis=1)
    best = (loss <= loss.min(axis=0) * (1 + 1e-6)).argmax(axis=0)  # of equals the highest penalty
    coef = spectrum.coefficients(shrinkage[:, best])
    targets = np.arange(Y.shape[1])
    return Ridge(
        scaling=scaling,
        coef=coef,
        intercept=mean - center @ coef,
        penalty=PENALTIES[best],
        left_out=Y - errors[best, :, targets].T,
    )


def ridge_bytes(n_cases: int, n_targets: int, n_features: Sequence[int], largest_group: int = 1) -> int:
    """Memory of tables of features, float32, and of the regressions on one after the other."""
    widest = max(n_features)
    side = min(n_cases, widest)
    square = 32 * side**2  # a matrix, its eigenvectors and what finding them takes, float64
    converted = 16 * max(min(n_cases, ROWS) * widest, n_cases * min(widest, ROWS))
    left_out = 8 * largest_group * (4 * largest_group + 3 * side) + 16 * len(PENALTIES) * n_cases * n_targets
    return 4 * n_cases * sum(n_features) + square + converted + left_out + 8 * n_targets * side


def _left_out(
    scores: Array, shrinkage: Array, response: Array, root: Array, Y: Array, total: float, n_copies: Array | None
) -> Array:
    """Errors of cases when a copy of each, or without ``n_copies`` all of them, are left out: (penalties, cases, q)."""
    fitted = np.einsum("nm,ma,mq->anq", scores, shrinkage, response, optimize=True)
    residual = root * Y - fitted
    if n_copies is None:
        rest = np.eye(len(root)) - root @ root.T / total
        without = [
            np.linalg.solve(rest - (scores * s) @ scores.T, r) for s, r in zip(shrinkage.T, residual, strict=True)
        ]
        return np.stack(without) / root
    kept = 1 - (scores**2 @ shrinkage).T - root[:, 0] ** 2 / total  # 1 - h of a case left out whole
    kept = kept.clip(1e-12)  # the only case: nothing is left, and nothing wrong
    return residual / root / ((n_copies - 1 + kept) / n_copies)[..., None]


class _Dual:
    """Fewer cases than features: eigenvectors of S S^T."""

    def __init__(self, Z: Array, center: Array, root: Array, target: Array):
        self._Z, self._center, self._root = Z, center, root
        gram = np.zeros((len(Z), len(Z)))
        for start in range(0, Z.shape[1], ROWS):
            columns = slice(start, start + ROWS)
            S = root * (Z[:, columns] - center[columns])
            gram += S @ S.T
        values, self._vectors = eigh(gram, overwrite_a=True, driver="evd")
        self.values = values.clip(0)
        self.response = np.sqrt(self.values)[:, None] * (self._vectors.T @ target)

    def scores(self, rows: Any) -> Array:
        """Coordinates of cases along the eigenvectors."""
        return self._vectors[rows] * np.sqrt(self.values)

    def coefficients(self, shrinkage: Array) -> Array:
        """From 1 / (values + penalty) a target to coefficients of features."""
        scaled = np.sqrt(self.values)[:, None]
        dual = self._root * (self._vectors @ (shrinkage * self.response / np.where(scaled > 0, scaled, 1)))
        coef = np.empty((self._Z.shape[1], dual.shape[1]))
        for start in range(0, len(coef), ROWS):
            columns = slice(start, start + ROWS)
            coef[columns] = (self._Z[:, columns] - self._center[columns]).T @ dual
        return coef


class _Primal:
    """More cases than features: eigenvectors of S^T S."""

    def __init__(self, Z: Array, center: Array, root: Array, target: Array):
        self._Z, self._center, self._root = Z, center, root
        gram, moment = np.zeros((Z.shape[1], Z.shape[1])), np.zeros((Z.shape[1], target.shape[1]))
        for rows in _batches(len(Z)):
            S = root[rows] * (Z[rows] - center)
            gram += S.T @ S
            moment += S.T @ target[rows]
        values, self._vectors = eigh(gram, overwrite_a=True, driver="evd")
        self.values = values.clip(0)
        self.response = self._vectors.T @ moment

    def scores(self, rows: Any) -> Array:
        """Coordinates of cases along the eigenvectors."""
        return (self._root[rows] * (self._Z[rows] - self._center)) @ self._vectors

    def coefficients(self, shrinkage: Array) -> Array:
        """From 1 / (values + penalty) a target to coefficients of features."""
        return self._vectors @ (shrinkage * self.response)


def _batches(n: int) -> list[slice]:
    return [slice(start, start + ROWS) for start in range(0, n, ROWS)]


def _members(groups: Array) -> list[Array]:
    number = np.unique(groups, return_inverse=True)[1]
    return [np.flatnonzero(number == group) for group in range(number.max() + 1)]
