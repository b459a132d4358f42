"""What the ridge classifier and regressor share: regressions on tables of features, stacked, and weighted cases."""

from copy import copy
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from sklearn.utils._param_validation import Options
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.declaration import Doc, parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimator import OF_INPUT, Estimator
from ssm_estimators.estimators.ridge_memory import Plan, affordable
from ssm_estimators.estimators.targets import TrainingCases, check_training_data
from ssm_estimators.notices import bar
from ssm_estimators.random_features.parameters import FeatureParameters, check_feature_parameters
from ssm_estimators.random_features.ridge import N_TRIED, GaussianRidge, LinearRidge, fit_members
from ssm_estimators.random_features.scaling import Scaling
from ssm_estimators.random_features.spectrum import Problem
from ssm_estimators.random_features.stacking import stacking_weights
from ssm_estimators.random_features.sums import fit_from_sums
from ssm_estimators.random_features.thresholds import pick_cases, sorted_cases
from ssm_estimators.random_features.views import Part
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.stored import Series
from ssm_estimators.series.validation import check_stored_series

MEMBERS = ("linear", "gaussian")
FEWEST_CASES, FEWEST_OF_CLASS = 50, 10  # for Gaussians, which gain nothing from fewer
LEAST_WEIGHT, MOST_WEIGHT = 1e-9, 1e9  # of a case: beyond, float64 no longer tells sums apart


Verbose = Annotated[int, "verbose", Doc("1 shows a bar over the parts of a fit: transforms and ridge regressions.")]

Members = Annotated[
    tuple[str, ...] | Literal["auto"],
    Options(str, {"auto"}),
    tuple,
    list,
    Doc(
        "Kinds of regressions. ``linear`` is linear in the features. ``gaussian`` is linear in Gaussians of distances: "
        "to all training cases up to 6,000, else to 2,000 of them, and to fewer where ``max_memory`` has no room. It "
        'keeps the features of these cases. ``"auto"`` takes both if there are at least 50 training cases, and ten a '
        "class on average; else linear ones.",
        kind='tuple of {"linear", "gaussian"} or "auto"',
    ),
]


@parameters
class StateSpaceRidge(FeatureParameters, Estimator):
    """Ridge regressions, stacked by how well they predict left-out cases.

    Each representation and longest time constant has its members: linear ones on features over all time and on those
    over windows, and one by similarity, on features over all time.
    """

    members: Members = "auto"
    verbose: Verbose = 0

    _attributes_doc: ClassVar[str] = (
        """features_ : StateSpaceFeatures
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
            Series that are stored stay there: a memory map, a zarr array, a path of an npy file, of a zarr array or of
            a folder of npy files, or a list of paths, each holding an array of shape (n_cases, n_channels,
            n_timepoints).
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
            self._check_members()
            self._fit_cases(check_training_data(self, X, y, sample_weight, groups, self.missing, check_stored_series))
        return self

    def _check_members(self) -> None:
        chosen = self.members
        if chosen != "auto" and (not chosen or not set(chosen) <= set(MEMBERS) or len(set(chosen)) < len(chosen)):
            raise ValueError(f"members must be 'auto', or one or more of {MEMBERS}, each once; got {chosen!r}.")

    def _fit_cases(self, given: TrainingCases) -> None:
        """Encode the targets, and fit."""
        raise NotImplementedError

    def _fit_ridges(self, data: Series, problem: Problem) -> tuple[np.ndarray, Problem]:
        """Fit and stack all members; return what they predict together of left-out cases, and what that is."""
        members = self._chosen_members(problem)
        plan = affordable(self, data.n_timepoints, problem, members)
        self.features_ = plan.features
        for name in ("n_features_in_", "n_channels_in_", "n_timepoints_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(self.features_, name, getattr(self, name))
        self.features_._fit_checked(data, problem.weight)
        bank = self.features_.filter_bank_
        self.scalings_: dict[tuple[str, float, str], Scaling] = {}
        self.ridges_: dict[tuple[str, float, str, str], LinearRidge | GaussianRidge] = {}
        fit = self._fit_in_memory if plan.n_sample == 0 else self._fit_from_sums
        with bar(len(bank.parts), "features and ridges", "part", self.verbose > 0) as progress:
            left_out_problem = fit(data, problem, members, plan, progress)
        left_out = np.stack([ridge.left_out for ridge in self.ridges_.values()])
        self.n_kernels_, self.n_windows_ = sum(map(len, bank.kernels.values())), bank.n_windows
        self.weights_ = stacking_weights(left_out, left_out_problem)
        self.offset_ = left_out_problem.mean * (1 - self.weights_.sum(axis=0))
        return self.offset_ + np.einsum("rnq,rq->nq", left_out, self.weights_), left_out_problem

    def _fit_in_memory(
        self, data: Series, problem: Problem, members: dict[str, tuple[str, ...]], plan: Plan, progress: Any
    ) -> Problem:
        """Fit with the features of all cases at once, part by part."""
        bank, resources = self.features_.filter_bank_, self.features_._resources()
        few = _few(data, problem, plan)
        for part in bank.parts:
            X = bank.transform(data, resources, part)
            for level, columns in bank.columns(part).items():
                self.scalings_[*part, level] = scaling = Scaling.of(X[:, columns], problem.weight)
                fitted = fit_members(scaling.apply(X[:, columns]), problem, members[level], *few)
                self.ridges_ |= {(*part, level, member): ridge for member, ridge in fitted.items()}
            del X
            progress.update()
        self.left_out_cases_ = np.arange(len(data))
        return problem

    def _fit_from_sums(
        self, data: Series, problem: Problem, members: dict[str, tuple[str, ...]], plan: Plan, progress: Any
    ) -> Problem:
        """Fit with the features of a sample, and of one batch after the other, part by part."""
        bank, resources = self.features_.filter_bank_, self.features_._resources()
        self.left_out_cases_, n_picked = (
            pick(data, problem, plan.n_sample)
            if problem.groups is None
            else pick_groups(problem.groups, problem.weight, plan.n_sample)
        )
        sample = problem.select(self.left_out_cases_, n_picked)
        few = _few(data.select(self.left_out_cases_), sample, plan)

        def features(part: Part, cases: np.ndarray) -> np.ndarray:
            return bank.transform(data.select(cases), resources, part)

        for part in bank.parts:
            tables = bank.columns_by_window(part)
            for first in range(0, len(tables), plan.n_tables):
                names = list(tables)[first : first + plan.n_tables]
                scalings, ridges = fit_from_sums(
                    partial(features, part),
                    {name: tables[name] for name in names},
                    {name: members["all time" if name == "all time" else "windows"] for name in names},
                    problem,
                    sample,
                    self.left_out_cases_,
                    few,
                    plan.n_batch,
                )
                self.scalings_ |= {(*part, table): scaling for table, scaling in scalings.items()}
                self.ridges_ |= {(*part, *key): ridge for key, ridge in ridges.items()}
            progress.update()
        return sample

    def _chosen_members(self, problem: Problem) -> dict[str, tuple[str, ...]]:
        """By level: those over windows, of which there are more features, have no Gaussians, whose gain is small."""
        chosen = MEMBERS if self.members == "auto" else tuple(self.members)
        n_classes = problem.Y.shape[1] if problem.shared else 1
        if self.members == "auto" and problem.weight.sum() < max(FEWEST_CASES, FEWEST_OF_CLASS * n_classes):
            chosen = ("linear",)
        return {"all time": chosen, "windows": tuple(kind for kind in chosen if kind == "linear")}

    def _outputs(self, X: Any) -> np.ndarray:
        """Stacked predictions of new series, (n_cases, n_targets)."""
        check_is_fitted(self, "ridges_")
        self._validate_again("n_jobs", "device", "max_memory")
        data = check_stored_series(self, X, self.features_.missing_, reset=False)
        features = copy(self.features_)  # what does not change the outputs may be set anew
        features.set_params(n_jobs=self.n_jobs, device=self.device, max_memory=self.max_memory)
        bank, resources = features.filter_bank_, features._resources()
        batch = max(1, int(self.max_memory * 1e9 / 16 / bank.n_features))
        outputs = np.tile(self.offset_, (len(data), 1))
        weights = dict(zip(self.ridges_, self.weights_, strict=True))
        for start in range(0, len(data), batch):
            cases = np.arange(start, min(start + batch, len(data)))
            selected = data.select(cases)
            for part in bank.parts:
                table = bank.transform(selected, resources, part)
                for level, columns in (bank.columns(part) | bank.columns_by_window(part)).items():
                    if (*part, level) not in self.scalings_:
                        continue
                    Z = self.scalings_[*part, level].apply(table[:, columns])
                    for member in MEMBERS:
                        if (key := (*part, level, member)) in weights:
                            outputs[cases] += weights[key] * self.ridges_[key].predict(Z)
        broken = ~np.isfinite(outputs).all(axis=1)
        if broken.any():
            raise ValueError(
                f"The output for case {int(np.flatnonzero(broken)[0])} is not finite: its values are far outside "
                "of what the estimator was fitted on. Check their scale."
            )
        return outputs


def problem_of(given: TrainingCases, Y: np.ndarray, importance: np.ndarray, shared: bool) -> Problem:
    """The regressions' problem, from encoded targets and the importance of each case's class."""
    counts = np.ones(len(Y)) if given.sample_weight is None else given.sample_weight
    if not LEAST_WEIGHT <= counts.min() <= counts.max() <= MOST_WEIGHT:
        raise ValueError(
            f"Expected sample weights of 0, or from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}, as numbers of cases; got "
            f"{counts.min():g} to {counts.max():g}. Divide them by their mean."
        )
    copy_weight = importance * (counts.sum() / (counts @ importance))
    if given.groups is not None and len(np.unique(given.groups)) < 2:
        raise ValueError("Expected at least two groups, to leave one out; got one.")
    return Problem(Y, counts * copy_weight, copy_weight, given.groups, shared)


def _few(data: Series, problem: Problem, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the cases on which widths are tried, and of landmarks; none where there is no Gaussian member."""
    if plan.n_landmarks == 0:
        return np.arange(0), np.arange(0)
    return pick(data, problem, N_TRIED)[0], pick(data, problem, plan.n_landmarks)[0]


def pick(data: Series, problem: Problem, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Pick cases by their share of all weight, of two groups at least, without regard to the order of rows.

    Returns
    -------
    cases : ndarray of int
        Positions, ascending; all of them if there are at most so many.
    n_picked : ndarray
        How much each counts.
    """
    if len(data) <= most:
        return np.arange(len(data)), problem.weight
    picked = pick_cases(sorted_cases(data), problem.weight, (np.arange(most) + 0.5) / most)
    if problem.groups is not None:  # so that one can be left out
        picked = np.concatenate([picked, np.unique(problem.groups, return_index=True)[1][:2]])
    cases, n_picked = np.unique(picked, return_counts=True)
    return cases, n_picked.astype(float)


def pick_groups(groups: np.ndarray, weight: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Pick whole groups of at most so many cases; see :func:`pick`.

    Raises
    ------
    ValueError
        If no two groups together are so few cases.
    """
    names, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.RandomState(0).permutation(len(names))
    chosen = order[np.cumsum(sizes[order]) <= most]
    if len(chosen) < 2:
        raise ValueError(
            f"max_memory has room for {most} cases that are left out; two groups have more. Raise max_memory, or give "
            "smaller groups."
        )
    cases = np.flatnonzero(np.isin(number, chosen))
    return cases, weight[cases]
