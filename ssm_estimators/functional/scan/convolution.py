"""Responses of short series by their kernels alone, without states: matrix products or Fourier transforms."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.block_matrices import toeplitz


def is_matrix_cheap(L: int, batch: int, n_inputs: int) -> bool:
    """Whether matrices of L x L elements per feature, one per input, are worth making (measured on a CPU)."""
    return L <= 320 and n_inputs * L * L <= 600 * (batch + 8)


def convolve(inputs: Sequence[Tensor], lags: Sequence[Tensor], by_matrix: bool) -> Tensor:
    """Sum of the inputs' convolutions with their responses at lags 1 - L ... L - 1.

    Parameters
    ----------
    inputs : sequence of Tensor of shape (H, batch, L)
    lags : sequence of Tensor of shape (H, M, 2 * L - 1)
    by_matrix : bool
        By the products with Toeplitz matrices, else by Fourier transforms.

    Returns
    -------
    Tensor of shape (H * M, batch, L)

    Notes
    -----
    Slow twin: :func:`ssm_estimators.functional.reference.two_sided_convolution`.

    Examples
    --------
    >>> u, lags = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[10.0, 1.0, 0.5]]])
    >>> convolve([u], [lags], by_matrix=True).tolist()
    [[[21.0, 2.5]]]
    """
    H, batch, L = inputs[0].shape
    M = lags[0].shape[1]
    if by_matrix:
        parts = [torch.bmm(u, toeplitz(kernel)) for u, kernel in zip(inputs, lags, strict=True)]
        y = sum(parts[1:], start=parts[0])
        return y.view(H, batch, M, L).transpose(1, 2).reshape(-1, batch, L)
    response: Tensor = _FourierConvolution.apply(len(inputs), *inputs, *lags)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    return response


class _FourierConvolution(torch.autograd.Function):
    """Keeps the inputs' and kernels' transforms. What wraps around falls outside the lags that count."""

    @staticmethod
    def forward(ctx: Any, n_inputs: int, *tensors: Tensor) -> Tensor:
        _, batch, L = tensors[0].shape
        n = fast_length(2 * L - 1)
        inputs = [torch.fft.rfft(u, n=n)[:, None] for u in tensors[:n_inputs]]  # (H, 1, batch, F)
        kernels = [torch.fft.rfft(lags, n=n)[:, :, None] for lags in tensors[n_inputs:]]  # (H, M, 1, F)
        product = inputs[0] * kernels[0]
        for u, kernel in zip(inputs[1:], kernels[1:], strict=True):
            product.addcmul_(u, kernel)
        ctx.L, ctx.n = L, n
        ctx.save_for_backward(*inputs, *kernels)
        y: Tensor = torch.fft.irfft(product, n=n)[..., L - 1 : 2 * L - 1].reshape(-1, batch, L)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        saved, L, n = ctx.saved_tensors, ctx.L, ctx.n
        inputs, kernels = saved[: len(saved) // 2], saved[len(saved) // 2 :]
        # a convolution with what is reversed in time is, reversed, the correlation that gradients are
        d = torch.fft.rfft(dy.flip(-1), n=n).unflatten(0, kernels[0].shape[:2])  # (H, M, batch, F)
        dinputs = [torch.fft.irfft(_sum(d * kernel, 1), n=n)[..., L - 1 : 2 * L - 1].flip(-1) for kernel in kernels]
        dkernels = [torch.fft.irfft(_sum(d * u, 2), n=n)[..., : 2 * L - 1].flip(-1) for u in inputs]
        return None, *dinputs, *dkernels


def _sum(values: Tensor, dim: int) -> Tensor:
    """Sum over a dimension, without a copy where that is 1."""
    return values.squeeze(dim) if values.shape[dim] == 1 else values.sum(dim)


@cache
def fast_length(n: int) -> int:
    """The least even number from n on whose prime factors are 2, 3 and 5.

    Examples
    --------
    >>> fast_length(299), fast_length(14)
    (300, 16)
    """
    while True:
        rest = n
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1 and n % 2 == 0:
            return n
        n += 1
