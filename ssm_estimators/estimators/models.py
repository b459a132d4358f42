"""The public classes: one model and one task each."""

from typing import ClassVar

from sklearn.utils._param_validation import StrOptions

from ssm_estimators.estimators.parameters import at_least, parameters
from ssm_estimators.estimators.tasks import SeriesClassifier, SeriesRegressor
from ssm_estimators.functional.discretize import DISCRETIZATIONS
from ssm_estimators.functional.hippo import SPECTRA
from ssm_estimators.layers import S4D, LiquidS4


@parameters
class S4DModel:
    """Parameters of the diagonal layer."""

    init: str = "lin"
    discretization: str = "zoh"

    _layer = S4D
    _layer_params: ClassVar[tuple[str, ...]] = ("init", "discretization")
    _constraints = {"init": [StrOptions(set(SPECTRA))], "discretization": [StrOptions(set(DISCRETIZATIONS))]}


@parameters
class LiquidS4Model(S4DModel):
    """Parameters of the liquid layer."""

    liquid_degree: int = 2

    _layer = LiquidS4
    _layer_params = (*S4DModel._layer_params, "liquid_degree")
    _constraints = {"liquid_degree": [at_least(2)]}


@parameters
class S4DClassifier(S4DModel, SeriesClassifier):
    """Time-series classifier of diagonal state-space layers (S4D) [1]_.

    Parameters
    ----------
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
    class_weight : dict, "balanced" or None, default=None
        Weight of each class; ``"balanced"``: inversely to its share of the cases.
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    {attributes}

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = S4DClassifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """


@parameters
class S4DRegressor(S4DModel, SeriesRegressor):
    """Time-series regressor of diagonal state-space layers (S4D) [1]_.

    Parameters
    ----------
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
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
class LiquidS4Classifier(LiquidS4Model, SeriesClassifier):
    """Time-series classifier of liquid state-space layers (Liquid-S4) [1]_.

    Parameters
    ----------
    liquid_degree : int, default=2
        Largest number of successive inputs in the products that drive the state.
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
    class_weight : dict, "balanced" or None, default=None
        Weight of each class; ``"balanced"``: inversely to its share of the cases.
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    {attributes}

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = LiquidS4Classifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """


@parameters
class LiquidS4Regressor(LiquidS4Model, SeriesRegressor):
    """Time-series regressor of liquid state-space layers (Liquid-S4) [1]_.

    Parameters
    ----------
    liquid_degree : int, default=2
        Largest number of successive inputs in the products that drive the state.
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
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
