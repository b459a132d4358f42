"""Train a network, and run it."""

import copy
import warnings

import torch
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping, LRScheduler
from skorch.helper import predefined_split
from skorch.utils import noop
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from ssm_estimators.training.callbacks import CosineWarmup, EpochBar, FiniteLoss, NonFiniteLossError
from ssm_estimators.training.data import SeriesData
from ssm_estimators.training.environment import autocast, settings
from ssm_estimators.training.net import SeriesNet

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
    show_progress: bool,
    callbacks: list[Callback],
) -> None:
    """Train an initialised net, and leave it with its best epoch's weights.

    Parameters
    ----------
    net : SeriesNet
    data, held_out : SeriesData
        Best is the epoch with the lowest loss on ``held_out``; on ``data`` if that is None.
    schedule : {"cosine", "constant"}
    warmup : float
        Share of the steps over which the learning rate rises.
    gradient_clip : float or None
        Largest norm of the gradient.
    patience : int or None
        Epochs without improvement after which training stops; ``None``: never.
    show_progress : bool
        Whether to draw a progress bar over epochs.
    callbacks : list of skorch callbacks

    Raises
    ------
    NonFiniteLossError
        If a loss is not finite; the net then has its best weights so far.
    """
    n_steps = net.max_epochs * len(data.batches(net.batch_size))
    best = EarlyStopping(
        monitor="train_loss" if held_out is None else "valid_loss",
        patience=patience or net.max_epochs + 1,
        load_best=True,
        sink=noop,
    )
    own: list[tuple[str, Callback]] = [
        ("finite_loss", FiniteLoss()),
        (
            "schedule",
            LRScheduler(LambdaLR, step_every="batch", lr_lambda=CosineWarmup(n_steps, warmup, schedule == "cosine")),
        ),
        ("best", best),
    ]
    if gradient_clip is not None:
        own.append(("gradient_clip", GradientNormClipping(gradient_clip)))
    if show_progress:
        own.append(("progress", EpochBar()))
    net.set_training(
        callbacks=own + [(f"user_{i}", callback) for i, callback in enumerate(callbacks)],
        train_split=None if held_out is None else predefined_split(held_out),
    )
    net.initialize_callbacks()
    net.initialize_optimizer()
    start = copy.deepcopy(net.module_.state_dict())
    try:
        net.partial_fit(data)
    except NonFiniteLossError:
        net.module_.load_state_dict(best.best_model_weights_ or start)
        raise
    finally:
        # skorch's early stopping acts as an interruption too
        stopped_early = any(isinstance(c, EarlyStopping) and c.misses_ >= c.patience for _, c in net.callbacks_)
        net.forget_training()
    if net.interrupted_ and not stopped_early:
        warnings.warn(
            f"Training was interrupted in epoch {len(net.history_)} of {net.max_epochs}; the estimator is fitted with "
            "the best weights so far.",
            UserWarning,
            stacklevel=4,  # at the caller of fit
        )


def predict(
    module: torch.nn.Module,
    data: SeriesData,
    batch_size: int,
    device: torch.device,
    precision: str,
    n_threads: int | None,
) -> Tensor:
    """Outputs of all cases, on the CPU in float64.

    Parameters
    ----------
    module : Module
        On ``device``, in evaluation mode.
    data : SeriesData
        On the CPU; batches are moved.
    batch_size : int
    device : torch.device
    precision : {"float32", "tf32", "bf16"}
    n_threads : int or None

    Returns
    -------
    Tensor of shape (n_cases, n_outputs), float64
    """
    outputs = []
    with settings(precision, n_threads, device), torch.inference_mode(), autocast(precision, device):
        for inputs, _ in data.batches(batch_size):
            outputs.append(module(**{name: value.to(device) for name, value in inputs.items()}).cpu().double())
    return torch.cat(outputs)
