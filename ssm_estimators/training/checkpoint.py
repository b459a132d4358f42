"""A training that may be killed at any moment, and goes on."""

import json
import pickle
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from skorch.callbacks import Callback, GradientNormClipping, PassthroughScoring
from skorch.callbacks.scoring import ScoringBase
from torch import Tensor

from ssm_estimators.notices import warn
from ssm_estimators.series.data import SeriesData
from ssm_estimators.training.callbacks import BestWeights, Schedule, stopped_early
from ssm_estimators.training.files import read, write
from ssm_estimators.version import __version__


class TrainingCheckpoint(Callback):
    """Keep a training in a file, every few minutes and at its end, and go on from there.

    The same ``fit`` on the same data then loses at most these minutes to a killed process, and ends with the weights of
    an undisturbed one; what has ended is only read. Delete the file to train anew.

    Each training needs a file of its own, so that a search or an ensemble, which train many, take none.

    The file is replaced as a whole, and a link by a file. Where it cannot be written, a warning says so, training goes
    on, and writing is tried again later. Callbacks with ``state_dict`` and ``load_state_dict`` go on where they were;
    their states may hold tensors, numbers, strings, lists and dicts. Other callbacks start afresh when a training
    resumes, also skorch's ``EarlyStopping`` and ``LRScheduler``. The estimators' own callbacks resume. A score of
    training cases then covers only the rest of the epoch.

    Parameters
    ----------
    path : path
        The file.
    seconds : float, default=180
        Between two writings.

    Raises
    ------
    ValueError
        By ``fit``, if the file is damaged, or of another training: other data, validation data, parameters, optimizer,
        start weights, version of this package, or another ``random_state``, which must be a number.

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
        self.training_, self.has_warned_ = _description(net, X), False
        state = read(Path(self.path), net.device)
        if state is not None:
            self._restore(net, state)
        self.last_ = time.monotonic()

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        if training and time.monotonic() - self.last_ >= self.seconds:
            self._save(net)
            self.last_ = time.monotonic()

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        is_whole = not net.interrupted_ or stopped_early(net)
        if is_whole and not net.has_ended_ and "train_loss" in net.history[-1]:  # no loss that was not finite
            self._save(net)

    def _save(self, net: Any) -> None:
        try:
            history = [*({**row, "batches": []} for row in net.history[:-1]), net.history[-1]]
            state = {
                "training": self.training_,
                "module": net.module_.state_dict(),
                "optimizer": net.optimizer_.state_dict(),
                "callbacks": {name: callback.state_dict() for name, callback in _with_state(net)},
                "best_scores": {name: float(score.best_score_) for name, score in _scores(net)},
                "history": json.dumps(history, default=_of_python),
                "random": net.random_states(),
            }
            write(state, Path(self.path))
        except (OSError, TypeError, AttributeError, pickle.PicklingError) as error:
            if not self.has_warned_:
                warn(
                    f"The checkpoint {self.path} could not be written: {error}. Training goes on, and writing is tried "
                    f"again every {self.seconds:g} seconds and at the end."
                )
            self.has_warned_ = True

    def _restore(self, net: Any, state: dict[str, Any]) -> None:
        kept = state["training"]
        other = [name for name in {**kept, **self.training_} if kept.get(name) != self.training_.get(name)]
        if other:
            raise ValueError(
                f"{self.path} is of another training: it differs in {other}. Go on with the same data, the same "
                "parameters and the same whole number as random_state, delete the file, or give each training its own."
            )
        net.module_.load_state_dict(state["module"])
        net.optimizer_.load_state_dict(state["optimizer"])
        for name, callback in _with_state(net):
            callback.load_state_dict(state["callbacks"][name])
        net.go_on_from(json.loads(state["history"]), state["random"])
        for name, score in _scores(net):
            score.best_score_ = state["best_scores"].get(name, score.best_score_)


_SETTINGS = ("seed", "max_epochs", "batch_size", "lr", "ssm_lr", "weight_decay", "precision", "criterion")


def _with_state(net: Any) -> list[tuple[str, Any]]:
    """Callbacks that can go on where they were."""
    offers = ("state_dict", "load_state_dict")
    return [(name, callback) for name, callback in net.callbacks_ if all(hasattr(callback, offer) for offer in offers)]


def _scores(net: Any) -> list[tuple[str, Any]]:
    """Scores of skorch, which mark their best epochs."""
    return [(name, each) for name, each in net.callbacks_ if isinstance(each, ScoringBase | PassthroughScoring)]


def _of_python(value: Any) -> Any:
    """A number or an array in the history as JSON has it."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"expected numbers, strings, lists and dicts in the history; got {type(value).__name__}")
    return value.tolist()


def _description(net: Any, data: SeriesData) -> dict[str, str]:
    """What must be the same for a training to go on."""
    settings: dict[str, Any] = {**net.get_params_for("module"), **{name: getattr(net, name) for name in _SETTINGS}}
    settings |= {"criterion_params": net.get_params_for("criterion"), "gradient_clip": []}
    for _, callback in net.callbacks_:
        if isinstance(callback, BestWeights):
            settings["patience"] = callback.patience
        elif isinstance(callback, Schedule):
            settings |= vars(callback.lr_lambda)
        elif isinstance(callback, GradientNormClipping):
            settings["gradient_clip"].append(callback.gradient_clip_value)
    settings["optimizer"] = type(net.optimizer_).__qualname__, net.optimizer_.state_dict()["param_groups"]
    settings["callbacks"] = [(name, type(callback).__qualname__) for name, callback in _with_state(net)]
    _, held_out = net.get_split_datasets(data)
    digests = {
        "data": _digest(vars(data)),
        "validation": "" if held_out is None else _digest(vars(held_out)),
        "start_weights": _digest(net.module_.state_dict()),
    }
    return {name: repr(value) for name, value in settings.items()} | digests | {"version": __version__}


def _digest(values: dict[str, Any]) -> str:
    """A checksum of named tensors and other values."""
    checksum = sha256()
    for name, value in values.items():
        is_tensor = isinstance(value, Tensor)
        checksum.update(f"{name} {(value.dtype, value.shape) if is_tensor else value!r}".encode())
        if is_tensor:
            checksum.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return checksum.hexdigest()
