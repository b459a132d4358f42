"""What classifiers and regressors share: from checked series to a trained network, and back to outputs."""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import is_classifier
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.declaration import parameters
from ssm_estimators.environment import check_precision, resolve_device, settings
from ssm_estimators.estimators.defaults import (
    default_batch_size,
    default_dt_range,
    default_epochs,
    default_standardize,
)
from ssm_estimators.estimators.parameters import Parameters
from ssm_estimators.estimators.targets import TrainingCases, check_target, check_training_data
from ssm_estimators.layers import SSMLayer
from ssm_estimators.networks import SequenceNetwork
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.tokens import check_tokens
from ssm_estimators.series.validation import check_series
from ssm_estimators.training.device_memory import placed
from ssm_estimators.training.fit_network import predict, train
from ssm_estimators.training.net import ClassifierNet, RegressorNet, SeriesNet
from ssm_estimators.training.split import validation_split


@parameters
class DeepEstimator(Parameters):
    """Trains a :class:`~ssm_estimators.networks.SequenceNetwork`; subclasses say what the targets are.

    A model class names its layer (``_layer``) and the constructor parameters that go to it (``_layer_params``).
    """

    _layer: ClassVar[Callable[..., SSMLayer]]
    _layer_params: ClassVar[tuple[str, ...]] = ()
    _criterion: ClassVar[type[torch.nn.Module]]

    @property
    def device_(self) -> torch.device:
        """Where the network is."""
        return next(self.net_.module_.parameters()).device

    @property
    def history_(self) -> Any:
        """One row an epoch."""
        return self.net_.history_

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return len(self.net_.history_)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags

    def _encode_target(self, y: np.ndarray, sample_weight: np.ndarray | None, reset: bool) -> torch.Tensor:
        """Checked targets as the criterion wants them; with ``reset``, learn how."""
        raise NotImplementedError

    def _start_fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> TrainingCases:
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
        cases = check_training_data(self, X, y, sample_weight, groups, self.missing)
        if self.input == "tokens":
            n_tokens = None if self.n_tokens == "auto" else int(self.n_tokens)
            cases = replace(cases, data=check_tokens(cases.data, n_tokens))
        self._dt_range(cases.data)
        return cases

    def _train(
        self, cases: TrainingCases, target: torch.Tensor, sample_weight: np.ndarray | None, n_outputs: int
    ) -> None:
        weight = None if sample_weight is None else torch.from_numpy(sample_weight / sample_weight.max()).float()
        data = SeriesData(cases.data.X, cases.data.lengths, target, weight)
        device = resolve_device(self.device)
        check_precision(self.precision, device)
        # None is fresh entropy, not NumPy's global state, which a fit must not move
        random = np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)
        seeds = [int(seed) for seed in random.randint(np.iinfo(np.int32).max, size=3)]
        train_data, held_out = self._hold_out(data, cases, seeds[0])
        train_data = train_data.with_unit_weights()
        held_out = None if held_out is None else held_out.with_unit_weights()
        batch_size = default_batch_size(len(train_data)) if self.batch_size == "auto" else int(self.batch_size)
        params = {
            **{f"module__{name}": getattr(self, name) for name in _NETWORK_PARAMETERS},
            "module__standardize": self._resolve_standardize(train_data),
            "module__n_tokens": self._n_tokens(data),
            "module__layer": type(self)._layer,
            "module__layer_params": self._resolve_layer_params(data),
            "module__n_channels": self.n_channels_in_,
            "module__n_outputs": n_outputs,
            "module__seed": seeds[1],
            "criterion": self._criterion,
            "criterion__reduction": "none",
            "optimizer": partial(torch.optim.AdamW, fused=True),
            "lr": self.lr,
            "ssm_lr": self.ssm_lr,
            "weight_decay": self.weight_decay,
            "precision": self.precision,
            "cuda_graph": self.cuda_graph,
            "seed": seeds[2],
            "max_epochs": self.max_epochs if self.max_epochs != "auto" else default_epochs(len(train_data), batch_size),
            "batch_size": batch_size,
            "device": str(device),
            "predict_nonlinearity": None,
            "verbose": int(self.verbose > 1),
        }
        with settings(self.precision, self.n_threads, device):
            net = self._new_net(params)
            if self._goes_on:
                self._load_last_weights(net)
            elif self.input == "values":
                net.module_.inputs.set_statistics(train_data.X, train_data.lengths)
            self.net_: Any = net
            try:
                train(
                    net,
                    placed(train_data, device),
                    None if held_out is None else placed(held_out, device),
                    schedule=self.schedule,
                    warmup=self.warmup,
                    gradient_clip=self.gradient_clip,
                    patience=self.patience if self.early_stopping else None,
                    verbose=int(self.verbose),
                    callbacks=self.callbacks or [],
                )
            finally:
                net.module_.zero_grad(set_to_none=True)

    def _new_net(self, params: dict[str, Any]) -> SeriesNet:
        kind, own = ClassifierNet if is_classifier(self) else RegressorNet, self._checked_net_params()
        try:
            return kind(SequenceNetwork, **{**params, **own}).initialize()
        except (TypeError, ValueError, AttributeError) as error:
            kind(SequenceNetwork, **params).initialize()  # raises if it is not the user's own that are wrong
            raise ValueError(f"net_params={own} do not make a net of skorch: {error}") from error

    def __getstate__(self) -> dict[str, Any]:
        """Less the data of ``validation=(X, y)`` once fitted."""
        return without_validation_data(super().__getstate__(), "net_")

    def _n_tokens(self, data: SeriesData) -> int | None:
        """Largest token of the network; None if it reads values."""
        if self.input == "values":
            return None
        return int(data.X.max()) if self.n_tokens == "auto" else int(self.n_tokens)

    def _check_further(self, X: Any, missing: str, n_tokens: int | None) -> SeriesData:
        """Series beside those of the fit, as its network wants them."""
        data = check_series(self, X, missing, reset=False)
        return data if n_tokens is None else check_tokens(data, n_tokens)

    @property
    def _goes_on(self) -> bool:
        """Whether ``fit`` begins with the last one's weights."""
        return self.warm_start and hasattr(self, "net_")

    def _checked_net_params(self) -> dict[str, Any]:
        params = self.net_params or {}
        own = [name for name in params if name.split("__")[0] in ("callbacks", "train_split", "dataset")]
        own += [name for name in params if name.startswith("iterator_")]
        if own:
            raise ValueError(f"net_params cannot set {own}: use the estimator's callbacks, validation and batch_size.")
        for name in ("optimizer", "criterion"):
            if name in params and not callable(params[name]):
                raise ValueError(
                    f"net_params[{name!r}] must be a class, such as torch.optim.SGD; got {params[name]!r}."
                )
        return params

    def _load_last_weights(self, net: SeriesNet) -> None:
        last, now = self.net_.module_.inputs, net.module_.inputs
        settings_changed = [
            name for name in ("standardize", "differences", "missing") if getattr(last, name) != getattr(now, name)
        ]
        if settings_changed:
            raise ValueError(f"warm_start=True cannot go on with other values of {settings_changed}. Fit a clone.")
        net.module_.inputs = copy.deepcopy(last).to(net.device)
        try:
            net.module_.load_state_dict(self.net_.module_.state_dict())
        except RuntimeError as error:
            raise ValueError(
                "warm_start=True goes on from the last fit's weights, which do not fit this network: channels, classes "
                "and the network's parameters must be the same as then. Fit a clone to start afresh."
            ) from error

    def _hold_out(self, data: SeriesData, cases: TrainingCases, seed: int) -> tuple[SeriesData, SeriesData | None]:
        """Training and validation cases."""
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
                y = check_target(self, validation[1], len(held_out))
                target = self._encode_target(y, None, reset=False)
            except ValueError as error:
                raise ValueError(f"In validation=(X, y): {error}") from error
            return data, SeriesData(held_out.X, held_out.lengths, target)
        assert data.y is not None
        split = validation_split(validation, data.y.numpy(), is_classifier(self), cases.groups, seed, cases.all_cases)
        return (data, None) if split is None else (data.select(split[0]), data.select(split[1]))

    def _resolve_standardize(self, data: SeriesData) -> str | None:
        if self.standardize != "auto":
            return self.standardize
        return self.net_.module_.inputs.standardize if self._goes_on else default_standardize(data)

    def _resolve_layer_params(self, data: SeriesData) -> dict[str, Any]:
        dt_min, dt_max = self._dt_range(data)
        return {
            "d_state": self.d_state,
            "bidirectional": self.bidirectional,
            "dt_min": dt_min,
            "dt_max": dt_max,
            **{name: getattr(self, name) for name in self._layer_params},
        }

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

    def _outputs(self, X: Any, rate: float = 1.0) -> np.ndarray:
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


def without_validation_data(state: dict[str, Any], learned: str) -> dict[str, Any]:
    """What a pickle holds: the data of ``validation=(X, y)`` only while the attribute ``learned`` is not there yet."""
    if learned in state and isinstance(state.get("validation"), tuple):
        return {**state, "validation": NOT_KEPT}
    return state


NOT_KEPT = "(X, y), not kept in a file"  # as validation, no fit accepts it
LARGEST_OUTPUT = 1e18  # its square is near what float32 can hold; targets are near 1
_NETWORK_PARAMETERS = (
    "d_model", "n_layers", "dropout", "norm", "prenorm", "pooling", "differences", "missing"
)  # fmt: skip
