"""The logarithm of those channels of long series whose spread grows with their level."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Logarithm:
    """Takes and undoes logarithms.

    Attributes
    ----------
    channels : ndarray of shape (n_channels,), bool
        Of which they are taken.
    """

    channels: Array

    @classmethod
    def of(cls, series: Sequence[Array], transform: str | None, season: int) -> "Logarithm":
        """Of all channels ("log"), of none (None) or of those where it makes the spread more even ("auto")."""
        positive = np.all([(x > 0).all(axis=1) for x in series], axis=0)
        if transform == "log" and not positive.all():
            channel = int(np.flatnonzero(~positive)[0])
            raise ValueError(
                f"transform='log' needs positive values; channel {channel} has others. Use transform=None."
            )
        if transform != "auto":
            return cls(np.full(len(positive), transform == "log"))
        grows = np.mean([_spread_grows(np.where(positive[:, None], x, 1.0), season) for x in series], axis=0) > 0.5
        return cls(positive & grows)

    def apply(self, x: Array) -> Array:
        """Of one series, (n_channels, n_timepoints)."""
        if not self.channels.any():
            return x
        if (x[self.channels] <= 0).any():
            raise ValueError(
                "Expected positive values in channels whose logarithm was taken in fit; got others. Use transform=None."
            )
        return np.where(self.channels[:, None], np.log(np.where(self.channels[:, None], x, 1.0)), x)

    def undo(self, values: Array) -> Array:
        """Of values whose axis 1 is the channel."""
        if not self.channels.any():
            return values
        log = self.channels.reshape(1, -1, *[1] * (values.ndim - 2))
        return np.where(log, np.exp(np.where(log, values, 0.0)), values)


def _spread_grows(x: Array, season: int) -> Array:
    """Whether the spread within seasons varies less relative to their level than by itself, for each channel.

    Values are positive.
    """
    length = season if season > 3 else 10
    n_seasons = x.shape[1] // length
    if n_seasons < 3:
        return np.zeros(len(x), dtype=bool)
    seasons = x[:, -n_seasons * length :].reshape(len(x), n_seasons, length)
    spread, level = seasons.std(axis=2), seasons.mean(axis=2)

    def variation(values: Array) -> Array:
        return values.std(axis=1) / (values.mean(axis=1) + 1e-300)

    return variation(spread / level) < variation(spread)
