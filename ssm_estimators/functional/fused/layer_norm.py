"""Layer norm of feature-first activations (H, batch, L)."""

from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.fused.slices import slices


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Zero mean and unit variance over the features, at each time point of each case, times weight, plus bias.

    Parameters
    ----------
    x : Tensor of shape (H, batch, L)
    weight, bias : Tensor of shape (H,)
    eps : float
        Added to the variance.

    Returns
    -------
    Tensor of shape (H, batch, L)

    Notes
    -----
    Slow twin: :func:`ssm_estimators.functional.reference.layer_norm`.

    Examples
    --------
    >>> layer_norm(torch.tensor([[[3.0]], [[1.0]]]), torch.ones(2), torch.zeros(2), eps=0.0).flatten().tolist()
    [1.0, -1.0]
    """
    normal: Tensor = _by(x).apply(x, weight, bias, eps)
    return normal


def _by(x: Tensor) -> Any:
    """What computes it for such activations."""
    if not takes_triton(x):
        return _LayerNorm
    from ssm_estimators.functional.triton.fused import TritonLayerNorm  # needs triton

    return TritonLayerNorm


class _LayerNorm(torch.autograd.Function):
    """Keeps its input, mean and scale."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
        y = torch.empty_like(x)
        mean, scale = x.new_empty(x.shape[1:]), x.new_empty(x.shape[1:])
        weight, bias = weight[:, None, None], bias[:, None, None]
        for here in slices(x):
            m, s = mean[here[1:]], scale[here[1:]]
            torch.div(x[here].sum(0), len(x), out=m)
            centred = x[here] - m
            torch.div(centred.square().sum(0), len(x), out=s).add_(eps).rsqrt_()
            torch.addcmul(bias, centred.mul_(s), weight, out=y[here])
        ctx.save_for_backward(x, weight, mean, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        dx, dweight, dbias = torch.empty_like(x), x.new_zeros(len(x)), x.new_zeros(len(x))
        for here in slices(x):
            normal = (x[here] - mean[here[1:]]).mul_(scale[here[1:]])
            product = dy[here] * normal
            dweight += product.sum((1, 2))
            dbias += dy[here].sum((1, 2))
            along = product.mul_(weight).sum(0).div_(len(x))
            d = torch.mul(dy[here], weight, out=product)
            d.sub_(d.sum(0).div_(len(x))).sub_(normal.mul_(along))
            torch.mul(d, scale[here[1:]], out=dx[here])
        return dx, dweight, dbias, None
