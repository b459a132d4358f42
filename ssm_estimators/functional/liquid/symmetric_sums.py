"""Symmetric sums along chunks of inputs, of which products of all degrees are made."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.autograd import once_differentiable


def symmetric_sums(u: Tensor, degree: int) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Along the last axis, for m = 0 ... degree - 1, of each input u_j.

    Parameters
    ----------
    u : Tensor of shape (..., T)
    degree : int
        At least 2.

    Returns
    -------
    sums : list of Tensor of shape (..., T)
        The elementary sums e_m of u_0 ... u_j.
    inputs : list of Tensor of shape (..., T)
        u_j times the signed complete sums h_m of u_0 ... u_j.
    suffixes : list of Tensor of shape (..., T)
        u_j times the elementary sums e_m of the inputs after it.

    Examples
    --------
    >>> sums, inputs, suffixes = symmetric_sums(torch.tensor([2.0, 3.0, 5.0]), 2)
    >>> sums[1].tolist(), inputs[1].tolist(), suffixes[1].tolist()
    ([2.0, 5.0, 10.0], [-4.0, -15.0, -50.0], [16.0, 15.0, 0.0])
    """
    made: tuple[Tensor, ...] = _SymmetricSums.apply(u, degree)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    n = degree - 1
    return [torch.ones_like(u), *made[:n]], [u, *made[n : 2 * n]], [u, *made[2 * n :]]


class _SymmetricSums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, degree: int) -> tuple[Tensor, ...]:
        sums: list[Tensor] = []
        inputs, suffixes = [u], [u]
        _, later = _triangles(u)
        for m in range(1, degree):
            sums.append(torch.cumsum(u * _before(sums[-1]) if m > 1 else u, dim=-1))
            inputs.append(torch.cumsum(inputs[-1], dim=-1).mul_(u).neg_())
            suffixes.append((suffixes[-1] @ later).mul_(u))
        ctx.save_for_backward(*sums, *inputs[:-1], *suffixes[:-1])
        return *sums, *inputs[1:], *suffixes[1:]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        n, saved = len(gradients) // 3, ctx.saved_tensors
        sums, inputs, suffixes = (saved[i * n : (i + 1) * n] for i in range(3))
        dsums, dinputs, dsuffixes = ([*gradients[i * n : (i + 1) * n]] for i in range(3))
        u = inputs[0]
        from_here, later = _triangles(u)
        du = torch.zeros_like(u)
        for m in reversed(range(n)):
            du.addcmul_(dinputs[m], torch.cumsum(inputs[m], dim=-1), value=-1)
            du.addcmul_(dsuffixes[m], suffixes[m] @ later)
            dinput, dsuffix = -(dinputs[m] * u), (dsuffixes[m] * u) @ later.T
            if m == 0:
                du += dsuffix.add_(dinput.add_(dsums[0]) @ from_here)
                break
            dterms = dsums[m] @ from_here
            du.addcmul_(dterms, _before(sums[m - 1]))
            dsums[m - 1] = dsums[m - 1] + pad((dterms * u)[..., 1:], (0, 1))
            dinputs[m - 1], dsuffixes[m - 1] = dinputs[m - 1] + dinput @ from_here, dsuffixes[m - 1] + dsuffix
        return du, None


def _before(sums: Tensor) -> Tensor:
    """Of each input, the sum up to the one before it."""
    return pad(sums[..., :-1], (1, 0))


def _triangles(u: Tensor) -> tuple[Tensor, Tensor]:
    """Matrices whose products with rows add up, for each place, what is there and after, and what is after."""
    ones = u.new_ones(u.shape[-1], u.shape[-1])
    return ones.tril(), ones.tril(-1)
