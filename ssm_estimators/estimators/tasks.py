"""Classification and regression on top of a trained network."""

from typing import Any

import numpy as np
import torch
from scipy.special import softmax

from ssm_estimators.declaration import parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimators.base import DeepEstimator
from ssm_estimators.estimators.predictions import Regressor, WeightedClassifier
from ssm_estimators.estimators.targets import encode_labels, weights_of_classes
from ssm_estimators.training.callbacks import NonFiniteLossError, TrainingInterrupt

USABLE_AFTER = (NonFiniteLossError, TrainingInterrupt)  # the network then has its best weights


@parameters
class SeriesClassifier(WeightedClassifier, DeepEstimator):
    """One probability a class: cross entropy on the network's outputs."""

    _kept_after = USABLE_AFTER
    _criterion = torch.nn.CrossEntropyLoss
    _example_doc = """>>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = {name}(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']"""

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        cases = self._start_fit(X, y, sample_weight, groups)
        weight = cases.sample_weight
        target = self._encode_target(cases.y, weight, reset=True)
        if self.class_weight is not None:
            by_case = weights_of_classes(self.class_weight, self.classes_, target.numpy(), weight)
            weight = by_case if weight is None else by_case * weight
        self._train(cases, target, weight, len(self.classes_))

    @shielded()
    def predict_proba(self, X: Any, *, rate: float = 1.0) -> np.ndarray:
        """Probability of each class in ``classes_``.

        Parameters
        ----------
        X : as in ``fit``
            Other lengths than in ``fit`` are allowed, unless that was on two-dimensional X.
        rate : float, default=1.0
            How many times coarser than in ``fit`` the series are sampled: 2 of every second sample.

        Returns
        -------
        ndarray of shape (n_cases, n_classes), float64
        """
        return self._probabilities(X, rate)

    @shielded()
    def predict(self, X: Any, *, rate: float = 1.0) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X, rate : as in ``predict_proba``

        Returns
        -------
        ndarray of shape (n_cases,), of the labels' type
        """
        return self._most_probable(self._probabilities(X, rate))

    def _probabilities(self, X: Any, rate: float = 1.0) -> np.ndarray:
        return np.asarray(softmax(self._outputs(X, rate), axis=1))

    def _encode_target(self, y: np.ndarray, sample_weight: np.ndarray | None, reset: bool) -> torch.Tensor:
        if not reset:
            return torch.from_numpy(encode_labels(y, self.classes_))
        if self._goes_on:
            classes = np.unique(y)
            if not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"warm_start=True goes on with the classes {self.classes_.tolist()}; y has {classes.tolist()}. "
                    "Fit a clone."
                )
        return torch.from_numpy(self._learn_classes(y))


@parameters
class SeriesRegressor(Regressor, DeepEstimator):
    """One number a target: squared error on standardised targets."""

    _kept_after = USABLE_AFTER
    _criterion = torch.nn.MSELoss
    _attributes_doc = """target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted; a scale of 0: this target did not vary."""
    _example_doc = """>>> import numpy as np
    >>> frequency = np.linspace(0.1, 0.5, 12)
    >>> X = np.sin(frequency[:, None] * np.arange(50))
    >>> reg = {name}(d_model=8, n_layers=1, max_epochs=50, random_state=0).fit(X, frequency)
    >>> bool(reg.score(X, frequency) > 0.8)
    True"""

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        cases = self._start_fit(X, y, sample_weight, groups)
        target = self._encode_target(cases.y, cases.sample_weight, reset=True)
        self._train(cases, target, cases.sample_weight, target.shape[1])

    @shielded()
    def predict(self, X: Any, *, rate: float = 1.0) -> np.ndarray:
        """Targets of series.

        Parameters
        ----------
        X : as in ``fit``
            Other lengths than in ``fit`` are allowed, unless that was on two-dimensional X.
        rate : float, default=1.0
            How many times coarser than in ``fit`` the series are sampled: 2 of every second sample.

        Returns
        -------
        ndarray of the shape of y in ``fit``, (n_cases,) or (n_cases, n_targets), float64
        """
        return self._in_shape(self._targets(X, rate))

    def _targets(self, X: Any, rate: float = 1.0) -> np.ndarray:
        return self._outputs(X, rate) * self.target_scale_ + self.target_mean_

    def _encode_target(self, y: np.ndarray, sample_weight: np.ndarray | None, reset: bool) -> torch.Tensor:
        if reset and not self._goes_on:  # what the last head was trained on must stay
            y = self._learn_shape(y)
            sample_weight = None if sample_weight is None else sample_weight / sample_weight.max()
            self.target_mean_ = np.average(y, axis=0, weights=sample_weight)
            deviation = np.sqrt(np.average((y - self.target_mean_) ** 2, axis=0, weights=sample_weight))
            varies = deviation > 1e-12 * np.abs(self.target_mean_)
            self.target_scale_ = np.where(varies, deviation, 0.0)  # 0: what does not vary is its mean
        else:
            y = y.reshape(len(y), -1)
            if y.shape[1] != len(self.target_mean_):
                raise ValueError(f"Expected {len(self.target_mean_)} targets a case, as in training; got {y.shape[1]}.")
        scale = np.where(self.target_scale_ > 0, self.target_scale_, 1.0)
        return torch.from_numpy(((y - self.target_mean_) / scale).astype(np.float32))
