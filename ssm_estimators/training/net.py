"""The skorch net: own batches, weighted loss, parameter groups; nothing drawn from global random state."""

from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor

from ssm_estimators.environment import autocast
from ssm_estimators.series.data import Batches, SeriesData


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
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ssm_lr, self.weight_decay, self.precision, self.seed = ssm_lr, weight_decay, precision, seed

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
        self.module_.set_generator(self.generator_)
        try:
            return super().fit_loop(X, y, epochs, **fit_params)
        except KeyboardInterrupt:
            self.interrupted_ = True
            raise
        finally:
            self.module_.set_generator(None)
            del self.generator_

    def get_iterator(self, dataset: SeriesData, training: bool = False) -> Batches:
        """Shuffled batches to train on, consecutive ones to judge by."""
        return dataset.batches(self.batch_size, self.generator_ if training else None)

    def infer(self, x: dict[str, Tensor], **fit_params: Any) -> Tensor:
        """Outputs of a batch; weights belong to the loss only."""
        inputs = {name: value for name, value in x.items() if name != "sample_weight"}
        with autocast(self.precision, x["X"].device):
            return self.module_(**inputs, **fit_params)

    def get_loss(self, y_pred: Tensor, y_true: Tensor, X: Any = None, training: bool = False) -> Tensor:
        """Mean of the cases' losses times their weights, whose mean over the training set is 1."""
        losses = self.criterion_(y_pred.float(), y_true.to(y_pred.device))
        losses = losses.flatten(1).mean(1) if losses.ndim > 1 else losses
        weight = X.get("sample_weight")
        return losses.mean() if weight is None else (weight * losses).mean()

    def set_training(self, callbacks: Any, train_split: Any) -> None:
        """Set what watches the training and what is held out of it."""
        self.callbacks, self.train_split = callbacks, train_split

    def forget_training(self) -> None:
        """Leave training: evaluation mode, and nothing kept that only training needs.

        A pickle then holds the weights and one row of history an epoch.
        """
        self.module_.eval()
        del self.optimizer_
        self._optimizers: list[str] = []
        self.set_training(None, None)
        self.callbacks_: list[Any] = []
        if len(self.history_) and "train_loss" not in self.history_[-1]:
            self.history_.pop()  # an epoch that was cut off
        for row in self.history_:
            row["batches"] = []
