"""The fast lane: ridge regressions on random state-space features, without training a network."""

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.ridge_base import Cases, StateSpaceRidge
from ssm_estimators.estimators.targets import (
    check_labels,
    check_numbers,
    encode_labels,
    find_classes,
    weights_of_classes,
)


@parameters
class StateSpaceRidgeClassifier(ClassifierMixin, StateSpaceRidge):
    """Ridge classifier on random state-space features: seconds where a network takes minutes.

    A ridge regression to +1 and -1 a class, its penalty chosen by leaving cases out in closed form; one for each
    representation of the series, averaged. Probabilities are a softmax of the regressions' outputs divided by a
    temperature: the one of e^-7 to e^4 under which left-out training cases, with one case's weight spread over all
    classes, have the highest likelihood. A case of weight k is the same as k cases.

    Where the features of one representation of all training cases, or the square matrices of its regression, would take
    more than half of ``max_memory``, fewer kernels are drawn.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ssm_estimators.features.StateSpaceFeatures : The features alone.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """

    class_weight: Any = None

    _parameters_doc = """class_weight : dict, "balanced" or None, default=None
        Weight of each class; ``"balanced"``: inversely to its share of the cases."""
    _attributes_doc = """classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    temperature_ : float
        By which outputs are divided before the softmax."""
    _constraints = {"class_weight": [None, dict, StrOptions({"balanced"})]}

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> "StateSpaceRidgeClassifier":
        """Fit on labelled series.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,)
            Labels of any type, at least two different ones.
        sample_weight : array-like of shape (n_cases,) or None, default=None
            How often each case counts.
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group are left out together where the penalty is chosen.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated.
        """
        data, sample_weight = self._start_fit(X, y, sample_weight)
        labels = check_labels(y)
        self.classes_ = find_classes(labels)
        position = encode_labels(labels, self.classes_)
        importance = weights_of_classes(self.class_weight, self.classes_, position, sample_weight)
        Y = np.where(position[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        cases = Cases.of(data, Y, sample_weight, importance, groups)
        self.temperature_ = _temperature(self._fit_ridges(cases, shared=True), cases.Y, cases.weight)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class in ``classes_``.

        Parameters
        ----------
        X : as in ``fit``
            Other lengths than in ``fit`` are allowed, unless that was on two-dimensional X.

        Returns
        -------
        ndarray of shape (n_cases, n_classes), float64
        """
        outputs = self._outputs(X)
        return np.asarray(softmax(outputs / self.temperature_, axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X : as in ``predict_proba``

        Returns
        -------
        ndarray of shape (n_cases,), of the labels' type
        """
        best = self._outputs(X).argmax(axis=1)
        return np.asarray(self.classes_[best])


@parameters
class StateSpaceRidgeRegressor(RegressorMixin, StateSpaceRidge):
    """Ridge regressor on random state-space features: seconds where a network takes minutes.

    A ridge regression for each representation of the series, its penalty chosen for each target by leaving cases out in
    closed form; their predictions are averaged. A case of weight k is the same as k cases.

    Where the features of one representation of all training cases, or the square matrices of its regression, would take
    more than half of ``max_memory``, fewer kernels are drawn.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ssm_estimators.features.StateSpaceFeatures : The features alone.

    Examples
    --------
    >>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = StateSpaceRidgeRegressor(n_kernels=64, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True
    """

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> "StateSpaceRidgeRegressor":
        """Fit on series with targets.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,) or (n_cases, n_targets)
        sample_weight : array-like of shape (n_cases,) or None, default=None
            How often each case counts.
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group are left out together where the penalty is chosen.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated.
        """
        data, sample_weight = self._start_fit(X, y, sample_weight)
        y = check_numbers(y)
        self.target_ndim_ = y.ndim
        self._fit_ridges(Cases.of(data, y.reshape(len(y), -1), sample_weight, np.ones(len(y)), groups), shared=False)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Targets of series.

        Parameters
        ----------
        X : as in ``fit``
            Other lengths than in ``fit`` are allowed, unless that was on two-dimensional X.

        Returns
        -------
        ndarray of the shape of y in ``fit``, (n_cases,) or (n_cases, n_targets), float64
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if self.target_ndim_ == 1 else outputs


def _temperature(scores: np.ndarray, Y: np.ndarray, weight: np.ndarray) -> float:
    """Divisor of scores under which their softmax gives the labels the highest likelihood.

    One case's weight is spread over all classes, so that scores which tell all cases apart do not ask for certainty.
    """
    total = weight.sum()
    wanted = weight @ (total * scores[Y > 0] + scores.mean(axis=1)) / (total + 1)

    def slope(log_temperature: float) -> float:  # of the likelihood, up to a positive factor
        expected = (softmax(scores / np.exp(log_temperature), axis=1) * scores).sum(axis=1)
        return float(wanted - weight @ expected)

    hottest, coldest = 4.0, -7.0
    if slope(hottest) <= 0:
        return float(np.exp(hottest))
    if slope(coldest) >= 0:
        return float(np.exp(coldest))
    return float(np.exp(brentq(slope, coldest, hottest, xtol=1e-13)))
