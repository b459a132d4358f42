"""Scaling of features before a regression: each column by its spread, then each row to unit length."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        for rows in batches(len(X)):
            mean += weight[rows] @ X[rows].astype(np.float64)
        mean /= weight.sum()
        for rows in batches(len(X)):
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
        for rows in batches(len(X)):
            X[rows] /= np.maximum(np.linalg.norm(X[rows], axis=1, keepdims=True), 1e-6)
        return X


def batches(n: int) -> list[slice]:
    """So many rows, or columns, in slices that are converted to float64 one at a time."""
    return [slice(start, start + ROWS) for start in range(0, n, ROWS)]


def products(Z: Array, L: Array) -> Array:
    """Scalar products of all rows of one table with all rows of another, in float64: (n_rows, n_others)."""
    found = np.zeros((len(Z), len(L)))
    for columns in batches(Z.shape[1]):
        found += Z[:, columns].astype(np.float64) @ L[:, columns].astype(np.float64).T
    return found
