"""Exponential smoothing: state-space models of level, damped trend and seasonal pattern, averaged by likelihood."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.forecasting.lag_features import unit_of

Array = NDArray[Any]

LEVEL = (0.1, 0.3, 0.5, 0.7, 0.9, 0.99)  # gains of an innovation
TREND = (0.0, 0.01, 0.03, 0.1, 0.3)  # times the level's; a trend that is neither adapted nor damped is left out
DAMPING = (0.8, 0.9, 0.98, 1.0)  # of the trend, a time point
PATTERN = (0.02, 0.1, 0.3, 0.6)  # times what the level leaves
START = 6  # seasons that a window's first states are taken from
NEGLIGIBLE = 0.01  # weight of a model, relative to the greatest
MOST_VALUES = 10_000  # of a series, its last ones, that models are weighed by
PORTION = 2**22  # values of states held at a time
MOST_RESPONSE = 2**25  # values of the map from whole windows to forecasts


@dataclass
class Smoothing:
    r"""Forecasts by innovations state-space models, in each channel weighed by their likelihood.

    With level l, trend b, pattern s of a season of P time points and the innovation
    :math:`e_t = x_t - (l + \phi b + s_t)`, a model's states become :math:`l + \phi b + \alpha e_t`,
    :math:`\phi b + \alpha \beta e_t` and, of this time in the season, :math:`s_t + (1 - \alpha) \gamma e_t`. Its
    forecast is :math:`l + (\phi + \dots + \phi^h) b + s_{t+h}`: damped additive exponential smoothing.

    Attributes
    ----------
    season : int
        P; 1: no pattern.
    models : ndarray of shape (n_channels, n_models, 4)
        alpha, beta, phi and gamma of those that count in any channel.
    weights : ndarray of shape (n_channels, n_models)
        Each channel's, of sum 1.

    References
    ----------
    Hyndman, R. J., Koehler, A. B., Ord, J. K. and Snyder, R. D.: Forecasting with Exponential Smoothing. Springer 2008.

    Examples
    --------
    >>> x = np.arange(40.0) + np.tile([0.0, 3.0, 1.0, 0.0], 10)
    >>> smoothing = Smoothing.of([x[None]], season=4)
    >>> smoothing.forecast(x[None, None], horizon=4).round(6)
    array([[[40., 44., 43., 43.]]])
    """

    season: int
    models: Array
    weights: Array
    _response: Array | None = field(default=None, init=False, repr=False)

    @classmethod
    def of(cls, series: Sequence[Array], season: int) -> "Smoothing":
        """Weigh all models by how well they foretell the next values of series, (n_channels, length) each."""
        models = product(LEVEL, TREND, DAMPING, PATTERN if season > 1 else (0.0,))
        grid = np.array([model for model in models if model[1] > 0 or model[2] < 1])
        n_channels = series[0].shape[0]
        deviance = np.zeros((n_channels, len(grid)))
        for x in series:
            last = x[:, -MOST_VALUES:] - x[:, -1:]  # of what never moves nothing is left
            states = _States(last, np.full(n_channels, last.shape[1]), grid[None], season)
            count = last.shape[1] - unit_of(season)
            if count > 0:
                floor = 1e-12 * np.abs(last).max(axis=1, keepdims=True) ** 2 + 1e-300  # nothing left to foretell
                deviance += count * np.log(states.square / count + floor)
        weights = np.exp(-(deviance - deviance.min(axis=1, keepdims=True)) / 2)
        n_models = (weights > NEGLIGIBLE).sum(axis=1).max()
        best = np.argsort(-weights, axis=1, kind="stable")[:, :n_models]
        kept = np.take_along_axis(weights, best, axis=1)
        return cls(season, grid[best], kept / kept.sum(axis=1, keepdims=True))

    def forecast(self, windows: Array, horizon: int) -> Array:
        """(n_windows, n_channels, n_timepoints), NaN before a series' start, to (n_windows, n_channels, horizon)."""
        n_windows, n_channels, n_timepoints = windows.shape
        values = np.empty((n_windows, n_channels, horizon))
        whole = np.isfinite(windows[:, 0, 0])
        if 4 * whole.sum() > horizon and self.weights.shape[0] * n_timepoints * horizon <= MOST_RESPONSE:
            last = windows[whole, :, -1:]
            moved = (windows[whole] - last).swapaxes(0, 1)
            values[whole] = last + (moved @ self._response_of(n_timepoints, horizon)).swapaxes(0, 1)
        else:  # of few windows
            whole[:] = False
        rows = max(1, PORTION // (self.weights.size * max(self.season, horizon)))
        for portion in np.split(np.flatnonzero(~whole), range(rows, (~whole).sum(), rows)):
            if len(portion):
                values[portion] = self._recursion(windows[portion], horizon)
        return values

    def _response_of(self, n_timepoints: int, horizon: int) -> Array:
        """The map from a whole window to its forecast, (n_channels, n_timepoints, horizon), kept for the next call."""
        if self._response is None or self._response.shape[1:] != (n_timepoints, horizon):
            response = np.empty((len(self.weights), n_timepoints, horizon))
            group = max(1, PORTION // (self.weights.shape[1] * max(self.season, 10) * horizon))
            for first in range(0, len(response), group):
                channels = slice(first, first + group)
                response[channels] = self._backwards(n_timepoints, horizon, channels)
            self._response = response
        return self._response

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_response": None}

    def _backwards(self, n_timepoints: int, horizon: int, channels: slice) -> Array:
        """The recursion, from the forecast back to each value of a window."""
        alpha, beta, phi, gamma = np.moveaxis(self.models[channels], -1, 0)[..., None]
        beta, gamma = alpha * beta, (1 - alpha) * gamma
        weights = self.weights[channels]
        steps = np.arange(horizon)
        level = np.repeat(weights[..., None], horizon, axis=-1)  # effects of the states on the forecast
        trend = level * np.cumsum(phi ** (steps + 1), axis=-1)
        pattern = np.zeros((self.season, *level.shape))
        pattern[(n_timepoints + steps) % self.season, ..., steps] = weights
        values = np.empty((n_timepoints, len(weights), horizon))
        for t in reversed(range(n_timepoints)):
            here = pattern[t % self.season]
            innovation = alpha * level + beta * trend + gamma * here
            values[t] = innovation.sum(axis=1)
            level -= innovation
            trend = phi * (trend + level)
            here -= innovation
        first = np.eye(min(n_timepoints, START * unit_of(self.season)))
        starts = _start(first, np.full(len(first), n_timepoints), self.season)
        values[: len(first)] += np.multiply.outer(starts[0], level.sum(axis=1))
        values[: len(first)] += np.multiply.outer(starts[1], trend.sum(axis=1))
        values[: len(first)] += np.tensordot(starts[2], pattern.sum(axis=2), axes=1)
        return np.moveaxis(values, 1, 0)

    def _recursion(self, windows: Array, horizon: int) -> Array:
        """The forecasts as they are defined."""
        n_windows, n_channels, n_timepoints = windows.shape
        series = windows.reshape(-1, n_timepoints)
        channel = np.arange(len(series)) % n_channels
        lengths = np.isfinite(series).sum(axis=1)
        order = np.argsort(-lengths, kind="stable")
        time = (np.arange(n_timepoints) - lengths[order, None]) % n_timepoints
        last = series[order, -1:]
        x = np.take_along_axis(series[order], time, axis=1) - last  # each begins at the left
        states = _States(x, lengths[order], self.models[channel[order]], self.season)
        values = np.empty((len(series), horizon))
        values[order] = last + states.forecast(horizon, self.weights[channel[order]])
        return values.reshape(n_windows, n_channels, horizon)


class _States:
    """States of models after series, (n_series, n_timepoints), the longest first, and squares of their innovations."""

    def __init__(self, x: Array, lengths: Array, models: Array, season: int):
        self.lengths, self.season, self.unit = lengths, season, unit_of(season)
        self.alpha, beta, self.phi, gamma = np.moveaxis(models, -1, 0)  # (n_series or 1, n_models)
        self.beta, self.gamma = self.alpha * beta, (1 - self.alpha) * gamma
        level, trend, pattern = _start(x, lengths, season)
        n_models = models.shape[1]
        self.level, self.trend = (np.repeat(value[:, None], n_models, axis=1) for value in (level, trend))
        self.pattern = np.repeat(pattern[:, :, None], n_models, axis=2)
        self.square = np.zeros_like(self.level)
        for t in range(int(lengths.max())):
            self._step(x, t)

    def _step(self, x: Array, t: int) -> None:
        """Take in the values at a time, of the series that are as long."""
        here = slice(np.searchsorted(-self.lengths, -t))
        alpha, beta, phi, gamma = (
            value[here] if len(value) > 1 else value for value in (self.alpha, self.beta, self.phi, self.gamma)
        )
        slope = self.trend[here] * phi
        ahead = self.level[here] + slope
        pattern = self.pattern[here, t % self.season]
        innovation = x[here, t, None] - ahead - pattern
        if t >= self.unit:
            self.square[here] += innovation**2
        self.level[here] = ahead + alpha * innovation
        self.trend[here] = slope + beta * innovation
        if self.season > 1:
            pattern += gamma * innovation

    def forecast(self, horizon: int, weights: Array) -> Array:
        """Means over models, (n_series, horizon)."""
        steps = np.arange(horizon)
        damped = np.cumsum(self.phi[:, None] ** (steps[:, None] + 1), axis=1)
        pattern = self.pattern[np.arange(len(weights))[:, None], (self.lengths[:, None] + steps) % self.season]
        return np.einsum("shm,sm->sh", self.level[:, None] + damped * self.trend[:, None] + pattern, weights)


def _start(x: Array, lengths: Array, season: int) -> tuple[Array, Array, Array]:
    """Level and trend before the first value, and pattern, from the first seasons that are there."""
    unit = unit_of(season)
    level, trend, pattern = x[:, 0].copy(), np.zeros(len(x)), np.zeros((len(x), season))
    whole = np.minimum(lengths // unit, START)
    for n_seasons in range(1, START + 1):
        rows = np.flatnonzero(whole == n_seasons)
        seasons = x[rows, : n_seasons * unit].reshape(len(rows), n_seasons, unit)
        means = seasons.mean(axis=2)
        slope = (means[:, -1] - means[:, 0]) / (unit * max(n_seasons - 1, 1))
        level[rows] = means.mean(axis=1) - slope * (n_seasons * unit + 1) / 2
        trend[rows] = slope
        if season > 1:
            line = level[rows, None] + slope[:, None] * np.arange(1, n_seasons * unit + 1)
            pattern[rows] = (seasons - line.reshape(seasons.shape)).mean(axis=1)
    return level, trend, pattern
