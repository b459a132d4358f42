"""Damped modes in two kernels, one a pass: in double precision, a power by squaring, without a loop over lags."""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable

LAGS = 16  # of a tile


@triton.jit
def _power(A, A_imag, exponent, BITS: tl.constexpr):
    """A^exponent of pairs in a row, exponents in a column."""
    real = tl.full((exponent.shape[0], A.shape[1]), 1.0, tl.float64)
    imag = tl.zeros((exponent.shape[0], A.shape[1]), tl.float64)
    for bit in range(BITS):
        is_set = ((exponent >> bit) & 1) == 1
        product, product_imag = real * A - imag * A_imag, real * A_imag + imag * A
        real, imag = tl.where(is_set, product, real), tl.where(is_set, product_imag, imag)
        A, A_imag = A * A - A_imag * A_imag, 2 * A * A_imag
    return real, imag


@triton.jit
def _modes(
    A_bar, amplitudes, spread, summed, power, H, T,
    Q: tl.constexpr, R: tl.constexpr, K: tl.constexpr, P: tl.constexpr, WIDTH: tl.constexpr,
    TILE: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """Of all amplitudes a tile of lags: the first Q in components, R in those of the conjugate, K summed over modes."""
    h = tl.program_id(0)
    lag = tl.program_id(1) * TILE + tl.arange(0, TILE)[:, None]
    p = tl.arange(0, WIDTH)[None, :]
    is_pair, here = p < P, (lag < T) & (p < P)
    A = tl.load(A_bar + 2 * (h * P + p), is_pair, 0.0)
    A_imag = tl.load(A_bar + 2 * (h * P + p) + 1, is_pair, 0.0)
    real, imag = _power(A, A_imag, lag, BITS)
    for k in tl.static_range(Q + R + K):
        at = amplitudes + 2 * ((k * H + h) * P + p)
        V, V_imag = tl.load(at, is_pair, 0.0), tl.load(at + 1, is_pair, 0.0)
        value = V * real - V_imag * imag
        if k < Q + R:
            value_imag = V * imag + V_imag * real
            to = spread + 2 * (((k * H + h) * T + lag) * P + p)
            tl.store(to, value.to(tl.float32), here)
            tl.store(to + 1, tl.where(k < Q, value_imag, -value_imag).to(tl.float32), here)
        else:
            to = summed + ((k - Q - R) * H + h) * T + lag
            tl.store(to, tl.sum(value, 1)[:, None].to(tl.float32), lag < T)
    last, last_imag = _power(A, A_imag, tl.full((1, 1), T, tl.int32), BITS)
    to = power + 2 * (h * P + p)
    is_first = is_pair & (tl.program_id(1) == 0)
    tl.store(to, last.to(tl.float32), is_first)
    tl.store(to + 1, last_imag.to(tl.float32), is_first)


@triton.jit
def _modes_backward(
    A_bar, amplitudes, dspread, dsummed, dpower, dA_bar, damplitudes, H, T,
    Q: tl.constexpr, R: tl.constexpr, K: tl.constexpr, P: tl.constexpr, WIDTH: tl.constexpr,
    TILE: tl.constexpr, BITS: tl.constexpr,
):  # fmt: skip
    """Sums over lags of conj(A^l) g_l, and of l conj(A^(l-1)) g_l times the conjugate amplitudes."""
    h = tl.program_id(0)
    p = tl.arange(0, WIDTH)[None, :]
    is_pair = p < P
    A = tl.load(A_bar + 2 * (h * P + p), is_pair, 0.0)
    A_imag = tl.load(A_bar + 2 * (h * P + p) + 1, is_pair, 0.0)
    last, last_imag = _power(A, A_imag, tl.full((1, 1), T - 1, tl.int32), BITS)
    G, G_imag = tl.load(dpower + 2 * (h * P + p), is_pair, 0.0), tl.load(dpower + 2 * (h * P + p) + 1, is_pair, 0.0)
    dA, dA_imag = T * (last * G + last_imag * G_imag), T * (last * G_imag - last_imag * G)
    for k in tl.static_range(Q + R + K):
        at = 2 * ((k * H + h) * P + p)
        V, V_imag = tl.load(amplitudes + at, is_pair, 0.0), tl.load(amplitudes + at + 1, is_pair, 0.0)
        dV, dV_imag = tl.zeros((1, WIDTH), tl.float64), tl.zeros((1, WIDTH), tl.float64)
        slope, slope_imag = tl.zeros((1, WIDTH), tl.float64), tl.zeros((1, WIDTH), tl.float64)
        for start in range(0, T, TILE):
            lag = start + tl.arange(0, TILE)[:, None]
            here = (lag < T) & is_pair
            before, before_imag = _power(A, A_imag, tl.maximum(lag - 1, 0), BITS)
            real = tl.where(lag == 0, 1.0, before * A - before_imag * A_imag)
            imag = tl.where(lag == 0, 0.0, before * A_imag + before_imag * A)
            if k < Q + R:
                of = dspread + 2 * (((k * H + h) * T + lag) * P + p)
                g, g_imag = tl.load(of, here, 0.0).to(tl.float64), tl.load(of + 1, here, 0.0).to(tl.float64)
                g_imag = tl.where(k < Q, g_imag, -g_imag)
            else:
                g = tl.load(dsummed + ((k - Q - R) * H + h) * T + lag, lag < T, 0.0).to(tl.float64) + tl.zeros_like(
                    real
                )
                g_imag = tl.zeros_like(real)
            dV += tl.sum(real * g + imag * g_imag, 0)[None, :]
            dV_imag += tl.sum(real * g_imag - imag * g, 0)[None, :]
            slope += tl.sum(lag * (before * g + before_imag * g_imag), 0)[None, :]
            slope_imag += tl.sum(lag * (before * g_imag - before_imag * g), 0)[None, :]
        tl.store(damplitudes + at, dV, is_pair)
        tl.store(damplitudes + at + 1, dV_imag, is_pair)
        dA += V * slope + V_imag * slope_imag
        dA_imag += V * slope_imag - V_imag * slope
    tl.store(dA_bar + 2 * (h * P + p), dA, is_pair)
    tl.store(dA_bar + 2 * (h * P + p) + 1, dA_imag, is_pair)


class TritonModes(torch.autograd.Function):
    """:func:`~ssm_estimators.functional.modes.modes` of Q + R + K amplitudes, (Q + R + K, H, P)."""

    @staticmethod
    def forward(
        ctx: Any, A_bar: Tensor, amplitudes: Tensor, counts: tuple[int, int, int], T: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        H, P = A_bar.shape
        A_bar, amplitudes = (value.resolve_conj().contiguous() for value in (A_bar, amplitudes))
        Q, R, K = counts
        shapes = (Q + R, H, T, 2 * P), (K, H, T), (H, P, 2)
        spread, summed, power = (torch.empty(shape, device=A_bar.device) for shape in shapes)
        tensors = [torch.view_as_real(value) for value in (A_bar, amplitudes)]
        _modes[H, triton.cdiv(T, LAGS)](*tensors, spread, summed, power, H, T, **_sizes(counts, P, T))
        ctx.counts, ctx.T = counts, T
        ctx.save_for_backward(A_bar, amplitudes)
        return spread, summed, torch.view_as_complex(power)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dspread: Tensor, dsummed: Tensor, dpower: Tensor) -> tuple[Tensor | None, ...]:
        A_bar, amplitudes = ctx.saved_tensors
        H, P = A_bar.shape
        dA, damplitudes = torch.empty_like(A_bar), torch.empty_like(amplitudes)
        tensors = [torch.view_as_real(value) for value in (A_bar, amplitudes)]
        gradients = [dspread.contiguous(), dsummed.contiguous(), torch.view_as_real(dpower.resolve_conj().contiguous())]
        results = [torch.view_as_real(value) for value in (dA, damplitudes)]
        _modes_backward[(H,)](*tensors, *gradients, *results, H, ctx.T, **_sizes(ctx.counts, P, ctx.T))
        return dA, damplitudes, None, None


def _sizes(counts: tuple[int, int, int], P: int, T: int) -> dict[str, int]:
    Q, R, K = counts
    return {"Q": Q, "R": R, "K": K, "P": P, "WIDTH": triton.next_power_of_2(P), "TILE": LAGS, "BITS": T.bit_length()}
