"""Ridge regression from sums over segments of neighbouring cases: its penalty chosen without holding the cases.

Segments are folds (of even number) and the gaps between them, where cases share values with those of both folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PENALTIES = np.logspace(-4, 3, 15)  # of the mean square of the features, times the number of cases


@dataclass(frozen=True)
class SegmentSums:
    """What least squares needs of features A and targets Y, segment by segment.

    Attributes
    ----------
    gram : ndarray of shape (n_segments, n_features, n_features)
        A' A.
    moment : ndarray of shape (n_segments, n_features, n_targets)
        A' Y.
    square : ndarray of shape (n_segments, n_targets)
        Sums of the squares of Y.
    """

    gram: Array
    moment: Array
    square: Array

    @classmethod
    def zeros(cls, n_segments: int, n_features: int, n_targets: int) -> Self:
        """Of no cases."""
        shape = (n_segments, n_features)
        return cls(np.zeros((*shape, n_features)), np.zeros((*shape, n_targets)), np.zeros((n_segments, n_targets)))

    def add(self, segment: int, A: Array, Y: Array) -> None:
        """Add cases to a segment."""
        self.gram[segment] += A.T @ A
        self.moment[segment] += A.T @ Y
        self.square[segment] += (Y**2).sum(axis=0)

    def __add__(self, other: "SegmentSums") -> "SegmentSums":
        return SegmentSums(self.gram + other.gram, self.moment + other.moment, self.square + other.square)

    def loss(self, segment: int, coef: Array) -> Array:
        """Sums of squared errors of a map on a segment, for each target."""
        return self.square[segment] + np.sum(coef * (self.gram[segment] @ coef - 2 * self.moment[segment]), axis=0)

    def of(self, segments: Sequence[int]) -> tuple[Array, Array]:
        """Gram matrix and moments of some segments together."""
        return self.gram[list(segments)].sum(axis=0), self.moment[list(segments)].sum(axis=0)


@dataclass(frozen=True)
class SegmentRidge:
    """A map fitted to everything, and those fitted to what came before each fold and the gap before it.

    Attributes
    ----------
    coef : ndarray of shape (n_features, n_targets)
    before : ndarray of shape (n_folds, n_features, n_targets)
        Before the first fold there is nothing: what maps are shrunk toward.
    penalty : float
    """

    coef: Array
    before: Array
    penalty: float


def fit_segment_ridge(
    sums: SegmentSums, relative: Array, growth: Array, toward: SegmentRidge, penalty: float
) -> SegmentRidge:
    r"""The maps of least :math:`|Y - A B|^2 + \alpha \sum_{pq} r_p g_q |B_{pq} - B^0_{pq}|^2`.

    Parameters
    ----------
    sums : SegmentSums
    relative : ndarray of shape (n_features,)
        r, positive.
    growth : ndarray of shape (n_targets,)
        g, positive.
    toward : SegmentRidge
        B^0, for what came before a fold its own.
    penalty : float

    Returns
    -------
    SegmentRidge
    """
    n_segments = len(sums.square)
    one = np.array([penalty])
    coef = _solutions(sums, range(n_segments), relative, growth, toward.coef, one)[0]
    before = [
        _solutions(sums, range(own - 1), relative, growth, toward.before[own // 2], one)[0]
        for own in range(0, n_segments, 2)
    ]
    return SegmentRidge(coef, np.stack(before), penalty)


def choose_penalty(
    sums: SegmentSums, relative: Array, growth: Array, toward: Array, penalties: Array, n_judged: int
) -> tuple[float, float]:
    """The penalty of least squared error on folds that are left out with their gaps, of equals the highest; the error.

    Parameters
    ----------
    sums, relative, growth
        As of :func:`fit_segment_ridge`.
    toward : ndarray of shape (n_features, n_targets)
    penalties : ndarray
        To choose from.
    n_judged : int
        Targets, the first ones, that the error is of.

    Returns
    -------
    penalty, error : float
        The error is a sum, at least what rounding leaves of it.
    """
    losses = np.zeros(len(penalties))
    for own in range(0, len(sums.square), 2):
        others = [segment for segment in range(len(sums.square)) if abs(segment - own) > 1]
        maps = _solutions(sums, others, relative, growth, toward, penalties)
        losses += [sums.loss(own, coef)[:n_judged].sum() for coef in maps]
    rounding = 1e-12 * sums.square[:, :n_judged].sum()  # losses are differences of sums
    chosen = np.flatnonzero(losses <= losses.min() + 1e-9 * abs(losses.min()) + rounding)[-1]
    return float(penalties[chosen]), float(max(losses[chosen], rounding, 1e-300))


def _solutions(
    sums: SegmentSums, segments: Sequence[int], relative: Array, growth: Array, toward: Array, penalties: Array
) -> Array:
    """Maps fitted to some segments, (n_penalties, n_features, n_targets)."""
    gram, moment = sums.of(segments)
    root = 1 / np.sqrt(relative)
    values, vectors = np.linalg.eigh(gram * root[:, None] * root)
    rotated = vectors.T @ ((moment - gram @ toward) * root[:, None])
    shrunk = rotated / (values.clip(0)[:, None] + penalties[:, None, None] * growth)
    return toward + root[:, None] * (vectors @ shrunk)
