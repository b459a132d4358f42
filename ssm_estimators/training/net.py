"""The skorch net: own batches, weighted loss, parameter groups; nothing drawn from global random state."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from skorch import NeuralNet
from skorch.history import History
from torch import Tensor

from ssm_estimators.environment import autocast
from ssm_estimators.series.data import Batches, SeriesData
from ssm_estimators.training.cuda_graph import CapturedPasses, has_graphs
from ssm_estimators.training.processes import SharedBatches, average_gradients


class SeriesNet(NeuralNet):
    """A skorch net over :class:`~ssm_estimators.series.data.SeriesData`.

    Parameters
    ----------
    ssm_lr : float
        Learning rate of the state-space parameters, which have no weight decay.
    weight_decay : float
        Of the linear maps' weights.
    precision : {"float32", "tf32", "bf16"}
        Of the forward pass.
    seed : int
        Of shuffling and dropout.
    cuda_graph : {"auto", False}
        Whether to capture training passes in a CUDA graph where that can be done.
    accelerator : accelerate.Accelerator or None
        Of the processes that train together, each with ``batch_size`` cases of every batch. None: this one alone.
    **kwargs
        As of ``skorch.NeuralNet``.

    Attributes
    ----------
    interrupted_ : bool
        Whether the last training was stopped from the keyboard.
    """

    def __init__(
        self,
        *args: Any,
        ssm_lr: float = 1e-3,
        weight_decay: float = 0.0,
        precision: str = "float32",
        seed: int = 0,
        cuda_graph: str | bool = "auto",
        accelerator: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ssm_lr, self.weight_decay, self.precision, self.seed = ssm_lr, weight_decay, precision, seed
        self.cuda_graph, self.accelerator = cuda_graph, accelerator
        self.has_ended_, self.begun_ = False, _NOTHING
        self.passes_: CapturedPasses | None = None

    def get_default_callbacks(self) -> list[tuple[str, Any]]:
        """As skorch's without its table: what is shown is chosen in ``train``."""
        return [(name, callback) for name, callback in super().get_default_callbacks() if name != "print_log"]

    def initialize_optimizer(self, triggered_directly: bool | None = None) -> "SeriesNet":
        """One group of parameters for the systems, one with weight decay, one without."""
        groups = self.module_.parameter_groups()
        settings: dict[str, dict[str, float]] = {
            "ssm": {"lr": self.ssm_lr, "weight_decay": 0.0},
            "decay": {"weight_decay": self.weight_decay},
            "no_decay": {"weight_decay": 0.0},
        }
        self.optimizer_ = self.optimizer(
            [{"params": groups[name], **values} for name, values in settings.items()],
            lr=self.lr,
            **self.get_params_for("optimizer"),
        )
        return self

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **fit_params: Any) -> "SeriesNet":
        """As skorch's, with own random numbers, and remembering an interruption that skorch swallows."""
        self.interrupted_ = False
        self.generator_ = torch.Generator().manual_seed(self.seed)
        own = self.generator_  # of what each process draws by itself; the order of the cases is that of all
        if self.accelerator is not None:
            own = torch.Generator().manual_seed(self.seed + 1 + self.accelerator.process_index)
        uniform = partial(torch.rand, generator=own, dtype=torch.float32)
        self.module_.set_uniform(uniform)
        if (
            self.accelerator is None
            and self.cuda_graph == "auto"
            and self.module_.capturable
            and has_graphs(torch.device(self.device))
        ):
            self.passes_ = CapturedPasses(self.module_, uniform, self.precision)
        if self.has_ended_:
            epochs = 0
        elif epochs is None:
            epochs = self.max_epochs - len(self.history)
        try:
            return super().fit_loop(X, y, epochs, **fit_params)
        except KeyboardInterrupt:
            self.interrupted_ = True
            raise
        finally:
            self.module_.set_uniform(torch.rand)
            self.module_.set_total(None)
            self.__dict__.pop("shared_", None)
            if self.passes_ is not None:
                self.passes_.close()
                self.passes_ = None
            del self.generator_

    def run_single_epoch(self, iterator: Any, training: bool, **params: Any) -> None:
        """As skorch's; of an epoch that was begun before, see ``go_on_from``, only the rest."""
        super().run_single_epoch(self._rest(iterator) if training else iterator, training, **params)
        if training:
            self.history.record("train_batch_count", len(iterator))

    def _rest(self, batches: Iterable[Any]) -> Iterator[Any]:
        done, random = self.begun_
        self.begun_ = _NOTHING
        if random:
            self.generator_.set_state(random["epoch"].cpu())
        self.epoch_start_ = self.generator_.get_state()
        self.history[-1]["batches"] = list(done)
        batches = iter(batches)
        for _ in done:  # the first draws the order of all
            next(batches)
        if random:
            self.generator_.set_state(random["now"].cpu())
        yield from batches

    def random_states(self) -> dict[str, Tensor]:
        """State of the random numbers at the start of the epoch and now; empty unless in training."""
        if not hasattr(self, "generator_"):
            return {}
        return {"epoch": self.epoch_start_, "now": self.generator_.get_state()}

    def go_on_from(self, history: list[dict[str, Any]], random: dict[str, Tensor]) -> None:
        """Begin the next training after these epochs, the last of which is half done if there are random states."""
        self.history_, self.has_ended_ = History(history), not random
        if random:
            self.begun_ = self.history_.pop()["batches"], random

    def get_dataset(self, X: Any, y: Any = None) -> SeriesData:
        """As skorch's; inputs of a batch are a data set too."""
        return SeriesData(**X, y=y) if isinstance(X, dict) else super().get_dataset(X, y)

    def get_iterator(self, dataset: SeriesData, training: bool = False) -> Batches | SharedBatches:
        """Shuffled batches to train on, consecutive ones to judge by."""
        device = torch.device(self.device)
        elsewhere = None if dataset.X.device.type == device.type else device
        if not training or self.accelerator is None:
            return dataset.batches(self.batch_size, self.generator_ if training else None, elsewhere)
        self.shared_ = SharedBatches(dataset.batches(self.n_together, self.generator_, elsewhere), self.accelerator)
        self.module_.set_total(self.shared_.total)
        return self.shared_

    @property
    def n_together(self) -> int:
        """Cases of a batch of all processes."""
        return int(self.batch_size) * (1 if self.accelerator is None else self.accelerator.num_processes)

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any) -> None:
        """Count the cases of all processes, so that the mean loss of an epoch is the same for all."""
        super().on_batch_end(net, batch=batch, training=training, **kwargs)
        if training and self.accelerator is not None:
            self.history.record_batch("train_batch_size", self.shared_.n_all)

    def forward_iter(self, X: Any, training: bool = False, device: str = "cpu") -> Iterator[Tensor]:
        """All outputs at once, in the order of the cases, which need not be that of the batches."""
        data = self.get_dataset(X)
        batches = [self.evaluation_step(batch, training).to(device) for batch in self.get_iterator(data)]
        position = torch.arange(len(data), device=data.X.device)
        order = torch.cat([position[cases] for cases in data.batches(self.batch_size).cases()])
        yield torch.cat(batches)[order.argsort().to(device)]

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Tensor]:
        """As skorch's, with loss and outputs that hold no autograd graph.

        skorch keeps them until the next step. A CUDA graph can be captured only where no node of an earlier pass is
        left.
        """
        step = self._beside_graph(super().train_step_single, batch, **fit_params)
        if self.accelerator is not None:
            average_gradients(self.module_, self.accelerator)
            step["loss"] = self.accelerator.reduce(step["loss"].detach(), "mean")
        return {name: value.detach() for name, value in step.items()}

    def evaluation_step(self, batch: Any, training: bool = False) -> Any:
        """As skorch's."""
        return self._beside_graph(super().evaluation_step, batch, training=training)

    def validation_step(self, batch: Any, **fit_params: Any) -> Any:
        """As skorch's; of several processes, which all judge all held-out cases, the loss is their mean."""
        step = self._beside_graph(super().validation_step, batch, **fit_params)
        if self.accelerator is not None:
            step["loss"] = self.accelerator.reduce(step["loss"], "mean")
        return step

    def _beside_graph(self, step: Callable[..., Any], batch: Any, **params: Any) -> Any:
        """A step; where there is no memory beside a CUDA graph, that is given up, and the step repeated."""
        if self.passes_ is None:
            return step(batch, **params)
        self.passes_.has_begun, random = False, self.generator_.get_state()
        try:
            return step(batch, **params)
        except torch.OutOfMemoryError:
            if not self.passes_.give_up():
                raise
        # outside of the handler: the frames of an error hold memory
        self.generator_.set_state(random)
        if self.module_.training:
            self._zero_grad_optimizer()
        return step(batch, **params)

    def infer(self, x: dict[str, Tensor], **fit_params: Any) -> Tensor:
        """Outputs of a batch, float32; weights belong to the loss only."""
        inputs = {name: value for name, value in x.items() if name != "sample_weight"}
        if self.passes_ is not None and self.module_.training:
            return self.passes_(**inputs).float()
        with autocast(self.precision, x["X"].device):
            return self.module_(**inputs, **fit_params).float()

    def get_loss(self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False) -> Tensor:
        """Mean of the cases' losses times their weights, whose mean over the training set is 1."""
        losses = self.criterion_(y_pred, y_true.to(y_pred.device))
        losses = losses.flatten(1).mean(1) if losses.ndim > 1 else losses
        weight = X.get("sample_weight")
        loss = losses.mean() if weight is None else (weight * losses).mean()
        return loss * self.shared_.factor if training and self.accelerator is not None else loss

    def begin_training(self, callbacks: Any, train_split: Any) -> None:
        """Set what watches the training, and what is held out of it."""
        self.callbacks, self.train_split = callbacks, train_split
        self.initialize_callbacks()

    def is_finite(self, data: SeriesData) -> bool:
        """Whether the outputs on the first batch are finite."""
        batch, _ = next(iter(self.get_iterator(data)))
        with torch.no_grad():
            return bool(self.infer(batch).isfinite().all())

    def forget_training(self) -> None:
        """Leave training: evaluation mode, and nothing kept that only training needs.

        A pickle then holds the weights and one row of history per epoch.
        """
        self.module_.eval()
        del self.optimizer_
        self.__dict__.pop("epoch_start_", None)  # random state
        self._optimizers: list[str] = []
        self.callbacks = self.train_split = self.accelerator = None
        self.callbacks_: list[Any] = []
        if len(self.history_) and "train_loss" not in self.history_[-1]:
            self.history_.pop()  # an epoch that was cut off
        for row in self.history_:
            row["batches"] = []


class ClassifierNet(ClassifierMixin, SeriesNet):
    """A net whose targets are positions of classes; scikit-learn's scores of classifiers apply to it."""

    score_name: ClassVar = "accuracy"
    loss: ClassVar = torch.nn.CrossEntropyLoss

    @property
    def classes_(self) -> np.ndarray:
        """The targets."""
        return np.arange(self.module__n_outputs)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class."""
        return np.asarray(softmax(super().predict_proba(X), axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """Position of the most probable class."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))


class RegressorNet(RegressorMixin, SeriesNet):
    """A net whose targets are numbers; scikit-learn's scores of regressors apply to it."""

    score_name: ClassVar = "r2"
    loss: ClassVar = torch.nn.MSELoss


_NOTHING: tuple[list[Any], dict[str, Tensor]] = ([], {})  # of an epoch
