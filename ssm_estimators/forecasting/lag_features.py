"""Linear features of the past of a series: its last values, and damped modes of all that came before."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TIME_CONSTANTS = (0.25, 1.0, 3.0, 10.0)  # seasons
NO_SEASON = 10  # what stands for a season's length where there is none
HARMONICS = (0, 1 / 14, 1 / 7, 2 / 7, 1, 2, 3)  # cycles per season
MODE_PENALTY = 0.1  # of a mode's coefficient, where that of a value's is 1


@dataclass(frozen=True)
class LagFeatures:
    r"""What a forecast knows of a window, all relative to the window's last value.

    The last values themselves, and the responses of damped modes, which are state-space systems of one complex state:
    with :math:`\tau` the time constant and f the frequency, the real and imaginary part of
    :math:`\sum_l e^{(-1/\tau + 2 \pi i f) l} (x_{t-l} - x_t)` over the window, divided by :math:`\sum_l e^{-l/\tau}`.

    Attributes
    ----------
    n_lags : int
    matrix : ndarray of shape (n_timepoints, n_features), float64
        From a window, less its last value, to features.

    Examples
    --------
    >>> lags = LagFeatures.of(n_lags=2, n_timepoints=50, season=12)
    >>> lags.matrix.shape
    (50, 13)
    >>> lags.features(np.full((3, 50), 7.0)).any()  # nothing that differs from the last value
    np.False_
    """

    n_lags: int
    matrix: Array

    @classmethod
    def of(cls, n_lags: int, n_timepoints: int, season: int) -> "LagFeatures":
        """Modes of time constants and frequencies relative to a season (1: there is none)."""
        season = unit_of(season)
        lag = np.arange(n_timepoints)[::-1]
        columns = [lag == i for i in range(1, n_lags)] or [0.0 * lag]  # of one value there is nothing to learn from
        for time_constant in np.multiply(TIME_CONSTANTS, season):
            if 3 * time_constant > n_timepoints:
                continue
            decay = np.exp(-lag / time_constant) * -np.expm1(-1 / time_constant)
            for frequency in np.divide(HARMONICS, season):
                if frequency > 0.5 or 0 < frequency * time_constant < 0.3:  # too fast; less than a third of a cycle
                    continue
                columns.append(decay * np.cos(2 * np.pi * frequency * lag))
                if frequency > 0:
                    columns.append(decay * np.sin(2 * np.pi * frequency * lag))
        return cls(n_lags, np.stack(columns, axis=1).astype(np.float64))

    @property
    def penalty(self) -> Array:
        """Relative penalty of each feature's coefficient."""
        n_features = self.matrix.shape[1]
        return np.where(np.arange(n_features) < self.n_lags - 1, 1.0, MODE_PENALTY)

    def features(self, windows: Array) -> Array:
        """(n_windows, n_timepoints) to (n_windows, n_features); NaN before a series' start counts as its last value."""
        return np.nan_to_num(windows[:, -len(self.matrix) :] - windows[:, -1:], nan=0.0) @ self.matrix


def unit_of(season: int) -> int:
    """What lags and time constants are measured in: a season, or what stands for one where there is none."""
    return season if season > 1 else NO_SEASON
