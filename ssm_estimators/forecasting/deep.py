"""The deep forecasters: a linear forecast, and a network that corrects it."""

import inspect
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.models import LiquidS4Model, LSSLModel, S4DModel, S4Model
from ssm_estimators.estimators.parameters import NetworkParameters
from ssm_estimators.estimators.regressors import LiquidS4Regressor, LSSLRegressor, S4DRegressor, S4Regressor
from ssm_estimators.forecasting.base import LEAST_MOVEMENT, WindowForecaster
from ssm_estimators.forecasting.conformal import ErrorQuantiles
from ssm_estimators.forecasting.linear import LinearFit
from ssm_estimators.forecasting.ridge import errors_ahead
from ssm_estimators.forecasting.windows import in_chunks

Array = NDArray[Any]

MOST_TIMEPOINTS = 512  # that the network reads of a window
MOST_CASES = 8192  # windows, each of one channel, that it is trained on
LEAST_CASES = 8  # to judge it by
DOUBT = 50.0  # windows that do not overlap, of which half of what the network corrects is believed


@parameters
class NetworkWindowForecaster(WindowForecaster, NetworkParameters):
    """Adds to the linear forecast what a network learns of its errors."""

    d_model: int = 32
    n_layers: int = 2
    pooling: str = "last"
    max_epochs: int | str = 20
    patience: int = 5
    early_stopping: bool = True

    _regressor: ClassVar[type[Any]]
    _attributes_doc = """forecast_ : LinearForecast
        The linear part.
    network_ : estimator or None
        The fitted regressor of the linear part's errors, one channel a case; None where there are too few windows.
    gain_ : float
        By which its output is multiplied, 0 to 1: the best one on the windows that were held out of its training, and
        less the fewer windows there are that do not overlap."""

    def _fit(self, series: list[Array], scale: list[Array]) -> ErrorQuantiles:
        fit = self._fit_linear(series, scale)
        self.forecast_, self.network_, self.gain_ = fit.forecast, None, 0.0
        errors = errors_ahead(fit, series, self.n_timepoints_, self.horizon, self._movement)
        X, Y, held_out = self._cases(fit, series)
        if min(held_out.sum(), (~held_out).sum()) < LEAST_CASES:
            return errors
        own = set(inspect.signature(self._regressor).parameters) & set(self.get_params(deep=False))
        network = self._regressor(**{name: getattr(self, name) for name in own})
        network.set_params(validation=(X[held_out], Y[held_out]), standardize=None)
        network.fit(X[~held_out], Y[~held_out])
        network.set_params(validation=None)  # it need not keep the windows
        correction, wanted = network.predict(X[held_out]).reshape(len(Y[held_out]), -1), Y[held_out]
        power = (correction**2).sum()
        gain = float(np.clip((correction * wanted).sum() / power, 0, 1)) if power > 0 else 0.0
        n_free = fit.n_windows * self.n_channels_in_ / self.horizon  # windows that do not overlap
        self.gain_ = gain * n_free / (n_free + DOUBT)
        self.network_ = network if self.gain_ > 0 else None
        left = (wanted - self.gain_ * correction).std() / (wanted.std() or 1.0)
        return ErrorQuantiles(errors.shape, errors.spread * left, errors.freedom)

    def _predict(self, windows: Array) -> Array:
        linear = self.forecast_.predict(windows)
        if self.network_ is None:
            return linear
        inputs, unit = self._inputs(windows)
        correction = self.network_.predict(inputs).reshape(linear.shape)
        return linear + self.gain_ * unit[..., None] * correction

    def _cases(self, fit: LinearFit, series: list[Array]) -> tuple[Array, Array, Array]:
        """Windows of one channel each, what the linear part misses of what comes after them, and which to hold out.

        The linear part is fitted to what came before the last block, which is held out; gaps are left out.
        """
        last = fit.segment.max()
        kept = np.flatnonzero(fit.segment % 2 == 0)
        kept = kept[:: -(-len(kept) * self.n_channels_in_ // MOST_CASES)]
        inputs, targets, held_out = [], [], []
        for _, chunk, windows, after in in_chunks(series, fit.origins[kept], self.n_timepoints_, self.horizon):
            values, unit = self._inputs(windows)
            moved = unit.ravel() > 0
            error = (after - fit.before[-1].predict(windows)).reshape(len(values), -1)[moved]
            inputs.append(values[moved])
            targets.append(error / unit.ravel()[moved, None])
            held_out.append(np.repeat(fit.segment[kept[chunk]] == last, self.n_channels_in_)[moved])
        return np.concatenate(inputs), np.concatenate(targets), np.concatenate(held_out)

    def _inputs(self, windows: Array) -> tuple[Array, Array]:
        """What the network reads, a channel a case: windows less their last value, over their spread; and that spread.

        The spread is 0 of a channel that never moves, and of others bounded below.
        """
        near = windows[..., -min(MOST_TIMEPOINTS, len(self.memory_.matrix)) :]
        moved = np.nan_to_num(near - near[..., -1:])
        spread = np.maximum(np.sqrt((moved**2).mean(axis=-1)), LEAST_MOVEMENT * self.moves_)
        scaled = moved / np.where(spread > 0, spread, 1.0)[..., None]
        return scaled.reshape(-1, 1, near.shape[-1]), spread


@parameters
class LSSLWindowForecaster(LSSLModel, NetworkWindowForecaster):
    """Forecasts what follows windows: linear in state-space features, corrected by an LSSL network.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    """

    _regressor = LSSLRegressor


@parameters
class S4WindowForecaster(S4Model, NetworkWindowForecaster):
    """Forecasts what follows windows: linear in state-space features, corrected by an S4 network.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    """

    _regressor = S4Regressor


@parameters
class S4DWindowForecaster(S4DModel, NetworkWindowForecaster):
    """Forecasts what follows windows: linear in state-space features, corrected by an S4D network.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    """

    _regressor = S4DRegressor


@parameters
class LiquidS4WindowForecaster(LiquidS4Model, NetworkWindowForecaster):
    """Forecasts what follows windows: linear in state-space features, corrected by a Liquid-S4 network.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}
    """

    _regressor = LiquidS4Regressor
