"""Linear forecasts from the state-space features of a window, fitted in closed form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.features.block_ridge import PENALTIES, BlockRidge, BlockSums, choose_penalty, fit_block_ridge
from ssm_estimators.features.memory import Memory
from ssm_estimators.series.windows import Origins, in_chunks

Array = NDArray[Any]

MOST_BLOCKS, FEWEST_BLOCKS = 6, 3
MAX_WINDOWS = 100_000  # of all channels together
DEPARTURE = 1e4  # penalty of a channel's departure from the map for all, in units of that map's, with one free window


@dataclass(frozen=True)
class LinearForecast:
    """A map from a window's features to what comes after it, one a channel.

    Attributes
    ----------
    memory : Memory
    coef : ndarray of shape (n_channels, n_features, horizon)
    """

    memory: Memory
    coef: Array

    def predict(self, windows: Array) -> Array:
        """(n_windows, n_channels, n_timepoints) to (n_windows, n_channels, horizon)."""
        features = self.memory.features(windows.reshape(-1, windows.shape[-1])).reshape(*windows.shape[:2], -1)
        return windows[..., -1:] + np.einsum("ncp,cph->nch", features, self.coef, optimize=True)


@dataclass(frozen=True)
class LinearFit:
    """A fitted forecast, and those that were fitted to what came before each block of origins.

    Attributes
    ----------
    forecast : LinearForecast
    before : list of LinearForecast
    origins : Origins
    segment : ndarray of shape (n_origins,)
        Of block k: 2 k.
    stride : int
        Time points from one origin to the next.
    """

    forecast: LinearForecast
    before: list[LinearForecast]
    origins: Origins
    segment: Array
    stride: int

    @property
    def n_windows(self) -> int:
        """Windows of a channel, all that there are."""
        return len(self.origins) * self.stride


def fit_linear_forecast(
    series: Sequence[Array], scale: Sequence[Array], memory: Memory, horizon: int, season: int
) -> LinearFit:
    """Ridge regressions of what comes after windows on their features.

    One map for all channels, shrunk toward the value one season before (of one time point: the last value); then one a
    channel, shrunk toward the map for all, the less so the more windows there are that do not overlap. The penalty is
    that of least squared error, in units of ``scale``, on blocks of neighbouring origins left out.

    Parameters
    ----------
    series : sequence of ndarray of shape (n_channels, length)
    scale : sequence of ndarray of shape (n_channels,)
    memory : Memory
    horizon : int
    season : int
        Of the forecast that maps are shrunk toward, at most ``memory.n_lags``.

    Returns
    -------
    LinearFit
    """
    lengths = np.array([x.shape[1] for x in series])
    n_channels = series[0].shape[0]
    n_all = len(Origins.of(lengths, memory.n_lags, horizon))
    stride = -(-n_all * n_channels // MAX_WINDOWS)
    origins = Origins.of(lengths, memory.n_lags, horizon, stride)
    n_blocks = min(len(origins), int(np.clip(n_all // horizon, FEWEST_BLOCKS, MOST_BLOCKS)))
    n_times = int(np.ptp(origins.when)) + 1
    n_judged = int(np.clip(n_times // (2 * n_blocks), 1, horizon))  # a gap of as many is at most half a block
    segment = origins.segments(n_blocks, gap=n_judged)
    sums = [BlockSums.zeros(2 * n_blocks - 1, memory.matrix.shape[1], horizon) for _ in range(n_channels)]
    for number, chunk, windows, after in in_chunks(series, origins, len(memory.matrix), horizon):
        unit = scale[number][:, None]
        for channel in range(n_channels):
            A = memory.features(windows[:, channel]) / unit[channel]
            Y = (after[:, channel] - windows[:, channel, -1:]) / unit[channel]
            for s in np.unique(segment[chunk]):
                sums[channel].add(s, A[segment[chunk] == s], Y[segment[chunk] == s])
    steps = np.arange(1, horizon + 1)
    growth = np.sqrt(np.maximum(1, steps / n_judged))  # windows overlap the more, the farther ahead
    departure = DEPARTURE * horizon / n_all
    ridges = _fit_channels(sums, memory.penalty, growth, _season_before(memory, horizon, season), departure, n_judged)
    return LinearFit(
        LinearForecast(memory, np.stack([ridge.coef for ridge in ridges])),
        [LinearForecast(memory, np.stack([ridge.before[k] for ridge in ridges])) for k in range(n_blocks)],
        origins,
        segment,
        stride,
    )


def _fit_channels(
    sums: list[BlockSums], relative: Array, growth: Array, toward: Array, departure: float, n_judged: int
) -> list[BlockRidge]:
    together = sums[0] if len(sums) == 1 else sum(sums[1:], start=sums[0])
    unit = np.trace(together.gram.sum(axis=0)) / len(relative) or 1.0
    penalty = choose_penalty(together, relative, growth, toward, unit * PENALTIES, n_judged)
    start = BlockRidge(toward, np.broadcast_to(toward, (len(together.square) // 2 + 1, *toward.shape)), np.inf)
    shared = fit_block_ridge(together, relative, growth, start, penalty)
    if len(sums) == 1:
        return [shared]
    return [fit_block_ridge(own, relative, growth, shared, penalty * departure) for own in sums]


def _season_before(memory: Memory, horizon: int, season: int) -> Array:
    """The map whose forecast is the value one season, or the fewest seasons, before."""
    coef = np.zeros((memory.matrix.shape[1], horizon))
    lag = -np.arange(1, horizon + 1) % season
    steps = np.flatnonzero(lag > 0)  # lag 0 is the last value, relative to which everything is
    coef[lag[steps] - 1, steps] = 1.0
    return coef
