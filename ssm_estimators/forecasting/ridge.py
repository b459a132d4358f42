"""The ridge forecaster: linear in state-space features of the window, in closed form."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.declaration import parameters
from ssm_estimators.forecasting.base import WindowForecaster
from ssm_estimators.forecasting.conformal import ErrorQuantiles
from ssm_estimators.forecasting.linear import LinearFit
from ssm_estimators.forecasting.windows import in_portions

Array = NDArray[Any]

N_CALIBRATION = 2000  # windows
MOST_ERRORS = 2**24


@parameters
class StateSpaceRidgeWindowForecaster(WindowForecaster):
    """Ridge regressions of the next values on a window's last ones and on damped modes of all of it: seconds.

    Parameters
    ----------
    horizon : int, default=12
        Steps to forecast.
    season : int, default=1
        Time points after which the series' main rhythm repeats; 1: none is known. A season is used where the longest
        series shows two of them, and with ``difference="season"``.
    window : int or "auto", default="auto"
        Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that the
        longest series has before the horizon. Damped modes reach back a quarter of that series.
    n_lags : int or "auto", default="auto"
        Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least one
        season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 windows.
    transform : {"auto", "log"} or None, default="auto"
        ``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.
    difference : {"auto", "last", "season"}, default="auto"
        What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, for
        which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and exponential
        smoothing, weighted by their errors on left-out windows.

    Attributes
    ----------
    forecast_ : LinearForecast
        The fitted map.
    n_channels_in_ : int
    log_ : Logarithm
        Which channels are transformed.
    lag_features_ : LagFeatures
        Which features of a window are used.
    season_ : int
        The season that is used; 1: none.
    n_timepoints_ : int
        Of a window.
    moves_ : ndarray of shape (n_channels,)
        Root mean square of the differences between neighbouring values, of the series that moves most.
    errors_ : ErrorQuantiles
        Of windows that were left out.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.sin(2 * np.pi * np.arange(200) / 20)[None, None]  # one series of one channel
    >>> forecaster = StateSpaceRidgeWindowForecaster(horizon=5, season=20).fit(X)
    >>> forecaster.predict(X).shape
    (1, 1, 5)
    >>> bool(np.abs(forecaster.predict(X) - np.sin(2 * np.pi * np.arange(200, 205) / 20)).max() < 0.05)
    True
    """

    _attributes_doc: ClassVar[str] = """forecast_ : LinearForecast
        The fitted map."""

    def _fit(self, series: list[Array], scale: list[Array]) -> ErrorQuantiles:
        fit = self._fit_linear(series, scale)
        self.forecast_ = fit.forecast
        return errors_ahead(fit, series, self.n_timepoints_, self.horizon, self._movement)

    def _predict(self, windows: Array) -> Array:
        return self.forecast_.predict(windows)


def errors_ahead(
    fit: LinearFit, series: list[Array], n_timepoints: int, horizon: int, movement: Callable[[Array], Array]
) -> ErrorQuantiles:
    """Errors of windows by the map fitted to what came before their fold, relative to how much each window moves."""
    kept = np.flatnonzero((fit.segment % 2 == 0) & (fit.segment >= min(2, fit.segment.max())))
    n_channels = series[0].shape[0]
    kept = kept[:: max(-(-len(kept) // N_CALIBRATION), -(-len(kept) * n_channels * horizon // MOST_ERRORS))]
    errors = np.zeros((len(kept), n_channels, horizon))
    for _, portion, windows, after in in_portions(series, fit.origins[kept], n_timepoints, horizon):
        moves = movement(windows)[..., None]
        for segment in np.unique(fit.segment[kept[portion]]):
            rows = fit.segment[kept[portion]] == segment
            error = after[rows] - fit.before[segment // 2].predict(windows[rows])
            errors[portion[rows]] = np.divide(error, moves[rows], out=np.zeros_like(error), where=moves[rows] > 0)
    return ErrorQuantiles.of(errors, fit.n_windows)
