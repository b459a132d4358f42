"""The deep estimators: a fit checks the data, encodes the targets, trains a network and keeps it."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import is_classifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.bases import ClassifierMixin, RegressorMixin
from ssm_estimators.declaration import Doc, parameters
from ssm_estimators.environment import resolve_device, shielded
from ssm_estimators.estimator import OF_INPUT, Estimator
from ssm_estimators.estimators.parameters import (
    ClassWeight,
    Input,
    Missing,
    NetworkParameters,
    NTokens,
    Standardize,
    Validation,
)
from ssm_estimators.estimators.targets import (
    TrainingCases,
    check_target,
    check_training_data,
    encode_labels,
    find_classes,
    weights_of_classes,
)
from ssm_estimators.layers import SSMLayer
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.tokens import check_tokens
from ssm_estimators.series.validation import check_series
from ssm_estimators.training import fit_network
from ssm_estimators.training.callbacks import NonFiniteLossError, TrainingInterrupt
from ssm_estimators.training.net import ClassifierNet, RegressorNet, SeriesNet
from ssm_estimators.training.predict import predict
from ssm_estimators.training.processes import same_for_all
from ssm_estimators.training.split import validation_split

USABLE_AFTER = (NonFiniteLossError, TrainingInterrupt)  # the network then has its best weights
NOT_KEPT = "(X, y), not kept in a file"  # as validation, no fit accepts it
LARGEST_OUTPUT = 1e18  # its square is near what float32 can hold; targets are near 1

LEAST_STEPS = 700  # of the training
LEAST_STEP = 0.01  # of a system in time
LEAST_DEVIATION = 0.01  # of the variance


@parameters
class DeepEstimator(NetworkParameters, Estimator):
    """Trains a :class:`~ssm_estimators.networks.SequenceNetwork` of the layer that a model's class names."""

    validation: Validation = "auto"
    missing: Missing = "error"
    standardize: Standardize = "auto"
    input: Input = "values"
    n_tokens: NTokens = "auto"
    warm_start: Annotated[bool, Doc("Begin ``fit`` with the weights of the last one, on data of the same kind.")] = (
        False
    )

    _layer: ClassVar[Callable[..., SSMLayer]]
    _net: ClassVar[type[SeriesNet]]
    _attributes_doc: ClassVar[str] = (
        """net_ : skorch.NeuralNet
        The trained net; its network is ``net_.module_``.
    history_ : skorch.History
        One row per epoch; ``history_[:, "train_loss"]`` is a column.
    n_iter_ : int
        Epochs trained.
    device_ : torch.device
    """
        + OF_INPUT
    )

    @shielded()
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Train the network on series with labels or with numbers.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : array-like of shape (n_cases,) or (n_cases, n_targets)
            A classifier takes labels of any type, at least two different ones; a regressor takes numbers.
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
        with unchanged_if_refused(self, USABLE_AFTER):
            cases = self._check(X, y, sample_weight, groups)
            target, weight, n_outputs = self._learn_target(cases)
            device, seeds = self._device_and_seeds()
            data, held_out = self._hold_out(cases, target, weight, seeds[0])
            given = None if self.batch_size == "auto" else int(self.batch_size)
            batch_size, epochs = default_batches(len(data), given)
            try:
                self.net_: Any = fit_network(
                    self._net,
                    self._network(cases.data, data, n_outputs, seeds[1]),
                    data,
                    held_out,
                    seed=seeds[2],
                    device=device,
                    start=self.net_ if self._goes_on else None,
                    max_epochs=epochs if self.max_epochs == "auto" else self.max_epochs,
                    batch_size=batch_size,
                    patience=self.patience if self.early_stopping else None,
                    **{name: getattr(self, name) for name in _OF_TRAINING},
                )
            except USABLE_AFTER as error:
                self.net_, error.net = error.net, None  # else it would cross to other processes with the error
                raise
        return self

    @property
    def device_(self) -> torch.device:
        """Where the network is."""
        return next(self.net_.module_.parameters()).device

    @property
    def history_(self) -> Any:
        """One row per epoch."""
        return self.net_.history_

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return len(self.net_.history_)

    def __getstate__(self) -> dict[str, Any]:
        """Less the data of ``validation=(X, y)`` once fitted."""
        return without_validation_data(super().__getstate__(), "net_")

    def _learn_target(self, cases: TrainingCases) -> tuple[torch.Tensor, np.ndarray | None, int]:
        """Targets as the loss wants them, the weight of each case, and how many outputs that takes."""
        raise NotImplementedError

    def _as_target(self, y: np.ndarray) -> torch.Tensor:
        """Further targets, such as those of validation data, in the same form."""
        raise NotImplementedError

    def _check(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> TrainingCases:
        """Check parameters and data; the cases that count."""
        if isinstance(self.validation, str) and self.validation == NOT_KEPT:
            raise ValueError(
                "The data of validation=(X, y) were not saved with this estimator. Set them again: "
                "set_params(validation=(X, y))."
            )
        self._validate_params()
        if self.input == "tokens" and self.missing == "mask":
            raise ValueError("input='tokens' has no missing values; leave missing at 'error'.")
        if self.input == "values" and self.n_tokens != "auto":
            raise ValueError(f"n_tokens={self.n_tokens} is for input='tokens'; input is 'values'.")
        cases = check_training_data(self, X, y, sample_weight, groups, self.missing, check_series)
        if self.input == "tokens":
            n_tokens = None if self.n_tokens == "auto" else int(self.n_tokens)
            cases = replace(cases, data=check_tokens(cases.data, n_tokens))
        self._dt_range(cases.data)
        return cases

    def _device_and_seeds(self) -> tuple[torch.device, list[int]]:
        """Where to train; and seeds of the validation split, of the start values, and of batches and dropout."""
        accelerator = (self.net_params or {}).get("accelerator")
        device = resolve_device(self.device if accelerator is None else accelerator.device, self.precision)
        # None is fresh entropy, not NumPy's global state, which a fit must not move
        random = np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)
        seeds = [int(seed) for seed in random.randint(np.iinfo(np.int32).max, size=3)]
        return device, same_for_all(seeds, accelerator)

    def _network(self, given: SeriesData, data: SeriesData, n_outputs: int, seed: int) -> dict[str, Any]:
        """Arguments of the network, for the cases that are given and those of them to train on."""
        dt_min, dt_max = self._dt_range(given)
        of_layer = inspect.signature(type(self)._layer).parameters.keys() & self.get_params(deep=False).keys()
        own = {name: getattr(self, name) for name in of_layer - {"d_model"}}
        return {
            **{name: getattr(self, name) for name in _OF_NETWORK},
            "standardize": self._resolve_standardize(data),
            "n_tokens": self._n_tokens(given),
            "layer": type(self)._layer,
            "layer_params": {**dict(sorted(own.items())), "dt_min": dt_min, "dt_max": dt_max},
            "n_channels": self.n_channels_in_,
            "n_outputs": n_outputs,
            "seed": seed,
        }

    def _resolve_standardize(self, data: SeriesData) -> str | None:
        if self.standardize != "auto":
            return self.standardize
        return self.net_.module_.inputs.standardize if self._goes_on else default_standardize(data)

    def _n_tokens(self, data: SeriesData) -> int | None:
        """Largest token of the network; None if it reads values."""
        if self.input == "values":
            return None
        return int(data.X.max()) if self.n_tokens == "auto" else int(self.n_tokens)

    @property
    def _goes_on(self) -> bool:
        """Whether ``fit`` begins with the last one's weights."""
        return self.warm_start and hasattr(self, "net_")

    def _dt_range(self, data: SeriesData) -> tuple[float, float]:
        low, high = default_dt_range(data.X.shape[-1])
        low = low if self.dt_min == "auto" else float(self.dt_min)
        high = high if self.dt_max == "auto" else float(self.dt_max)
        if not low < high:
            automatic = {name: " ('auto')" * (getattr(self, name) == "auto") for name in ("dt_min", "dt_max")}
            raise ValueError(
                f"dt_min must be below dt_max; got dt_min={low}{automatic['dt_min']} and "
                f"dt_max={high}{automatic['dt_max']}. Give both, or leave both at 'auto'."
            )
        return low, high

    def _hold_out(
        self, cases: TrainingCases, target: torch.Tensor, weight: np.ndarray | None, seed: int
    ) -> tuple[SeriesData, SeriesData | None]:
        """Training and validation cases."""
        weights = None if weight is None else torch.from_numpy(weight / weight.max()).float()
        data = SeriesData(cases.data.X, cases.data.lengths, target, weights)
        validation = self.validation
        if isinstance(validation, str):  # "auto"
            validation = 0.1 if self.early_stopping else None
        if validation is None:
            return data, None
        if isinstance(validation, tuple):
            if len(validation) != 2:
                raise ValueError(f"validation as a tuple must be (X, y); got {len(validation)} elements.")
            try:
                held_out = self._check_further(validation[0], self.missing, self._n_tokens(data))
                further = self._as_target(check_target(self, validation[1], len(held_out)))
            except ValueError as error:
                raise ValueError(f"In validation=(X, y): {error}") from error
            return data, SeriesData(held_out.X, held_out.lengths, further)
        split = validation_split(validation, target.numpy(), is_classifier(self), cases.groups, seed, cases.all_cases)
        return (data, None) if split is None else (data.select(split[0]), data.select(split[1]))

    def _check_further(self, X: Any, missing: str, n_tokens: int | None) -> SeriesData:
        """Series beside those of the fit, as its network wants them."""
        data = check_series(self, X, missing, reset=False)
        return data if n_tokens is None else check_tokens(data, n_tokens)

    def _outputs(self, X: Any, rate: float) -> np.ndarray:
        """Network outputs of new series, (n_cases, n_outputs), float64."""
        check_is_fitted(self, "net_")
        self._validate_again("predict_batch_size", "precision", "n_threads")
        if not isinstance(rate, Real):
            raise TypeError(f"rate must be a positive, finite number; got {rate!r}.")
        if not 0 < float(rate) < np.inf:
            raise ValueError(f"rate must be a positive, finite number; got {rate!r}.")
        network = self.net_.module_
        data = self._check_further(X, network.inputs.missing, network.n_tokens)
        batch_size = None if self.predict_batch_size == "auto" else int(self.predict_batch_size)
        outputs = predict(network, data, batch_size, self.device_, self.precision, self.n_threads, float(rate))
        broken = ~(outputs.abs() <= LARGEST_OUTPUT).all(dim=1)
        if broken.any():
            raise ValueError(
                f"The network's output for case {int(broken.nonzero()[0])} is not finite or beyond {LARGEST_OUTPUT:g}: "
                "its values are far outside of what the network was trained on. Check their scale."
            )
        return outputs.numpy()


@parameters
class DeepClassifier(ClassifierMixin, DeepEstimator):
    """One probability per class: cross entropy on the network's outputs."""

    class_weight: ClassWeight = None

    _net = ClassifierNet
    _attributes_doc: ClassVar[str] = """classes_ : ndarray of shape (n_classes,)
        Labels in sorted order."""

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
        return np.asarray(softmax(self._outputs(X, rate), axis=1))

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
        best = softmax(self._outputs(X, rate), axis=1).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _learn_target(self, cases: TrainingCases) -> tuple[torch.Tensor, np.ndarray | None, int]:
        before, classes = self.classes_ if self._goes_on else None, np.unique(cases.y)
        if before is not None and not np.array_equal(classes, before):
            raise ValueError(
                f"warm_start=True goes on with the classes {before.tolist()}; y has {classes.tolist()}. Fit a clone."
            )
        self.classes_: np.ndarray = find_classes(cases.y)
        position, weight = encode_labels(cases.y, self.classes_), cases.sample_weight
        if self.class_weight is not None:
            by_class = weights_of_classes(self.class_weight, self.classes_, position, weight)
            weight = by_class if weight is None else by_class * weight
        return torch.from_numpy(position), weight, len(self.classes_)

    def _as_target(self, y: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(encode_labels(y, self.classes_))


@parameters
class DeepRegressor(RegressorMixin, DeepEstimator):
    """One number per target: squared error on standardised targets."""

    _net = RegressorNet
    _attributes_doc: ClassVar[str] = """target_mean_, target_scale_ : ndarray of shape (n_targets,)
        By which targets were standardised, weighted; a scale of 0: this target did not vary."""

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
        targets = self._outputs(X, rate) * self.target_scale_ + self.target_mean_
        return targets[:, 0] if self.target_ndim_ == 1 else targets

    def _learn_target(self, cases: TrainingCases) -> tuple[torch.Tensor, np.ndarray | None, int]:
        if not self._goes_on:  # what the last head was trained on must stay
            self.target_ndim_, y, weight = cases.y.ndim, cases.y.reshape(len(cases.y), -1), cases.sample_weight
            weight = None if weight is None else weight / weight.max()
            self.target_mean_ = np.average(y, axis=0, weights=weight)
            deviation = np.sqrt(np.average((y - self.target_mean_) ** 2, axis=0, weights=weight))
            varies = deviation > 1e-12 * np.abs(self.target_mean_)
            self.target_scale_ = np.where(varies, deviation, 0.0)  # 0: what does not vary is its mean
        target = self._as_target(cases.y)
        return target, cases.sample_weight, target.shape[1]

    def _as_target(self, y: np.ndarray) -> torch.Tensor:
        y = y.reshape(len(y), -1)
        if y.shape[1] != len(self.target_mean_):
            raise ValueError(f"Expected {len(self.target_mean_)} targets per case, as in training; got {y.shape[1]}.")
        scale = np.where(self.target_scale_ > 0, self.target_scale_, 1.0)
        return torch.from_numpy(((y - self.target_mean_) / scale).astype(np.float32))


def default_batches(n_cases: int, batch_size: int | None = None) -> tuple[int, int]:
    """Cases per batch for a training set of this size, unless given, and epochs.

    There are 30 to 60 epochs, or more for a least number of steps.
    """
    size = int(np.clip(2 ** np.round(np.log2(n_cases / 16)), 8, 64)) if batch_size is None else batch_size
    n_batches = -(-n_cases // size)
    return size, max(int(np.clip(60_000 / n_cases, 30, 60)), -(-LEAST_STEPS // n_batches))


def default_dt_range(n_timepoints: int) -> tuple[float, float]:
    """Steps whose time constants, 2 / dt, reach from a few samples to twice the series, or to 200 samples."""
    return max(1 / max(n_timepoints, 4), LEAST_STEP), 0.5


def default_standardize(data: SeriesData) -> str:
    """``"timepoint"`` for series that all but share one course, as spectra do, and so differ at given places only."""
    if data.lengths is not None or data.X.isnan().any():
        return "channel"
    deviation = data.X.var(0, correction=0).mean(-1) / data.X.var((0, 2), correction=0)
    return "timepoint" if ((deviation > 0) & (deviation < LEAST_DEVIATION)).all() else "channel"


def without_validation_data(state: dict[str, Any], learned: str) -> dict[str, Any]:
    """What a pickle holds: the data of ``validation=(X, y)`` only while the attribute ``learned`` is not there yet."""
    if learned in state and isinstance(state.get("validation"), tuple):
        return {**state, "validation": NOT_KEPT}
    return state


_OF_NETWORK = ("d_model", "n_layers", "dropout", "norm", "prenorm", "pooling", "differences", "missing")
_OF_TRAINING = (
    "lr", "ssm_lr", "weight_decay", "schedule", "warmup", "gradient_clip",
    "precision", "cuda_graph", "n_threads", "verbose", "callbacks", "net_params",
)  # fmt: skip
