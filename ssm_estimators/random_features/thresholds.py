"""What a kernel's response is held against: a quantile of its response to one training case."""

import sys

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.random_features.pooling import SILENT
from ssm_estimators.series.sources import Series

COMPARED = 2**22  # values at a time


def sorted_cases(data: Series) -> np.ndarray:
    """Positions of cases by their values and lengths: an order that the order of rows does not change.

    Cases are compared by their first values, and only those that are equal so far by the next ones.

    Parameters
    ----------
    data : SeriesData, StoredSeries or DaskSeries

    Returns
    -------
    ndarray of shape (n_cases,)
    """
    n_cases, n_values = len(data), data.n_channels * data.n_timepoints
    n_before, tied = np.zeros(n_cases, dtype=np.int64), np.arange(n_cases)
    start, step = 0, max(4, COMPARED // n_cases)
    while len(tied) > 1 and start <= n_values:
        columns = slice(start, start + step)
        keys = np.concatenate([n_before[tied, None], _keys(data, tied, columns)], axis=1)
        if sys.byteorder == "little":
            keys.byteswap(inplace=True)
        rows = keys.view(np.dtype((np.void, 8 * keys.shape[1]))).ravel()
        _, number, counts = np.unique(rows, return_inverse=True, return_counts=True)
        first = (np.cumsum(counts) - counts)[number] - np.searchsorted(np.sort(n_before[tied]), n_before[tied])
        n_before[tied] += first
        tied, start = tied[counts[number] > 1], start + step
    return np.argsort(n_before, kind="stable")


def _keys(data: Series, cases: np.ndarray, columns: slice) -> np.ndarray:
    """Some values of cases, the length being the last, as integers that sort, unsigned, as the values do."""
    n_values = data.n_channels * data.n_timepoints
    n_columns = min(columns.stop, n_values + 1) - columns.start
    keys = np.empty((len(cases), n_columns), dtype=np.int64)
    values = data.columns(cases, columns)
    np.add(values, np.float64(0), out=keys[:, : values.shape[1]].view(np.float64))  # no negative zero
    if columns.stop > n_values:
        keys[:, -1] = 0 if data.lengths is None else data.lengths.numpy()[cases]
    numbers = keys[:, : values.shape[1]]
    numbers ^= (numbers >> 63) | np.int64(-(2**63))
    return keys


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
