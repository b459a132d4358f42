"""What the ridge classifier and regressor share: regressions on tables of features, stacked, and weighted cases."""

import sys
from collections.abc import Iterable
from copy import copy
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from sklearn.utils._param_validation import Options
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.declaration import Doc, parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimator import OF_INPUT, Estimator
from ssm_estimators.estimators.ridge_estimate import describe
from ssm_estimators.estimators.ridge_fit import BatchFit, Regressions, fit_from_sums, fit_in_memory
from ssm_estimators.estimators.ridge_memory import Plan, affordable, affordable_in_batches
from ssm_estimators.estimators.targets import TrainingCases, check_training_data
from ssm_estimators.notices import bar, warn
from ssm_estimators.random_features.parameters import FeatureParameters, check_feature_parameters
from ssm_estimators.random_features.spectrum import Problem
from ssm_estimators.random_features.stacking import stacking_weights
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.data import in_batches
from ssm_estimators.series.sources import Series
from ssm_estimators.series.validation import check_stored_series

MEMBERS = ("linear", "gaussian")
FEWEST_CASES, FEWEST_OF_CLASS = 50, 10  # for Gaussians, which gain nothing from fewer
FOUND = (
    "scalings_",
    "ridges_",
    "left_out_cases_",
    "weights_",
    "offset_",
    "temperature_",
)  # by a fit, after the features
LEAST_WEIGHT, MOST_WEIGHT = 1e-9, 1e9  # of a case: beyond, float64 no longer tells sums apart


Verbose = Annotated[int, "verbose", Doc("1 shows a bar over a fit and, before a long one, how long it may take.")]

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
            self._check_parameters()
            given = check_training_data(self, X, y, sample_weight, groups, self.missing, check_stored_series)
            problem = self._learn_problem(given)
            members = self._chosen_members(problem)
            plan = affordable(self, given.data.n_timepoints, problem, members)
            self._draw_features(plan, given.data, problem)
            ways = fit_in_memory if plan.n_sample == 0 else fit_from_sums
            bank, resources = self.features_.filter_bank_, self.features_._resources()
            if self.verbose > 0 and (text := describe(bank, resources, given.data, plan, self.max_memory)):
                print(text, file=sys.stderr)
            with self._bar(plan.n_passes(bank.n_windows)) as progress:
                found = ways(bank, resources, given.data, problem, members, plan, progress.update)
            self._batches: BatchFit | None = None
            self._stack(found)
        return self

    @shielded()
    def fit_batches(self, batches: Iterable[tuple[Any, ...]], classes: Any = None) -> Self:
        """Fit on batches of cases, each of which is needed only once.

        Kernels, thresholds and scales are those of the first batch, so its cases should be like all.

        Parameters
        ----------
        batches : iterable of (X, y) or (X, y, sample_weight)
            As of :meth:`fit`; such as a generator.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels, for a classifier. None takes those of the first batch.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter or a batch is not as stated, or ``max_memory`` has no room for the sums of all regressions.
            The estimator is then as it was before.

        Examples
        --------
        >>> import numpy as np
        >>> from ssm_estimators import StateSpaceRidgeRegressor
        >>> def batches():
        ...     for seed in range(3):
        ...         X = np.random.default_rng(seed).standard_normal((100, 1, 50))
        ...         yield X, X.std(axis=(1, 2))
        >>> reg = StateSpaceRidgeRegressor(n_kernels=64, random_state=0).fit_batches(batches())
        >>> reg.predict(2 * np.ones((1, 1, 50))).shape
        (1,)
        """
        with unchanged_if_refused(self):
            self._batches = None
            for batch in batches:
                if not isinstance(batch, tuple) or len(batch) not in (2, 3):
                    raise ValueError(
                        "Expected every batch as a tuple (X, y) or (X, y, sample_weight); got "
                        f"{f'{len(batch)} parts' if isinstance(batch, tuple) else f'a {type(batch).__name__}'}."
                    )
                X, y, sample_weight = (*batch, None)[:3]
                self._add_batch(X, y, sample_weight, classes)
            if self._batches is None:
                raise ValueError("Expected at least one batch; there was none.")
            self._solve_batches(self._batches)
            self._batches = None
        return self

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        """Add cases to those of earlier calls; the regressions are solved by the next prediction."""
        with unchanged_if_refused(self):
            if getattr(self, "_batches", None) is None and hasattr(self, "ridges_"):
                warn(
                    "fit and fit_batches keep no sums to which cases could be added: partial_fit begins anew, with "
                    "these cases alone. Call it from the first batch on."
                )
            self._add_batch(X, y, sample_weight, classes=classes)
            for name in FOUND:
                vars(self).pop(name, None)
        return self

    def _add_batch(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> None:
        """Add a batch to a fit, or begin one with it."""
        self._check_parameters()
        so_far: BatchFit | None = getattr(self, "_batches", None)
        is_first = so_far is None
        given = check_training_data(self, X, y, sample_weight, None, self.missing, check_stored_series, reset=is_first)
        problem = self._learn_problem(given, classes, is_first, is_batch=True)
        if so_far is None:
            members = self._chosen_members(problem)
            plan = affordable_in_batches(self, given.data, problem, members)
            self._draw_features(plan, given.data, problem)
            bank = self.features_.filter_bank_
            self._batches = BatchFit(bank, self.features_._resources(), given.data, problem, members, plan)
        else:
            so_far.add(self.features_._resources(), given.data, problem)

    def _solve_batches(self, batches: BatchFit) -> None:
        """Fit the regressions to all batches so far."""
        with self._bar() as progress:
            self._stack(batches.solve(self.features_._resources(), progress.update))

    def _check_parameters(self) -> None:
        check_feature_parameters(self)
        chosen = self.members
        if chosen != "auto" and (not chosen or not set(chosen) <= set(MEMBERS) or len(set(chosen)) < len(chosen)):
            raise ValueError(f"members must be 'auto', or one or more of {MEMBERS}, each once; got {chosen!r}.")

    def _learn_problem(
        self, given: TrainingCases, classes: Any = None, is_first: bool = True, is_batch: bool = False
    ) -> Problem:
        """The regressions' problem, from what kind of targets the first cases show."""
        raise NotImplementedError

    def _draw_features(self, plan: Plan, data: Series, problem: Problem) -> None:
        """Draw kernels and thresholds for cases."""
        self.features_ = plan.features
        for name in ("n_features_in_", "n_channels_in_", "n_timepoints_in_", "feature_names_in_"):
            if hasattr(self, name):
                setattr(self.features_, name, getattr(self, name))
        self.features_._fit_checked(data, problem.weight)
        bank = self.features_.filter_bank_
        self.n_kernels_, self.n_windows_ = sum(map(len, bank.kernels.values())), bank.n_windows

    def _bar(self, n_passes: int = 1) -> Any:
        total = len(self.features_.filter_bank_.parts) * n_passes
        return bar(total, "features and ridges", "part" if n_passes == 1 else "pass", self.verbose > 0)

    def _stack(self, found: Regressions) -> None:
        """Keep the regressions that were found, each with its weight."""
        self.scalings_, self.ridges_, self.left_out_cases_ = found.scalings, found.ridges, found.left_out_cases
        left_out = np.stack([ridge.left_out for ridge in self.ridges_.values()])
        problem = found.left_out_problem
        self.weights_ = stacking_weights(left_out, problem)
        self.offset_ = problem.mean * (1 - self.weights_.sum(axis=0))
        self._calibrate(self.offset_ + np.einsum("rnq,rq->nq", left_out, self.weights_), problem)

    def _calibrate(self, left_out: np.ndarray, problem: Problem) -> None:
        """Learn from what is predicted of left-out cases, and from what they are."""

    def _chosen_members(self, problem: Problem) -> dict[str, tuple[str, ...]]:
        """By level: those over windows, of which there are more features, have no Gaussians, whose gain is small."""
        chosen = MEMBERS if self.members == "auto" else tuple(self.members)
        n_classes = problem.Y.shape[1] if problem.shared else 1
        if self.members == "auto" and problem.weight.sum() < max(FEWEST_CASES, FEWEST_OF_CLASS * n_classes):
            chosen = ("linear",)
        return {"all time": chosen, "windows": tuple(kind for kind in chosen if kind == "linear")}

    def _outputs(self, X: Any) -> np.ndarray:
        """Stacked predictions of new series, (n_cases, n_targets)."""
        check_is_fitted(self, "features_")
        self._validate_again("n_jobs", "device", "max_memory")
        if not hasattr(self, "ridges_") and self._batches is not None:
            self._solve_batches(self._batches)
        data = check_stored_series(self, X, self.features_.missing_, reset=False)
        features = copy(self.features_)  # what does not change the outputs may be set anew
        features.set_params(n_jobs=self.n_jobs, device=self.device, max_memory=self.max_memory)
        bank, resources = features.filter_bank_, features._resources()
        batch = max(1, int(self.max_memory * 1e9 / 16 / bank.n_features))
        outputs = np.tile(self.offset_, (len(data), 1))
        weights = dict(zip(self.ridges_, self.weights_, strict=True))
        for cases in in_batches(len(data), batch):
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


def problem_of(
    given: TrainingCases, Y: np.ndarray, importance: np.ndarray, shared: bool, is_batch: bool = False
) -> Problem:
    """The regressions' problem, from encoded targets and the importance of each case's class.

    Of all cases the mean importance is brought to 1; of a batch it stays, so that it means the same in all batches.
    """
    counts = np.ones(len(Y)) if given.sample_weight is None else given.sample_weight
    if not LEAST_WEIGHT <= counts.min() <= counts.max() <= MOST_WEIGHT:
        raise ValueError(
            f"Expected sample weights of 0, or from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}, as numbers of cases; got "
            f"{counts.min():g} to {counts.max():g}. Divide them by their mean."
        )
    copy_weight = importance if is_batch else importance * (counts.sum() / (counts @ importance))
    if given.groups is not None and len(np.unique(given.groups)) < 2:
        raise ValueError("Expected at least two groups, to leave one out; got one.")
    return Problem(Y, counts * copy_weight, copy_weight, given.groups, shared)
