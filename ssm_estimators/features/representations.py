"""Series as the kernels hear them: standardised, perhaps differenced or reversed, zero where nothing was observed."""

import torch
from torch import Tensor

from ssm_estimators.series.data import SeriesData

REPRESENTATIONS = ("raw", "difference")


def with_mask(data: SeriesData, cases: slice) -> tuple[Tensor, Tensor]:
    """Values in float64, zero where not observed, and where they were observed."""
    X = data.X[cases].double()
    observed = ~X.isnan()
    if data.lengths is not None:
        observed &= torch.arange(X.shape[-1]) < data.lengths[cases, None, None]
    return torch.where(observed, X, 0), observed


def standardize_series(X: Tensor, observed: Tensor) -> Tensor:
    """Zero mean and unit variance of each case and channel over what was observed; a constant becomes zero.

    Parameters
    ----------
    X : Tensor of shape (n_cases, n_channels, n_timepoints), float64
    observed : Tensor of the same shape, bool
    """
    n = observed.sum(-1, keepdim=True).clamp_min(1)
    mean = torch.where(observed, X, 0).sum(-1, keepdim=True) / n
    centered = torch.where(observed, X - mean, 0)
    deviation = (centered.square().sum(-1, keepdim=True) / n).sqrt()
    varies = deviation > 1e-6 * mean.abs()
    return torch.where(varies, centered / deviation, 0)


def represent(X: Tensor, observed: Tensor, representation: str, reverse: bool) -> tuple[Tensor, Tensor]:
    """A representation of series and where it was observed; unobserved values are zero.

    Parameters
    ----------
    X : Tensor of shape (n_cases, n_channels, n_timepoints)
        Zero where not observed.
    observed : Tensor of the same shape, bool
    representation : {"raw", "difference"}
    reverse : bool
        Backward in time.
    """
    if representation == "difference":
        if X.shape[-1] == 1:  # nothing to differ from: one point that was not observed
            return torch.zeros_like(X), torch.zeros_like(observed)
        observed = observed[..., 1:] & observed[..., :-1]
        X = torch.where(observed, X.diff(dim=-1), 0)
    return (X.flip(-1), observed.flip(-1)) if reverse else (X, observed)
