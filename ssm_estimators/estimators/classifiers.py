"""The classifiers: one a model."""

from ssm_estimators.estimators.models import LiquidS4Model, LSSLModel, S4DModel, S4Model
from ssm_estimators.estimators.parameters import parameters
from ssm_estimators.estimators.tasks import SeriesClassifier


@parameters
class LiquidS4Classifier(LiquidS4Model, SeriesClassifier):
    """Time-series classifier of liquid state-space layers (Liquid-S4) [1]_.

    Parameters
    ----------
    {model_parameters}
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
class S4DClassifier(S4DModel, SeriesClassifier):
    """Time-series classifier of diagonal state-space layers (S4D) [1]_.

    Parameters
    ----------
    {model_parameters}
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
class S4Classifier(S4Model, SeriesClassifier):
    """Time-series classifier of diagonal plus low-rank state-space layers (S4) [1]_.

    Parameters
    ----------
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
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = S4Classifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """


@parameters
class LSSLClassifier(LSSLModel, SeriesClassifier):
    """Time-series classifier of dense state-space layers that start at HiPPO-LegS (LSSL) [1]_.

    Parameters
    ----------
    {model_parameters}
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
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = LSSLClassifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """
