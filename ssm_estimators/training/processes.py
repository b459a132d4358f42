"""Training by several processes at once, by accelerate: each has a share of every batch, all have the same weights."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from ssm_estimators.series.data import Batches


class SharedBatches:
    """One process's share of batches that all processes draw alike.

    Parameters
    ----------
    batches : Batches
        Of all processes together.
    accelerator : accelerate.Accelerator

    Attributes
    ----------
    n_all, n_own : int
        Cases of the present batch, and of this process's share of it, which may be none.
    """

    def __init__(self, batches: Batches, accelerator: Any):
        self._batches, self._accelerator = batches, accelerator
        self.n_all = self.n_own = 0

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], Tensor | None]]:
        every = torch.arange(len(self._batches.data))
        for cases in self._batches.cases():
            positions = every[cases]
            own = positions[self._accelerator.process_index :: self._accelerator.num_processes]
            self.n_all, self.n_own = len(positions), len(own)
            yield self._batches.take(own if len(own) else positions[:1])  # a network needs a case; it does not count

    def total(self, sums: Tensor) -> Tensor:
        """Sums over the cases of all processes, from those over this one's; can be differentiated."""
        summed: Tensor = _OverProcesses.apply(sums if self.n_own else 0 * sums, self._accelerator)
        return summed

    @property
    def factor(self) -> float:
        """Of this process's mean loss, so that the mean over processes is that over all cases."""
        return self.n_own * self._accelerator.num_processes / self.n_all


class _OverProcesses(torch.autograd.Function):
    """Sum over all processes, whose gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, accelerator: Any) -> Tensor:
        ctx.accelerator = accelerator
        return _sum(x, accelerator)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return _sum(gradients[0], ctx.accelerator), None


def _sum(x: Tensor, accelerator: Any) -> Tensor:
    summed: Tensor = accelerator.reduce(x.detach().clone(), "sum")  # in place, of several processes
    return summed


def average_gradients(module: nn.Module, accelerator: Any) -> None:
    """Give every process the mean of all processes' gradients."""
    gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
    together = accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), "mean")
    for gradient, mean in zip(gradients, together.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def same_for_all(values: list[Any], accelerator: Any) -> list[Any]:
    """What the first process has, for every process."""
    if accelerator is None:
        return values
    from accelerate.utils import broadcast_object_list

    return list(broadcast_object_list(list(values)))
