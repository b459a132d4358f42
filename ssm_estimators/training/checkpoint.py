"""A training that may be killed at any moment, and goes on."""

import json
import os
import time
import zlib
from pathlib import Path
from typing import Any

import torch
from skorch.callbacks import Callback, GradientNormClipping, LRScheduler

from ssm_estimators.series.data import SeriesData
from ssm_estimators.training.callbacks import BestWeights


class TrainingCheckpoint(Callback):
    """Keep a training in a file, every few minutes and at its end, and go on from there.

    The same ``fit`` on the same data then loses at most these minutes to a killed process, and ends with the weights of
    an undisturbed one; what has ended is only read. Delete the file to train anew.

    Parameters
    ----------
    path : path
        The file; it is replaced as a whole.
    seconds : float, default=180
        Between two writings.

    Raises
    ------
    ValueError
        By ``fit``, if the file is of another training: other data, other parameters or another ``random_state``, which
        must be a number.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from ssm_estimators import S4DClassifier
    >>> from ssm_estimators.training import TrainingCheckpoint
    >>> X, y = np.random.default_rng(0).normal(size=(20, 1, 50)), np.arange(20) % 2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = TrainingCheckpoint(folder + "/run.pt")
    ...     first = S4DClassifier(max_epochs=2, random_state=0, callbacks=[checkpoint]).fit(X, y)
    ...     again = S4DClassifier(max_epochs=2, random_state=0, callbacks=[checkpoint]).fit(X, y)  # reads the file
    >>> np.array_equal(first.predict_proba(X), again.predict_proba(X))
    True
    """

    def __init__(self, path: str | Path, seconds: float = 180.0) -> None:
        self.path, self.seconds = path, seconds

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.training_ = _description(net, X)
        if Path(self.path).exists():
            self._load(net)
        self.last_ = time.monotonic()

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        if training and time.monotonic() - self.last_ >= self.seconds:
            self._save(net)
            self.last_ = time.monotonic()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        best, _ = _watchers(net)
        is_whole = not net.interrupted_ or best.misses_ >= best.patience
        if is_whole and "train_loss" in net.history[-1]:  # no loss that was not finite
            self._save(net)

    def _save(self, net: Any) -> None:
        best, scheduler = _watchers(net)
        state = {
            "training": self.training_,
            "module": net.module_.state_dict(),
            "optimizer": net.optimizer_.state_dict(),
            "scheduler": scheduler.state_dict(),
            "best": {name: getattr(best, name) for name in _BEST},
            "history": json.dumps([*({**row, "batches": []} for row in net.history[:-1]), net.history[-1]]),
            "random": net.random_states(),
        }
        path = Path(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        half_written = path.with_name(f"{path.name}.{os.getpid()}")
        torch.save(state, half_written)
        half_written.replace(path)

    def _load(self, net: Any) -> None:
        state = torch.load(self.path, map_location=net.device, weights_only=True)
        other = [name for name, value in self.training_.items() if state["training"].get(name) != value]
        if other:
            raise ValueError(
                f"{self.path} is of another training: it differs in {other}. Go on with the same data, the same "
                "parameters and the same whole number as random_state, or delete the file."
            )
        net.module_.load_state_dict(state["module"])
        net.optimizer_.load_state_dict(state["optimizer"])
        best, scheduler = _watchers(net)
        scheduler.load_state_dict(state["scheduler"])
        for name, value in state["best"].items():
            setattr(best, name, value)
        net.go_on_from(json.loads(state["history"]), state["random"])


_SETTINGS = ("seed", "max_epochs", "batch_size", "lr", "ssm_lr", "weight_decay", "precision", "criterion")
_BEST = ("misses_", "dynamic_threshold_", "best_epoch_", "best_model_weights_", "runner_up_")


def _watchers(net: Any) -> tuple[BestWeights, Any]:
    """The callback that remembers the best epoch, and the schedule of the learning rates."""
    callbacks = [callback for _, callback in net.callbacks_]
    best = next(callback for callback in callbacks if isinstance(callback, BestWeights))
    return best, next(callback for callback in callbacks if isinstance(callback, LRScheduler)).lr_scheduler_


def _description(net: Any, data: SeriesData) -> dict[str, Any]:
    """What must be the same for a training to go on."""
    best, scheduler = _watchers(net)
    settings = {**net.get_params_for("module"), **{name: getattr(net, name) for name in _SETTINGS}}
    settings |= {"patience": best.patience, **vars(scheduler.lr_lambdas[0])}
    clips = [callback for _, callback in net.callbacks_ if isinstance(callback, GradientNormClipping)]
    settings["gradient_clip"] = [clip.gradient_clip_value for clip in clips]
    checksum = 0
    for value in (data.X, data.lengths, data.y, data.sample_weight):
        checksum = checksum if value is None else zlib.crc32(value.cpu().numpy().tobytes(), checksum)
    return {**{name: repr(value) for name, value in settings.items()}, "data": checksum}
