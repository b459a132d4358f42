"""What of a panel was observed, and its mean and standard deviation."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def known(X: Tensor, lengths: Tensor | None) -> Tensor:
    """Where X, (n_cases, n_channels, n_timepoints), holds a value of its case: not NaN, not past the end."""
    observed = ~X.isnan()
    if lengths is None:
        return observed
    return observed & (torch.arange(X.shape[-1], device=X.device) < lengths[:, None, None])


def mean_and_scale(X: Tensor, observed: Tensor, dim: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the observed values over ``dim``, which stays; the latter 1 where nothing varies.

    Examples
    --------
    >>> X = torch.tensor([[[1.0, 3.0, 9.0]], [[5.0, 5.0, 5.0]]])
    >>> mean, scale = mean_and_scale(X, X < 9, (2,))
    >>> mean.flatten().tolist(), scale.flatten().tolist()
    ([2.0, 5.0], [1.0, 1.0])
    """
    count = observed.sum(dim, keepdim=True).clamp(min=1)
    mean = _total(torch.where(observed, X, 0), dim) / count
    deviation = _total(torch.where(observed, X - mean, 0).square(), dim).div(count).sqrt()
    constant = deviation <= 1e-12 * mean.abs().clamp(min=1e-30)  # the rounding of a sum is not variation
    return mean, torch.where(constant, 1, deviation)


def add_up(values: Tensor, dim: int) -> Tensor:
    """Sum over a dimension, by halves; the values are overwritten.

    PyTorch's own sums add in an order that depends on places in memory. Here it depends on the dimension's size alone.

    Examples
    --------
    >>> add_up(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), 0).tolist()
    [9.0, 12.0]
    """
    n = values.shape[dim]
    while n > 1:
        half = n // 2
        values.narrow(dim, 0, half).add_(values.narrow(dim, n - half, half))
        n -= half
    return values.select(dim, 0)


def _total(values: Tensor, dim: tuple[int, ...]) -> Tensor:
    """Sum over ``dim``, which stays. Over time points alone, zeros beyond a case's own length change no digit."""
    if dim != (2,):
        return values.sum(dim, keepdim=True)
    first, *others = pad(values, (0, -values.shape[2] % BLOCK)).split(BLOCK, 2)
    total = first.clone()
    for block in others:
        total += block
    return add_up(total, 2)[..., None]


BLOCK = 64  # time points
