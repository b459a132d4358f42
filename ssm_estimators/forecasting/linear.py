"""Linear forecasts from the state-space features of a window, fitted in closed form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.forecasting.exponential_smoothing import Smoothing
from ssm_estimators.forecasting.lag_features import LagFeatures
from ssm_estimators.forecasting.segment_ridge import (
    PENALTIES,
    SegmentRidge,
    SegmentSums,
    choose_penalty,
    fit_segment_ridge,
)
from ssm_estimators.forecasting.windows import Origins, in_portions

Array = NDArray[Any]

MOST_FOLDS, FEWEST_FOLDS = 6, 3
MAX_WINDOWS = 100_000  # of all channels together
DEPARTURE = 1e4  # penalty of a channel's departure from the map for all, in units of that map's, with one free window
MOST_JUDGED = 1000  # origins that smoothing is judged by
BELIEF = 4  # power of the error that forecasts are weighed by


@dataclass(frozen=True)
class LinearForecast:
    """A map from a window's features to what comes after it, one per channel, and a share of exponential smoothing.

    Attributes
    ----------
    lags : LagFeatures
    coef : ndarray of shape (n_channels, n_features, horizon)
    smoothing : Smoothing or None
    share : float
        Of the smoothing in the forecast.
    """

    lags: LagFeatures
    coef: Array
    smoothing: Smoothing | None
    share: float

    def predict(self, windows: Array) -> Array:
        """(n_windows, n_channels, n_timepoints) to (n_windows, n_channels, horizon)."""
        last = windows[..., -1:]
        features = self.lags.features(windows.reshape(-1, windows.shape[-1])).reshape(*windows.shape[:2], -1)
        ahead = last + np.einsum("ncp,cph->nch", features, self.coef, optimize=True)
        if self.smoothing is not None:
            ahead += self.share * (self.smoothing.forecast(windows, self.coef.shape[-1]) - last)
        return ahead


@dataclass(frozen=True)
class LinearFit:
    """A fitted forecast, and those that were fitted to what came before each fold of origins.

    Attributes
    ----------
    forecast : LinearForecast
    before : list of LinearForecast
    origins : Origins
    segment : ndarray of shape (n_origins,)
        Of fold k: 2 k.
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
    series: Sequence[Array],
    scale: Sequence[Array],
    lags: LagFeatures,
    n_timepoints: int,
    horizon: int,
    seasons: Sequence[int],
    smoothing: Smoothing | None = None,
) -> LinearFit:
    """Ridge regressions of what comes after windows on their features.

    Maps are shrunk toward the value one season before (of one time point: the last value). One map for all channels;
    then one per channel, shrunk toward the map for all, the less so the more windows there are that do not overlap. The
    penalty is that of least squared error, in units of ``scale``, on folds of neighbouring origins left out. With
    several seasons, and with exponential smoothing, the mean is taken of their forecasts, weighed by that error.

    Parameters
    ----------
    series : sequence of ndarray of shape (n_channels, length)
    scale : sequence of ndarray of shape (n_channels,)
    lags : LagFeatures
    n_timepoints : int
        Of a window.
    horizon : int
    seasons : sequence of int
        Each at most ``lags.n_lags``.
    smoothing : Smoothing or None, default=None

    Returns
    -------
    LinearFit
    """
    lengths = np.array([x.shape[1] for x in series])
    n_channels = series[0].shape[0]
    n_all = len(Origins.of(lengths, lags.n_lags, horizon))
    stride = -(-n_all * n_channels // MAX_WINDOWS)
    origins = Origins.of(lengths, lags.n_lags, horizon, stride)
    n_folds = min(len(origins), int(np.clip(n_all // horizon, FEWEST_FOLDS, MOST_FOLDS)))
    n_times = int(np.ptp(origins.when)) + 1
    n_judged = int(np.clip(n_times // (2 * n_folds), 1, horizon))  # a gap of as many is at most half a fold
    segment = origins.segments(n_folds, gap=n_judged)
    sums = _sums_of_windows(series, scale, lags, horizon, origins, segment)
    steps = np.arange(1, horizon + 1)
    growth = np.sqrt(np.maximum(1, steps / n_judged))  # windows overlap the more, the farther ahead
    departure = DEPARTURE * horizon / n_all
    fits = [
        _fit_channels(sums, lags.penalty, growth, _season_before(lags, horizon, season), departure, n_judged)
        for season in seasons
    ]
    errors = [error for _, _, error in fits]
    if smoothing is not None:
        judged = origins[segment % 2 == 0]
        errors.append(_smoothing_error(series, scale, smoothing, judged, n_timepoints, n_judged))
    weights = (np.min(errors) / np.array(errors)) ** BELIEF
    weights /= weights.sum()
    share = 0.0 if smoothing is None else float(weights[-1])
    coef = sum(weight * coef for weight, (coef, _, _) in zip(weights, fits, strict=False))
    before = sum(weight * before for weight, (_, before, _) in zip(weights, fits, strict=False))
    return LinearFit(
        LinearForecast(lags, coef, smoothing, share),
        [LinearForecast(lags, before[:, k], smoothing, share) for k in range(n_folds)],
        origins,
        segment,
        stride,
    )


def _sums_of_windows(
    series: Sequence[Array], scale: Sequence[Array], lags: LagFeatures, horizon: int, origins: Origins, segment: Array
) -> list[SegmentSums]:
    """Of the features of windows and of what comes after them, for each channel."""
    n_channels = series[0].shape[0]
    sums = [SegmentSums.zeros(int(segment.max()) + 1, lags.matrix.shape[1], horizon) for _ in range(n_channels)]
    for number, portion, windows, after in in_portions(series, origins, len(lags.matrix), horizon):
        unit = scale[number][:, None]
        for channel in range(n_channels):
            A = lags.features(windows[:, channel]) / unit[channel]
            Y = (after[:, channel] - windows[:, channel, -1:]) / unit[channel]
            for s in np.unique(segment[portion]):
                sums[channel].add(s, A[segment[portion] == s], Y[segment[portion] == s])
    return sums


def _smoothing_error(
    series: Sequence[Array],
    scale: Sequence[Array],
    smoothing: Smoothing,
    judged: Origins,
    n_timepoints: int,
    ahead: int,
) -> float:
    """Sum of squared errors of the first steps ahead of some origins, judged by at most :data:`MOST_JUDGED`."""
    some = judged[:: -(-len(judged) // MOST_JUDGED)]
    total = 0.0
    for number, _, windows, after in in_portions(series, some, n_timepoints, ahead):
        total += float(np.sum(((after - smoothing.forecast(windows, ahead)) / scale[number][:, None]) ** 2))
    return max(total * len(judged) / len(some), 1e-300)


def _fit_channels(
    sums: list[SegmentSums], relative: Array, growth: Array, toward: Array, departure: float, n_judged: int
) -> tuple[Array, Array, float]:
    """Maps, (n_channels, n_features, horizon), those before each fold, (n_channels, n_folds, ...), and the error."""
    together = sums[0] if len(sums) == 1 else sum(sums[1:], start=sums[0])
    unit = np.trace(together.gram.sum(axis=0)) / len(relative) or 1.0
    penalty, error = choose_penalty(together, relative, growth, toward, unit * PENALTIES, n_judged)
    start = SegmentRidge(toward, np.broadcast_to(toward, (len(together.square) // 2 + 1, *toward.shape)), np.inf)
    ridges = [fit_segment_ridge(together, relative, growth, start, penalty)]
    if len(sums) > 1:
        ridges = [fit_segment_ridge(own, relative, growth, ridges[0], penalty * departure) for own in sums]
    return np.stack([ridge.coef for ridge in ridges]), np.stack([ridge.before for ridge in ridges]), error


def _season_before(lags: LagFeatures, horizon: int, season: int) -> Array:
    """The map whose forecast is the value one season, or the fewest seasons, before."""
    coef = np.zeros((lags.matrix.shape[1], horizon))
    lag = -np.arange(1, horizon + 1) % season
    steps = np.flatnonzero(lag > 0)  # lag 0 is the last value, relative to which everything is
    coef[lag[steps] - 1, steps] = 1.0
    return coef
