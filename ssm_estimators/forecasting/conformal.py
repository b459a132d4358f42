"""Quantiles around forecasts, from the errors of windows that were left out of the fit (conformal prediction)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

Array = NDArray[Any]

LEVELS = np.linspace(0.0, 1.0, 1001)
LEAST_FREEDOM = 3.0


@dataclass(frozen=True)
class ErrorQuantiles:
    """Distribution of errors relative to how much a window moves: one shape per channel, one spread per step ahead.

    Attributes
    ----------
    shape : ndarray of shape (n_channels, n_levels)
        Quantiles at :data:`LEVELS` of the errors over their step's spread.
    spread : ndarray of shape (n_channels, horizon)
        Root mean square of the errors.
    freedom : ndarray of shape (horizon,)
        Windows that do not overlap, so many steps ahead.
    """

    shape: Array
    spread: Array
    freedom: Array

    @classmethod
    def of(cls, errors: Array, n_windows: int) -> "ErrorQuantiles":
        """From relative errors of some, (n_errors, n_channels, horizon), of so many neighbouring windows."""
        _, n_channels, horizon = errors.shape
        spread = np.sqrt((errors**2).mean(axis=0))
        relative = errors / np.where(spread > 0, spread, 1)
        shape = np.quantile(relative.swapaxes(0, 1).reshape(n_channels, -1), LEVELS, axis=1).T
        freedom = np.maximum(n_windows / np.arange(1, horizon + 1), LEAST_FREEDOM)
        return cls(shape, spread, freedom)

    def at(self, levels: Array) -> Array:
        """Quantiles of relative errors: (n_channels, horizon, n_levels).

        Few windows tell little of the tails: quantiles are wider by as much as Student's t is than the normal.
        """
        shape = np.stack([np.interp(levels, LEVELS, own) for own in self.shape])
        with np.errstate(invalid="ignore"):
            wider = t.ppf(levels, self.freedom[:, None]) / norm.ppf(levels)
        wider = np.where(np.isclose(levels, 0.5), 1.0, wider)
        return shape[:, None, :] * self.spread[:, :, None] * wider


def movement(windows: Array) -> Array:
    """Root mean square of the differences between neighbours: (..., n_timepoints) to (...)."""
    differences = np.diff(windows, axis=-1)
    seen = np.isfinite(differences)
    square = np.where(seen, differences, 0.0) ** 2
    return np.sqrt(square.sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1))
