"""What happens between batches and epochs beyond what skorch brings."""

import math
from typing import Any

import numpy as np
from skorch.callbacks import Callback, EarlyStopping
from skorch.utils import noop
from tqdm.auto import tqdm


class NonFiniteLossError(ValueError):
    """Training met a loss that is infinite or not a number."""

    @classmethod
    def after(cls, epoch: int, what: str = "training loss became infinite or not a number") -> "NonFiniteLossError":
        """Error that names the epoch (from 1) and what to change."""
        return cls(
            f"The {what} in epoch {epoch}. Lower lr and ssm_lr, set gradient_clip, or scale the data "
            "(standardize='channel'). The best weights so far are kept."
        )


class TrainingInterrupt(KeyboardInterrupt):
    """Ctrl-C came while a network was trained; the estimator is fitted with its best weights so far."""


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


class EpochBar(Callback):
    """A progress bar over epochs, on stderr."""

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.bar_ = tqdm(total=net.max_epochs, desc="training", unit="epoch")

    def on_epoch_end(self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any) -> None:
        row = net.history[-1]
        shown = {name: row[name] for name in ("train_loss", "valid_loss") if name in row}
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update(len(net.history) - self.bar_.n)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.bar_.close()


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
