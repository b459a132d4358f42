"""Ridge regression from sums over blocks of cases: its penalty chosen by leaving blocks out, without the cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PENALTIES = np.logspace(-4, 3, 15)  # of the mean square of the features, times the number of cases


@dataclass(frozen=True)
class BlockSums:
    """What least squares needs of features A and targets Y, block by block; shapes begin with blocks.

    Attributes
    ----------
    gram : ndarray of shape (n_blocks, n_features, n_features)
        A' A.
    moment : ndarray of shape (n_blocks, n_features, n_targets)
        A' Y.
    square : ndarray of shape (n_blocks,)
        Sum of the squares of Y.
    """

    gram: Array
    moment: Array
    square: Array

    @classmethod
    def zeros(cls, n_blocks: int, n_features: int, n_targets: int) -> Self:
        """Of no cases."""
        shape = (n_blocks, n_features)
        return cls(np.zeros((*shape, n_features)), np.zeros((*shape, n_targets)), np.zeros(n_blocks))

    def add(self, block: int, A: Array, Y: Array) -> None:
        """Add cases to a block."""
        self.gram[block] += A.T @ A
        self.moment[block] += A.T @ Y
        self.square[block] += (Y**2).sum()

    def __add__(self, other: "BlockSums") -> "BlockSums":
        return BlockSums(self.gram + other.gram, self.moment + other.moment, self.square + other.square)

    def loss(self, block: int, coef: Array) -> float:
        """Sum of squared errors of a map on a block."""
        square = np.sum(coef * (self.gram[block] @ coef - 2 * self.moment[block]))
        return float(self.square[block] + square)

    def of(self, blocks: Sequence[int]) -> tuple[Array, Array]:
        """Gram matrix and moments of some blocks together."""
        return self.gram[list(blocks)].sum(axis=0), self.moment[list(blocks)].sum(axis=0)


@dataclass(frozen=True)
class BlockRidge:
    """A map fitted to all blocks, those fitted to all but one, and those fitted to the blocks before one.

    Attributes
    ----------
    coef : ndarray of shape (n_features, n_targets)
    left_out, before : ndarray of shape (n_blocks, n_features, n_targets)
        Of the first block there is none before: what maps are shrunk toward.
    penalty : float
    """

    coef: Array
    left_out: Array
    before: Array
    penalty: float


def fit_block_ridge(sums: BlockSums, relative: Array, toward: BlockRidge | Array, penalties: Array) -> BlockRidge:
    r"""The map of least :math:`|Y - A B|^2 + \alpha \sum_p r_p |B_p - B^0_p|^2`, alpha by the loss on left-out blocks.

    Parameters
    ----------
    sums : BlockSums
    relative : ndarray of shape (n_features,)
        r, positive.
    toward : BlockRidge or ndarray of shape (n_features, n_targets)
        B^0; of a BlockRidge each block's own, so that nothing of a block is known where it is left out.
    penalties : ndarray
        To choose alpha from; of equals the highest.

    Returns
    -------
    BlockRidge
    """
    n_blocks, root = len(sums.square), 1 / np.sqrt(relative)
    if isinstance(toward, BlockRidge):
        start, start_left_out, start_before = toward.coef, toward.left_out, toward.before
    else:
        start = toward
        start_left_out = start_before = np.broadcast_to(toward, (n_blocks, *toward.shape))

    def solutions(blocks: Sequence[int], start: Array, penalties: Array) -> Array:
        gram, moment = sums.of(blocks)
        values, vectors = np.linalg.eigh(gram * root[:, None] * root)
        rotated = vectors.T @ ((moment - gram @ start) * root[:, None])
        shrunk = rotated / (values.clip(0)[:, None] + penalties[:, None, None])
        return start + root[:, None] * (vectors @ shrunk)

    everything = range(n_blocks)
    left_out = np.stack(  # (blocks, penalties, features, targets)
        [solutions([k for k in everything if k != own], start_left_out[own], penalties) for own in everything]
    )
    losses = np.array([sum(sums.loss(k, left_out[k, i]) for k in everything) for i in range(len(penalties))])
    best = int(np.flatnonzero(losses <= losses.min() * (1 + 1e-9))[-1])
    chosen = penalties[[best]]
    before = [solutions(range(own), start_before[own], chosen)[0] for own in everything]
    return BlockRidge(
        solutions(everything, start, chosen)[0], left_out[:, best], np.stack(before), float(penalties[best])
    )
