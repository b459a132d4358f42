"""Pooled responses of random kernels to series, tile by tile: what a transform computes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ssm_estimators.features.kernels import RandomKernels
from ssm_estimators.features.pooling import pool
from ssm_estimators.functional.scan import chunk_length
from ssm_estimators.functional.shared_input import SharedInput, in_chunks

CHUNK = 32  # time points a chunk, at most
COLUMNS = 128  # chunks of all cases of a tile, about: products are then wide enough for full speed
BLOCK = 2**18  # responses held at once by a thread: they stay in its cache
STATES = 2**23  # numbers in the states held at once by a thread


@dataclass(frozen=True)
class Tiling:
    """How a transform is cut up, for series of one length.

    Attributes
    ----------
    chunk : int
        Time points a chunk.
    n_cases : int
        Cases a tile.
    block, span : int
        Kernels whose responses, and whose states, are held at once; multiples of the group size.
    """

    chunk: int
    n_cases: int
    block: int
    span: int

    @classmethod
    def of(cls, n_timepoints: int, n_states: int, group_size: int, n_numbers: float) -> "Tiling":
        """For kernels of ``n_states`` real states, such that a thread holds about ``n_numbers`` numbers at most."""
        chunk = chunk_length(n_timepoints, CHUNK)
        n_chunks = -(-n_timepoints // chunk)
        a_group = 2 * group_size * (chunk + n_states)  # numbers a column of responses and states
        n_cases = max(1, int(min(COLUMNS, n_numbers / a_group)) // n_chunks)
        columns = n_chunks * n_cases
        block = group_size * max(1, int(min(BLOCK / (group_size * chunk), n_numbers / a_group) / columns))
        left = min(STATES, n_numbers / 2 - block * chunk * columns)
        return cls(chunk, n_cases, block, block * max(1, int(left / (n_states * columns * block))))

    def numbers(self, n_timepoints: int, n_states: int) -> int:
        """Numbers that a thread holds: responses with a scratch copy, states with the inputs that drive them."""
        n_chunks = -(-n_timepoints // self.chunk)
        return 2 * n_chunks * self.n_cases * (self.block * self.chunk + self.span * n_states)


@torch.no_grad()
def pooled_responses(
    X: Tensor,
    observed: Tensor,
    kernels: RandomKernels,
    bank: SharedInput,
    tiling: Tiling,
    group_size: int,
    poolings: Sequence[str],
) -> Tensor:
    """Features of the cases of one tile.

    Parameters
    ----------
    X : Tensor of shape (n_cases, n_channels, n_timepoints)
        Zero where not observed.
    observed : Tensor of shape (n_cases, n_channels, n_timepoints), bool
        A time point is pooled where any channel was observed.
    kernels : RandomKernels
    bank : SharedInput
        The block matrices of ``kernels``, for chunks of ``tiling.chunk`` points.
    tiling : Tiling
    group_size : int
    poolings : sequence of str

    Returns
    -------
    Tensor of shape (n_cases, n_kernels * n_poolings)
    """
    missing = tiling.n_cases - len(X)  # filled up, for products of one shape give the same digits to every case
    heard = torch.nn.functional.pad(mix(X, kernels.mixing), (0, 0, 0, missing))
    chunks = in_chunks(heard, tiling.chunk)
    seen = torch.nn.functional.pad(observed.any(1)[None].to(X), (0, 0, 0, missing))
    seen = in_chunks(seen, tiling.chunk)[0]
    pooled = []
    for start in range(0, len(kernels), tiling.span):
        part = bank.select(start, min(start + tiling.span, len(kernels)))
        inputs = _of(chunks, start, start + tiling.span, group_size)
        states = part.states(inputs)
        for first in range(0, len(part.toeplitz), tiling.block):
            last = min(first + tiling.block, len(part.toeplitz))
            y = part.select(first, last).respond(
                _of(inputs, first, last, group_size), _states_of(states, first, last, group_size)
            )
            thresholds = kernels.thresholds[start + first : start + last]
            pooled.append(pool(y, thresholds, seen, group_size, poolings))
    return torch.cat(pooled, dim=1)[: len(X)].flatten(1)


def own_responses(X: Tensor, kernels: RandomKernels, bank: SharedInput, group_size: int, chunk: int) -> Tensor:
    """Response of each kernel to a case of its own.

    Parameters
    ----------
    X : Tensor of shape (n_groups, n_channels, n_timepoints)
        A case for each group of kernels.

    Returns
    -------
    Tensor of shape (n_kernels, n_timepoints)
    """
    heard = X if kernels.mixing is None else torch.einsum("gc,gct->gt", kernels.mixing, X)[:, None]
    chunks = in_chunks(heard, chunk)  # (n_groups, T, n_chunks, 1): each group hears an input of its own
    y = bank.respond(chunks, bank.states(chunks))
    return y[..., 0].mT.flatten(1)[:, : X.shape[2]]


def mix(X: Tensor, mixing: Tensor | None) -> Tensor:
    """What the groups hear: (n_cases, n_channels, n_timepoints) to (n_groups or 1, n_cases, n_timepoints)."""
    if mixing is None:
        return X.transpose(0, 1)
    n_cases, n_channels, n_timepoints = X.shape
    return (mixing @ X.transpose(0, 1).reshape(n_channels, -1)).view(-1, n_cases, n_timepoints)


def _of(chunks: Tensor, start: int, stop: int, group_size: int) -> Tensor:
    """The inputs of kernels ``start`` to ``stop``: all share one, or each group has its own."""
    return chunks if len(chunks) == 1 else chunks[start // group_size : stop // group_size]


def _states_of(states: Tensor, start: int, stop: int, group_size: int) -> Tensor:
    """The states of kernels ``start`` to ``stop``, see ``SharedInput.states``."""
    return states[:, :, start:stop] if len(states) == 1 else states[start // group_size : stop // group_size]
