"""The fast lane: ridge regressions on random state-space features, without training a network."""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.targets import (
    check_labels,
    check_numbers,
    check_training_data,
    encode_labels,
    find_classes,
    with_class_weight,
)
from ssm_estimators.features import StateSpaceFeatures
from ssm_estimators.features.parameters import FeatureParameters
from ssm_estimators.features.ridge import Ridge, fit_ridge
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.validation import check_series


@parameters
class StateSpaceRidge(FeatureParameters):
    """One ridge regression a representation, averaged by how well each predicts left-out cases."""

    _attributes_doc = """features_ : StateSpaceFeatures
        Fitted; with fewer kernels than asked for where ``max_memory`` would not do.
    ridges_ : dict
        From representation to the fitted regression, with its ``coef``, ``penalty`` and ``left_out`` predictions.
    weights_ : ndarray of shape (n_representations, n_targets)
        Of the regressions in the average.
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted."""

    def _fit_ridges(
        self, data: SeriesData, Y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None, shared: bool
    ) -> np.ndarray:
        """Fit on targets (n_cases, n_targets) and weights above zero; return the predictions of left-out cases."""
        kept = {name: getattr(self, name) for name in FeatureParameters().get_params()}
        self.features_ = StateSpaceFeatures(**{**kept, "n_kernels": self._affordable_kernels(len(data))})
        self.features_.fit_checked(data, weight)
        self.ridges_: dict[str, Ridge] = {}
        for representation in dict.fromkeys(view.representation for view in self.features_.kernels_):
            X = self.features_.transform_checked(data, representation)
            self.ridges_[representation] = fit_ridge(X, Y, weight, groups, shared)
        left_out = np.stack([ridge.left_out for ridge in self.ridges_.values()])
        self.weights_ = _average_weights(left_out, Y, weight, shared)
        return np.einsum("rnq,rq->nq", left_out, self.weights_)

    def _affordable_kernels(self, n_cases: int) -> int:
        """As many kernels as asked for, or as leave features and matrices of one representation in ``max_memory``."""
        numbers = self.max_memory * 1e9 / 2
        limit = numbers / 4 / n_cases  # features, float32
        if limit < n_cases or n_cases**2 * 32 > numbers:  # a square matrix and its decomposition, float64
            limit = min(limit, np.sqrt(numbers / 32))
        return max(1, min(self.n_kernels, int(limit / len(self.pooling)) * len(self.representations)))

    def _outputs(self, X: Any) -> np.ndarray:
        """Averaged predictions of new series, (n_cases, n_targets)."""
        check_is_fitted(self, "ridges_")
        data = check_series(self, X, self.features_.missing, reset=False)
        batch = max(1, int(self.max_memory * 1e9 / 16 / self.features_.n_features_out_))
        outputs = np.zeros((len(data), self.weights_.shape[1]))
        for start in range(0, len(data), batch):
            cases = np.arange(start, min(start + batch, len(data)))
            part = data.select(cases)
            for (representation, ridge), weights in zip(self.ridges_.items(), self.weights_, strict=True):
                outputs[cases] += weights * ridge.predict(self.features_.transform_checked(part, representation))
        return outputs

    def _start_fit(self, X: Any, y: Any, sample_weight: Any) -> tuple[SeriesData, np.ndarray | None]:
        self._check_parameters()
        return check_training_data(self, X, y, sample_weight, self.missing, np.float64)


def _average_weights(left_out: np.ndarray, Y: np.ndarray, weight: np.ndarray, shared: bool) -> np.ndarray:
    """Squared share of the variance that each regression explains of left-out cases, normalised: (r, n_targets)."""
    variance = weight @ (Y - weight @ Y / weight.sum()) ** 2
    loss = np.einsum("n,rnq->rq", weight, (left_out - Y) ** 2)
    if shared:
        variance, loss = np.full_like(variance, variance.sum()), np.repeat(loss.sum(1, keepdims=True), Y.shape[1], 1)
    explained = (1 - loss / np.where(variance > 0, variance, 1)).clip(1e-3) ** 2
    return np.asarray(explained / explained.sum(axis=0))


@parameters
class StateSpaceRidgeClassifier(ClassifierMixin, StateSpaceRidge):
    """Ridge classifier on random state-space features: seconds where a network takes minutes.

    A ridge regression to +1 and -1 a class, its penalty chosen by leaving cases out in closed form; one for each
    representation of the series, averaged. Probabilities are a softmax of the regressions' outputs times a factor, the
    one under which left-out training cases have the highest likelihood. A case of weight k is the same as k cases.

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
        The factor before the softmax, inverted."""
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
        sample_weight = with_class_weight(sample_weight, self.class_weight, self.classes_, position, np.float64)
        data, position, weight, groups = _counted(data, position, sample_weight, groups)
        Y = np.where(position[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        left_out = self._fit_ridges(data, Y, weight, groups, shared=True)
        self.temperature_ = _temperature(left_out, position, weight)
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
        return np.asarray(softmax(self._outputs(X) / self.temperature_, axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X : as in ``predict_proba``

        Returns
        -------
        ndarray of shape (n_cases,), of the labels' type
        """
        return np.asarray(self.classes_[self._outputs(X).argmax(axis=1)])


@parameters
class StateSpaceRidgeRegressor(RegressorMixin, StateSpaceRidge):
    """Ridge regressor on random state-space features: seconds where a network takes minutes.

    A ridge regression for each representation of the series, its penalty chosen for each target by leaving cases out in
    closed form; their predictions are averaged. A case of weight k is the same as k cases.

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
        data, y, weight, groups = _counted(data, y, sample_weight, groups)
        self._fit_ridges(data, y.reshape(len(y), -1), weight, groups, shared=False)
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


def _counted(
    data: SeriesData, y: np.ndarray, weight: np.ndarray | None, groups: Any
) -> tuple[SeriesData, np.ndarray, np.ndarray, np.ndarray | None]:
    """Cases of a weight above zero, with what belongs to each."""
    if groups is not None:
        groups = np.asarray(groups)
        check_consistent_length(data.X, groups)
    if weight is None:
        weight = np.ones(len(data))
    if not (counted := weight > 0).all():
        if not counted.any():
            raise ValueError("All sample weights, times class weights, are zero.")
        data, y, weight = data.select(np.flatnonzero(counted)), y[counted], weight[counted]
        groups = None if groups is None else groups[counted]
    if groups is not None and len(np.unique(groups)) < 2:
        raise ValueError("Expected at least two groups, to leave one out; got one.")
    return data, y, weight, groups


def _temperature(scores: np.ndarray, position: np.ndarray, weight: np.ndarray) -> float:
    """Divisor of scores under which their softmax gives the labels the highest likelihood.

    One case's weight is spread over all classes, so that scores which tell all cases apart do not ask for certainty.
    """
    total = weight.sum()

    def loss(log_temperature: float) -> float:
        log_proba = log_softmax(scores / np.exp(log_temperature), axis=1)
        own = log_proba[np.arange(len(position)), position]
        return float(weight @ (total * own + log_proba.mean(axis=1))) / -(total + 1)

    return float(np.exp(minimize_scalar(loss, bounds=(-7, 4), method="bounded", options={"xatol": 1e-8}).x))
