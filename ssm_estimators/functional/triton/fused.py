"""What stands around a layer in a residual block, in kernels that take each array once: GELU, gate, sum, norm."""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.triton.launch import launch

POINTS = 1024  # of all cases' time points, a program
NUMBERS, COLUMNS = 8192, 32  # of a tile of layer norm, and its time points, at most


@triton.jit
def _gain_at(gains, h, at, here, batch, L, GIVEN: tl.constexpr):
    """A dropout's mask at some points of a feature."""
    gain = tl.full(at.shape, 1.0, tl.float32)
    if GIVEN:
        gain = tl.load(gains + h * batch + at // L, here, 0.0).to(tl.float32)
    return gain


@triton.jit
def _activate(y, gains, g, batch, L, POINTS: tl.constexpr, GAIN: tl.constexpr):
    h, at = tl.program_id(1), tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    here, of = at < batch * L, h.to(tl.int64) * batch * L + at
    value = tl.load(y + of, here, 0.0)
    activated = 0.5 * value * (1 + tl.erf(value * 0.7071067811865476)) * _gain_at(gains, h, at, here, batch, L, GAIN)
    tl.store(g + of, activated.to(g.dtype.element_ty), here)


@triton.jit
def _activate_backward(dg, y, gains, dy, batch, L, POINTS: tl.constexpr, GAIN: tl.constexpr):
    h, at = tl.program_id(1), tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    here, of = at < batch * L, h.to(tl.int64) * batch * L + at
    value, d = tl.load(y + of, here, 0.0), tl.load(dg + of, here, 0.0).to(tl.float32)
    slope = 0.5 * (1 + tl.erf(value * 0.7071067811865476)) + 0.3989422804014327 * value * tl.exp(-0.5 * value * value)
    tl.store(dy + of, d * slope * _gain_at(gains, h, at, here, batch, L, GAIN), here)


@triton.jit
def _gate(mixed, bias, x, gains, out, H, batch, L, POINTS: tl.constexpr, GAIN: tl.constexpr):
    h, at = tl.program_id(1), tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    n = batch * L
    here, of, of_gate = at < n, h.to(tl.int64) * n + at, (H + h).to(tl.int64) * n + at
    value = tl.load(mixed + of, here, 0.0).to(tl.float32) + tl.load(bias + h)
    gate = tl.sigmoid(tl.load(mixed + of_gate, here, 0.0).to(tl.float32) + tl.load(bias + H + h))
    tl.store(out + of, tl.load(x + of, here, 0.0) + value * gate * _gain_at(gains, h, at, here, batch, L, GAIN), here)


@triton.jit
def _gate_backward(mixed, bias, gains, dout, dmixed, dbias, H, batch, L, POINTS: tl.constexpr, GAIN: tl.constexpr):
    """Gradients before the bias; and of the bias, (2 H, programs), summed over the points of each program."""
    h, at = tl.program_id(1), tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    n, n_programs = batch * L, tl.num_programs(0)
    here, of, of_gate = at < n, h.to(tl.int64) * n + at, (H + h).to(tl.int64) * n + at
    value = tl.load(mixed + of, here, 0.0).to(tl.float32) + tl.load(bias + h)
    gate = tl.sigmoid(tl.load(mixed + of_gate, here, 0.0).to(tl.float32) + tl.load(bias + H + h))
    d = tl.load(dout + of, here, 0.0) * gate * _gain_at(gains, h, at, here, batch, L, GAIN)
    d_gate = d * value * (1 - gate)
    tl.store(dmixed + of, d.to(dmixed.dtype.element_ty), here)
    tl.store(dmixed + of_gate, d_gate.to(dmixed.dtype.element_ty), here)
    tl.store(dbias + h * n_programs + tl.program_id(0), tl.sum(d, 0))
    tl.store(dbias + (H + h) * n_programs + tl.program_id(0), tl.sum(d_gate, 0))


class TritonGatedMixing(torch.autograd.Function):
    """As of :func:`~ssm_estimators.functional.fused.gated_mixing.gated_mixing`; keeps y and the linear map's result."""

    @staticmethod
    def forward(
        ctx: Any,
        y: Tensor,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        gain: Tensor | None,
        gain_after: Tensor | None,
        product_type: torch.dtype,
    ) -> Tensor:
        y, x = y.contiguous(), x.contiguous()
        H, batch, L = x.shape
        g = _activated(y, gain, product_type)
        mixed = weight.to(product_type) @ g.flatten(1)
        out = torch.empty_like(x)
        launch(_gate, _grid(x), mixed, bias, x, _or(gain_after, x), out, H, batch, L, POINTS, gain_after is not None)
        ctx.save_for_backward(y, weight, bias, gain, gain_after, mixed)
        ctx.product_type = product_type
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        y, weight, bias, gain, gain_after, mixed = ctx.saved_tensors
        dout = dout.contiguous()
        H, batch, L = dout.shape
        grid = _grid(dout)
        dmixed, dbias = torch.empty_like(mixed), dout.new_empty(2 * H, grid[0])
        launch(
            _gate_backward,
            grid,
            mixed,
            bias,
            _or(gain_after, dout),
            dout,
            dmixed,
            dbias,
            H,
            batch,
            L,
            POINTS,
            gain_after is not None,
        )
        dweight = (dmixed @ _activated(y, gain, ctx.product_type).flatten(1).mT).to(weight)
        dg, dy = weight.to(dmixed).mT @ dmixed, torch.empty_like(y)
        launch(_activate_backward, _grid(y), dg, y, _or(gain, y), dy, batch, L, POINTS, gain is not None)
        return dy, dout, dweight, dbias.sum(1), None, None, None


def _activated(y: Tensor, gain: Tensor | None, dtype: torch.dtype) -> Tensor:
    """Gain times gelu(y)."""
    g = torch.empty_like(y, dtype=dtype)
    launch(_activate, _grid(y), y, _or(gain, y), g, *y.shape[1:], POINTS, gain is not None)
    return g


def _grid(x: Tensor) -> tuple[int, int]:
    return triton.cdiv(x[0].numel(), POINTS), len(x)


def _or(gain: Tensor | None, other: Tensor) -> Tensor:
    """The gain, or what stands in its place without one."""
    return other if gain is None else gain.contiguous()


@triton.jit
def _normalise(x, weight, bias, y, mean, scale, H, n, eps, WIDTH: tl.constexpr, COLUMNS: tl.constexpr):
    h, at = tl.arange(0, WIDTH)[:, None], tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    is_feature, of = h < H, h.to(tl.int64) * n + at[None, :]
    here = is_feature & (at < n)[None, :]
    value = tl.load(x + of, here, 0.0)
    m = tl.sum(value, 0) / H
    centred = tl.where(is_feature, value - m[None, :], 0.0)
    s = tl.rsqrt(tl.sum(centred * centred, 0) / H + eps)
    scaled = centred * s[None, :] * tl.load(weight + h, is_feature, 0.0) + tl.load(bias + h, is_feature, 0.0)
    tl.store(y + of, scaled, here)
    tl.store(mean + at, m, at < n)
    tl.store(scale + at, s, at < n)


@triton.jit
def _normalise_backward(
    x, weight, mean, scale, dy, dx, dweight, dbias, H, n, WIDTH: tl.constexpr, COLUMNS: tl.constexpr
):
    h, at = tl.arange(0, WIDTH)[:, None], tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    is_feature, of = h < H, h.to(tl.int64) * n + at[None, :]
    here = is_feature & (at < n)[None, :]
    m, s = tl.load(mean + at, at < n, 0.0)[None, :], tl.load(scale + at, at < n, 0.0)[None, :]
    normal = tl.where(here, (tl.load(x + of, here, 0.0) - m) * s, 0.0)
    d = tl.load(dy + of, here, 0.0)
    tl.store(dweight + tl.program_id(0) * H + h, tl.sum(d * normal, 1)[:, None], is_feature)
    tl.store(dbias + tl.program_id(0) * H + h, tl.sum(d, 1)[:, None], is_feature)
    d = d * tl.load(weight + h, is_feature, 0.0)
    along = (tl.sum(d, 0)[None, :] + normal * tl.sum(d * normal, 0)[None, :]) / H
    tl.store(dx + of, (d - along) * s, here)


class TritonLayerNorm(torch.autograd.Function):
    """As of :func:`~ssm_estimators.functional.fused.layer_norm.layer_norm`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        x = x.contiguous()
        H, n = len(x), x[0].numel()
        y, mean, scale = torch.empty_like(x), x.new_empty(n), x.new_empty(n)
        tile, columns = _tile(H)
        launch(_normalise, (triton.cdiv(n, columns),), x, weight, bias, y, mean, scale, H, n, eps, **tile)
        ctx.save_for_backward(x, weight, mean, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        H, n = len(x), x[0].numel()
        tile, columns = _tile(H)
        programs, dx = triton.cdiv(n, columns), torch.empty_like(x)
        dweight, dbias = x.new_empty(2, programs, H)
        launch(
            _normalise_backward,
            (programs,),
            x,
            weight,
            mean,
            scale,
            dy.contiguous(),
            dx,
            dweight,
            dbias,
            H,
            n,
            **tile,
        )
        return dx, dweight.sum(0), dbias.sum(0), None


def _tile(H: int) -> tuple[dict[str, int], int]:
    """Sizes of a tile of all features, which keeps to the registers; its time points."""
    width = triton.next_power_of_2(H)
    columns = min(COLUMNS, max(1, NUMBERS // width))
    return {"WIDTH": width, "COLUMNS": columns, "num_warps": 8 if width * columns >= NUMBERS else 4}, columns
