r"""Powers of dense systems in two Triton kernels: what their block matrices are made of.

Powers are kept as deviations from the identity, :math:`E_i = \bar A^{2^i} - 1`, so that single precision suffices:
:math:`E_{i+1} = 2 E_i + E_i E_i`. All lags are made at once: at step i those whose number has bit i are multiplied by
:math:`1 + E_i`. Each readout has a program of its own, which doubles the powers anew; columns are rows of the
transposed system, and the last program's.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.triton.launch import launch
from ssm_estimators.functional.triton.sizes import tile_width

COMPILED = {"num_warps": 4, "num_stages": 1}


@triton.jit
def _places(reads, N: tl.constexpr, WIDTH: tl.constexpr):
    """Rows and columns of a matrix; what is in it; where its elements lie, and those of the program's own matrix."""
    n = tl.arange(0, WIDTH)
    in_matrix, transposed = n[:, None] * N + n[None, :], n[None, :] * N + n[:, None]
    inside = (n < N)[:, None] & (n < N)[None, :]
    return n, inside, in_matrix, tl.where(reads, in_matrix, transposed), tl.where(reads, transposed, in_matrix)


@triton.jit
def _double(
    A, vectors, lags, kernels, powers,
    N: tl.constexpr, WIDTH: tl.constexpr, R: tl.constexpr, T: tl.constexpr, BITS: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    """Rows C A^(l+1) and kernels C A^l B; the last program's are columns A^l B, and the transposed powers."""
    h, r = tl.program_id(0).to(tl.int64), tl.program_id(1)
    lag, reads = tl.arange(0, T), r < R
    n, inside, in_matrix, own, _ = _places(reads, N, WIDTH)
    kept = powers + h * (BITS + 1) * N * N + in_matrix
    identity = tl.where((n[:, None] == n[None, :]) & inside, 1.0, 0.0)
    first = (tl.load(A + h * N * N + own, inside, 0.0) - identity).to(tl.float32)
    start = tl.load(vectors + (h * (R + 1) + r) * N + n, n < N, 0.0).to(tl.float32)
    drive = tl.load(vectors + (h * (R + 1) + R) * N + n, n < N, 0.0).to(tl.float32)
    E, x = first, tl.zeros((T, WIDTH), tl.float32) + start[None, :]
    for i in range(BITS):
        tl.store(kept + i * N * N, E, inside & (r == R))
        moved = tl.dot(x, E, input_precision=PRECISION)
        x += tl.where(((lag >> i) & 1)[:, None] == 1, moved, 0.0)
        E = tl.dot(E, E, 2 * E, input_precision=PRECISION)
    tl.store(kept + BITS * N * N, E, inside & (r == R))
    tl.store(kernels + (h * R + r) * T + lag, tl.sum(x * drive[None, :], 1), reads)
    x += tl.where(reads, tl.dot(x, first, input_precision=PRECISION), 0.0)
    tl.store(lags + ((h * T + lag[:, None]) * (R + 1) + r) * N + n[None, :], x, (n < N)[None, :])


@triton.jit
def _double_backward(
    vectors, lags, powers, dlags, dkernels, dlast, dmatrix, dvectors, ddrive,
    N: tl.constexpr, WIDTH: tl.constexpr, R: tl.constexpr, T: tl.constexpr, BITS: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    """Each program's share of the gradient of A, of its own vector, and of B by its kernel."""
    h, r = tl.program_id(0).to(tl.int64), tl.program_id(1)
    lag, reads, program = tl.arange(0, T), r < R, h * (R + 1) + r
    n, inside, _, own, of_kept = _places(reads, N, WIDTH)
    in_row, kept = (n < N)[None, :], powers + h * (BITS + 1) * N * N + of_kept
    start = tl.load(vectors + program * N + n, n < N, 0.0).to(tl.float32)
    drive = tl.load(vectors + (h * (R + 1) + R) * N + n, n < N, 0.0).to(tl.float32)
    # rows were kept one power ahead: that of lag l at l - 1, and the first is the vector itself
    made, ahead = (h * T * (R + 1) + r) * N + n[None, :], tl.where(reads, 1, 0)
    at = lag[:, None] - ahead
    x = tl.load(lags + made + at * (R + 1) * N, in_row & (at >= 0), 0.0) + tl.where(at < 0, start[None, :], 0.0)
    d = tl.load(dlags + made + lag[:, None] * (R + 1) * N, in_row, 0.0)
    dkernel = tl.load(dkernels + (h * R + r) * T + lag, reads, 0.0)
    tl.store(ddrive + program * N + n, tl.sum(x * dkernel[:, None], 0), n < N)
    dfirst = tl.dot(tl.trans(x), tl.where(reads, d, 0.0), input_precision=PRECISION)
    E = tl.load(kept, inside, 0.0)
    d += tl.where(reads, tl.dot(d, tl.trans(E), input_precision=PRECISION), 0.0) + dkernel[:, None] * drive[None, :]
    dE = tl.load(dlast + h * N * N + own, inside & (r == R), 0.0)
    for step in range(BITS):
        i = BITS - 1 - step
        E = tl.load(kept + i * N * N, inside, 0.0)
        below = tl.dot(dE, tl.trans(E), 2 * dE, input_precision=PRECISION)
        dE = tl.dot(tl.trans(E), dE, below, input_precision=PRECISION)
        moved = tl.where(((lag >> i) & 1)[:, None] == 1, d, 0.0)
        # the lags as they then were, which have none of the higher bits
        at = (lag & ((1 << i) - 1))[:, None] - ahead
        x = tl.load(lags + made + at * (R + 1) * N, in_row & (at >= 0), 0.0) + tl.where(at < 0, start[None, :], 0.0)
        dE = tl.dot(tl.trans(x), moved, dE, input_precision=PRECISION)
        d = tl.dot(moved, tl.trans(E), d, input_precision=PRECISION)
    tl.store(dmatrix + program * N * N + own, dE + dfirst, inside)
    tl.store(dvectors + program * N + n, tl.sum(d, 0), n < N)


class TritonDoubling(torch.autograd.Function):
    """As the doubling of :mod:`~ssm_estimators.functional.systems.dense`, in float32, for T a power of 2."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, B: Tensor, C: Tensor, T: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        H, R, N = C.shape
        vectors, sizes = torch.cat([C, B[:, None]], dim=1), _sizes(N, R, T)
        shapes = (H, T, R + 1, N), (H, R, T), (H, sizes["BITS"] + 1, N, N)
        lags, kernels, powers = (torch.empty(shape, dtype=torch.float32, device=A.device) for shape in shapes)
        launch(_double, (H, R + 1), A.contiguous(), vectors, lags, kernels, powers, **sizes)
        ctx.save_for_backward(vectors, lags, powers)
        identity = torch.eye(N, dtype=torch.float32, device=A.device)
        return lags[:, :, R].mT, lags[:, :, :R], kernels, powers[:, -1].mT + identity

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, dcolumns: Tensor, drows: Tensor, dkernels: Tensor, dtransition: Tensor
    ) -> tuple[Tensor | None, ...]:
        vectors, lags, powers = ctx.saved_tensors
        H, T, _, N = lags.shape
        dlags = torch.cat([drows, dcolumns.mT[:, :, None]], dim=2)
        dA, dvectors, ddrive = (vectors.new_empty(*vectors.shape, *size, dtype=lags.dtype) for size in ((N,), (), ()))
        launch(
            _double_backward, (H, vectors.shape[1]),
            vectors, lags, powers, dlags, dkernels.contiguous(), dtransition.contiguous(), dA, dvectors, ddrive,
            **_sizes(N, vectors.shape[1] - 1, T),
        )  # fmt: skip
        dB = dvectors[:, -1] + ddrive.sum(1)
        return dA.sum(1).to(vectors), dB.to(vectors), dvectors[:, :-1].to(vectors), None


def _sizes(N: int, R: int, T: int) -> dict[str, Any]:
    sizes = {"N": N, "WIDTH": tile_width(N), "R": R, "T": T, "BITS": T.bit_length() - 1}
    return {**sizes, "PRECISION": "tf32x3", **COMPILED}
