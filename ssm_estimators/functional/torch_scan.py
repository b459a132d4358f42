"""The chunked scan as matrix products and a loop over chunks, in PyTorch's own operators, for any device.

States live in one buffer of shape (H, 2 + batch * n_chunks, n_directions * N), in which row 1 + r is the state before
chunk r. A direction that moves forward in time writes what chunk r leaves behind to row 2 + r, one that moves backward
to row r: after the pass the states before all chunks are there without a copy. The rows that then hold what a case's
last chunk left behind belong to the next case's first chunk, and get its initial state.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class ChunkedScan(torch.autograd.Function):
    """Whole chunks in; outputs, and the state before each chunk, out. The backward is one pass in reverse.

    ``tensors`` are the inputs, each of shape (H, batch, n_chunks * T), then ``toeplitz``, then ``into_state``.
    Without ``with_states`` (a single chunk needs none) the second result is None.
    """

    @staticmethod
    def forward(
        ctx: Any,
        routes: tuple[tuple[int, int], ...],
        with_states: bool,
        initial: Tensor | None,
        transition: Tensor,
        from_state: Tensor,
        *tensors: Tensor,
    ) -> tuple[Tensor, Tensor | None]:
        Q = (len(tensors) - len(routes)) // 2
        H, N, T = from_state.shape
        batch, L = tensors[0].shape[1:]
        chunks = [u.reshape(H, -1, T) for u in tensors[:Q]]
        toeplitz, into_state = tensors[Q : 2 * Q], tensors[2 * Q :]

        y = torch.bmm(chunks[0], toeplitz[0])
        for u, matrix in zip(chunks[1:], toeplitz[1:], strict=True):
            y.baddbmm_(u, matrix)
        states = None
        if with_states:
            buffer = y.new_empty(H, y.shape[1] + 2, N)
            seen = [0, 0]
            for (q, direction), matrix in zip(routes, into_state, strict=True):
                left = _left_behind(buffer, transition, direction, backward=direction == 1)
                left.baddbmm_(chunks[q], matrix, beta=seen[direction])
                seen[direction] = 1
            for direction in range(sum(seen)):
                _propagate(buffer, transition, direction, batch, initial, backward=direction == 1)
            states = buffer[:, 1:-1]
            y.baddbmm_(states, from_state)
        ctx.routes, ctx.batch, ctx.initial_given = routes, batch, initial is not None
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(states, transition, from_state, *chunks, *toeplitz, *into_state)
        return y.view(H, batch, L), None if states is None else states.unflatten(1, (batch, -1))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor | None, dstates: Tensor | None) -> tuple[Tensor | None, ...]:
        states, transition, from_state, *tensors = ctx.saved_tensors
        Q = (len(tensors) - len(ctx.routes)) // 2
        chunks, toeplitz, into_state = tensors[:Q], tensors[Q : 2 * Q], tensors[2 * Q :]
        H, _, T = from_state.shape
        batch = ctx.batch
        dy = torch.zeros_like(chunks[0]) if dy is None else dy.reshape(H, -1, T)

        dinputs = [torch.bmm(dy, matrix.mT) for matrix in toeplitz]
        dtoeplitz = [torch.bmm(u.mT, dy) for u in chunks]
        dinitial = dtransition = dfrom = None
        dinto: list[Tensor | None] = [None] * len(ctx.routes)
        if states is not None:
            dfrom = torch.bmm(states.mT, dy)
            # gradients travel against time: in this buffer row 1 + r is the gradient of the state after chunk r
            buffer = dy.new_empty(H, states.shape[1] + 2, states.shape[2])
            adjoint, dtransition = transition.conj(), torch.zeros_like(transition)
            for direction in range(1 + max(direction for _, direction in ctx.routes)):
                columns = _columns(transition, direction)
                left = _left_behind(buffer, transition, direction, backward=direction == 0)
                left.baddbmm_(dy, from_state[:, columns].mT, beta=0)
                if dstates is not None:
                    left += dstates[..., columns].flatten(1, 2)
                first = _propagate(buffer, adjoint, direction, batch, None, backward=direction == 0)
                dinitial = first if ctx.initial_given else None
                products = torch.bmm(states[..., columns].mT, buffer[:, 1:-1, columns])
                dtransition += _pair_gradient(products)
            for i, (q, direction) in enumerate(ctx.routes):
                after = buffer[:, 1:-1, _columns(transition, direction)]
                dinputs[q].baddbmm_(after, into_state[i].mT)
                dinto[i] = torch.bmm(chunks[q].mT, after)
        dinputs = [d.view(H, batch, -1) for d in dinputs]
        return None, None, dinitial, dtransition, dfrom, *dinputs, *dtoeplitz, *dinto


def _columns(transition: Tensor, direction: int) -> slice:
    """Columns of the buffer that hold the state of a direction."""
    width = 2 * transition.shape[-1]
    return slice(direction * width, (direction + 1) * width)


def _left_behind(buffer: Tensor, transition: Tensor, direction: int, backward: bool) -> Tensor:
    """Where the chunks of a direction write what they leave behind, see the head of this file."""
    return buffer[:, slice(None, -2) if backward else slice(2, None), _columns(transition, direction)]


def _propagate(
    buffer: Tensor, transition: Tensor, direction: int, batch: int, initial: Tensor | None, backward: bool
) -> Tensor:
    """Add to what each chunk leaves behind what the chunks before it did, in place; return the last chunk's.

    Then give the first chunk of each case its ``initial`` state, zero if None.
    """
    left = _left_behind(buffer, transition, direction, backward)
    chunks = _pairs(left).unflatten(1, (batch, -1)).unbind(2)
    chunks = chunks[::-1] if backward else chunks
    transition = transition[:, None]
    if initial is not None:
        chunks[0].addcmul_(_pairs(initial), transition)
    for before, after in pairwise(chunks):
        after.addcmul_(before, transition)
    last = torch.view_as_real(chunks[-1]).flatten(2).clone()
    states = buffer[:, 1:-1, _columns(transition[:, 0], direction)].unflatten(1, (batch, -1))
    states[:, :, -1 if backward else 0] = 0 if initial is None else initial
    return last


def _pair_gradient(products: Tensor) -> Tensor:
    """Sum of conj(s) g over the pairs s and g, from the products of all their components: (H, N, N) to (H, P)."""
    pairs = products.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).diagonal(dim1=1, dim2=3)  # (H, 2, 2, P)
    return torch.complex(pairs[:, 0, 0] + pairs[:, 1, 1], pairs[:, 0, 1] - pairs[:, 1, 0])


def _pairs(states: Tensor) -> Tensor:
    """Real (..., N) seen as complex (..., N / 2)."""
    return torch.view_as_complex(states.unflatten(-1, (-1, 2)))
