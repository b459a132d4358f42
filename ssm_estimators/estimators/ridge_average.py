"""What the ridge classifier and regressor share: an average of regressions on features, and weighted cases."""

from bisect import bisect_right
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.declaration import Doc, declared, parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimator import OF_INPUT, Estimator
from ssm_estimators.estimators.targets import TrainingCases, check_training_data
from ssm_estimators.notices import bar, warn
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features.filter_bank import widths
from ssm_estimators.random_features.fit import Plan
from ssm_estimators.random_features.parameters import FeatureParameters, check_feature_parameters
from ssm_estimators.random_features.ridge import Ridge, fit_ridge, ridge_bytes
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.validation import check_series

POWER = 4
LEAST_WEIGHT, MOST_WEIGHT = 1e-9, 1e9  # of a case: beyond, float64 no longer tells sums apart


Verbose = Annotated[int, "verbose", Doc("1 shows a bar over the parts of a fit: transforms and ridge regressions.")]


@parameters
class StateSpaceRidge(FeatureParameters, Estimator):
    """Ridge regressions averaged by how well each predicts left-out cases.

    There are two for each representation and longest time constant: one on features over all time, and one on those
    over windows.
    """

    verbose: Verbose = 0

    _attributes_doc: ClassVar[str] = (
        """features_ : StateSpaceFeatures
        Fitted; without windows or with fewer kernels than asked for where ``max_memory`` would not do.
    n_kernels_, n_windows_ : int
        Used: rounded up to whole groups. Fewer where series are short, or where ``max_memory`` has no room, of which
        a warning tells.
    ridges_ : dict
        From representation, longest time constant and ``"all time"`` or ``"windows"`` to the fitted regression, with
        its ``coef``, ``penalty`` and ``left_out`` predictions.
    weights_ : ndarray of shape (n_ridges, n_targets)
        Of the regressions in the average.
    """
        + OF_INPUT
    )

    @shielded()
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit regressions on the features of series with labels or with numbers.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,) or (n_cases, n_targets)
            A classifier takes labels of any type, at least two different ones; a regressor takes numbers.
        sample_weight : array-like of shape (n_cases,) or None, default=None
            How often each case counts. A case of weight 0 is as if it were not there, and so is a class of such cases.
        groups : array-like of shape (n_cases,) or None, default=None
            Cases of one group are left out together, where cases are left out to choose penalties and weights.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter, X or y is not as stated. The estimator is then as it was before.
        """
        with unchanged_if_refused(self):
            check_feature_parameters(self)
            self._fit_cases(check_training_data(self, X, y, sample_weight, groups, self.missing))
        return self

    def _fit_cases(self, given: TrainingCases) -> None:
        """Encode the targets, and fit."""
        raise NotImplementedError

    def _fit_ridges(self, cases: "Cases", shared: bool) -> np.ndarray:
        """Fit, with one penalty for all targets or one each; return the predictions of left-out cases."""
        data, Y, weight = cases.data, cases.Y, cases.weight
        self.features_ = self._affordable_features(cases)
        for name in ("n_features_in_", "n_channels_in_", "n_timepoints_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(self.features_, name, getattr(self, name))
        self.features_._fit_checked(data, weight)
        bank, resources = self.features_.filter_bank_, self.features_._resources()
        ridges, levels = {}, len(bank.columns())
        with bar(len(bank.parts) * (1 + levels), "features and ridges", "part", self.verbose > 0) as progress:
            for part in bank.parts:
                X = bank.transform(data, resources, part)
                progress.update()
                for level, columns in bank.columns(part).items():
                    ridges[*part, level] = fit_ridge(X[:, columns], Y, weight, cases.copy_weight, cases.groups, shared)
                    progress.update()
                del X
        left_out = np.stack([ridge.left_out for ridge in ridges.values()])
        self.n_kernels_, self.n_windows_ = sum(map(len, bank.kernels.values())), bank.n_windows
        self.ridges_: dict[tuple[str, float, str], Ridge] = ridges
        self.weights_ = average_weights(left_out, Y, weight, shared)
        return np.einsum("rnq,rq->nq", left_out, self.weights_)

    def _affordable_features(self, cases: "Cases") -> StateSpaceFeatures:
        """The transformer, without windows or with fewer kernels where half of ``max_memory`` would not do."""
        features = StateSpaceFeatures(**{name: getattr(self, name) for name in declared(FeatureParameters)})

        (n_cases, n_targets), data = cases.Y.shape, cases.data
        largest_group = 1 if cases.groups is None else int(np.unique(cases.groups, return_counts=True)[1].max())

        def gigabytes(n_kernels: int, n_windows: int) -> float:
            features.set_params(n_kernels=n_kernels, n_windows=n_windows)
            plan = Plan.of(features, data.X.shape[-1])
            n_kernels = len(plan.directions) * plan.n_groups * self.group_size
            n_features = [n_kernels * width for width in widths(plan.pooling, plan.n_windows)]
            outputs = 8 * n_cases * n_targets * 4 * len(plan.parts) * len(n_features)  # of all ridges, left out
            return (ridge_bytes(n_cases, n_targets, n_features, largest_group) + outputs) / 1e9

        budget = self.max_memory / 2
        if gigabytes(self.n_kernels, self.n_windows) > budget:
            counts = range(1, self.n_kernels + 1)
            n_kernels = bisect_right(counts, budget, key=lambda n_kernels: gigabytes(n_kernels, 1))
            if n_kernels == 0:
                raise ValueError(
                    f"max_memory={self.max_memory} GB is too small for the features of {n_cases} cases: "
                    f"expected at least {2.02 * gigabytes(1, 1):.3g}."
                )
            warn(
                f"max_memory={self.max_memory} GB is too small for {self.n_kernels} kernels with {self.n_windows} "
                f"windows on {n_cases} cases. {n_kernels} kernels without windows are used, which may cost accuracy. "
                f"Set max_memory={2.02 * gigabytes(self.n_kernels, self.n_windows):.3g} to use all."
            )
            features.set_params(n_kernels=n_kernels, n_windows=1)
        return features

    def _outputs(self, X: Any) -> np.ndarray:
        """Averaged predictions of new series, (n_cases, n_targets)."""
        check_is_fitted(self, "ridges_")
        self._validate_again("n_jobs", "device", "max_memory")
        data = check_series(self, X, self.features_.missing_, reset=False)
        features = copy(self.features_)  # what does not change the outputs may be set anew
        features.set_params(n_jobs=self.n_jobs, device=self.device, max_memory=self.max_memory)
        bank, resources = features.filter_bank_, features._resources()
        batch = max(1, int(self.max_memory * 1e9 / 16 / bank.n_features))
        outputs = np.zeros((len(data), self.weights_.shape[1]))
        weights = dict(zip(self.ridges_, self.weights_, strict=True))
        for start in range(0, len(data), batch):
            cases = np.arange(start, min(start + batch, len(data)))
            selected = data.select(cases)
            for part in bank.parts:
                table = bank.transform(selected, resources, part)
                for level, columns in bank.columns(part).items():
                    key = (*part, level)
                    outputs[cases] += weights[key] * self.ridges_[key].predict(table[:, columns])
        broken = ~np.isfinite(outputs).all(axis=1)
        if broken.any():
            raise ValueError(
                f"The output for case {int(np.flatnonzero(broken)[0])} is not finite: its values are far outside "
                "of what the estimator was fitted on. Check their scale."
            )
        return outputs


@dataclass(frozen=True)
class Cases:
    """Cases of a weight above zero.

    Attributes
    ----------
    data : SeriesData
    Y : ndarray of shape (n_cases, n_targets)
    weight : ndarray of shape (n_cases,)
        How often a case counts, times the importance of its class.
    copy_weight : ndarray of shape (n_cases,)
        The importance of its class, 1 on average: what is left out where a case is.
    groups : ndarray of shape (n_cases,) or None
    """

    data: SeriesData
    Y: np.ndarray
    weight: np.ndarray
    copy_weight: np.ndarray
    groups: np.ndarray | None

    @classmethod
    def of(cls, given: TrainingCases, Y: np.ndarray, importance: np.ndarray) -> "Cases":
        """With encoded targets and the importance of each case's class."""
        counts = np.ones(len(Y)) if given.sample_weight is None else given.sample_weight
        if not LEAST_WEIGHT <= counts.min() <= counts.max() <= MOST_WEIGHT:
            raise ValueError(
                f"Expected sample weights of 0, or from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}, as numbers of cases; got "
                f"{counts.min():g} to {counts.max():g}. Divide them by their mean."
            )
        copy_weight = importance * (counts.sum() / (counts @ importance))
        if given.groups is not None and len(np.unique(given.groups)) < 2:
            raise ValueError("Expected at least two groups, to leave one out; got one.")
        return cls(given.data, Y, counts * copy_weight, copy_weight, given.groups)


def average_weights(left_out: np.ndarray, Y: np.ndarray, weight: np.ndarray, shared: bool) -> np.ndarray:
    """Weights of regressions, (n_ridges, n_targets): the fourth power of explained over unexplained variance.

    Of left-out cases, each share of the variance bounded below by a thousandth; they add up to 1.
    """
    variance = weight @ (Y - weight @ Y / weight.sum()) ** 2
    loss = np.einsum("n,rnq->rq", weight, (left_out - Y) ** 2)
    if shared:
        variance, loss = np.full_like(variance, variance.sum()), np.repeat(loss.sum(1, keepdims=True), Y.shape[1], 1)
    unexplained = loss / np.where(variance > 0, variance, 1)
    odds = (1 - unexplained).clip(1e-3) / (unexplained + 1e-3)
    weights = (odds / odds.max(axis=0)) ** POWER
    return np.asarray(weights / weights.sum(axis=0))
