"""The chunked scan in Triton's kernels: each pass reads a series once, and its state stays on the chip.

Gradients travel as states do: through the transposed matrices, against time. Where series are few, each is walked along
in pieces at once, twice: from zero states, and then from the states that the pieces before leave.
"""

from collections.abc import Sequence
from typing import Any

import torch
import triton
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.blocks import Blocks, as_components, move
from ssm_estimators.functional.triton_kernels import LEAST, matrix_gradients, tile_width, walk

ROWS_OF_SUM = 32
PROGRAMS = 512  # that fill a chip
LEAST_PIECE = 8  # chunks


def scan(
    inputs: list[Tensor], blocks: Blocks, state: Tensor | None, n_chunks: int, recompute: bool
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

    Returns
    -------
    y : Tensor of shape (H * M, batch, L), of the inputs' dtype
    states : Tensor of shape (H, batch, n_chunks, N)

    Notes
    -----
    Slow twin: :func:`ssm_estimators.functional.reference.recurrence`.
    """
    into = []
    for direction in range(len(blocks.from_state)):
        routes = {q: m for (q, d), m in zip(blocks.routes, blocks.into_state, strict=True) if d == direction}
        none = torch.zeros_like(blocks.into_state[0])
        into.append(_one([routes.get(q, none) for q in range(len(inputs))]))
    u = inputs[0][None] if len(inputs) == 1 else torch.stack(inputs)
    made: tuple[Tensor, Tensor] = TritonScan.apply(  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
        blocks.chunk_length,
        n_chunks,
        recompute,
        u.contiguous(),
        None if state is None else state.float().contiguous(),
        blocks.transition,
        _one(blocks.toeplitz),
        *into,
        *blocks.from_state,
    )
    return made


def _one(matrices: Sequence[Tensor]) -> Tensor:
    """Matrices (H, T, width) below each other."""
    return matrices[0] if len(matrices) == 1 else torch.cat([*matrices], dim=1)


class TritonScan(torch.autograd.Function):
    """As :class:`~ssm_estimators.functional.torch_scan.ChunkedScan`, of series of any length.

    ``u`` is (Q, H, batch, L), the inputs one after the other; ``toeplitz`` (H, Q * T, M * T); of each direction
    ``into_state`` is (H, Q * T, N), ``from_state`` (H, N, M * T). Outputs are (H * M, batch, L), and the forward
    direction's states before ``n_chunks`` chunks, (H, batch, n_chunks, N).
    """

    @staticmethod
    def forward(
        ctx: Any,
        T: int,
        n_chunks: int,
        recompute: bool,
        u: Tensor,
        initial: Tensor | None,
        transition: Tensor,
        toeplitz: Tensor,
        *matrices: Tensor,
    ) -> tuple[Tensor, Tensor]:
        into, readout = matrices[: len(matrices) // 2], matrices[len(matrices) // 2 :]
        _, H, batch, L = u.shape
        y = u.new_empty(H, toeplitz.shape[2] // T, batch, L).transpose(0, 1)
        states, _ = _walk_all(T, n_chunks, u, y, transition, toeplitz, into, readout, initial)
        ctx.T, ctx.n_chunks, ctx.n_directions = T, n_chunks, len(into)
        ctx.recompute, ctx.initial_given = recompute, initial is not None
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(u, initial, transition, toeplitz, *matrices, *([] if recompute else states))
        return y.transpose(0, 1).flatten(0, 1), states[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor | None, dstates: Tensor | None) -> tuple[Tensor | None, ...]:
        u, initial, transition, toeplitz, *rest = ctx.saved_tensors
        n, T, n_chunks = ctx.n_directions, ctx.T, ctx.n_chunks
        into, readout, states = rest[:n], rest[n : 2 * n], rest[2 * n :]
        if ctx.recompute:
            states, _ = _walk_all(T, n_chunks, u, None, transition, toeplitz, into, readout, initial)
        _, H, batch, L = u.shape
        M = toeplitz.shape[2] // T
        dy = u.new_zeros(H * M, batch, L) if dy is None else dy.contiguous()
        dy = dy.view(H, M, batch, L).transpose(0, 1)
        du = torch.empty_like(u)
        gradients, dinitial = _walk_all(
            T,
            n_chunks,
            dy,
            du,
            transition.conj() if transition.is_complex() else transition.mT,
            toeplitz.mT,
            [matrix.mT for matrix in readout],
            [matrix.mT for matrix in into],
            added=dstates,
            is_gradient=True,
        )
        pairs = enumerate(zip(states, gradients, strict=True))
        sums = [
            _matrix_gradients(T, u, dy, *pair, transition.is_complex(), direction == 0) for direction, pair in pairs
        ]
        dtransition = sums[0][2] if n == 1 else sums[0][2] + sums[1][2]
        if transition.is_complex():
            dtransition = torch.view_as_complex(dtransition.unflatten(-1, (-1, 2)))
        start = dinitial if ctx.initial_given else None
        return None, None, None, du, start, dtransition, sums[0][3], *(s[0] for s in sums), *(s[1] for s in sums)


def _walk_all(
    T: int,
    n_chunks: int,
    u: Tensor,
    y: Tensor | None,
    transition: Tensor,
    toeplitz: Tensor,
    into: Any,
    readout: Any,
    initial: Tensor | None = None,
    added: Tensor | None = None,
    is_gradient: bool = False,
) -> tuple[list[Tensor], Tensor]:
    """Write ``y``, if given; the states before each chunk of each direction, and where the first direction ends."""
    states: list[Tensor] = []
    ends = transition
    for direction in reversed(range(len(into))):
        last: dict[str, Any] = {} if direction else {"y": y, "toeplitz": toeplitz, "readout": readout}
        walked, ends = _walk(
            T,
            n_chunks,
            u,
            transition,
            into[direction],
            reverse=(direction == 0) == is_gradient,
            initial=None if direction else initial,
            added=None if direction else added,
            other=states[0] if states else None,
            **last,
        )
        states.insert(0, walked)
    return states, ends


def _walk(
    T: int,
    n_chunks: int,
    u: Tensor,
    transition: Tensor,
    into: Tensor,
    *,
    reverse: bool,
    initial: Tensor | None,
    added: Tensor | None,
    other: Tensor | None,
    y: Tensor | None = None,
    toeplitz: Any = None,
    readout: Any = (),
) -> tuple[Tensor, Tensor]:
    """States before each chunk, (H, batch, n_chunks, N), and after the last, (H, batch, N); write ``y`` if given."""
    Q, H, batch, L = u.shape
    N = into.shape[2]
    pieces = _pieces(H, batch, n_chunks)
    piece = -(-n_chunks // pieces)
    M = 1 if y is None else len(y)
    matrices = (u, u, u) if y is None else (toeplitz, readout[0], readout[-1])
    states = torch.empty(H, batch, n_chunks, N, device=u.device)
    ends = torch.empty(H, batch, pieces, N, device=u.device)
    moving = as_components(transition) if transition.is_complex() else transition.contiguous()
    added = None if added is None else added.contiguous()

    def run(start: Tensor | None, *, is_last: bool) -> None:
        tensors = [u if y is None else y, matrices[0], into, matrices[1]]
        strided = [value for t in tensors for value in (t, *(t.stride()[:3]))]
        walk[H, triton.cdiv(batch * pieces, LEAST)](
            u, *u.stride()[:3], *strided,
            moving, u if other is None else other, matrices[2], *matrices[2].stride()[:3],
            u if start is None else start, ends, u if added is None else added, states,
            L, n_chunks, pieces, piece, batch * pieces,
            T=T, Q=Q, WIDTH_IN=tile_width(Q * T), M=M, WIDTH_OUT=tile_width(M * T),
            N=N, WIDTH_STATE=tile_width(N // 2 if transition.is_complex() else N), ROWS=LEAST,
            DIAGONAL=transition.is_complex(), REVERSE=reverse, WRITE=is_last and y is not None, SAVE=is_last,
            INITIAL=start is not None, ADDED=added is not None, OTHER=other is not None, PRECISION=_precision(),
        )  # fmt: skip

    start = initial
    if pieces > 1:
        run(None, is_last=False)
        start = _carry(ends, transition, piece, initial, reverse)
    run(start, is_last=True)
    return states, ends[:, :, 0 if reverse else -1]


def _pieces(H: int, batch: int, n_chunks: int) -> int:
    """In how many pieces to walk along each series."""
    n = 1
    while H * triton.cdiv(batch * n, LEAST) < PROGRAMS and 2 * n * LEAST_PIECE <= n_chunks:
        n *= 2
    return n


def _carry(ends: Tensor, transition: Tensor, piece: int, initial: Tensor | None, reverse: bool) -> Tensor:
    """States that pieces start from, (H, batch, pieces, N), of those that each leaves on its own."""
    H, batch, pieces, N = ends.shape
    first = torch.zeros_like(ends[:, :, :1]) if initial is None else initial[:, :, None]
    states = torch.cat([first, ends.flip(2) if reverse else ends], dim=2)[:, :, :-1]
    through = transition**piece if transition.is_complex() else torch.linalg.matrix_power(transition, piece)
    distance = 1
    while distance < pieces:
        earlier = move(states[:, :, :-distance].flatten(1, 2), through).view(H, batch, -1, N)
        states = torch.cat([states[:, :, :distance], states[:, :, distance:] + earlier], dim=2)
        through = through * through if transition.is_complex() else through @ through
        distance *= 2
    return (states.flip(2) if reverse else states).contiguous()


def _matrix_gradients(
    T: int, u: Tensor, dy: Tensor, before: Tensor, after: Tensor, is_diagonal: bool, of_toeplitz: bool
) -> list[Tensor]:
    """Gradients of input and output matrices, transition and, if wanted, the Toeplitz matrix."""
    Q, H, batch, L = u.shape
    M, n_chunks, N = len(dy), before.shape[2], before.shape[3]
    n_rows = batch * n_chunks
    parts = min(max(PROGRAMS // H, 1), triton.cdiv(n_rows, ROWS_OF_SUM))
    sizes = [(Q * T, N), (N, M * T), (N,) if is_diagonal else (N, N)] + [(Q * T, M * T)] * of_toeplitz
    sums = [torch.empty(H, parts, *size, device=u.device) for size in sizes]
    matrix_gradients[H, parts](
        u, *u.stride()[:3], dy, *dy.stride()[:3], before, after, sums[-1], *sums[:3],
        L, n_chunks, n_rows, triton.cdiv(n_rows, ROWS_OF_SUM * parts),
        T=T, Q=Q, WIDTH_IN=tile_width(Q * T), M=M, WIDTH_OUT=tile_width(M * T), N=N, WIDTH_STATE=tile_width(N),
        ROWS=ROWS_OF_SUM, DIAGONAL=is_diagonal, TOEPLITZ=of_toeplitz, PRECISION=_precision(),
    )  # fmt: skip
    return [parted.sum(1) for parted in sums]


def _precision() -> str:
    return "tf32" if torch.backends.cuda.matmul.fp32_precision == "tf32" else "tf32x3"
