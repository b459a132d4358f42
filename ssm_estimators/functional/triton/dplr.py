r"""Bilinear discretisation of diagonal plus low-rank systems from their parameters, in one Triton kernel a pass.

In double precision throughout, as :func:`~ssm_estimators.functional.systems.dplr.bilinear_dplr` states it. Real
matrices are four of pairs by pairs: from the real and the imaginary parts of the state, to both.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.triton.discretize import load_modes, load_pair
from ssm_estimators.functional.triton.launch import launch


@triton.jit
def _inverse(log_A_real, A_imag, low_rank, log_dt, rate, h, p, P: tl.constexpr):
    """Step, Lambda, P and (1 - dt / 2 Lambda)^-1; the denominator of Woodbury's identity and its sum."""
    step, A, imag = load_modes(log_A_real, A_imag, log_dt, rate, h, p, P)
    V, V_imag = load_pair(low_rank, h, p, P)
    real, turn = 1 - step / 2 * A, step / 2 * imag
    square = real * real + turn * turn
    inverse, inverse_imag = real / square, turn / square
    total = tl.sum((V * V + V_imag * V_imag) * inverse, 0)
    return step, A, imag, V, V_imag, inverse, inverse_imag, total, 1 + step * total


@triton.jit
def _factors(scale, V, V_imag, D, D_imag):
    """The two factors of the outer product by which the inverse of 1 - dt / 2 A is less than D."""
    left, left_imag = D * V - D_imag * V_imag, D * V_imag + D_imag * V
    return scale * left, scale * left_imag, D * V + D_imag * V_imag, D * V_imag - D_imag * V


@triton.jit
def _bilinear(
    log_A_real, A_imag, low_rank, B, log_dt, A_bar, B_bar, rate, P: tl.constexpr, WIDTH: tl.constexpr
):  # fmt: skip
    h, p, q = tl.program_id(0).to(tl.int64), tl.arange(0, WIDTH), tl.arange(0, WIDTH)
    step, _, _, V, V_imag, D, D_imag, _, below = _inverse(log_A_real, A_imag, low_rank, log_dt, rate, h, p, P)
    left, left_imag, right, right_imag = _factors(step / below, V, V_imag, D, D_imag)
    real_B, imag_B = load_pair(B, h, p, P)
    heard = tl.sum(right * real_B + right_imag * imag_B, 0)
    at = 2 * (h * P + p)
    tl.store(B_bar + at, step * (D * real_B - D_imag * imag_B - left * heard), p < P)
    tl.store(B_bar + at + 1, step * (D * imag_B + D_imag * real_B - left_imag * heard), p < P)
    same, inside = p[:, None] == q[None, :], (p < P)[:, None] & (q < P)[None, :]
    at = A_bar + (2 * h * P + 2 * p[:, None]) * 2 * P + 2 * q[None, :]
    own, turned = tl.where(same, 2 * D[:, None] - 1, 0.0), tl.where(same, 2 * D_imag[:, None], 0.0)
    tl.store(at, own - 2 * left[:, None] * right[None, :], inside)
    tl.store(at + 1, -turned - 2 * left[:, None] * right_imag[None, :], inside)
    tl.store(at + 2 * P, turned - 2 * left_imag[:, None] * right[None, :], inside)
    tl.store(at + 2 * P + 1, own - 2 * left_imag[:, None] * right_imag[None, :], inside)


@triton.jit
def _bilinear_backward(
    log_A_real, A_imag, low_rank, B, log_dt, dA_bar, dB_bar, dlog_A_real, dA_imag, dlow_rank, dB, dlog_dt, rate,
    P: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    h, p, q = tl.program_id(0).to(tl.int64), tl.arange(0, WIDTH), tl.arange(0, WIDTH)
    step, A, imag, V, V_imag, D, D_imag, total, below = _inverse(log_A_real, A_imag, low_rank, log_dt, rate, h, p, P)
    left, left_imag, right, right_imag = _factors(step / below, V, V_imag, D, D_imag)
    real_B, imag_B = load_pair(B, h, p, P)
    g, g_imag = load_pair(dB_bar, h, p, P)
    heard, said = tl.sum(right * real_B + right_imag * imag_B, 0), tl.sum(left * g + left_imag * g_imag, 0)
    driven = D * real_B - D_imag * imag_B - left * heard
    driven_imag = D * imag_B + D_imag * real_B - left_imag * heard
    dstep = driven * g + driven_imag * g_imag
    at = 2 * (h * P + p)
    tl.store(dB + at, step * (D * g + D_imag * g_imag - right * said), p < P)
    tl.store(dB + at + 1, step * (D * g_imag - D_imag * g - right_imag * said), p < P)
    # of X = (A_bar + 1) / 2, by A_bar and, through B_bar = dt X B, by the product of g and B
    inside = (p < P)[:, None] & (q < P)[None, :]
    of = dA_bar + (2 * h * P + 2 * p[:, None]) * 2 * P + 2 * q[None, :]
    G00, G01 = 2 * tl.load(of, inside, 0.0), 2 * tl.load(of + 1, inside, 0.0)
    G10, G11 = 2 * tl.load(of + 2 * P, inside, 0.0), 2 * tl.load(of + 2 * P + 1, inside, 0.0)
    dleft = -tl.sum(G00 * right[None, :] + G01 * right_imag[None, :], 1) - step * g * heard
    dleft_imag = -tl.sum(G10 * right[None, :] + G11 * right_imag[None, :], 1) - step * g_imag * heard
    dright = -tl.sum(G00 * left[:, None] + G10 * left_imag[:, None], 0) - step * real_B * said
    dright_imag = -tl.sum(G01 * left[:, None] + G11 * left_imag[:, None], 0) - step * imag_B * said
    same = p[:, None] == q[None, :]
    dD = tl.sum(tl.where(same, G00 + G11, 0.0), 1) + step * (g * real_B + g_imag * imag_B)
    dD_imag = tl.sum(tl.where(same, G10 - G01, 0.0), 1) + step * (g_imag * real_B - g * imag_B)
    # of left = dt D P / below, with below = 1 + dt total
    along = tl.sum(left * dleft + left_imag * dleft_imag, 0)
    dbelow = -along / below
    dtotal = dbelow * step
    dleft, dleft_imag = step / below * dleft, step / below * dleft_imag
    dD += V * dleft + V_imag * dleft_imag + V * dright + V_imag * dright_imag + dtotal * (V * V + V_imag * V_imag)
    dD_imag += V * dleft_imag - V_imag * dleft + V_imag * dright - V * dright_imag
    at = 2 * (h * P + p)
    dV = D * dleft + D_imag * dleft_imag + D * dright - D_imag * dright_imag + 2 * dtotal * D * V
    dV_imag = D * dleft_imag - D_imag * dleft + D * dright_imag + D_imag * dright + 2 * dtotal * D * V_imag
    tl.store(dlow_rank + at, dV, p < P)
    tl.store(dlow_rank + at + 1, dV_imag, p < P)
    # of D = (1 - dt / 2 Lambda)^-1: conj(D^2) / 2, times dt or Lambda
    squared, squared_imag = D * D - D_imag * D_imag, 2 * D * D_imag
    half = (squared * dD + squared_imag * dD_imag) / 2
    half_imag = (squared * dD_imag - squared_imag * dD) / 2
    tl.store(dlog_A_real + h * P + p, step * half * A, p < P)
    tl.store(dA_imag + h * P + p, step * half_imag, p < P)
    dstep = tl.sum(tl.where(p < P, dstep + A * half + imag * half_imag, 0.0), 0)
    tl.store(dlog_dt + h, step * (dstep + dbelow * total) + along)


class TritonDPLR(torch.autograd.Function):
    """As :func:`~ssm_estimators.functional.systems.dplr.discretize_dplr`, of parameters in float32."""

    @staticmethod
    def forward(
        ctx: Any, log_A_real: Tensor, A_imag: Tensor, low_rank: Tensor, B: Tensor, log_dt: Tensor, rate: float
    ) -> tuple[Tensor, Tensor]:
        H, P = log_A_real.shape
        parameters = [value.contiguous() for value in (log_A_real, A_imag, low_rank, B, log_dt)]
        A_bar, B_bar = (torch.empty(H, *s, dtype=torch.float64, device=B.device) for s in ((2 * P, 2 * P), (2 * P,)))
        launch(_bilinear, (H,), *parameters, A_bar, B_bar, rate, P, triton.next_power_of_2(P))
        ctx.rate = rate
        ctx.save_for_backward(*parameters)
        return A_bar, B_bar

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dA_bar: Tensor, dB_bar: Tensor) -> tuple[Tensor | None, ...]:
        parameters = ctx.saved_tensors
        H, P = parameters[0].shape
        made = [torch.empty_like(value) for value in parameters]
        gradients = dA_bar.contiguous(), dB_bar.contiguous()
        launch(_bilinear_backward, (H,), *parameters, *gradients, *made, ctx.rate, P, triton.next_power_of_2(P))
        return *made, None
