"""The fast lane: ridge regressions on random state-space features, without training a network."""

from typing import Any, ClassVar, Self

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from ssm_estimators.bases import ClassifierMixin, RegressorMixin
from ssm_estimators.declaration import parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimators.parameters import ClassWeight
from ssm_estimators.estimators.ridge_stack import StateSpaceRidge, problem_of
from ssm_estimators.estimators.targets import (
    TrainingCases,
    check_labels,
    encode_labels,
    find_classes,
    weights_of_classes,
)
from ssm_estimators.random_features.spectrum import Problem


@parameters
class StateSpaceRidgeClassifier(ClassifierMixin, StateSpaceRidge):
    """Ridge classifier on random state-space features: seconds where a network takes minutes.

    Ridge regressions to +1 and -1 a class, their penalties chosen by leaving cases out in closed form. Each
    representation of the series and longest time constant has one on features over all time, one on those over windows
    and, see ``members``, one on similarities of cases. They are stacked: their weights are the non-negative ones of
    least squared error on left-out cases. Probabilities are a softmax of the outputs divided by a temperature: the one
    of e^-7 to e^4 under which left-out training cases, with one case's weight spread over all classes, have the highest
    likelihood. A case of weight k is the same as k cases.

    Where ``max_memory`` has no room for the features of all cases, the regressions are fitted from sums that passes
    over the cases collect, window by window, and a sample of cases is left out. Where there are too few cases for
    that, there are no windows and fewer kernels.

    Parameters
    ----------
    n_kernels : int, default=8000
        Responses in all, shared out evenly among representations, directions and longest time constants, and rounded up
        to whole groups there. Short series get fewer: at most 64 per time point in each representation and direction.
    max_memory : float, default=2.0
        Gigabytes for what is computed on the way, all threads together; series and features come on top.
    n_jobs : int or None, default=None
        Threads, each with cases of its own; the features do not depend on it. None takes as many as PyTorch uses, so
        one in joblib's worker processes; -1 takes one per core.
    random_state : int, RandomState instance or None, default=None
        Source of the kernels and of their thresholds. None draws anew each time; no global random state is read or
        changed.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, what is missing excites no state, and nothing is pooled where
        all channels miss.
    standardize : {"channel", "series"}, default="channel"
        Zero mean and unit variance: of each channel by the training set's statistics, or of each series and channel by
        its own, which makes level and scale irrelevant.
    representations : tuple of str, default=("raw", "difference", "second difference")
        The series as it is and its differences, where it is long enough to have them.
    pooling : tuple of {"share", "excess", "max", "energy", "wins", "losses", "last"} or "auto", default="auto"
        From a response to numbers. ``share`` is the share of time points above the kernel's threshold, and ``excess``
        their mean excess over it. ``max`` is the maximum, ``energy`` the logarithm of the mean square. ``wins`` and
        ``losses`` are what a kernel gets where it has its group's highest or lowest response: the root of the mean of
        such responses, and of the share of such points. ``last`` is the response at the end. ``"auto"`` takes share,
        excess, wins and losses, and for series of fewer than 16 points the last too.
    n_windows : int, default=4
        Parts over which responses are pooled besides all time. They are equally long but for the last, which may be
        shorter, and fewer where they would have less than four points in the longest training series. 1 makes none.
    bidirectional : bool, default=True
        Half of the kernels run backward in time.
    n_modes : int, default=2
        Damped modes per kernel, at most.
    max_time_constants : tuple of float or "auto", default="auto"
        Longest time constants of kernels in lengths of the longest training series; the shortest is one sample. Each
        has kernels of its own. ``"auto"`` takes 0.05 and 0.5, and 20 samples too where there are at least 500 cases of
        1,000 time points.
    frequencies : (float, float), default=(0.05, 2.0)
        Lowest and highest frequency of a mode in cycles per time constant; never above half a cycle per sample.
    group_size : int, default=8
        Kernels that compete for wins and losses, and that hear the same random mixture of the channels.
    device : str or torch.device, default="cpu"
        Where responses are computed.
    members : tuple of {"linear", "gaussian"} or "auto", default="auto"
        Kinds of regressions. ``linear`` is linear in the features. ``gaussian`` is linear in Gaussians of distances: to
        all training cases up to 6,000, else to 2,000 of them, and to fewer where ``max_memory`` has no room. It keeps
        the features of these cases. ``"auto"`` takes both if there are at least 50 training cases, and ten a class on
        average; else linear ones.
    verbose : int, default=0
        1 shows a bar over a fit and, before a long one, how long it may take.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    temperature_ : float
        By which outputs are divided before the softmax.
    features_ : StateSpaceFeatures
        Fitted; without windows or with fewer kernels than asked for where ``max_memory`` would not do.
    n_kernels_, n_windows_ : int
        Used: rounded up to whole groups. Fewer where series are short, or where ``max_memory`` has no room, of which
        a warning tells.
    ridges_ : dict
        From representation, longest time constant, table and kind of member to the fitted regression, with its
        ``coef``, ``penalty`` and ``left_out`` predictions. Tables are ``"all time"`` and ``"windows"``; those fitted
        from sums are ``"all time"``, ``"window 0"`` and so on.
    scalings_ : dict
        From the same without the kind of member to how features are scaled.
    left_out_cases_ : ndarray of int
        Positions of the cases that were left out in turn: all of them, or a sample where ``max_memory`` has no room
        for the features of all.
    weights_ : ndarray of shape (n_ridges, n_targets)
        Of the regressions in their weighted sum.
    offset_ : ndarray of shape (n_targets,)
        What is added to the sum.
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

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

    class_weight: ClassWeight = None

    _attributes_doc: ClassVar[str] = """classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    temperature_ : float
        By which outputs are divided before the softmax."""

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

    def _probabilities(self, X: Any) -> np.ndarray:
        return np.asarray(softmax(self._outputs(X) / self.temperature_, axis=1))

    @shielded()
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Add cases to those of earlier calls.

        Kernels, thresholds and scales are those of the first call, so its cases should be like all. The next
        prediction solves the regressions, and sets the attributes that hold them. Until the estimator is fitted anew
        it keeps the sums, to which further cases can be added.

        Parameters
        ----------
        X, y, sample_weight : as in ``fit``
        classes : array-like of shape (n_classes,) or None, default=None
            All labels. Needed in the first call, unless its cases have all of them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated, if classes are to be balanced, or if ``max_memory`` has no room for
            the sums of all regressions.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def _learn_problem(
        self, given: TrainingCases, classes: Any = None, is_first: bool = True, is_batch: bool = False
    ) -> Problem:
        if is_first:
            self.classes_ = find_classes(given.y if classes is None else check_labels(classes))
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"Expected the classes of the first call, {self.classes_.tolist()}; got {classes!r}.")
        if (unknown := ~np.isin(given.y, self.classes_)).any():
            raise ValueError(
                f"The label {given.y[unknown].tolist()[0]!r} is not among the first call's classes, "
                f"{self.classes_.tolist()}. Name all of them there: classes=..."
            )
        position = encode_labels(given.y, self.classes_)
        importance = weights_of_classes(self.class_weight, self.classes_, position, given.sample_weight)
        Y = np.where(position[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        return problem_of(given, Y, importance, shared=True, is_batch=is_batch)

    def _add_batch(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> None:
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all cases at once, to count them; got batches. Give the weights as a "
                "dict, or use fit."
            )
        super()._add_batch(X, y, sample_weight, classes)

    def _calibrate(self, left_out: np.ndarray, problem: Problem) -> None:
        self.temperature_ = _temperature(left_out, problem.Y, problem.counted)


@parameters
class StateSpaceRidgeRegressor(RegressorMixin, StateSpaceRidge):
    """Ridge regressor on random state-space features: seconds where a network takes minutes.

    Ridge regressions, their penalties chosen for each target by leaving cases out in closed form. Each representation
    of the series and longest time constant has one on features over all time, one on those over windows and, see
    ``members``, one on similarities of cases. They are stacked: their weights are the non-negative ones of least
    squared error on left-out cases, target by target. A case of weight k is the same as k cases.

    Where ``max_memory`` has no room for the features of all cases, the regressions are fitted from sums that passes
    over the cases collect, window by window, and a sample of cases is left out. Where there are too few cases for
    that, there are no windows and fewer kernels.

    Parameters
    ----------
    n_kernels : int, default=8000
        Responses in all, shared out evenly among representations, directions and longest time constants, and rounded up
        to whole groups there. Short series get fewer: at most 64 per time point in each representation and direction.
    max_memory : float, default=2.0
        Gigabytes for what is computed on the way, all threads together; series and features come on top.
    n_jobs : int or None, default=None
        Threads, each with cases of its own; the features do not depend on it. None takes as many as PyTorch uses, so
        one in joblib's worker processes; -1 takes one per core.
    random_state : int, RandomState instance or None, default=None
        Source of the kernels and of their thresholds. None draws anew each time; no global random state is read or
        changed.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, what is missing excites no state, and nothing is pooled where
        all channels miss.
    standardize : {"channel", "series"}, default="channel"
        Zero mean and unit variance: of each channel by the training set's statistics, or of each series and channel by
        its own, which makes level and scale irrelevant.
    representations : tuple of str, default=("raw", "difference", "second difference")
        The series as it is and its differences, where it is long enough to have them.
    pooling : tuple of {"share", "excess", "max", "energy", "wins", "losses", "last"} or "auto", default="auto"
        From a response to numbers. ``share`` is the share of time points above the kernel's threshold, and ``excess``
        their mean excess over it. ``max`` is the maximum, ``energy`` the logarithm of the mean square. ``wins`` and
        ``losses`` are what a kernel gets where it has its group's highest or lowest response: the root of the mean of
        such responses, and of the share of such points. ``last`` is the response at the end. ``"auto"`` takes share,
        excess, wins and losses, and for series of fewer than 16 points the last too.
    n_windows : int, default=4
        Parts over which responses are pooled besides all time. They are equally long but for the last, which may be
        shorter, and fewer where they would have less than four points in the longest training series. 1 makes none.
    bidirectional : bool, default=True
        Half of the kernels run backward in time.
    n_modes : int, default=2
        Damped modes per kernel, at most.
    max_time_constants : tuple of float or "auto", default="auto"
        Longest time constants of kernels in lengths of the longest training series; the shortest is one sample. Each
        has kernels of its own. ``"auto"`` takes 0.05 and 0.5, and 20 samples too where there are at least 500 cases of
        1,000 time points.
    frequencies : (float, float), default=(0.05, 2.0)
        Lowest and highest frequency of a mode in cycles per time constant; never above half a cycle per sample.
    group_size : int, default=8
        Kernels that compete for wins and losses, and that hear the same random mixture of the channels.
    device : str or torch.device, default="cpu"
        Where responses are computed.
    members : tuple of {"linear", "gaussian"} or "auto", default="auto"
        Kinds of regressions. ``linear`` is linear in the features. ``gaussian`` is linear in Gaussians of distances: to
        all training cases up to 6,000, else to 2,000 of them, and to fewer where ``max_memory`` has no room. It keeps
        the features of these cases. ``"auto"`` takes both if there are at least 50 training cases, and ten a class on
        average; else linear ones.
    verbose : int, default=0
        1 shows a bar over a fit and, before a long one, how long it may take.

    Attributes
    ----------
    features_ : StateSpaceFeatures
        Fitted; without windows or with fewer kernels than asked for where ``max_memory`` would not do.
    n_kernels_, n_windows_ : int
        Used: rounded up to whole groups. Fewer where series are short, or where ``max_memory`` has no room, of which
        a warning tells.
    ridges_ : dict
        From representation, longest time constant, table and kind of member to the fitted regression, with its
        ``coef``, ``penalty`` and ``left_out`` predictions. Tables are ``"all time"`` and ``"windows"``; those fitted
        from sums are ``"all time"``, ``"window 0"`` and so on.
    scalings_ : dict
        From the same without the kind of member to how features are scaled.
    left_out_cases_ : ndarray of int
        Positions of the cases that were left out in turn: all of them, or a sample where ``max_memory`` has no room
        for the features of all.
    weights_ : ndarray of shape (n_ridges, n_targets)
        Of the regressions in their weighted sum.
    offset_ : ndarray of shape (n_targets,)
        What is added to the sum.
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

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
        targets = self._outputs(X)
        return targets[:, 0] if self.target_ndim_ == 1 else targets

    @shielded()
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Add cases to those of earlier calls.

        Kernels, thresholds and scales are those of the first call, so its cases should be like all. The next
        prediction solves the regressions, and sets the attributes that hold them. Until the estimator is fitted anew
        it keeps the sums, to which further cases can be added.

        Parameters
        ----------
        X, y, sample_weight : as in ``fit``

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated, or if ``max_memory`` has no room for the sums of all regressions.
        """
        return self._partial_fit(X, y, None, sample_weight)

    def _learn_problem(
        self, given: TrainingCases, classes: Any = None, is_first: bool = True, is_batch: bool = False
    ) -> Problem:
        if classes is not None:
            raise ValueError(f"Expected classes of a classifier only; got {classes!r} for a regressor.")
        if is_first:
            self.target_ndim_ = given.y.ndim
            self._n_targets = given.y[0].size
        elif given.y.ndim != self.target_ndim_ or given.y[0].size != self._n_targets:
            raise ValueError(
                f"Expected y with {self._n_targets} targets in {self.target_ndim_} dimensions, as in the first call; "
                f"got shape {given.y.shape}."
            )
        Y = given.y.reshape(len(given.y), -1)
        return problem_of(given, Y, np.ones(len(Y)), shared=False, is_batch=is_batch)


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
