"""The regressors: one a model."""

from ssm_estimators.estimators.models import LiquidS4Model, LSSLModel, S4DModel, S4Model
from ssm_estimators.estimators.parameters import parameters
from ssm_estimators.estimators.tasks import SeriesRegressor


@parameters
class LiquidS4Regressor(LiquidS4Model, SeriesRegressor):
    """Time-series regressor of liquid state-space layers (Liquid-S4) [1]_.

    Parameters
    ----------
    {model_parameters}
    {parameters}

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted.
    {attributes}

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951.

    Examples
    --------
    >>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = LiquidS4Regressor(d_model=8, n_layers=1, max_epochs=50, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True
    """


@parameters
class S4DRegressor(S4DModel, SeriesRegressor):
    """Time-series regressor of diagonal state-space layers (S4D) [1]_.

    Parameters
    ----------
    {model_parameters}
    {parameters}

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted.
    {attributes}

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.

    Examples
    --------
    >>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = S4DRegressor(d_model=8, n_layers=1, max_epochs=50, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True
    """


@parameters
class S4Regressor(S4Model, SeriesRegressor):
    """Time-series regressor of diagonal plus low-rank state-space layers (S4) [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted.
    {attributes}

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396.

    Examples
    --------
    >>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = S4Regressor(d_model=8, n_layers=1, max_epochs=50, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True
    """


@parameters
class LSSLRegressor(LSSLModel, SeriesRegressor):
    """Time-series regressor of dense state-space layers that start at HiPPO-LegS (LSSL) [1]_.

    Parameters
    ----------
    {model_parameters}
    {parameters}

    Attributes
    ----------
    target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted.
    {attributes}

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985.

    Examples
    --------
    >>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = LSSLRegressor(d_model=8, n_layers=1, max_epochs=50, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True
    """
