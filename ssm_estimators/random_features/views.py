"""Series as the kernels hear them: standardised, perhaps differenced or reversed, zero where nothing was observed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.moments import known, mean_and_scale
from ssm_estimators.series.sources import Series

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
class ChannelSums:
    """Weighted sums of a power of the observed values of each channel, perhaps less a mean; a :class:`Collector`.

    Attributes
    ----------
    n_channels, n_batch, power : int
    mean : Tensor of shape (n_channels, 1) or None
    """

    n_channels: int
    n_batch: int
    power: int
    mean: Tensor | None = None

    def zero(self) -> Tensor:
        """The sum over no case, (n_channels,)."""
        return torch.zeros(self.n_channels, dtype=torch.float64)

    def add(self, total: Tensor, data: SeriesData, *by_case: np.ndarray) -> None:
        """Add cases with their weights."""
        [weight] = by_case
        X, observed = with_mask(data, slice(None))
        values = torch.where(observed, (X if self.mean is None else X - self.mean) ** self.power, 0)
        total += (values.sum(-1) * torch.from_numpy(weight)[:, None]).sum(0)

    def merge(self, totals: list[Tensor]) -> Tensor:
        """The sum of sums."""
        return torch.stack(totals).sum(0)


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
        step = max(1, NUMBERS // (data.n_channels * data.n_timepoints))
        total = data.collect(ChannelSums(data.n_channels, step, 0), weight).clamp_min(1e-300)
        mean = (data.collect(ChannelSums(data.n_channels, step, 1), weight) / total)[:, None]
        deviation = (data.collect(ChannelSums(data.n_channels, step, 2, mean), weight) / total).sqrt()[:, None]
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
