"""What of a panel was observed, and its mean and standard deviation."""

import torch
from torch import Tensor


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
    mean = torch.where(observed, X, 0).sum(dim, keepdim=True) / count
    deviation = torch.where(observed, X - mean, 0).square().sum(dim, keepdim=True).div(count).sqrt()
    constant = deviation <= 1e-12 * mean.abs().clamp(min=1e-30)  # the rounding of a sum is not variation
    return mean, torch.where(constant, 1, deviation)
