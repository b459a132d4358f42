r"""Discretisation of diagonal systems from their parameters, :math:`A = -e^a + i \omega`, in one Triton kernel a pass.

In double precision throughout. Zero-order hold: with z = dt A and phi(z) = (exp(z) - 1) / z, A_bar = exp(z) and
B_bar = dt phi B; the slope of phi is (exp(z) - phi) / z. Where z is small both are sums of powers.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.triton.launch import launch

TERMS = tl.constexpr(16)  # of a power series up to |z| = 1/2


@triton.jit
def _multiply(a, a_imag, b, b_imag):
    return a * b - a_imag * b_imag, a * b_imag + a_imag * b


@triton.jit
def _divide(a, a_imag, b, b_imag):
    square = b * b + b_imag * b_imag
    return (a * b + a_imag * b_imag) / square, (a_imag * b - a * b_imag) / square


@triton.jit
def load_modes(log_A_real, A_imag, log_dt, rate, h, p, P: tl.constexpr):
    """Step, and real and imaginary part of A."""
    step = tl.exp(tl.load(log_dt + h).to(tl.float64)) * rate
    A = -tl.exp(tl.load(log_A_real + h * P + p, p < P, 0.0).to(tl.float64))
    return step, A, tl.load(A_imag + h * P + p, p < P, 0.0).to(tl.float64)


@triton.jit
def load_pair(pairs, h, p, P: tl.constexpr):
    """Real and imaginary parts of (H, P, 2)."""
    at = pairs + 2 * (h * P + p)
    return tl.load(at, p < P, 0.0).to(tl.float64), tl.load(at + 1, p < P, 0.0).to(tl.float64)


@triton.jit
def _held(z, z_imag):
    """exp(z), phi(z) and its slope."""
    size = tl.exp(z)
    E, E_imag = size * tl.cos(z_imag), size * tl.sin(z_imag)
    phi, phi_imag = tl.full(z.shape, 1.0, tl.float64), tl.zeros(z.shape, tl.float64)
    slope, slope_imag = tl.full(z.shape, 1.0, tl.float64), tl.zeros(z.shape, tl.float64)
    for term in range(TERMS):
        k = TERMS - 1 - term + 0.0
        phi, phi_imag = _multiply(phi, phi_imag, z, z_imag)
        phi, phi_imag = 1 + phi / (k + 2), phi_imag / (k + 2)
        slope, slope_imag = _multiply(slope, slope_imag, z, z_imag)
        factor = (k + 2) / ((k + 1) * (k + 3))
        slope, slope_imag = 1 + factor * slope, factor * slope_imag
    is_small = z * z + z_imag * z_imag < 0.25
    safe, safe_imag = tl.where(is_small, 1.0, z), tl.where(is_small, 0.0, z_imag)
    large, large_imag = _divide(E - 1, E_imag, safe, safe_imag)
    phi, phi_imag = tl.where(is_small, phi, large), tl.where(is_small, phi_imag, large_imag)
    large, large_imag = _divide(E - phi, E_imag - phi_imag, safe, safe_imag)
    slope, slope_imag = tl.where(is_small, slope / 2, large), tl.where(is_small, slope_imag / 2, large_imag)
    return E, E_imag, phi, phi_imag, slope, slope_imag


@triton.jit
def _tustin(z, z_imag):
    """A_bar, B_bar / (dt B), and the slopes of both by z."""
    one, zero = tl.full(z.shape, 1.0, tl.float64), tl.zeros(z.shape, tl.float64)
    phi, phi_imag = _divide(one, zero, 1 - z / 2, -z_imag / 2)
    slope, slope_imag = _multiply(phi, phi_imag, phi, phi_imag)  # of A_bar; half of it is that of phi
    return 2 * phi - 1, 2 * phi_imag, phi, phi_imag, slope, slope_imag


@triton.jit
def _discretize(
    log_A_real, A_imag, B, log_dt, A_bar, B_bar, rate, HOLD: tl.constexpr, P: tl.constexpr, WIDTH: tl.constexpr
):
    h, p = tl.program_id(0), tl.arange(0, WIDTH)
    step, A, imag = load_modes(log_A_real, A_imag, log_dt, rate, h, p, P)
    B_real, B_imag = load_pair(B, h, p, P)
    if HOLD:
        A, imag, phi, phi_imag, _, _ = _held(step * A, step * imag)
    else:
        A, imag, phi, phi_imag, _, _ = _tustin(step * A, step * imag)
    driven, driven_imag = _multiply(phi, phi_imag, B_real, B_imag)
    at = 2 * (h * P + p)
    tl.store(A_bar + at, A, p < P)
    tl.store(A_bar + at + 1, imag, p < P)
    tl.store(B_bar + at, step * driven, p < P)
    tl.store(B_bar + at + 1, step * driven_imag, p < P)


@triton.jit
def _discretize_backward(
    log_A_real, A_imag, B, log_dt, dA_bar, dB_bar, dlog_A_real, dA_imag, dB, dlog_dt, rate,
    HOLD: tl.constexpr, P: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    h, p = tl.program_id(0), tl.arange(0, WIDTH)
    here, at = p < P, 2 * (h * P + p)
    step, A, imag = load_modes(log_A_real, A_imag, log_dt, rate, h, p, P)
    B_real, B_imag = load_pair(B, h, p, P)
    dA, dA_im = load_pair(dA_bar, h, p, P)
    g, g_imag = load_pair(dB_bar, h, p, P)
    if HOLD:
        of_A, of_A_imag, phi, phi_imag, slope, slope_imag = _held(step * A, step * imag)
    else:
        _, _, phi, phi_imag, of_A, of_A_imag = _tustin(step * A, step * imag)
        slope, slope_imag = of_A / 2, of_A_imag / 2
    driven, driven_imag = _multiply(B_real, -B_imag, g, g_imag)
    dz, dz_imag = _multiply(of_A, -of_A_imag, dA, dA_im)
    by_phi, by_phi_imag = _multiply(slope, -slope_imag, driven, driven_imag)
    dz, dz_imag = dz + step * by_phi, dz_imag + step * by_phi_imag
    tl.store(dlog_A_real + h * P + p, step * dz * A, here)
    tl.store(dA_imag + h * P + p, step * dz_imag, here)
    value, value_imag = _multiply(phi, -phi_imag, g, g_imag)
    tl.store(dB + at, step * value, here)
    tl.store(dB + at + 1, step * value_imag, here)
    dstep = A * dz + imag * dz_imag + phi * driven + phi_imag * driven_imag  # real parts of products
    tl.store(dlog_dt + h, step * tl.sum(tl.where(here, dstep, 0.0), 0))


class TritonDiscretize(torch.autograd.Function):
    """As :func:`~ssm_estimators.functional.systems.discretize.discretize_modes`, of parameters in float32."""

    @staticmethod
    def forward(
        ctx: Any, log_A_real: Tensor, A_imag: Tensor, B: Tensor, log_dt: Tensor, hold: bool, rate: float
    ) -> tuple[Tensor, Tensor]:
        H, P = log_A_real.shape
        parameters = [value.contiguous() for value in (log_A_real, A_imag, B, log_dt)]
        A_bar, B_bar = (torch.empty(H, P, 2, dtype=torch.float64, device=B.device) for _ in range(2))
        launch(_discretize, (H,), *parameters, A_bar, B_bar, rate, hold, P, triton.next_power_of_2(P))
        ctx.hold, ctx.rate = hold, rate
        ctx.save_for_backward(*parameters)
        return torch.view_as_complex(A_bar), torch.view_as_complex(B_bar)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dA_bar: Tensor, dB_bar: Tensor) -> tuple[Tensor | None, ...]:
        parameters = ctx.saved_tensors
        H, P = parameters[0].shape
        gradients = [torch.view_as_real(value.resolve_conj().contiguous()) for value in (dA_bar, dB_bar)]
        made = [torch.empty_like(value) for value in parameters]
        width = triton.next_power_of_2(P)
        launch(_discretize_backward, (H,), *parameters, *gradients, *made, ctx.rate, ctx.hold, P, width)
        return *made, None, None
