"""What happens between batches and epochs beyond what skorch brings, and what a training shows of itself."""

import math
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, GradientNormClipping, LRScheduler, PrintLog
from skorch.utils import noop
from torch.optim.lr_scheduler import LambdaLR

from ssm_estimators.notices import bar, without_colours


class NonFiniteLossError(ValueError):
    """Training met a loss that is infinite or not a number; the ``net`` has its best weights so far."""

    net: Any = None

    @classmethod
    def after(cls, epoch: int, what: str = "training loss became infinite or not a number") -> "NonFiniteLossError":
        """Error that names the epoch (from 1) and what to change."""
        return cls(
            f"The {what} in epoch {epoch}. Lower lr and ssm_lr, set gradient_clip, or scale the data "
            "(standardize='channel'). The best weights so far are kept."
        )


class TrainingInterrupt(KeyboardInterrupt):
    """Ctrl-C came while a network was trained; the ``net`` has its best weights so far."""

    net: Any = None


class FiniteLoss(Callback):
    """Stop training at the first loss that is not finite."""

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = True, loss: Any = None, **kwargs: Any) -> None:
        kind = "train" if training else "valid"
        value = net.history[-1, "batches", -1, f"{kind}_loss"]
        if not math.isfinite(value):
            loss_name = "training" if training else "validation"
            raise NonFiniteLossError.after(len(net.history), f"{loss_name} loss became {value}")


class BestWeights(EarlyStopping):
    """skorch's early stopping, restoring the best epoch's weights and remembering those of the best one before it.

    Parameters
    ----------
    monitor : str
        Loss to watch.
    patience : int
        Epochs without a lower one after which training stops.
    """

    def __init__(self, monitor: str, patience: int) -> None:
        super().__init__(monitor, patience=patience, threshold=0, load_best=True, sink=noop)

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        super().on_train_begin(net, **kwargs)
        self.runner_up_ = None

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        before = self.best_model_weights_
        super().on_epoch_end(net, **kwargs)
        if self.best_model_weights_ is not before:
            self.runner_up_ = before
            self.dynamic_threshold_ = float(net.history[-1, self.monitor])  # a checkpoint can hold no number of NumPy's

    def state_dict(self) -> dict[str, Any]:
        names = ("misses_", "dynamic_threshold_", "best_epoch_", "best_model_weights_", "runner_up_")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def stopped_early(net: Any) -> bool:
    """Whether training ended because a loss did not improve, which skorch makes look like an interruption."""
    return any(isinstance(c, EarlyStopping) and c.misses_ >= c.patience for _, c in net.callbacks_)


class Schedule(LRScheduler):
    """skorch's schedule of the learning rates, which offers its state."""

    def state_dict(self) -> dict[str, Any]:
        return self.lr_scheduler_.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.lr_scheduler_.load_state_dict(state)


class CosineWarmup:
    """Factor of the learning rate per step: linear up over a share of the steps, then a half cosine down to 0.

    Parameters
    ----------
    n_steps : int
        Steps in all.
    warmup : float
        Share of them that warms up.
    cosine : bool
        Stay at 1 after the warm-up if False.
    """

    def __init__(self, n_steps: int, warmup: float, cosine: bool) -> None:
        self.n_steps, self.warmup, self.cosine = n_steps, warmup, cosine

    def __call__(self, step: int) -> float:
        n_warmup = self.warmup * self.n_steps
        if step < n_warmup:
            return (step + 1) / (n_warmup + 1)
        if not self.cosine:
            return 1.0
        progress = (step - n_warmup) / max(self.n_steps - n_warmup, 1)
        return float(0.5 * (1 + np.cos(np.pi * min(progress, 1.0))))


def own_callbacks(
    watches_validation: bool,
    patience: int,
    n_steps: int,
    warmup: float,
    schedule: str,
    gradient_clip: float | None,
) -> list[tuple[str, Callback]]:
    """What every training needs: finite losses, a schedule of the learning rates, the best weights, short gradients."""
    rates = CosineWarmup(n_steps, warmup, cosine=schedule == "cosine")
    return [
        ("finite_loss", FiniteLoss()),
        ("schedule", Schedule(LambdaLR, step_every="batch", lr_lambda=rates)),
        ("best", BestWeights("valid_loss" if watches_validation else "train_loss", patience)),
        *([] if gradient_clip is None else [("gradient_clip", GradientNormClipping(gradient_clip))]),
    ]


def named_callbacks(callbacks: list[Any], taken: Iterable[str]) -> list[tuple[str, Callback]]:
    """Users' callbacks in any of skorch's forms, as instances with names.

    Parameters
    ----------
    callbacks : list
        Instances, classes, or pairs of a name and one of these.
    taken : iterable of str
        Names that are in use.

    Raises
    ------
    ValueError
        If one is of another form, or a name is given twice.
    """
    n_of_kind: Counter[str] = Counter()
    named = []
    for item in callbacks:
        is_pair = isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str)
        callback = _instance(item[1] if is_pair else item)
        kind = type(callback).__name__
        named.append((item[0] if is_pair else f"{kind}_{n_of_kind[kind]}", callback))
        n_of_kind[kind] += not is_pair
    n_of_name = Counter([*taken, *(name for name, _ in named)])
    twice = [name for name, n in n_of_name.items() if n > 1]
    if twice:
        raise ValueError(f"Expected each callback under a name of its own; {twice} are taken. Choose other names.")
    return named


def _instance(callback: Any) -> Callback:
    if isinstance(callback, type) and issubclass(callback, Callback):
        try:
            callback = callback()
        except TypeError as error:
            raise ValueError(
                f"The callback class {callback.__name__} cannot be made without arguments; give an instance of it."
            ) from error
    if not isinstance(callback, Callback):
        raise ValueError(
            "Expected callbacks as skorch.callbacks.Callback instances, classes, or (name, instance) pairs; got "
            f"{callback!r}. A function that scores an epoch goes into skorch.callbacks.EpochScoring."
        )
    if isinstance(callback, EpochScoring) and not callback.use_caching and not callable(callback.scoring):
        raise ValueError(
            f"EpochScoring({callback.scoring!r}, use_caching=False) sees no labels. Leave use_caching at True, or give "
            "a function of (net, data, y) as scoring."
        )
    return callback


def progress(verbose: int) -> list[tuple[str, Callback]]:
    """Callbacks that show a training: none, a bar, or a table."""
    if verbose == 0:
        return []
    return [("progress", BatchBar() if verbose == 1 else PrintLog(sink=print_plainly))]


def print_plainly(text: str) -> None:
    """Print, without colours where that does not go to a terminal."""
    print(text if sys.stdout.isatty() else without_colours(text), flush=True)


class BatchBar(Callback):
    """A bar over the batches of all epochs, on stderr."""

    def initialize(self) -> "BatchBar":
        """Begin without a bar."""
        self.bar_ = bar(0, "training", "batch", is_shown=False)
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Draw the bar."""
        self.n_batches_ = len(X.batches(net.batch_size))
        self.scores_: dict[str, float] = {}
        self.bar_ = bar(self.n_batches_ * net.max_epochs, "training", "batch")

    def on_epoch_begin(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Show the epoch, and the scores of the last one that is over."""
        self.bar_.set_postfix({"epoch": f"{len(net.history)}/{net.max_epochs}", **self.scores_}, refresh=False)

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        """Move the bar."""
        if training:  # a training that goes on begins within an epoch
            n_done = (len(net.history) - 1) * self.n_batches_ + len(net.history[-1]["batches"])
            self.bar_.update(n_done - self.bar_.n)

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        """Show the epoch's scores too."""
        self.scores_ = {name: net.history[-1, name] for name in _SCORES if name in net.history[-1]}
        self.on_epoch_begin(net)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Leave the bar as it is."""
        self.bar_.close()


_SCORES = ("train_loss", "valid_loss", "valid_accuracy", "valid_r2")
