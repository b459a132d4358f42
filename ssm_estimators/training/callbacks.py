"""What happens between batches and epochs beyond what skorch brings."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, LRScheduler
from skorch.utils import noop


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
    """Factor of the learning rate a step: linear up over a share of the steps, then a half cosine down to 0.

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
