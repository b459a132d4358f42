"""The chunked scan as matrix products and a loop over chunks, in PyTorch's own operators, for any device.

The states of a direction live in one buffer with a row per chunk, and one more. A direction that moves forward in time
writes what chunk r leaves behind to row r + 1, and the state before chunk r is row r; one that moves backward writes to
row r, and reads row r + 1. After the pass, the states before all chunks are thus there without a copy, and both views
are contiguous, as batched matrix products want them. What the last chunk of a case leaves behind falls on the row of
another case's first chunk, which gets its initial state at the end.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.block_matrices import as_pairs

FEW_SERIES = 8  # of which dense transitions are worth taking in groups


def scan(
    inputs: Sequence[Tensor],
    routes: tuple[tuple[int, int], ...],
    transition: Tensor,
    toeplitz: Sequence[Tensor],
    into_state: Sequence[Tensor],
    from_state: Sequence[Tensor],
    state: Tensor | None,
    *,
    with_states: bool,
    recompute: bool,
) -> tuple[Tensor, Tensor]:
    """Outputs (H * M, batch, L) of whole chunks of inputs (H, batch, L), and the state before each chunk.

    The matrices and ``routes`` are those of :class:`~ssm_estimators.functional.block_matrices.Blocks`.
    """
    H, batch, L = inputs[0].shape
    T = toeplitz[0].shape[1]
    y, states = ChunkedScan.apply(  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
        routes, with_states, recompute, state, transition, *inputs, *toeplitz, *into_state, *from_state
    )
    return y.view(H, batch, L // T, -1, T).permute(0, 3, 1, 2, 4).reshape(-1, batch, L), states


class ChunkedScan(torch.autograd.Function):
    """Whole chunks in; outputs, and the forward direction's state before each chunk, out.

    ``tensors`` are the inputs, each of shape (H, batch, n_chunks * T), then ``toeplitz``, ``into_state`` and
    ``from_state``. The outputs have a row per chunk, (H, batch * n_chunks, M * T). Without ``with_states`` (a single
    chunk needs none) the second result is None. The backward is one pass in reverse; with ``recompute`` it makes the
    states anew.
    """

    @staticmethod
    def forward(
        ctx: Any,
        routes: tuple[tuple[int, int], ...],
        with_states: bool,
        recompute: bool,
        initial: Tensor | None,
        transition: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, Tensor | None]:
        n_directions = 1 + max(direction for _, direction in routes)
        Q = (len(tensors) - len(routes) - n_directions) // 2
        inputs, toeplitz, into_state, from_state = _split(tensors, Q, Q, len(routes), n_directions)
        H, batch, _ = inputs[0].shape
        T = toeplitz[0].shape[1]
        chunks = [u.reshape(H, -1, T) for u in inputs]

        y = torch.bmm(chunks[0], toeplitz[0])
        for u, matrix in zip(chunks[1:], toeplitz[1:], strict=True):
            y.baddbmm_(u, matrix)
        states: list[Tensor] = []
        if with_states:
            states = _states(routes, n_directions, chunks, into_state, transition, batch, initial)
            for before, readout in zip(states, from_state, strict=True):
                y.baddbmm_(before, readout)
        ctx.routes, ctx.batch, ctx.initial_given = routes, batch, initial is not None
        ctx.recompute = with_states and recompute
        kept = [] if ctx.recompute else states
        ctx.sizes = (len(kept), Q, Q, len(routes), n_directions)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(transition, initial, *kept, *chunks, *toeplitz, *into_state, *from_state)
        return y, states[0].unflatten(1, (batch, -1)) if states else None

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor | None, dstates: Tensor | None) -> tuple[Tensor | None, ...]:
        transition, initial, *saved = ctx.saved_tensors
        states, chunks, toeplitz, into_state, from_state = _split(saved, *ctx.sizes)
        if ctx.recompute:
            states = _states(ctx.routes, len(from_state), chunks, into_state, transition, ctx.batch, initial)
        if dy is None:
            dy = toeplitz[0].new_zeros(*chunks[0].shape[:2], toeplitz[0].shape[2])

        dinputs = [torch.bmm(dy, matrix.mT) for matrix in toeplitz]
        dtoeplitz = [torch.bmm(u.mT, dy) for u in chunks]
        dinitial = None
        dtransition = torch.zeros_like(transition)
        dinto: list[Tensor | None] = [None] * len(into_state)
        dfrom: list[Tensor | None] = [None] * len(from_state)
        for direction, before in enumerate(states):
            # gradients travel against time: of the state after each chunk, and of that before it
            after, left = _buffer(dy, before.shape[2], backward=direction == 0)
            left.baddbmm_(dy, from_state[direction].mT, beta=0)
            if dstates is not None and direction == 0:
                left += dstates.flatten(1, 2)
            first = _propagate(after, left, _reverse(transition), ctx.batch, None, backward=direction == 0)
            dinitial = first if ctx.initial_given else None
            dtransition += _transition_gradient(before, after, transition)
            dfrom[direction] = torch.bmm(before.mT, dy)
            for i, (q, d) in enumerate(ctx.routes):
                if d == direction:
                    dinputs[q].baddbmm_(after, into_state[i].mT)
                    dinto[i] = torch.bmm(chunks[q].mT, after)
        H = len(dy)
        return (
            None,
            None,
            None,
            dinitial,
            dtransition,
            *(d.view(H, ctx.batch, -1) for d in dinputs),
            *dtoeplitz,
            *dinto,
            *dfrom,
        )


def _states(
    routes: tuple[tuple[int, int], ...],
    n_directions: int,
    chunks: list[Tensor],
    into_state: list[Tensor],
    transition: Tensor,
    batch: int,
    initial: Tensor | None,
) -> list[Tensor]:
    """States before all chunks, (H, batch * n_chunks, N), a direction."""
    states = []
    for direction in range(n_directions):
        before, left = _buffer(chunks[0], into_state[0].shape[2], backward=direction == 1)
        driven = [(chunks[q], m) for (q, d), m in zip(routes, into_state, strict=True) if d == direction]
        for i, (u, matrix) in enumerate(driven):
            left.baddbmm_(u, matrix, beta=int(i > 0))
        _propagate(before, left, transition, batch, initial, backward=direction == 1)
        states.append(before)
    return states


class ChunkStates(torch.autograd.Function):
    """From what each chunk leaves behind on its own, (H, batch * n_chunks, N), to the states before the chunks."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, transition: Tensor, initial: Tensor | None, batch: int) -> Tensor:
        before, buffer = _buffer(left, left.shape[2], backward=False)
        buffer.copy_(left)
        _propagate(before, buffer, transition, batch, initial, backward=False)
        ctx.batch, ctx.initial_given = batch, initial is not None
        ctx.save_for_backward(before, transition)
        return before

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        before, transition = ctx.saved_tensors
        after, buffer = _buffer(gradient, before.shape[2], backward=True)
        buffer.copy_(gradient)
        first = _propagate(after, buffer, _reverse(transition), ctx.batch, None, backward=True)
        return after, _transition_gradient(before, after, transition), first if ctx.initial_given else None, None


def _split(tensors: Any, *sizes: int) -> list[list[Tensor]]:
    """The tensors in groups of these sizes."""
    remaining = iter(tensors)
    return [[next(remaining) for _ in range(size)] for size in sizes]


def _buffer(like: Tensor, N: int, backward: bool) -> tuple[Tensor, Tensor]:
    """The states before the chunks and what these leave behind: (H, n_rows, N) each, overlapping, uninitialised."""
    H, n_rows, _ = like.shape
    rows = like.new_empty(H * n_rows + 1, N)
    first, second = rows[:-1].view(H, n_rows, N), rows[1:].view(H, n_rows, N)
    return (second, first) if backward else (first, second)


def _propagate(
    before: Tensor, left: Tensor, transition: Tensor, batch: int, initial: Tensor | None, backward: bool
) -> Tensor:
    """Add to what each chunk leaves behind what the chunks before it did, in place; return the last chunk's.

    Then give the first chunk of each case its ``initial`` state, zero if None.
    """
    states = left.unflatten(1, (batch, -1))
    end: Tensor
    if transition.is_complex():
        pairs = as_pairs(states).unbind(2)[:: -1 if backward else 1]
        if initial is not None:
            pairs[0].addcmul_(as_pairs(initial), transition[:, None])
        for earlier, later in pairwise(pairs):
            later.addcmul_(earlier, transition[:, None])
        end = states[:, :, 0 if backward else -1].clone()
    else:
        end = _propagate_dense(states, transition, initial, backward)
    before.unflatten(1, (batch, -1))[:, :, -1 if backward else 0] = 0 if initial is None else initial
    return end


def _propagate_dense(states: Tensor, transition: Tensor, initial: Tensor | None, backward: bool) -> Tensor:
    """Add what the chunks before did to (H, batch, n_chunks, N), in place; return the last chunk's.

    Few long series go in groups of chunks: each on its own, all at once; then what one group leaves to the next; then
    that moved on through its chunks. So products have more rows, and there are fewer of them.
    """
    H, batch, n_chunks, N = states.shape
    size = max(1, math.isqrt(n_chunks // 2)) if batch <= FEW_SERIES else 1
    if size < 4:
        end = torch.zeros_like(states[:, :, 0]) if initial is None else initial
        for chunk in states.unbind(2)[:: -1 if backward else 1]:
            # the sum in memory of its own: a batched product is slow where its result is a strided view
            end = torch.baddbmm(chunk, end, transition)
            chunk.copy_(end)
        return end
    rest = n_chunks % size
    first, last = states.split([rest, n_chunks - rest], 2) if backward else states.split([n_chunks - rest, rest], 2)
    grouped, alone = (last, first) if backward else (first, last)
    groups = grouped.unflatten(2, (-1, size))  # (H, batch, n_groups, size, N)
    local = groups.flatten(1, 2).contiguous()
    ends = _propagate_dense(local, transition, None, backward).view(H, batch, -1, N)
    through: Tensor = torch.linalg.matrix_power(transition, size)
    end = _propagate_dense(ends, through, initial, backward)
    start = torch.zeros_like(end) if initial is None else initial
    carry = torch.cat([ends[:, :, 1:], start[:, :, None]] if backward else [start[:, :, None], ends[:, :, :-1]], dim=2)
    carry = carry.flatten(1, 2)
    for chunk in local.unbind(2)[:: -1 if backward else 1]:
        carry = torch.bmm(carry, transition)
        chunk += carry
    groups.copy_(local.view(groups.shape))
    if rest:
        end = _propagate_dense(alone, transition, end.contiguous(), backward)
    return end


def _reverse(transition: Tensor) -> Tensor:
    """How gradients travel."""
    return transition.conj() if transition.is_complex() else transition.mT


def _transition_gradient(before: Tensor, after: Tensor, transition: Tensor) -> Tensor:
    """Sum over the chunks of the states before them times the gradients of those after.

    Of pairs, conj(s) g is picked from the products of all components: (H, N, N) to (H, P).
    """
    products = torch.bmm(before.mT, after)
    if not transition.is_complex():
        return products
    pairs = products.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).diagonal(dim1=1, dim2=3)  # (H, 2, 2, P)
    return torch.complex(pairs[:, 0, 0] + pairs[:, 1, 1], pairs[:, 0, 1] - pairs[:, 1, 0])
