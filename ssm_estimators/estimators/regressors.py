"""The regressors: one a model."""

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.models import LiquidS4Model, LSSLModel, S4DModel, S4Model
from ssm_estimators.estimators.tasks import SeriesRegressor


@parameters
class LiquidS4Regressor(LiquidS4Model, SeriesRegressor):
    """Time-series regressor of liquid state-space layers (Liquid-S4) [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951.

    Examples
    --------
    {example}
    """


@parameters
class S4DRegressor(S4DModel, SeriesRegressor):
    """Time-series regressor of diagonal state-space layers (S4D) [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.

    Examples
    --------
    {example}
    """


@parameters
class S4Regressor(S4Model, SeriesRegressor):
    """Time-series regressor of diagonal plus low-rank state-space layers (S4) [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396.

    Examples
    --------
    {example}
    """


@parameters
class LSSLRegressor(LSSLModel, SeriesRegressor):
    """Time-series regressor of dense state-space layers that start at HiPPO-LegS (LSSL) [1]_.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985.

    Examples
    --------
    {example}
    """
