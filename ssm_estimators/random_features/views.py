"""Series as the kernels hear them: standardised, perhaps differenced or reversed, zero where nothing was observed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.moments import known, mean_and_scale
from ssm_estimators.series.stored import Series

REPRESENTATIONS = ("raw", "difference", "second difference")  # by how often they are differenced
NUMBERS = 2**22  # values at a time in float64


class Part(NamedTuple):
    """Kernels whose features make up tables of their own.

    Attributes
    ----------
    representation : str
    max_time_constant : float
        In lengths of the series.
    """

    representation: str
    max_time_constant: float

    @property
    def n_differences(self) -> int:
        """Time points by which the representation is shorter than the series."""
        return REPRESENTATIONS.index(self.representation)


class View(NamedTuple):
    """Kernels of a part that run in one direction."""

    part: Part
    reverse: bool


@dataclass(frozen=True)
class Standardization:
    """Zero mean and unit variance.

    Attributes
    ----------
    mean, scale : Tensor of shape (n_channels, 1), float64, or None
        Of each channel; ``None``: each series and channel by its own.
    """

    mean: Tensor | None = None
    scale: Tensor | None = None

    @classmethod
    def by_channel(cls, data: Series, weight: np.ndarray) -> "Standardization":
        """By the weighted mean and deviation of each channel over all observed values."""
        counts, step = torch.from_numpy(weight)[:, None], max(1, NUMBERS // (data.n_channels * data.n_timepoints))

        def weighted(part: Callable[[Tensor], Tensor]) -> Tensor:
            """Sum over the observed values of all cases, one channel each: (n_channels,)."""
            total = torch.zeros(data.n_channels, dtype=torch.float64)
            for start in range(0, len(data), step):
                own = data.select(np.arange(start, min(start + step, len(data))))
                X, observed = with_mask(own, slice(None))
                values = torch.where(observed, part(X), 0)
                total += (values.sum(-1) * counts[start : start + step]).sum(0)
            return total

        total = weighted(torch.ones_like).clamp_min(1e-300)
        mean = (weighted(lambda X: X) / total)[:, None]
        deviation = (weighted(lambda X: (X - mean).square()) / total).sqrt()[:, None]
        return cls(mean, torch.where(deviation > 1e-12 * mean.abs(), deviation, 1.0))

    def represent(self, data: SeriesData, cases: slice, view: View) -> tuple[Tensor, Tensor]:
        """Cases in a representation and direction, (n_cases, n_channels, n_timepoints), each from the first point on.

        Returns
        -------
        X : Tensor, float32
            Zero where not observed.
        observed : Tensor, bool
            A difference is observed where all its points are.
        """
        X, observed = with_mask(data, cases)
        mean, scale = self.mean, self.scale
        if mean is None or scale is None:
            mean, scale = mean_and_scale(X, observed, (2,))
        X = torch.where(observed, (X - mean) / scale, 0)
        lengths = own_lengths(data, view.part)[cases]
        for _ in range(view.part.n_differences):
            if X.shape[-1] == 1:  # nothing to differ from: one point that was not observed
                X, observed = torch.zeros_like(X), torch.zeros_like(observed)
            else:
                observed = observed[..., 1:] & observed[..., :-1]
                X = torch.where(observed, X.diff(dim=-1), 0)
        if view.reverse:
            position = lengths[:, None] - 1 - torch.arange(X.shape[-1])
            place = position.clamp_min(0)[:, None].expand(X.shape)
            X, observed = X.gather(-1, place), observed.gather(-1, place) & (position >= 0)[:, None]
            X = torch.where(observed, X, 0)
        return X.float(), observed


def own_lengths(data: Series, part: Part) -> Tensor:
    """Time points of each case in the representation of a part, (n_cases,): at least one."""
    lengths = torch.full((len(data),), data.n_timepoints) if data.lengths is None else data.lengths
    return (lengths - part.n_differences).clamp_min(1)


def with_mask(data: SeriesData, cases: slice) -> tuple[Tensor, Tensor]:
    """Values in float64, zero where not observed, and where they were observed."""
    X = data.X[cases].double()
    observed = known(X, None if data.lengths is None else data.lengths[cases])
    return torch.where(observed, X, 0), observed
