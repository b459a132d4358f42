"""Pooled responses of random kernels to series, tile by tile: what a transform computes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ssm_estimators.random_features.pooling import finish, pool
from ssm_estimators.random_features.random_kernels import RandomKernels
from ssm_estimators.random_features.shared_input import SharedInput, in_chunks
from ssm_estimators.random_features.tiling import Tiling


@torch.no_grad()
def pooled_responses(
    X: Tensor,
    observed: Tensor,
    kernels: RandomKernels,
    bank: SharedInput,
    tiling: Tiling,
    group_size: int,
    poolings: Sequence[str],
    windows: int,
) -> list[Tensor]:
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
    windows : int
        So many parts of time, see :func:`chunks_of`.

    Returns
    -------
    list of Tensor of shape (n_cases, 1 or n_windows, n_kernels, n_poolings)
        See :func:`~ssm_estimators.random_features.pooling.finish`.
    """
    n_cases, _, n_timepoints = X.shape
    # a whole tile, for products of one shape give the same digits to every case
    filling = (0, tiling.n_chunks * tiling.chunk - n_timepoints, 0, 0, 0, tiling.n_cases - n_cases)
    X, observed = (torch.nn.functional.pad(values, filling) for values in (X, observed))
    seen = in_chunks(observed.any(1)[None].to(X), tiling.chunk)[0]
    spans = []
    for start in range(0, len(kernels), tiling.span):
        part = bank.select(start, min(start + tiling.span, len(kernels)))
        groups = slice(start // group_size, (start + tiling.span) // group_size)
        inputs = in_chunks(mix(X, None if kernels.mixing is None else kernels.mixing[groups]), tiling.chunk)
        states = part.states(inputs)
        bundles = []
        for first in range(0, len(part.toeplitz), tiling.bundle):
            last = min(first + tiling.bundle, len(part.toeplitz))
            y = part.select(first, last).respond(
                _of(inputs, first, last, group_size), _states_of(states, first, last, group_size)
            )
            thresholds = kernels.thresholds[start + first : start + last]
            bundles.append(pool(y, thresholds, seen, group_size, poolings, windows))
        sums = {name: torch.cat([bundle[name] for bundle in bundles]) for name in bundles[0]}
        spans.append(finish(sums, seen, poolings, windows))
    return [torch.cat(levels, dim=2)[:n_cases] for levels in zip(*spans, strict=True)]


def own_responses(X: Tensor, mixing: Tensor | None, bank: SharedInput, chunk: int) -> Tensor:
    """Response of each kernel to a case of its own.

    Parameters
    ----------
    X : Tensor of shape (n_groups, n_channels, n_timepoints)
        A case for each group of kernels.
    mixing : Tensor of shape (n_groups, n_channels) or None
    bank : SharedInput
    chunk : int

    Returns
    -------
    Tensor of shape (n_kernels, n_timepoints)
    """
    heard = X if mixing is None else torch.einsum("gc,gct->gt", mixing, X)[:, None]
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
