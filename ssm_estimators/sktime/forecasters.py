"""The forecasters."""

from ssm_estimators.forecasting import deep as network_window
from ssm_estimators.forecasting.ridge import StateSpaceRidgeWindowForecaster
from ssm_estimators.sktime.delegation import delegates_to
from ssm_estimators.sktime.forecasting import SeriesForecaster


class DeepForecaster(SeriesForecaster):
    """A forecaster that trains a network."""

    _tags = {"capability:random_state": True, "property:randomness": "derandomized"}
    _example_params = "d_model=8, n_layers=1, max_epochs=5, random_state=0"

    _small = {"d_model": 4, "d_state": 2, "n_layers": 1, "max_epochs": 1, "random_state": 0, "device": "cpu"}
    _test_params = [{**_small, "n_lags": 3, "window": 6}, {**_small, "transform": None, "norm": "layer"}]


@delegates_to(StateSpaceRidgeWindowForecaster, horizon="auto", season="auto")
class StateSpaceRidgeForecaster(SeriesForecaster):
    """Forecaster that is linear in state-space features of the past, fitted in closed form: seconds, and strong.

    {sections}
    """


@delegates_to(network_window.LiquidS4WindowForecaster, horizon="auto", season="auto")
class LiquidS4Forecaster(DeepForecaster):
    """Forecaster that is linear in state-space features of the past, corrected by a Liquid-S4 network.

    {sections}
    """


@delegates_to(network_window.S4DWindowForecaster, horizon="auto", season="auto")
class S4DForecaster(DeepForecaster):
    """Forecaster that is linear in state-space features of the past, corrected by an S4D network.

    {sections}
    """


@delegates_to(network_window.S4WindowForecaster, horizon="auto", season="auto")
class S4Forecaster(DeepForecaster):
    """Forecaster that is linear in state-space features of the past, corrected by an S4 network.

    {sections}
    """


@delegates_to(network_window.LSSLWindowForecaster, horizon="auto", season="auto")
class LSSLForecaster(DeepForecaster):
    """Forecaster that is linear in state-space features of the past, corrected by an LSSL network.

    {sections}
    """
