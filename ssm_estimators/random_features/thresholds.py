"""What a kernel's response is held against: a quantile of its response to one training case."""

import sys

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.random_features.pooling import SILENT
from ssm_estimators.series.data import SeriesData


def sorted_cases(data: SeriesData) -> np.ndarray:
    """Positions of cases by their values and lengths: an order that the order of rows does not change.

    Parameters
    ----------
    data : SeriesData

    Returns
    -------
    ndarray of shape (n_cases,)
    """
    n_cases = len(data)
    keys = np.empty((n_cases, data.X[0].numel() + 1), dtype=np.int64)
    keys[:, -1] = 0 if data.lengths is None else data.lengths.numpy()
    values = keys[:, :-1].view(np.float64)
    np.add(data.X.numpy().reshape(n_cases, -1), np.float64(0), out=values)  # no negative zero
    keys ^= (keys >> 63) | np.int64(-(2**63))  # unsigned, these sort as the numbers do
    if sys.byteorder == "little":
        keys.byteswap(inplace=True)
    return np.argsort(keys.view(np.dtype((np.void, 8 * keys.shape[1]))).ravel(), kind="stable")


def pick_cases(ordered: np.ndarray, weight: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Positions of cases by their share of all weight.

    Parameters
    ----------
    ordered : ndarray of shape (n_cases,)
        See :func:`sorted_cases`.
    weight : ndarray of shape (n_cases,)
        Not all zero. A case of weight 2 is picked as often as two equal ones.
    shares : ndarray
        Between 0 and 1.

    Returns
    -------
    ndarray of the shape of ``shares``
    """
    cases = ordered[weight[ordered] > 0]
    ends = np.cumsum(weight[cases])
    return np.asarray(cases[np.searchsorted(ends, shares * ends[-1], side="right").clip(max=len(cases) - 1)])


def quantile_thresholds(y: Tensor, observed: Tensor, quantiles: Tensor) -> Tensor:
    """A quantile of each row's observed values, between two of them; never in the rounding about zero.

    Parameters
    ----------
    y : Tensor of shape (n_kernels, n_timepoints)
    observed : Tensor of the same shape, bool
    quantiles : Tensor of shape (n_kernels,)
    """
    ordered = torch.where(observed, y, torch.inf).sort(dim=1).values
    last = observed.sum(1) - 1
    position = quantiles * last.clamp_min(0)
    below = position.long().clamp_max((last - 1).clamp_min(0))
    low, high = (ordered.gather(1, i[:, None])[:, 0] for i in (below, torch.minimum(below + 1, last.clamp_min(0))))
    value = torch.where(last >= 0, low + (position - below).to(y) * (high - low), 0)
    # where nothing happens a response is rounding: not above any threshold
    return torch.where(value.abs() < SILENT, torch.where(value < 0, -SILENT, SILENT), value)
