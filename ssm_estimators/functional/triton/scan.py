"""The chunked scan in Triton's kernels: one moves the states of both directions along, and one makes all outputs.

Gradients travel as states do: through the transposed matrices, against time. Where series are few, each is walked along
in pieces at once, twice: from zero states, and then from the states that the pieces before leave.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import triton
from torch import Tensor
from triton.runtime.errors import OutOfResources

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.block_matrices import Blocks, Sizes
from ssm_estimators.functional.triton.launch import launch
from ssm_estimators.functional.triton.scan_kernels import matrix_gradients, outputs, walk
from ssm_estimators.functional.triton.sizes import (
    ROWS,
    note_too_large,
    options_of_sums,
    precision,
    tile_width,
    walk_options,
    walk_width,
)

Operators = Callable[..., tuple[Tensor, Tensor]]

PROGRAMS = 512  # that fill a chip
LEAST_PIECE = 8  # chunks
TILE = 64  # of products outside of the walk: most rows and columns
# of outputs: chunks, and numbers summed at once, at most; the fastest on an H200 of those that do not lack registers
OF_OUTPUTS = {
    "tf32": {"ROWS": 128, "DEPTH": 64, "num_warps": 8, "num_stages": 2},
    "tf32x3": {"ROWS": 64, "DEPTH": 32, "num_warps": 4, "num_stages": 3},
}


def scan(
    inputs: list[Tensor], blocks: Blocks, state: Tensor | None, n_chunks: int, recompute: bool, operators: Operators
) -> tuple[Tensor, Tensor]:
    """Outputs, and the forward direction's state before each of ``n_chunks`` chunks.

    Parameters
    ----------
    inputs : list of Tensor of shape (H, batch, L), float32 or less
        One a matrix in ``blocks.toeplitz``.
    blocks : Blocks
    state : Tensor of shape (H, batch, N) or None
    n_chunks : int
        At least as many as the inputs reach into.
    recompute : bool
        Whether the backward pass makes the states anew.
    operators : callable
        What takes the place of :class:`TritonScan` where a GPU refuses a kernel.

    Returns
    -------
    y : Tensor of shape (H * M, batch, L), of the inputs' dtype
    states : Tensor of shape (H, batch, n_chunks, N)

    Notes
    -----
    Where a GPU refuses a kernel, the next scan has shorter chunks.

    Slow twin: :func:`ssm_estimators.functional.reference.recurrence`.
    """
    u = inputs[0][None] if len(inputs) == 1 else torch.stack(inputs)
    start = None if state is None else state.float().contiguous()
    tensors = (u.contiguous(), start, blocks.transition, *(blocks.stacked or _stacked(blocks, len(inputs))))
    refused: OutOfResources | None = None
    try:
        made: tuple[Tensor, Tensor] = TritonScan.apply(operators, n_chunks, recompute, *tensors)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    except OutOfResources as error:
        refused = error.with_traceback(None)  # whose frames hold memory
    if refused is not None:
        note_too_large(blocks.sizes, blocks.chunk_length, u.device, refused)
        return operators(n_chunks, recompute, *tensors)
    return made


def _stacked(blocks: Blocks, n_inputs: int) -> tuple[Tensor, Tensor, Tensor]:
    """All matrices of a kind in one tensor, with zeros where an input drives no state."""
    toeplitz = blocks.toeplitz[0] if n_inputs == 1 else torch.cat(blocks.toeplitz, dim=1)
    routes = dict(zip(blocks.routes, blocks.into_state, strict=True))
    none = torch.zeros_like(blocks.into_state[0])
    directions = range(len(blocks.from_state))
    into = [torch.cat([routes.get((q, d), none) for q in range(n_inputs)], dim=1) for d in directions]
    return toeplitz, _stack(into), _stack(blocks.from_state)


def _stack(matrices: Any) -> Tensor:
    return matrices[0][None] if len(matrices) == 1 else torch.stack([*matrices])


@dataclass(frozen=True)
class _Scan:
    """Of one scan."""

    T: int
    n_chunks: int
    n_directions: int
    N: int
    is_diagonal: bool


class TritonScan(torch.autograd.Function):
    """As :class:`~ssm_estimators.functional.scan.torch_scan.ChunkedScan`, of series of any length.

    ``u`` is (Q, H, batch, L), the inputs one after the other; ``toeplitz`` (H, Q * T, M * T); ``into``
    (n_directions, H, Q * T, N), ``readout`` (n_directions, H, N, M * T). Outputs are (H * M, batch, L), and the forward
    direction's states before ``n_chunks`` chunks, (H, batch, n_chunks, N).
    """

    @staticmethod
    def forward(
        ctx: Any,
        operators: Operators,
        n_chunks: int,
        recompute: bool,
        u: Tensor,
        initial: Tensor | None,
        transition: Tensor,
        toeplitz: Tensor,
        into: Tensor,
        readout: Tensor,
    ) -> tuple[Tensor, Tensor]:
        Q, H, batch, L = u.shape
        T = into.shape[2] // Q
        sizes = _Scan(T, n_chunks, len(into), into.shape[3], transition.is_complex())
        states, _ = _walk(sizes, u, into, transition, initial)
        y = u.new_empty(H, toeplitz.shape[2] // T, batch, L).transpose(0, 1)
        _outputs(sizes, u, y, toeplitz, states, readout)
        ctx.sizes, ctx.operators = sizes, operators
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(u, initial, transition, toeplitz, into, readout, None if recompute else states)
        return y.transpose(0, 1).flatten(0, 1), states[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor | None, dstates: Tensor | None) -> tuple[Tensor | None, ...]:
        *given, states = ctx.saved_tensors
        try:
            return None, None, None, *TritonScan._gradients(ctx.sizes, given, states, dy, dstates)
        except OutOfResources as error:
            refused = error.with_traceback(None)
        u, T, N = given[0], ctx.sizes.T, ctx.sizes.N
        of_blocks = Sizes(len(u), given[5].shape[3] // T, N, ctx.sizes.is_diagonal)
        note_too_large(of_blocks, T, u.device, refused)
        return None, None, None, *_gradients_by(ctx.operators, ctx.sizes.n_chunks, given, dy, dstates)

    @staticmethod
    def _gradients(
        sizes: "_Scan", given: list[Tensor], states: Tensor | None, dy: Tensor | None, dstates: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        u, initial, transition, toeplitz, into, readout = given
        if states is None:
            states, _ = _walk(sizes, u, into, transition, initial)
        _, H, batch, L = u.shape
        M = toeplitz.shape[2] // sizes.T
        dy = u.new_zeros(H * M, batch, L) if dy is None else dy.contiguous()
        dy = dy.view(H, M, batch, L).transpose(0, 1)
        gradients, ends = _walk(sizes, dy, readout.mT, transition, None, dstates, is_gradient=True)
        du = torch.empty_like(u)
        _outputs(sizes, dy, du, toeplitz.mT, gradients, into.mT)
        dtoeplitz, dinto, dreadout, dtransition = _matrix_gradients(sizes, u, dy, states, gradients)
        return du, None if initial is None else ends[0, :, :, 0], dtransition, dtoeplitz, dinto, dreadout


def _gradients_by(
    operators: Operators, n_chunks: int, given: list[Tensor], dy: Tensor | None, dstates: Tensor | None
) -> Sequence[Tensor | None]:
    """Of what operators make of the tensors given."""
    with torch.enable_grad():
        leaves = [None if tensor is None else tensor.detach().requires_grad_() for tensor in given]
        made = operators(n_chunks, False, *leaves)
        wanted = [leaf for leaf in leaves if leaf is not None]
        pairs = [pair for pair in zip(made, (dy, dstates), strict=True) if pair[1] is not None]
        found = iter(torch.autograd.grad([y for y, _ in pairs], wanted, [dy for _, dy in pairs]))
    return [None if leaf is None else next(found) for leaf in leaves]


def _walk(
    sizes: _Scan,
    u: Tensor,
    into: Tensor,
    transition: Tensor,
    initial: Tensor | None,
    added: Tensor | None = None,
    *,
    is_gradient: bool = False,
) -> tuple[Tensor, Tensor]:
    """States before each chunk, (n_directions, H, batch, n_chunks, N); where pieces end, (..., n_pieces, N)."""
    Q, H, batch, L = u.shape
    n_directions, n_chunks, N = sizes.n_directions, sizes.n_chunks, sizes.N
    n_pieces = _pieces(n_directions * H, batch, n_chunks)
    piece = -(-n_chunks // n_pieces)
    states = u.new_empty(n_directions, H, batch, n_chunks, N, dtype=torch.float32)
    ends = u.new_empty(n_directions, H, batch, n_pieces, N, dtype=torch.float32)
    added = None if added is None else added.contiguous()
    moving = torch.view_as_real(transition) if sizes.is_diagonal else transition.contiguous()
    of_walk = Sizes(Q, Q, N, sizes.is_diagonal)
    width = walk_width(N, sizes.is_diagonal)
    n_groups = triton.cdiv(N, width)
    constants = {
        "T": sizes.T, "Q": Q, "WIDTH_IN": tile_width(Q * sizes.T), "N": N,
        "WIDTH_STATE": width, "ROWS": ROWS, "DIAGONAL": sizes.is_diagonal,
        "GRADIENT": is_gradient, "PRECISION": precision(), **walk_options(of_walk, sizes.T),
    }  # fmt: skip

    def along_chunks(start: Tensor | None, save: bool) -> None:
        launch(
            walk, (triton.cdiv(batch * n_pieces, ROWS), H, n_directions * n_groups),
            u, *u.stride()[:3], into, *into.stride(), moving,
            u if start is None else start, u if added is None else added, states, ends,
            L, n_chunks, n_pieces, piece, batch * n_pieces, 1,
            DRIVEN=True, SAVE=save, START=start is not None, ADDED=added is not None, **constants,
        )  # fmt: skip

    if n_pieces == 1:
        along_chunks(initial, save=True)
        return states, ends
    along_chunks(None, save=False)
    starts = torch.empty_like(ends)
    through = moving if sizes.is_diagonal else torch.linalg.matrix_power(moving, piece)
    launch(
        walk, (triton.cdiv(batch, ROWS), H, n_directions * n_groups),
        u, *u.stride()[:3], into, *into.stride(), through,
        u if initial is None else initial, ends, starts, torch.empty_like(ends[:, :, :, 0]),
        0, n_pieces, 1, n_pieces, batch, piece,
        DRIVEN=False, SAVE=True, START=initial is not None, ADDED=True, **constants,
    )  # fmt: skip
    along_chunks(starts, save=True)
    return states, ends


def _pieces(n_systems: int, batch: int, n_chunks: int) -> int:
    """In how many pieces to walk along each series: as fill the rows of a tile, and the chip."""
    n = 1
    while 2 * n * LEAST_PIECE <= n_chunks and (
        2 * batch * n <= ROWS or n_systems * triton.cdiv(batch * n, ROWS) < PROGRAMS
    ):
        n *= 2
    return n


def _outputs(sizes: _Scan, u: Tensor, y: Tensor, toeplitz: Tensor, states: Tensor, readout: Tensor) -> None:
    """Write ``y``."""
    Q, H, batch, L = u.shape
    n_rows, columns = batch * sizes.n_chunks, len(y) * sizes.T
    tile = min(TILE, tile_width(columns))
    options = OF_OUTPUTS[precision()]
    depth = min(options["DEPTH"], tile_width(sizes.T), tile_width(sizes.N))
    if depth < options["DEPTH"]:
        options = {**options, "DEPTH": depth, "num_stages": 2}
    launch(
        outputs, (triton.cdiv(n_rows, options["ROWS"]), H, triton.cdiv(columns, tile)),
        u, *u.stride()[:3], y, *y.stride()[:3], toeplitz, *toeplitz.stride(), states, readout, *readout.stride(),
        L, sizes.n_chunks, n_rows,
        T=sizes.T, Q=Q, M=len(y), N=sizes.N, D=sizes.n_directions, COLUMNS=tile,
        PRECISION=precision(), **options,
    )  # fmt: skip


def _matrix_gradients(sizes: _Scan, u: Tensor, dy: Tensor, before: Tensor, after: Tensor) -> list[Tensor]:
    """Gradients of the Toeplitz matrix, of input and output matrices, and of the transition."""
    Q, H, batch, L = u.shape
    T, N, M, n_directions = sizes.T, sizes.N, len(dy), sizes.n_directions
    n_rows = batch * sizes.n_chunks
    widths = [tile_width(width) for width in (Q * T, M * T, N)]
    columns, options = options_of_sums(u.device)
    rows = options["ROWS"]
    tiles = [min(most, width) for most, width in zip((TILE, columns, TILE), widths, strict=True)]
    jobs = triton.cdiv(Q * T, tiles[0]) * triton.cdiv(M * T, tiles[1]) * triton.cdiv(N, tiles[2])
    parts = min(max(PROGRAMS // (H * jobs), 1), triton.cdiv(n_rows, rows))
    shapes: list[tuple[int, ...]] = [(H, Q * T, M * T), (n_directions, H, Q * T, N), (n_directions, H, N, M * T)]
    shapes.append((H, N // 2, 2) if sizes.is_diagonal else (H, N, N))
    counts = [torch.Size(shape).numel() for shape in shapes]
    sums = u.new_empty(parts, sum(counts), dtype=torch.float32)
    launch(
        matrix_gradients, (H, parts, jobs),
        u, *u.stride()[:3], dy, *dy.stride()[:3], before, after, sums,
        L, sizes.n_chunks, n_rows, triton.cdiv(n_rows, rows * parts),
        T=T, Q=Q, M=M, N=N, D=n_directions, TILE_IN=tiles[0], TILE_OUT=tiles[1], TILE_STATE=tiles[2],
        WIDTH_STATE=widths[2], DIAGONAL=sizes.is_diagonal, PRECISION=precision(), **options,
    )  # fmt: skip
    total = sums.sum(0) if parts > 1 else sums[0]
    made = [part.view(shape) for part, shape in zip(total.split(counts), shapes, strict=True)]
    return [*made[:3], torch.view_as_complex(made[3]) if sizes.is_diagonal else made[3]]
