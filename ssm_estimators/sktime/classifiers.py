"""The classifiers with sktime's interface."""

from typing import Any

import numpy as np
from sktime.classification.base import BaseClassifier

from ssm_estimators import estimators
from ssm_estimators.sktime.delegation import SECTIONS, Delegation, delegates_to


class SeriesClassifier(Delegation, BaseClassifier):
    """Fits one of this package's classifiers."""

    _tags = {"capability:predict_proba": True, "capability:class_weight": True}
    _sections_doc = (
        SECTIONS
        + """>>> from ssm_estimators.sktime import {name}
    >>> from sktime.datasets import load_unit_test
    >>> X_train, y_train = load_unit_test(split="train")
    >>> X_test, y_test = load_unit_test(split="test")
    >>> clf = {name}({small}, random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (22, 2)
    >>> bool(clf.score(X_test, y_test) > 0.8)
    True"""
    )

    def _predict_proba(self, X: Any) -> np.ndarray:
        return self.estimator_.predict_proba(X)


@delegates_to(estimators.LiquidS4Classifier)
class LiquidS4Classifier(SeriesClassifier):
    """:class:`ssm_estimators.LiquidS4Classifier` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.S4DClassifier)
class S4DClassifier(SeriesClassifier):
    """:class:`ssm_estimators.S4DClassifier` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.S4Classifier)
class S4Classifier(SeriesClassifier):
    """:class:`ssm_estimators.S4Classifier` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.LSSLClassifier)
class LSSLClassifier(SeriesClassifier):
    """:class:`ssm_estimators.LSSLClassifier` with sktime's interface.

    {sections}
    """


@delegates_to(estimators.StateSpaceRidgeClassifier)
class StateSpaceRidgeClassifier(SeriesClassifier):
    """:class:`ssm_estimators.StateSpaceRidgeClassifier` with sktime's interface.

    {sections}
    """
