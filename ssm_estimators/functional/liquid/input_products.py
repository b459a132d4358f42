"""Products of successive inputs: as inputs of their own, or added to a system's outputs."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable

ROWS = 2**16  # numbers of whole series that are worked on at a time


def input_products(u: Tensor, degree: int, past: Tensor | None = None) -> list[Tensor]:
    r"""Products of each input with its predecessors: :math:`u_k u_{k-1} \cdots u_{k-q+1}` for q = 2 ... degree.

    Parameters
    ----------
    u : Tensor of shape (..., L)
    degree : int
        Largest number of factors, at least 2.
    past : Tensor of shape (..., degree - 1) or None, default=None
        The inputs before the first, oldest first; ``None`` is zero.

    Returns
    -------
    list of Tensor of shape (..., L)

    Examples
    --------
    >>> [p.tolist() for p in input_products(torch.tensor([2.0, 3.0, 5.0]), 3)]
    [[0.0, 6.0, 15.0], [0.0, 0.0, 30.0]]
    """
    past = u.new_zeros(*u.shape[:-1], degree - 1) if past is None else past.to(u)
    return [*_InputProducts.apply(u, past)]  # type: ignore[no-untyped-call]  # PyTorch's apply has no types


class _InputProducts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, past: Tensor) -> tuple[Tensor, ...]:
        known = torch.cat([past, u], dim=-1)
        _, *products = _products(known, past.shape[-1])
        ctx.save_for_backward(known, *products[:-1])
        return tuple(products)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        known, *products = ctx.saved_tensors
        n = len(gradients)
        dknown = _products_gradient(known, [known[..., n:], *products], [*gradients[:-1], gradients[-1].clone()])
        return dknown[..., n:], dknown[..., :n]


def add_products(y: Tensor, u: Tensor, gains: Tensor, past: Tensor | None = None) -> Tensor:
    r"""Outputs plus :math:`\sum_q g_q u_k u_{k-1} \cdots u_{k-q+1}`, q = 2 ... degree.

    Parameters
    ----------
    y, u : Tensor of shape (H, batch, L)
    gains : Tensor of shape (n_directions, degree - 1, H)
        A second direction's products act at the time of their earliest input.
    past : Tensor of shape (H, batch, degree - 1) or None, default=None
        The inputs before the first, oldest first; ``None`` is zero. Not with two directions.

    Returns
    -------
    Tensor of shape (H, batch, L)

    Notes
    -----
    Slow twin: :func:`ssm_estimators.functional.reference.liquid_pb`, which adds to a linear response. The backward pass
    keeps ``u`` alone and makes the products again.

    Examples
    --------
    >>> u = torch.tensor([[[2.0, 3.0, 5.0]]])
    >>> add_products(torch.zeros_like(u), u, torch.ones(1, 2, 1)).tolist()
    [[[0.0, 6.0, 45.0]]]
    """
    past = u.new_zeros(*u.shape[:2], gains.shape[1]) if past is None else past.to(u)
    total: Tensor = _AddedProducts.apply(y, u, past, gains)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    return total


class _AddedProducts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, y: Tensor, u: Tensor, past: Tensor, gains: Tensor) -> Tensor:
        out = torch.empty_like(y, memory_format=torch.contiguous_format)
        flat_out, flat_y = out.flatten(0, 1), y.flatten(0, 1)
        for here, known, gain in _rows(u, past, gains):
            part = flat_out[here].copy_(flat_y[here])
            for q, product in enumerate(_products(known, gains.shape[1])[1:]):
                part.addcmul_(product, gain[0, q])
                for backward in gain[1:, q]:
                    part[:, : -q - 1].addcmul_(product[:, q + 1 :], backward)
        ctx.save_for_backward(u, past, gains)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, ...]:
        u, past, gains = ctx.saved_tensors
        n = past.shape[-1]
        du, dpast = u.new_empty(u.shape), past.new_empty(past.shape)
        dgains = gains.new_zeros(*gains.shape[:2], *u.shape[:2])
        for here, known, gain in _rows(u, past, gains):
            products, gradient = _products(known, n), dy.flatten(0, 1)[here]
            of_products = [gradient * gain[0, q] for q in range(n)]
            for q, (product, of_product) in enumerate(zip(products[1:], of_products, strict=True)):
                of_gain = dgains[:, q].flatten(1)
                of_gain[0, here] = torch.linalg.vecdot(gradient, product)
                for backward, of_backward in zip(gain[1:, q], of_gain[1:], strict=True):
                    of_product[:, q + 1 :].addcmul_(gradient[:, : -q - 1], backward)
                    of_backward[here] = torch.linalg.vecdot(gradient[:, : -q - 1], product[:, q + 1 :])
            dknown = _products_gradient(known, products, of_products)
            du.flatten(0, 1)[here] = dknown[:, n:]
            dpast.flatten(0, 1)[here] = dknown[:, :n]
        return dy, du, dpast, dgains.sum(-1)


def _rows(u: Tensor, past: Tensor, gains: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Some series at a time: which of (H * batch), their inputs from the past on, and their gains."""
    H, batch, L = u.shape
    size = max(1, ROWS // L) if u.device.type == "cpu" else H * batch
    series, before = u.flatten(0, 1), past.flatten(0, 1)
    of_each = gains.to(u)[..., None].expand(-1, -1, -1, batch).flatten(2)[..., None]
    for start in range(0, H * batch, size):
        here = slice(start, start + size)
        yield here, torch.cat([before[here], series[here]], dim=-1), of_each[:, :, here]


def _products(known: Tensor, n: int) -> list[Tensor]:
    """Products of 1 ... n + 1 successive inputs, of which n come before the first."""
    L = known.shape[-1] - n
    return [*accumulate([known[..., n - lag : n - lag + L] for lag in range(n + 1)], torch.mul)]


def _products_gradient(known: Tensor, products: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """Gradient of the inputs from those of products of 2 ... n + 1 of them, the last of which is overwritten."""
    n, dproduct = len(gradients), gradients[-1]
    dknown = torch.zeros_like(known)
    for q in reversed(range(n)):
        earlier = slice(n - 1 - q, known.shape[-1] - 1 - q)
        dknown[..., earlier].addcmul_(dproduct, products[q])
        dproduct.mul_(known[..., earlier])
        if q > 0:
            dproduct += gradients[q - 1]
    dknown[..., n:] += dproduct
    return dknown
