"""Ridge regression from sums over segments of neighbouring cases: its penalty chosen without holding the cases.

Segments are blocks (of even number) and the gaps between them, where cases share values with those of both blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PENALTIES = np.logspace(-4, 3, 15)  # of the mean square of the features, times the number of cases


@dataclass(frozen=True)
class BlockSums:
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

    def __add__(self, other: "BlockSums") -> "BlockSums":
        return BlockSums(self.gram + other.gram, self.moment + other.moment, self.square + other.square)

    def loss(self, segment: int, coef: Array) -> Array:
        """Sums of squared errors of a map on a segment, for each target."""
        return self.square[segment] + np.sum(coef * (self.gram[segment] @ coef - 2 * self.moment[segment]), axis=0)

    def of(self, segments: Sequence[int]) -> tuple[Array, Array]:
        """Gram matrix and moments of some segments together."""
        return self.gram[list(segments)].sum(axis=0), self.moment[list(segments)].sum(axis=0)


@dataclass(frozen=True)
class BlockRidge:
    """A map fitted to everything, those fitted without a block and its gaps, and those fitted to what came before them.

    Attributes
    ----------
    coef : ndarray of shape (n_features, n_targets)
    left_out, before : ndarray of shape (n_blocks, n_features, n_targets)
        Before the first block there is nothing: what maps are shrunk toward.
    penalty : float
    """

    coef: Array
    left_out: Array
    before: Array
    penalty: float


def fit_block_ridge(
    sums: BlockSums, relative: Array, growth: Array, toward: BlockRidge | Array, penalties: Array, n_judged: int
) -> BlockRidge:
    r"""The map of least :math:`|Y - A B|^2 + \alpha \sum_{pq} r_p g_q |B_{pq} - B^0_{pq}|^2`.

    Parameters
    ----------
    sums : BlockSums
    relative : ndarray of shape (n_features,)
        r, positive.
    growth : ndarray of shape (n_targets,)
        g, positive.
    toward : BlockRidge or ndarray of shape (n_features, n_targets)
        B^0; of a BlockRidge each block's own, so that nothing of a block is known where it is left out.
    penalties : ndarray
        To choose alpha from by the squared error on blocks that are left out with their gaps; of equals the highest.
    n_judged : int
        Targets, the first ones, that this error is of.

    Returns
    -------
    BlockRidge
    """
    n_segments, root = len(sums.square), 1 / np.sqrt(relative)
    blocks = range(0, n_segments, 2)
    if isinstance(toward, BlockRidge):
        start, start_left_out, start_before = toward.coef, toward.left_out, toward.before
    else:
        start = toward
        start_left_out = start_before = np.broadcast_to(toward, (len(blocks), *toward.shape))

    def solutions(segments: Sequence[int], start: Array, penalties: Array) -> Array:
        gram, moment = sums.of(segments)
        values, vectors = np.linalg.eigh(gram * root[:, None] * root)
        rotated = vectors.T @ ((moment - gram @ start) * root[:, None])
        shrunk = rotated / (values.clip(0)[:, None] + penalties[:, None, None] * growth)
        return start + root[:, None] * (vectors @ shrunk)

    everything = range(n_segments)
    left_out = np.stack(  # (blocks, penalties, features, targets)
        [solutions([s for s in everything if abs(s - own) > 1], start_left_out[own // 2], penalties) for own in blocks]
    )
    losses = np.array(
        [sum(sums.loss(own, left_out[own // 2, i])[:n_judged].sum() for own in blocks) for i in range(len(penalties))]
    )
    best = int(np.flatnonzero(losses <= losses.min() * (1 + 1e-9))[-1])
    chosen = penalties[[best]]
    before = [solutions(range(own - 1), start_before[own // 2], chosen)[0] for own in blocks]
    return BlockRidge(
        solutions(everything, start, chosen)[0], left_out[:, best], np.stack(before), float(penalties[best])
    )
