"""Two classifiers joined: one of random features, one trained deep network."""

from typing import Annotated, Any, ClassVar, Self

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import Tags, _safe_indexing, check_random_state
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.bases import ClassifierMixin
from ssm_estimators.declaration import Doc, at_least, parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimator import OF_INPUT, Estimator
from ssm_estimators.estimators.classifiers import S4DClassifier
from ssm_estimators.estimators.deep import NOT_KEPT
from ssm_estimators.estimators.ridge import StateSpaceRidgeClassifier
from ssm_estimators.estimators.targets import check_training_data, encode_labels, find_classes
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.forms import plain_form
from ssm_estimators.series.validation import check_series


@parameters
class StateSpaceEnsembleClassifier(ClassifierMixin, Estimator):
    """A weighted mean of the probabilities of random features and of a trained network.

    Both are fitted on all cases. The weight is the one under which their joined out-of-fold probabilities give the
    training labels the highest likelihood, so a classifier that does not help here gets none.

    Parameters
    ----------
    features : classifier or None, default=None
        None takes :class:`StateSpaceRidgeClassifier` with default parameters.
    deep : classifier or None, default=None
        None takes :class:`S4DClassifier` with default parameters.
    cv : int, default=3
        Folds, stratified; fewer where a class has fewer cases, or groups. Where a class, or all but one group, would be
        missing from a fold's training part there are none, and each classifier has weight 1/2.
    random_state : int, RandomState instance or None, default=None
        The order of the folds, and of a classifier that has none of its own. None draws anew each time.

    Attributes
    ----------
    features_, deep_ : classifiers
        Fitted on all cases.
    deep_weight_ : float
        Weight of ``deep_`` in the mean, between 0 and 1.
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.22, 0.25, 0.5, 0.52, 0.55]])
    >>> deep = S4DClassifier(d_model=8, n_layers=1, max_epochs=20)
    >>> clf = StateSpaceEnsembleClassifier(features=StateSpaceRidgeClassifier(n_kernels=64), deep=deep, random_state=0)
    >>> clf.fit(X, ["slow"] * 3 + ["fast"] * 3).predict(X).tolist()
    ['slow', 'slow', 'slow', 'fast', 'fast', 'fast']
    """

    features: Annotated[
        Any,
        None,
        HasMethods(["fit", "predict_proba"]),
        Doc(
            "None takes :class:`StateSpaceRidgeClassifier` with default parameters.",
            kind="classifier or None",
        ),
    ] = None
    deep: Annotated[
        Any,
        None,
        HasMethods(["fit", "predict_proba"]),
        Doc("None takes :class:`S4DClassifier` with default parameters.", kind="classifier or None"),
    ] = None
    cv: Annotated[
        int,
        at_least(2),
        Doc(
            "Folds, stratified; fewer where a class has fewer cases, or groups. Where a class, or all but one group, "
            "would be missing from a fold's training part there are none, and each classifier has weight 1/2."
        ),
    ] = 3
    random_state: Annotated[
        Any,
        "random_state",
        Doc(
            "The order of the folds, and of a classifier that has none of its own. None draws anew each time.",
            kind="int, RandomState instance or None",
        ),
    ] = None

    _attributes_doc: ClassVar[str] = (
        """features_, deep_ : classifiers
        Fitted on all cases.
    deep_weight_ : float
        Weight of ``deep_`` in the mean, between 0 and 1.
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    """
        + OF_INPUT
    )

    @shielded()
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit both classifiers on labelled series, and choose the weight of each.

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
            If a parameter, X or y is not as stated, or training diverges. The estimator is then as it was before.
        """
        with unchanged_if_refused(self):
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
        best = self._probabilities(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = all(member.__sklearn_tags__().input_tags.allow_nan for member in self._members())
        return tags

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
        self._validate_params()
        missing = "mask" if self.__sklearn_tags__().input_tags.allow_nan else "error"
        X = plain_form(X)
        cases = check_training_data(self, X, y, sample_weight, groups, missing, check_series)
        if cases.all_cases is not None:
            X = _cases_of(X, cases.all_cases.kept)
        self.classes_ = find_classes(cases.y)
        position = encode_labels(cases.y, self.classes_)
        labels = self.classes_[position]
        extra = {"sample_weight": cases.sample_weight, "groups": cases.groups}
        extra = {name: values for name, values in extra.items() if values is not None}
        weight = np.ones(len(labels)) if cases.sample_weight is None else cases.sample_weight
        random = np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)
        seed = int(random.randint(np.iinfo(np.int32).max))
        members = [_seeded(member, seed) for member in self._members()]
        own = _out_of_fold(members, X, labels, position, self.cv, extra, seed)
        self.deep_weight_ = 0.5 if own is None else _best_weight(own[0], own[1], weight)
        self.features_, self.deep_ = (member.fit(X, labels, **extra) for member in members)

    def _probabilities(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "deep_weight_")
        weight = self.deep_weight_
        features, deep = (_of_classes(self.classes_, member, X) for member in (self.features_, self.deep_))
        return (1 - weight) * features + weight * deep

    def __getstate__(self) -> dict[str, Any]:
        """Less the data of the members' ``validation=(X, y)`` once fitted."""
        state: dict[str, Any] = super().__getstate__()
        if "deep_weight_" in state and isinstance(getattr(self.deep, "validation", None), tuple):
            state["deep"] = clone(self.deep).set_params(validation=NOT_KEPT)
        return state

    def _members(self) -> list[Any]:
        return [
            StateSpaceRidgeClassifier() if self.features is None else self.features,
            S4DClassifier() if self.deep is None else self.deep,
        ]


def _of_classes(classes: np.ndarray, fitted: Any, X: Any) -> np.ndarray:
    """Probabilities of all classes; zero where a fitted member gave one of them no weight."""
    probabilities = np.zeros((len(own := fitted.predict_proba(X)), len(classes)))
    probabilities[:, np.searchsorted(classes, fitted.classes_)] = own
    return probabilities


def _seeded(member: Any, seed: int) -> Any:
    """A clone that does not draw anew each time."""
    member = clone(member)
    return member.set_params(random_state=seed) if member.get_params().get("random_state", seed) is None else member


def _cases_of(X: Any, positions: np.ndarray) -> Any:
    """Some cases of series in the form that they were given in."""
    X = X if isinstance(X, list | tuple) or hasattr(X, "iloc") else np.asarray(X)
    return _safe_indexing(X, positions)


def _out_of_fold(
    members: list[Any], X: Any, y: np.ndarray, position: np.ndarray, cv: int, extra: dict[str, Any], seed: int
) -> np.ndarray | None:
    """What each member says of every case's own class when it was not trained on the case; None without folds."""
    n_classes = position.max() + 1
    groups = extra.get("groups")
    rarest = min(
        len(np.unique(np.flatnonzero(position == c) if groups is None else groups[position == c]))
        for c in range(n_classes)
    )
    if rarest < 2:
        return None
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    folds = kind(min(cv, rarest), shuffle=True, random_state=seed)
    splits = list(folds.split(np.zeros(len(y)), y, groups))
    few_groups = groups is not None and any(len(np.unique(groups[train])) < 2 for train, _ in splits)
    if few_groups or any(len(np.unique(position[train])) < n_classes for train, _ in splits):
        return None
    proba, classes = np.zeros((len(members), len(y))), np.unique(y)
    for train, test in splits:
        known = {name: values[train] for name, values in extra.items()}
        for own, member in zip(proba, members, strict=True):
            fitted = clone(member).fit(_cases_of(X, train), y[train], **known)
            own[test] = _of_classes(classes, fitted, _cases_of(X, test))[np.arange(len(test)), position[test]]
    return proba


def _best_weight(features: np.ndarray, deep: np.ndarray, weight: np.ndarray) -> float:
    """Weight of the second probability of the right classes that maximises their likelihood in the mean."""

    def loss(share: float) -> float:
        return -float(weight @ np.log(np.maximum((1 - share) * features + share * deep, 1e-12)))

    inside = float(minimize_scalar(loss, bounds=(0, 1), method="bounded").x)
    return min((0.0, inside, 1.0), key=loss)
