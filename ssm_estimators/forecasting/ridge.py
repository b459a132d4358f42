"""The ridge forecaster: linear in state-space features of the window, in closed form."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.declaration import parameters
from ssm_estimators.forecasting.base import WindowForecaster
from ssm_estimators.forecasting.conformal import ErrorQuantiles
from ssm_estimators.forecasting.linear import LinearFit
from ssm_estimators.forecasting.windows import in_chunks

Array = NDArray[Any]

N_CALIBRATION = 2000  # windows
MOST_ERRORS = 2**24


@parameters
class StateSpaceRidgeWindowForecaster(WindowForecaster):
    """Ridge regressions of the next values on a window's last ones and on damped modes of all of it: seconds.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

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

    _attributes_doc = """forecast_ : LinearForecast
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
    """Errors of windows by the map fitted to what came before their block, relative to how much each window moves."""
    kept = np.flatnonzero((fit.segment % 2 == 0) & (fit.segment >= min(2, fit.segment.max())))
    n_channels = series[0].shape[0]
    kept = kept[:: max(-(-len(kept) // N_CALIBRATION), -(-len(kept) * n_channels * horizon // MOST_ERRORS))]
    errors = np.zeros((len(kept), n_channels, horizon))
    for _, chunk, windows, after in in_chunks(series, fit.origins[kept], n_timepoints, horizon):
        moves = movement(windows)[..., None]
        for segment in np.unique(fit.segment[kept[chunk]]):
            rows = fit.segment[kept[chunk]] == segment
            error = after[rows] - fit.before[segment // 2].predict(windows[rows])
            errors[chunk[rows]] = np.divide(error, moves[rows], out=np.zeros_like(error), where=moves[rows] > 0)
    return ErrorQuantiles.of(errors, fit.n_windows)
