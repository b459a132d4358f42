"""What every classifier and every regressor is to its user, however it comes by its outputs."""

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions

from ssm_estimators.declaration import parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimator import Estimator
from ssm_estimators.estimators.targets import encode_labels, find_classes
from ssm_estimators.refusal import unchanged_if_refused


@parameters
class Classifier(ClassifierMixin, Estimator):
    """Fits on labelled series, predicts probabilities and classes; subclasses say how."""

    _kept_after: ClassVar[tuple[type[BaseException], ...]] = ()

    _attributes_doc = """classes_ : ndarray of shape (n_classes,)
        Labels in sorted order."""

    @shielded()
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit on labelled series.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,)
            Labels of any type, at least two different ones.
        sample_weight : array-like of shape (n_cases,) or None, default=None
            How often each case counts. A case of weight 0 is as if it were not there, and so is a class of such cases.
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group stay together wherever cases are held out of the fit, to judge or to choose by.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated, or training diverges. After a refusal the estimator is as it was
            before; a network that diverged or was interrupted keeps its best weights.
        """
        with unchanged_if_refused(self, self._kept_after):
            self._fit(X, y, sample_weight, groups)
        return self

    @shielded()
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
        return self._probabilities(X)

    @shielded()
    def predict(self, X: Any) -> np.ndarray:
        """Most probable class.

        Parameters
        ----------
        X : as in ``predict_proba``

        Returns
        -------
        ndarray of shape (n_cases,), of the labels' type
        """
        return self._most_probable(self._probabilities(X))

    def _most_probable(self, probabilities: np.ndarray) -> np.ndarray:
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def _learn_classes(self, labels: np.ndarray) -> np.ndarray:
        """Set ``classes_``; return the position of each label among them."""
        self.classes_ = find_classes(labels)
        return encode_labels(labels, self.classes_)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        raise NotImplementedError

    def _probabilities(self, X: Any) -> np.ndarray:
        """(n_cases, n_classes), float64."""
        raise NotImplementedError


@parameters
class WeightedClassifier(Classifier):
    """A classifier that can weigh classes."""

    class_weight: Any = None

    _parameters_doc = """class_weight : dict, "balanced" or None, default=None
        Weight of each class; ``"balanced"``: inversely to its share of the cases."""
    _constraints = {"class_weight": [None, dict, StrOptions({"balanced"})]}


@parameters
class Regressor(RegressorMixin, Estimator):
    """Fits on series with targets, predicts targets; subclasses say how."""

    _kept_after: ClassVar[tuple[type[BaseException], ...]] = ()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @shielded()
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit on series with targets.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,) or (n_cases, n_targets)
        sample_weight : array-like of shape (n_cases,) or None, default=None
            How often each case counts. A case of weight 0 is as if it were not there.
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group stay together wherever cases are held out of the fit, to judge or to choose by.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated, or training diverges. After a refusal the estimator is as it was
            before; a network that diverged or was interrupted keeps its best weights.
        """
        with unchanged_if_refused(self, self._kept_after):
            self._fit(X, y, sample_weight, groups)
        return self

    @shielded()
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
        return self._in_shape(self._targets(X))

    def _in_shape(self, targets: np.ndarray) -> np.ndarray:
        return targets[:, 0] if self.target_ndim_ == 1 else targets

    def _learn_shape(self, y: np.ndarray) -> np.ndarray:
        """Set ``target_ndim_``; return targets, (n_cases, n_targets)."""
        self.target_ndim_ = y.ndim
        return y.reshape(len(y), -1)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        raise NotImplementedError

    def _targets(self, X: Any) -> np.ndarray:
        """(n_cases, n_targets), float64."""
        raise NotImplementedError
