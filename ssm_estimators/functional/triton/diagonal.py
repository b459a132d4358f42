"""Block matrices of diagonal systems in two kernels, one a pass: in double precision, a power by squaring."""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.triton.launch import launch
from ssm_estimators.functional.triton.power import power_of

LAGS = 16  # of a tile
PAIRS = 32  # of a program that sums gradients over lags; more lack registers


@triton.jit
def _load(values, at, is_there):
    """Real and imaginary parts of complex values."""
    return tl.load(values + 2 * at, is_there, 0.0), tl.load(values + 2 * at + 1, is_there, 0.0)


@triton.jit
def _store(values, at, real, imag, is_there):
    tl.store(values + 2 * at, real.to(values.dtype.element_ty), is_there)
    tl.store(values + 2 * at + 1, imag.to(values.dtype.element_ty), is_there)


@triton.constexpr_function
def _early(q, Q):
    """Place of input q among the inputs of the second direction, where all but the first come earlier."""
    return 0 if q == 0 else Q - 1 + q


@triton.jit
def _power_and_before(A, A_imag, lag, BITS: tl.constexpr):
    """A^lag, and the power before it; at lag 0, where that counts for nothing, the same."""
    before, before_imag = power_of(A, A_imag, tl.maximum(lag - 1, 0), BITS)
    real = tl.where(lag > 0, before * A - before_imag * A_imag, 1.0)
    imag = tl.where(lag > 0, before * A_imag + before_imag * A, 0.0)
    return real, imag, before, before_imag


@triton.jit
def _blocks(
    A_bar, B_bar, C, gain, toeplitz, into, readout, power, H, T,
    Q: tl.constexpr, D: tl.constexpr, P: tl.constexpr, WIDTH: tl.constexpr, WIDTH_T: tl.constexpr,
    TILE: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """All matrices, what belongs to a tile of lags: see ``blocks`` of a DiagonalSystem."""
    h = tl.program_id(0).to(tl.int64)
    lag = tl.program_id(1) * TILE + tl.arange(0, TILE)[:, None]
    p, t = tl.arange(0, WIDTH)[None, :], tl.arange(0, WIDTH_T)[None, :]
    n_inputs: tl.constexpr = Q if D == 1 else 2 * Q - 1
    is_pair, here = p < P, (lag < T) & (p < P)
    ahead_of_it = t + lag < T  # pairs of time points of a chunk that are so far apart, none of them twice
    behind_it = ahead_of_it & (lag > 0)
    A, A_imag = _load(A_bar, h * P + p, is_pair)
    real, imag = power_of(A, A_imag, lag, BITS)
    next_real, next_imag = real * A - imag * A_imag, real * A_imag + imag * A
    for q in tl.static_range(Q):
        B, B_imag = _load(B_bar, (q * H + h) * P + p, is_pair)
        driven, driven_imag = B * real - B_imag * imag, B * imag + B_imag * real
        first = h * n_inputs * T
        _store(into, (first + q * T + T - 1 - lag) * P + p, driven, driven_imag, here)
        if D == 2:
            second = first + H * n_inputs * T
            _store(into, (second + _early(q, Q) * T + lag) * P + p, driven, driven_imag, here)
            if q > 0:  # the others drive one direction only
                none = tl.zeros_like(driven)
                _store(into, (first + _early(q, Q) * T + lag) * P + p, none, none, here)
                _store(into, (second + q * T + lag) * P + p, none, none, here)

        forward, forward_imag = _load(C, h * P + p, is_pair)
        V, V_imag = 2 * (forward * B - forward_imag * B_imag), 2 * (forward * B_imag + forward_imag * B)
        ahead = tl.sum(V * real - V_imag * imag, 1)[:, None]
        if q == 0:
            ahead += tl.where(lag == 0, tl.load(gain + h), 0.0)
        behind = tl.zeros_like(ahead)
        matrix = toeplitz + (first + q * T) * T
        if D == 2:
            backward, backward_imag = _load(C, (H + h) * P + p, is_pair)
            V, V_imag = 2 * (backward * B - backward_imag * B_imag), 2 * (backward * B_imag + backward_imag * B)
            response = tl.sum(V * real - V_imag * imag, 1)[:, None]
            if q == 0:
                ahead += tl.where(lag == 0, response, 0.0)
                behind = response
            else:
                matrix_early = toeplitz + (first + _early(q, Q) * T) * T
                value = (response + tl.zeros_like(t)).to(tl.float32)
                tl.store(matrix_early + (t + lag) * T + t, value, ahead_of_it)
                tl.store(matrix_early + t * T + t + lag, tl.zeros_like(value), behind_it)
        tl.store(matrix + t * T + t + lag, (ahead + tl.zeros_like(t)).to(tl.float32), ahead_of_it)
        tl.store(matrix + (t + lag) * T + t, (behind + tl.zeros_like(t)).to(tl.float32), behind_it)
    for d in tl.static_range(D):
        R, R_imag = _load(C, (d * H + h) * P + p, is_pair)
        row = lag if d == 0 else T - 1 - lag
        read, read_imag = 2 * (R * next_real - R_imag * next_imag), 2 * (R * next_imag + R_imag * next_real)
        _store(readout, ((d * H + h) * T + row) * P + p, read, -read_imag, here)
    last, last_imag = power_of(A, A_imag, tl.full((1, 1), T, tl.int32), BITS)
    _store(power, h * P + p, last, last_imag, is_pair & (tl.program_id(1) == 0))


@triton.jit
def _blocks_backward(
    A_bar, B_bar, C, dtoeplitz, dinto, dreadout, dreadout_d, dreadout_h, dreadout_t, dreadout_n, dpower,
    dA_bar, dB_bar, dC, dgain, H, T,
    Q: tl.constexpr, D: tl.constexpr, P: tl.constexpr, WIDTH: tl.constexpr, WIDTH_T: tl.constexpr,
    TILE: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """Sums over lags of conj(A^l) g_l, and of l conj(A^(l-1)) g_l times the conjugates of what multiplies A^l."""
    h, group = tl.program_id(0).to(tl.int64), tl.program_id(1)
    p, t = group * WIDTH + tl.arange(0, WIDTH)[None, :], tl.arange(0, WIDTH_T)[None, :]
    n_inputs: tl.constexpr = Q if D == 1 else 2 * Q - 1
    first, is_pair = h * n_inputs * T, p < P
    A, A_imag = _load(A_bar, h * P + p, is_pair)
    last, last_imag = power_of(A, A_imag, tl.full((1, 1), T - 1, tl.int32), BITS)
    G, G_imag = _load(dpower, h * P + p, is_pair)
    dA, dA_imag = T * (last * G + last_imag * G_imag), T * (last * G_imag - last_imag * G)
    dC_first, dC_first_imag = tl.zeros_like(dA), tl.zeros_like(dA)
    dC_second, dC_second_imag = tl.zeros_like(dA), tl.zeros_like(dA)

    for d in tl.static_range(D):
        value, value_imag = tl.zeros_like(dA), tl.zeros_like(dA)
        slope, slope_imag = tl.zeros_like(dA), tl.zeros_like(dA)
        for begin in range(0, T, TILE):
            lag = begin + tl.arange(0, TILE)[:, None]
            real, imag = power_of(A, A_imag, lag, BITS)
            next_real, next_imag = real * A - imag * A_imag, real * A_imag + imag * A
            row = lag if d == 0 else T - 1 - lag
            of = dreadout + d * dreadout_d + h * dreadout_h + row * dreadout_t + 2 * p * dreadout_n
            here = (lag < T) & is_pair
            g = tl.load(of, here, 0.0).to(tl.float64)
            g_imag = -tl.load(of + dreadout_n, here, 0.0).to(tl.float64)
            value += tl.sum(next_real * g + next_imag * g_imag, 0)[None, :]
            value_imag += tl.sum(next_real * g_imag - next_imag * g, 0)[None, :]
            slope += tl.sum((lag + 1) * (real * g + imag * g_imag), 0)[None, :]
            slope_imag += tl.sum((lag + 1) * (real * g_imag - imag * g), 0)[None, :]
        R, R_imag = _load(C, (d * H + h) * P + p, is_pair)
        dA += 2 * (R * slope + R_imag * slope_imag)
        dA_imag += 2 * (R * slope_imag - R_imag * slope)
        if d == 0:
            dC_first, dC_first_imag = 2 * value, 2 * value_imag
        else:
            dC_second, dC_second_imag = 2 * value, 2 * value_imag

    for q in tl.static_range(Q):
        B, B_imag = _load(B_bar, (q * H + h) * P + p, is_pair)
        dB, dB_imag = tl.zeros_like(dA), tl.zeros_like(dA)
        slope, slope_imag = tl.zeros_like(dA), tl.zeros_like(dA)
        for begin in range(0, T, TILE):
            lag = begin + tl.arange(0, TILE)[:, None]
            real, imag, before, before_imag = _power_and_before(A, A_imag, lag, BITS)
            here = (lag < T) & is_pair
            g, g_imag = _load(dinto, (first + q * T + T - 1 - lag) * P + p, here)
            g, g_imag = g.to(tl.float64), g_imag.to(tl.float64)
            if D == 2:
                other, other_imag = _load(dinto, (first + (H * n_inputs + _early(q, Q)) * T + lag) * P + p, here)
                g, g_imag = g + other, g_imag + other_imag
            dB += tl.sum(real * g + imag * g_imag, 0)[None, :]
            dB_imag += tl.sum(real * g_imag - imag * g, 0)[None, :]
            slope += tl.sum(lag * (before * g + before_imag * g_imag), 0)[None, :]
            slope_imag += tl.sum(lag * (before * g_imag - before_imag * g), 0)[None, :]
        dA += B * slope + B_imag * slope_imag
        dA_imag += B * slope_imag - B_imag * slope
        for d in tl.static_range(D):
            value, value_imag = tl.zeros_like(dA), tl.zeros_like(dA)
            slope, slope_imag = tl.zeros_like(dA), tl.zeros_like(dA)
            for begin in range(0, T, TILE):
                lag = begin + tl.arange(0, TILE)[:, None]
                real, imag, before, before_imag = _power_and_before(A, A_imag, lag, BITS)
                if d == 0:
                    of = dtoeplitz + (first + q * T + t) * T + t + lag
                else:
                    of = dtoeplitz + (first + _early(q, Q) * T + t + lag) * T + t
                g = tl.sum(tl.load(of, t + lag < T, 0.0).to(tl.float64), 1)[:, None]
                value += tl.sum(real * g, 0)[None, :]
                value_imag -= tl.sum(imag * g, 0)[None, :]
                slope += tl.sum(lag * before * g, 0)[None, :]
                slope_imag -= tl.sum(lag * before_imag * g, 0)[None, :]
            R, R_imag = _load(C, (d * H + h) * P + p, is_pair)
            V, V_imag = 2 * (R * B - R_imag * B_imag), 2 * (R * B_imag + R_imag * B)
            dA += V * slope + V_imag * slope_imag
            dA_imag += V * slope_imag - V_imag * slope
            dB += 2 * (R * value + R_imag * value_imag)
            dB_imag += 2 * (R * value_imag - R_imag * value)
            if d == 0:
                dC_first += 2 * (B * value + B_imag * value_imag)
                dC_first_imag += 2 * (B * value_imag - B_imag * value)
            else:
                dC_second += 2 * (B * value + B_imag * value_imag)
                dC_second_imag += 2 * (B * value_imag - B_imag * value)
        _store(dB_bar, (q * H + h) * P + p, dB, dB_imag, is_pair)
    _store(dA_bar, h * P + p, dA, dA_imag, is_pair)
    _store(dC, h * P + p, dC_first, dC_first_imag, is_pair)
    if D == 2:
        _store(dC, (H + h) * P + p, dC_second, dC_second_imag, is_pair)
    diagonal = tl.load(dtoeplitz + (first + t) * T + t, t < T, 0.0)
    tl.store(dgain + h + tl.zeros_like(t), tl.sum(diagonal.to(tl.float64), 1)[:, None], (t == 0) & (group == 0))


class TritonDiagonalBlocks(torch.autograd.Function):
    """Matrices of all inputs and directions in one tensor each, of ``A_bar`` (H, P), ``B_bar`` (Q, H, P), ``C``, ``D``.

    ``toeplitz`` is (H, n_inputs * T, T), ``into`` (n_directions, H, n_inputs * T, 2 P), ``readout``
    (n_directions, H, T, 2 P), and the power of A_bar (H, P).
    """

    @staticmethod
    def forward(
        ctx: Any, A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, T: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        A_bar, B_bar, C, D = (value.resolve_conj().contiguous() for value in (A_bar, B_bar, C, D))
        (Q, H, P), n_directions = B_bar.shape, len(C)
        n_inputs = Q if n_directions == 1 else 2 * Q - 1
        shapes = (
            (H, n_inputs * T, T),
            (n_directions, H, n_inputs * T, 2 * P),
            (n_directions, H, T, 2 * P),
            (H, P, 2),
        )
        made = [torch.empty(shape, dtype=torch.float32, device=A_bar.device) for shape in shapes]
        given = [torch.view_as_real(value) for value in (A_bar, B_bar, C)]
        launch(_blocks, (H, triton.cdiv(T, LAGS)), *given, D, *made, H, T, **_sizes(Q, n_directions, P, T))
        ctx.T = T
        ctx.save_for_backward(A_bar, B_bar, C)
        return made[0], made[1], made[2], torch.view_as_complex(made[3])

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, dtoeplitz: Tensor, dinto: Tensor, dreadout: Tensor, dpower: Tensor
    ) -> tuple[Tensor | None, ...]:
        A_bar, B_bar, C = ctx.saved_tensors
        (Q, H, P), n_directions = B_bar.shape, len(C)
        made = [torch.empty_like(value) for value in (A_bar, B_bar, C)]
        dD = torch.empty(H, dtype=A_bar.real.dtype, device=A_bar.device)
        sizes = _sizes(Q, n_directions, P, ctx.T)
        sizes["WIDTH"] = min(sizes["WIDTH"], PAIRS)
        launch(
            _blocks_backward, (H, triton.cdiv(P, PAIRS)),
            *(torch.view_as_real(value) for value in (A_bar, B_bar, C)),
            dtoeplitz.contiguous(), dinto.contiguous(), dreadout, *dreadout.stride(),
            torch.view_as_real(dpower.resolve_conj().contiguous()),
            *(torch.view_as_real(value) for value in made), dD, H, ctx.T, **sizes,
        )  # fmt: skip
        return *made, dD, None


def _sizes(Q: int, n_directions: int, P: int, T: int) -> dict[str, int]:
    sizes = {"Q": Q, "D": n_directions, "P": P, "WIDTH": triton.next_power_of_2(P)}
    return {**sizes, "WIDTH_T": triton.next_power_of_2(T), "TILE": LAGS, "BITS": T.bit_length()}
