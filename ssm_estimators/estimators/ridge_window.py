"""The ridge forecaster: linear in state-space features of the window, in closed form."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.intervals import ErrorQuantiles, movement
from ssm_estimators.estimators.window import WindowForecaster
from ssm_estimators.features.linear_forecast import LinearFit, fit_linear_forecast
from ssm_estimators.series.windows import values_after, windows_before

Array = NDArray[Any]

N_CALIBRATION = 2000  # windows left out


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
        fit = fit_linear_forecast(series, scale, self.memory_, self.horizon, self._toward)
        self.forecast_ = fit.forecast
        return ErrorQuantiles.of(errors_ahead(fit, series, self.horizon))

    def _predict(self, windows: Array) -> Array:
        return self.forecast_.predict(windows)


def errors_ahead(fit: LinearFit, series: list[Array], horizon: int) -> Array:
    """Errors of windows by the map fitted to the blocks before theirs, relative to how much each window moves."""
    errors = []
    kept = np.flatnonzero((fit.segment % 2 == 0) & (fit.segment >= min(2, fit.segment.max())))
    for i in kept[:: -(-len(kept) // N_CALIBRATION)]:
        x, time = series[fit.origins.series[i]], fit.origins.time[[i]]
        windows = windows_before(x, time, len(fit.forecast.memory.matrix))
        error = values_after(x, time, horizon) - fit.before[fit.segment[i] // 2].predict(windows)
        moves = movement(windows)[..., None]
        errors.append(np.divide(error, moves, out=np.zeros_like(error), where=moves > 0))
    return np.concatenate(errors)
