"""The regressors with sktime's interface."""

from sktime.regression.base import BaseRegressor

from ssm_estimators import estimators
from ssm_estimators.sktime.delegation import SECTIONS, Delegation, delegates_to


class SeriesRegressor(Delegation, BaseRegressor):
    """Fits one of this package's regressors."""

    _sections_doc = (
        SECTIONS
        + """>>> import numpy as np
    >>> from ssm_estimators.sktime import {name}
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None, None] * np.arange(50))  # 12 cases of 1 channel and 50 time points
    >>> reg = {name}({small}, random_state=0).fit(X, frequency)
    >>> reg.predict(X).shape
    (12,)"""
    )


@delegates_to(estimators.LiquidS4Regressor)
class LiquidS4Regressor(SeriesRegressor):
    """:class:`ssm_estimators.LiquidS4Regressor` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.S4DRegressor)
class S4DRegressor(SeriesRegressor):
    """:class:`ssm_estimators.S4DRegressor` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.S4Regressor)
class S4Regressor(SeriesRegressor):
    """:class:`ssm_estimators.S4Regressor` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.LSSLRegressor)
class LSSLRegressor(SeriesRegressor):
    """:class:`ssm_estimators.LSSLRegressor` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.StateSpaceRidgeRegressor)
class StateSpaceRidgeRegressor(SeriesRegressor):
    """:class:`ssm_estimators.StateSpaceRidgeRegressor` with sktime's interface.

    {sections}
    """
