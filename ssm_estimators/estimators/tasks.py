"""Classification and regression on top of a trained network."""

from typing import Any

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.base import DeepEstimator
from ssm_estimators.estimators.targets import (
    check_labels,
    check_numbers,
    encode_labels,
    find_classes,
    weights_of_classes,
)


@parameters
class SeriesClassifier(ClassifierMixin, DeepEstimator):
    """One probability a class: cross entropy on the network's outputs."""

    class_weight: Any = None

    _criterion = torch.nn.CrossEntropyLoss
    _parameters_doc = """class_weight : dict, "balanced" or None, default=None
        Weight of each class; ``"balanced"``: inversely to its share of the cases."""
    _attributes_doc = """classes_ : ndarray of shape (n_classes,)
        Labels in sorted order."""
    _example_doc = """>>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = {name}(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']"""
    _constraints = {"class_weight": [None, dict, StrOptions({"balanced"})]}

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> "SeriesClassifier":
        """Train on labelled series.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,)
            Labels of any type, at least two different ones.
        sample_weight : array-like of shape (n_cases,) or None, default=None
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group stay together in the validation split.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated, or the loss stops being finite.
        """
        data, sample_weight = self._start_fit(X, y, sample_weight)
        target = self._encode_target(y, sample_weight, reset=True)
        if self.class_weight is not None:
            by_case = weights_of_classes(self.class_weight, self.classes_, target.numpy()).astype(np.float32)
            sample_weight = by_case if sample_weight is None else by_case * sample_weight
        self._train(data, target, sample_weight, len(self.classes_), groups)
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
        return np.asarray(softmax(self._outputs(X), axis=1))

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

    def _encode_target(self, y: Any, sample_weight: np.ndarray | None, reset: bool) -> torch.Tensor:
        y = check_labels(y)
        if reset:
            classes = np.unique(y)
            if self._goes_on and not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"warm_start=True goes on with the classes {self.classes_.tolist()}; y has {classes.tolist()}. "
                    "Fit a clone."
                )
            self.classes_: np.ndarray = find_classes(y)
        return torch.from_numpy(encode_labels(y, self.classes_))


@parameters
class SeriesRegressor(RegressorMixin, DeepEstimator):
    """One number a target: squared error on standardised targets."""

    _criterion = torch.nn.MSELoss
    _attributes_doc = """target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted."""
    _example_doc = """>>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = {name}(d_model=8, n_layers=1, max_epochs=50, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True"""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> "SeriesRegressor":
        """Train on series with targets.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,) or (n_cases, n_targets)
        sample_weight : array-like of shape (n_cases,) or None, default=None
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group stay together in the validation split.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated, or the loss stops being finite.
        """
        data, sample_weight = self._start_fit(X, y, sample_weight)
        target = self._encode_target(y, sample_weight, reset=True)
        self._train(data, target, sample_weight, target.shape[1], groups)
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
        outputs = self._outputs(X) * self.target_scale_ + self.target_mean_
        return outputs[:, 0] if self.target_ndim_ == 1 else outputs

    def _encode_target(self, y: Any, sample_weight: np.ndarray | None, reset: bool) -> torch.Tensor:
        y = check_numbers(y)
        learn = reset and not self._goes_on  # what the last head was trained on must stay
        if learn:
            self.target_ndim_ = y.ndim
        y = y.reshape(len(y), -1)
        if learn:
            self.target_mean_ = np.average(y, axis=0, weights=sample_weight)
            deviation = np.sqrt(np.average((y - self.target_mean_) ** 2, axis=0, weights=sample_weight))
            self.target_scale_ = np.where(deviation > 1e-12 * np.abs(self.target_mean_), deviation, 1.0)
        elif y.shape[1] != len(self.target_mean_):
            raise ValueError(f"Expected {len(self.target_mean_)} targets a case, as in training; got {y.shape[1]}.")
        return torch.from_numpy(((y - self.target_mean_) / self.target_scale_).astype(np.float32))
