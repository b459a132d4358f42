"""Train a network, and run it."""

import copy
import math
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from sklearn.base import is_classifier
from skorch.callbacks import EpochScoring, GradientNormClipping
from skorch.helper import predefined_split
from skorch.utils import to_numpy
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from ssm_estimators.environment import autocast, settings, single_threads
from ssm_estimators.notices import warn
from ssm_estimators.series.data import SeriesData
from ssm_estimators.training.callbacks import (
    BestWeights,
    CosineWarmup,
    FiniteLoss,
    NonFiniteLossError,
    Schedule,
    TrainingInterrupt,
    named_callbacks,
    stopped_early,
)
from ssm_estimators.training.checkpoint import TrainingCheckpoint
from ssm_estimators.training.device_memory import out_of_memory
from ssm_estimators.training.net import SeriesNet
from ssm_estimators.training.progress import progress

SCHEDULES = ("cosine", "constant")


def train(
    net: SeriesNet,
    data: SeriesData,
    held_out: SeriesData | None,
    *,
    schedule: str,
    warmup: float,
    gradient_clip: float | None,
    patience: int | None,
    verbose: int,
    callbacks: list[Any],
) -> None:
    """Train an initialised net, and leave it with its best epoch's weights.

    Parameters
    ----------
    net : ClassifierNet or RegressorNet
    data, held_out : SeriesData
        Best is the epoch with the lowest loss on ``held_out``, whose accuracy or R2 goes to the history; on ``data`` if
        that is None.
    schedule : {"cosine", "constant"}
    warmup : float
        Share of the steps over which the learning rate rises.
    gradient_clip : float or None
        Largest norm of the gradient.
    patience : int or None
        Epochs without improvement after which training stops; ``None``: never.
    verbose : int
        0: show nothing; 1: a bar; 2: a line an epoch.
    callbacks : list
        Users' callbacks in any of skorch's forms.

    Raises
    ------
    NonFiniteLossError
        If a loss is not finite; the net then has its best weights so far.
    OutOfMemoryError
        If a batch does not fit the device; it says which would.
    TrainingInterrupt
        After Ctrl-C; the net then has its best weights so far.
    """
    n_steps = net.max_epochs * len(data.batches(net.batch_size))
    factor = CosineWarmup(n_steps, warmup, cosine=schedule == "cosine")
    best = BestWeights("train_loss" if held_out is None else "valid_loss", patience or net.max_epochs + 1)
    shown = progress(verbose)
    own = [
        ("finite_loss", FiniteLoss()),
        ("schedule", Schedule(LambdaLR, step_every="batch", lr_lambda=factor)),
        ("best", best),
        *([] if gradient_clip is None else [("gradient_clip", GradientNormClipping(gradient_clip))]),
        *_validation_score(net, held_out),
        *shown,
    ]
    given = named_callbacks(callbacks, taken=[name for name, _ in [*net.get_default_callbacks(), *own]])
    given.sort(key=lambda item: isinstance(item[1], TrainingCheckpoint))  # last, to find all others as they are
    net.set_training([*own, *given], None if held_out is None else predefined_split(_by_length(held_out)))
    net.initialize_callbacks()
    net.initialize_optimizer()
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
        if _is_finite(net, data):
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


def _is_finite(net: SeriesNet, data: SeriesData) -> bool:
    """Whether the net's outputs on the first batch are finite."""
    batch, _ = next(iter(net.get_iterator(data)))
    with torch.no_grad():
        return bool(net.infer(batch).isfinite().all())


BATCHED_UP_TO = 700  # time points: longer series are run one at a time
POINTS_IN_CACHE, POINTS_OF_DEVICE = 2**13, 2**19  # time points a batch, by default
FILLED = 1.5  # longest over shortest series of a batch, at most: what lies past the end of a series costs time


def predict(
    module: torch.nn.Module,
    data: SeriesData,
    batch_size: int | None,
    device: torch.device,
    precision: str,
    n_threads: int | None,
    rate: float = 1.0,
) -> Tensor:
    """Outputs of all cases, on the CPU in float64.

    On a CPU the output of a case does not depend on the cases beside it. A library of matrix products rounds a row
    differently by its place among the others, and no choice of its kernels prevents that everywhere. Series of up to
    700 time points are therefore run in float64, where this rounding is near 1e-15 of the output; longer ones are run
    one at a time, by operations that are then the same in every call. On other devices the outputs of a case agree to
    about 1e-6.

    Parameters
    ----------
    module : Module
        On ``device``, in evaluation mode.
    data : SeriesData
        On the CPU; batches are moved.
    batch_size : int or None
        Most cases a batch; ``None``: as many as are fast.
    device : torch.device
    precision : {"float32", "tf32", "bf16"}
        ``"tf32"`` is float32 where there is none.
    n_threads : int or None
    rate : float, default=1.0
        How many times coarser than in training the series are sampled.

    Returns
    -------
    Tensor of shape (n_cases, n_outputs), float64
    """
    if len(data) == 0:
        raise ValueError("Expected at least one case to predict.")
    lengths = torch.full((len(data),), data.X.shape[-1]) if data.lengths is None else data.lengths
    on_cpu = device.type == "cpu"
    exact = copy.deepcopy(module).double() if on_cpu and lengths.min() <= BATCHED_UP_TO else module

    def run(cases: Tensor) -> Tensor:
        longest = int(lengths[cases].max())
        in_float64 = on_cpu and longest <= BATCHED_UP_TO
        X = data.X[cases, :, :longest]
        inputs: dict[str, Any] = {"X": X.double() if in_float64 else X.to(device)}
        if (lengths[cases] < longest).any():
            inputs["lengths"] = lengths[cases].to(device)
        with torch.inference_mode(), autocast("float32" if in_float64 else precision, device):
            outputs: Tensor = (exact if in_float64 else module)(**inputs, rate=rate)
            return outputs.cpu().double()

    batches = list(_alike(lengths, batch_size, on_cpu))
    if on_cpu:
        n_workers = min(n_threads or torch.get_num_threads(), len(batches))
        with settings(precision, 1, device), single_threads(n_workers) as threads:
            outputs = list(threads.map(run, batches))
    else:
        with settings(precision, n_threads, device):
            outputs = [run(cases) for cases in batches]
    result = outputs[0].new_empty(len(data), outputs[0].shape[1])
    for cases, values in zip(batches, outputs, strict=True):
        result[cases] = values
    return result


def _alike(lengths: Tensor, batch_size: int | None, alone: bool) -> Iterator[Tensor]:
    """Positions of the cases of each batch, which are of similar length; the long ones perhaps alone."""
    order = torch.argsort(lengths, stable=True)
    ordered = lengths[order].tolist()
    start = 0
    while start < len(ordered):
        shortest, most = ordered[start], len(ordered) if batch_size is None else batch_size
        most = min(most, 1) if alone and shortest > BATCHED_UP_TO else most
        end = bisect_right(ordered, BATCHED_UP_TO if alone and shortest <= BATCHED_UP_TO else math.inf)
        end = min(end, start + most, bisect_right(ordered, FILLED * shortest))
        if batch_size is None:
            points = POINTS_IN_CACHE if alone else POINTS_OF_DEVICE
            end = min(end, start + max(1, points // ordered[end - 1]))
        yield order[start:end]
        start = end
