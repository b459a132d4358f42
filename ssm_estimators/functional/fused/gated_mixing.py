"""What follows a state-space layer in a block: GELU, linear map of the features, gate, sum with the block's input."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.fused.slices import Index, is_small, slices


def gated_mixing(
    y: Tensor,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    gain: Tensor | None = None,
    gain_after: Tensor | None = None,
) -> Tensor:
    r"""Sum x + g' * a * sigmoid(b), where a and b are the halves of W (g * gelu(y)) + bias.

    Slice by slice over cases and time points; the backward pass keeps the arguments alone, and computes the rest anew
    unless all fits one slice.
    Under autocast the linear map is computed in its type, all else in that of x.

    Parameters
    ----------
    y : Tensor of shape (H_in, batch, L)
    x : Tensor of shape (H, batch, L)
    weight : Tensor of shape (2 * H, H_in)
    bias : Tensor of shape (2 * H,)
    gain, gain_after : Tensor of shape (H_in, batch, 1) and (H, batch, 1), or None, default=None
        g and g': a dropout's masks, not trained; ``None`` is 1.

    Returns
    -------
    Tensor of shape (H, batch, L)

    Notes
    -----
    Slow twin: :func:`ssm_estimators.functional.reference.gated_mixing`.

    Examples
    --------
    With the gate wide open and the identity as its map, what is added is gelu(y):

    >>> y, x = torch.tensor([[[0.0, 10.0]]]), torch.ones(1, 1, 2)
    >>> gated_mixing(y, x, weight=torch.tensor([[1.0], [0.0]]), bias=torch.tensor([0.0, 100.0])).tolist()
    [[[1.0, 11.0]]]
    """
    device = x.device.type
    product_type = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
    with torch.autocast(device, enabled=False):
        mixed: Tensor = _by(x).apply(y, x, weight, bias, gain, gain_after, product_type)
    return mixed


def _by(x: Tensor) -> Any:
    """What computes it for such activations."""
    if not takes_triton(x):
        return _GatedMixing
    from ssm_estimators.functional.triton.fused import TritonGatedMixing  # needs triton

    return TritonGatedMixing


class _GatedMixing(torch.autograd.Function):
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
        out = torch.empty_like(x, memory_format=torch.contiguous_format)
        kept: tuple[Tensor, ...] = ()
        for here in slices(x):
            kept = _activated(y, weight, bias, gain, here, product_type)
            _, value, gate = kept
            added = value if gain_after is None else value * gain_after[:, here[1]]
            torch.addcmul(x[here], added, gate, out=out[here])
        ctx.save_for_backward(y, weight, bias, gain, gain_after, *(kept if is_small(x) else ()))
        ctx.product_type = product_type
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        y, weight, bias, gain, gain_after, *kept = ctx.saved_tensors
        H = len(weight) // 2
        dy, dweight, dbias = torch.empty_like(y), torch.zeros_like(weight), torch.zeros_like(bias)
        for here in slices(dout):
            g, value, gate = kept or _activated(y, weight, bias, gain, here, ctx.product_type)
            dmixed = torch.empty(2, *value.shape, dtype=value.dtype, device=value.device)
            torch.mul(dout[here], gate, out=dmixed[0])
            if gain_after is not None:
                dmixed[0].mul_(gain_after[:, here[1]])
            # of the gate's argument: value' value (1 - gate)
            torch.addcmul(value, value, gate, value=-1, out=dmixed[1]).mul_(dmixed[0])
            flat = dmixed.view(2 * H, -1).to(ctx.product_type)
            dbias += flat.sum(1)
            dweight += flat @ g.T
            dg = (weight.T.to(flat) @ flat).to(y).view(len(y), *value.shape[1:])
            if gain is not None:
                dg.mul_(gain[:, here[1]])
            torch.ops.aten.gelu_backward.grad_input(dg, y[here], grad_input=dy[here])
        return dy, dout, dweight, dbias, None, None, None


def _activated(
    y: Tensor, weight: Tensor, bias: Tensor, gain: Tensor | None, here: Index, product_type: torch.dtype
) -> tuple[Tensor, Tensor, Tensor]:
    """Of a slice: g * gelu(y) as (H_in, points), a, and sigmoid(b)."""
    g = F.gelu(y[here])
    if gain is not None:
        g.mul_(gain[:, here[1]])
    flat = g.reshape(len(y), -1).to(product_type)
    mixed = torch.addmm(bias[:, None].to(product_type), weight.to(product_type), flat).to(y)
    value, gate = mixed.view(2, -1, *g.shape[1:])
    return flat, value, gate.sigmoid_()
