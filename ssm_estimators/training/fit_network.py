"""Build a network and train it."""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from sklearn.base import is_classifier
from skorch.callbacks import EpochScoring
from skorch.helper import predefined_split
from skorch.utils import to_numpy
from torch.optim import AdamW

from ssm_estimators.environment import settings
from ssm_estimators.networks import SequenceNetwork
from ssm_estimators.notices import warn
from ssm_estimators.series.data import SeriesData
from ssm_estimators.training.callbacks import (
    NonFiniteLossError,
    TrainingInterrupt,
    named_callbacks,
    own_callbacks,
    progress,
    stopped_early,
)
from ssm_estimators.training.checkpoint import TrainingCheckpoint
from ssm_estimators.training.device_memory import out_of_memory, placed
from ssm_estimators.training.net import SeriesNet


def fit_network(
    kind: type[SeriesNet],
    network: dict[str, Any],
    data: SeriesData,
    held_out: SeriesData | None,
    *,
    seed: int,
    device: torch.device,
    start: SeriesNet | None = None,
    schedule: Literal["cosine", "constant"],
    warmup: float,
    gradient_clip: float | None,
    patience: int | None,
    n_threads: int | None,
    verbose: int,
    callbacks: list[Any] | None,
    net_params: dict[str, Any] | None,
    **training: Any,
) -> SeriesNet:
    """Build a network, place it on a device, and train it; it then has the weights of its best epoch.

    Parameters
    ----------
    kind : type
        :class:`~ssm_estimators.training.net.ClassifierNet` or :class:`~ssm_estimators.training.net.RegressorNet`.
    network : dict
        Arguments of :class:`~ssm_estimators.networks.SequenceNetwork`.
    data, held_out : SeriesData
        The best epoch has the lowest loss on ``held_out``, whose accuracy or R2 goes to the history. It has the lowest
        loss on ``data`` if that is None.
    seed : int
        Of shuffling and dropout.
    device : torch.device
    start : SeriesNet or None, default=None
        A trained net with whose weights and scales the training begins.
    schedule : {"cosine", "constant"}
    warmup : float
        Share of the steps over which the learning rates rise.
    gradient_clip : float or None
        Largest norm of the gradient.
    patience : int or None
        Epochs without improvement after which training stops; ``None``: never.
    n_threads : int or None
        Threads of PyTorch; ``None`` leaves them as they are.
    verbose : int
        0 shows nothing, 1 a bar, 2 a line per epoch.
    callbacks : list or None
        Users' callbacks in any of skorch's forms.
    net_params : dict or None
        Users' further parameters of the skorch net.
    **training
        ``max_epochs``, ``batch_size``, ``lr``, and what :class:`~ssm_estimators.training.net.SeriesNet` takes.

    Returns
    -------
    ClassifierNet or RegressorNet

    Raises
    ------
    ValueError
        If ``net_params`` or ``callbacks`` make no net, or ``start`` does not fit the network.
    NonFiniteLossError
        If a loss is not finite. The error's ``net`` has its best weights so far.
    OutOfMemoryError
        If a batch does not fit the device; it says which would.
    TrainingInterrupt
        After Ctrl-C. The error's ``net`` has its best weights so far.
    """
    params = {
        **{f"module__{name}": value for name, value in network.items()},
        **{"criterion": kind.loss, "criterion__reduction": "none", "optimizer": partial(AdamW, fused=True)},
        **{"device": str(device), "predict_nonlinearity": None, "verbose": int(verbose > 1), "seed": seed},
    }
    with settings(training["precision"], n_threads, device):
        net = _new_net(kind, {**params, **training}, net_params or {})
        if start is not None:
            _load_weights(net, start)
        elif net.module_.n_tokens is None:
            net.module_.inputs.set_statistics(data.X, data.lengths)
        try:
            _train(
                net,
                placed(data.with_weights_of_mean_one(), device),
                None if held_out is None else placed(held_out.with_weights_of_mean_one(), device),
                partial(own_callbacks, warmup=warmup, schedule=schedule, gradient_clip=gradient_clip),
                patience,
                verbose,
                callbacks or [],
            )
        except (NonFiniteLossError, TrainingInterrupt) as error:
            error.net = net
            raise
        finally:
            net.module_.zero_grad(set_to_none=True)
    return net


def _new_net(kind: type[SeriesNet], params: dict[str, Any], own: dict[str, Any]) -> SeriesNet:
    """An initialised net, with the user's own parameters."""
    ours = [name for name in own if name.split("__")[0] in ("callbacks", "train_split", "dataset")]
    ours += [name for name in own if name.startswith("iterator_")]
    if ours:
        raise ValueError(f"net_params cannot set {ours}: use the estimator's callbacks, validation and batch_size.")
    for name in ("optimizer", "criterion"):
        if name in own and not callable(own[name]):
            raise ValueError(f"net_params[{name!r}] must be a class, such as torch.optim.SGD; got {own[name]!r}.")
    try:
        return kind(SequenceNetwork, **{**params, **own}).initialize()
    except (TypeError, ValueError, AttributeError) as error:
        kind(SequenceNetwork, **params).initialize()  # raises if it is not the user's own that are wrong
        raise ValueError(f"net_params={own} do not make a net of skorch: {error}") from error


def _load_weights(net: SeriesNet, start: SeriesNet) -> None:
    """Begin with the weights of a trained net, and with its scales of the inputs."""
    last, now = start.module_.inputs, net.module_.inputs
    changed = [name for name in ("standardize", "differences", "missing") if getattr(last, name) != getattr(now, name)]
    if changed:
        raise ValueError(f"warm_start=True cannot go on with other values of {changed}. Fit a clone.")
    net.module_.inputs = copy.deepcopy(last).to(net.device)
    try:
        net.module_.load_state_dict(start.module_.state_dict())
    except RuntimeError as error:
        raise ValueError(
            "warm_start=True goes on from the last fit's weights, which do not fit this network: channels, classes "
            "and the network's parameters must be the same as then. Fit a clone to start afresh."
        ) from error


def _train(
    net: SeriesNet,
    data: SeriesData,
    held_out: SeriesData | None,
    watched: Callable[[bool, int, int], list[tuple[str, Any]]],
    patience: int | None,
    verbose: int,
    callbacks: list[Any],
) -> None:
    """Train an initialised net, and leave it with its best epoch's weights."""
    n_steps = net.max_epochs * len(data.batches(net.n_together))
    own = watched(held_out is not None, patience or net.max_epochs + 1, n_steps)
    best, shown = dict(own)["best"], progress(verbose)
    own = [*own, *_validation_score(net, held_out), *shown]
    given = named_callbacks(callbacks, taken=[name for name, _ in [*net.get_default_callbacks(), *own]])
    _check_alone(net, given)
    given.sort(key=lambda item: isinstance(item[1], TrainingCheckpoint))  # last, to find all others as they are
    net.begin_training([*own, *given], None if held_out is None else predefined_split(_by_length(held_out)))
    start = copy.deepcopy(net.module_.state_dict())
    is_interrupted, ran_out, diverged = False, False, None
    try:
        net.partial_fit(data)
        is_interrupted = net.interrupted_ and not stopped_early(net)
    except NonFiniteLossError as error:
        diverged = error
        net.notify("on_train_end", X=data, y=None)  # restores the best weights
    except torch.OutOfMemoryError:
        ran_out = True  # told of below: what the error's frames hold is only then free again
    finally:
        for _, callback in shown:
            callback.on_train_end(net)  # closes a bar that an error left open
        net.forget_training()
    if ran_out:
        raise out_of_memory(net, data)
    # an epoch's loss is that before its last step, which may have been the one that broke the weights
    for earlier in (best.runner_up_, start):
        if net.is_finite(data):
            break
        diverged = diverged or NonFiniteLossError.after(len(net.history_))
        net.module_.load_state_dict(earlier or start)
    if diverged is not None:
        raise diverged
    for message in net.module_.warnings()[:1]:  # the other layers have the same to say
        warn(message)
    if is_interrupted:
        raise TrainingInterrupt(
            f"Training was interrupted after {len(net.history_)} full epochs of {net.max_epochs}. The network that was "
            f"being trained has its {'best' if best.best_model_weights_ else 'last'} weights so far."
        )


def _check_alone(net: SeriesNet, callbacks: list[tuple[str, Any]]) -> None:
    """Refuse, for several processes, what knows of one only."""
    if net.accelerator is not None and any(isinstance(callback, TrainingCheckpoint) for _, callback in callbacks):
        raise ValueError("TrainingCheckpoint keeps the training of one process; got an accelerator beside it.")


def _validation_score(net: SeriesNet, held_out: SeriesData | None) -> list[tuple[str, EpochScoring]]:
    """What records the accuracy or R2 of the cases that are held out; that of one number is not defined."""
    if held_out is None or (len(held_out) == 1 and not is_classifier(net)):
        return []
    name = f"valid_{net.score_name}"
    return [(name, EpochScoring(_weighted_score, lower_is_better=False, name=name))]


def _weighted_score(net: SeriesNet, data: SeriesData, y: np.ndarray) -> float:
    """Accuracy or R2, with the weights of the loss."""
    weight = data.sample_weight
    return float(net.score(data, y, None if weight is None else to_numpy(weight)))


def _by_length(data: SeriesData) -> SeriesData:
    """The same cases in the order of their batches, in which skorch knows their outputs."""
    return data if data.lengths is None else data.select(torch.argsort(data.lengths, stable=True))
