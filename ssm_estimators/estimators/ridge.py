"""The fast lane: ridge regressions on random state-space features, without training a network."""

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.predictions import Regressor, WeightedClassifier
from ssm_estimators.estimators.ridge_base import Cases, StateSpaceRidge
from ssm_estimators.estimators.targets import weights_of_classes


@parameters
class StateSpaceRidgeClassifier(WeightedClassifier, StateSpaceRidge):
    """Ridge classifier on random state-space features: seconds where a network takes minutes.

    Ridge regressions to +1 and -1 a class, their penalties chosen by leaving cases out in closed form: for each
    representation of the series and longest time constant one on features over all time and one on those over windows.
    The better one predicts left-out cases, the more it weighs in their average. Probabilities are a softmax of the
    averaged outputs divided by a temperature: the one of e^-7 to e^4 under which left-out training cases, with one
    case's weight spread over all classes, have the highest likelihood. A case of weight k is the same as k cases.

    Where the features that two of them are fitted on and the square matrices of a regression would take more than half
    of ``max_memory``, windows are left out, then fewer kernels drawn.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ssm_estimators.random_features.StateSpaceFeatures : The features alone.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """

    _attributes_doc = """temperature_ : float
        By which outputs are divided before the softmax."""

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        given = self._start_fit(X, y, sample_weight, groups)
        position = self._learn_classes(given.y)
        importance = weights_of_classes(self.class_weight, self.classes_, position, given.sample_weight)
        Y = np.where(position[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        cases = Cases.of(given, Y, importance)
        self.temperature_ = _temperature(self._fit_ridges(cases, shared=True), cases.Y, cases.weight)

    def _probabilities(self, X: Any) -> np.ndarray:
        outputs = self._outputs(X)
        return np.asarray(softmax(outputs / self.temperature_, axis=1))


@parameters
class StateSpaceRidgeRegressor(Regressor, StateSpaceRidge):
    """Ridge regressor on random state-space features: seconds where a network takes minutes.

    Ridge regressions, their penalties chosen for each target by leaving cases out in closed form: for each
    representation of the series and longest time constant one on features over all time and one on those over windows.
    The better one predicts left-out cases, the more it weighs in their average. A case of weight k is the same as k
    cases.

    Where the features that two of them are fitted on and the square matrices of a regression would take more than half
    of ``max_memory``, windows are left out, then fewer kernels drawn.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ssm_estimators.random_features.StateSpaceFeatures : The features alone.

    Examples
    --------
    >>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = StateSpaceRidgeRegressor(n_kernels=64, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True
    """

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        given = self._start_fit(X, y, sample_weight, groups)
        Y = self._learn_shape(given.y)
        self._fit_ridges(Cases.of(given, Y, np.ones(len(Y))), shared=False)

    def _targets(self, X: Any) -> np.ndarray:
        return self._outputs(X)


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
