"""The forecasters."""

from ssm_estimators.estimators.ridge_window import StateSpaceRidgeWindowForecaster
from ssm_estimators.sktime.delegation import delegates_to
from ssm_estimators.sktime.forecasting import SeriesForecaster


@delegates_to(StateSpaceRidgeWindowForecaster, horizon="auto", season="auto")
class StateSpaceRidgeForecaster(SeriesForecaster):
    """Forecaster that is linear in state-space features of the past, fitted in closed form: seconds, and strong.

    {sections}
    """
