"""Training passes of full batches, captured in a CUDA graph and replayed: a step is then a few launches."""

import gc
import math
import threading
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ssm_estimators.environment import autocast
from ssm_estimators.networks import SequenceNetwork

EAGER = 11  # passes before the capture: Triton kernels are compiled, and what batch norm counts no longer changes


def has_graphs(device: torch.device) -> bool:
    """Whether passes can be captured on a device: by the main thread, as other threads' work would fail meanwhile."""
    return device.type == "cuda" and threading.current_thread() is threading.main_thread()


class CapturedPasses:
    """A network's passes while training, forward and backward.

    The first ones of the first batch's shape run as they are; then one is captured, which the later ones replay. Passes
    of other shapes, such as that of an epoch's last batch, and of series of unequal lengths run as they are. Random
    numbers are drawn outside, in the same order: a training is the same either way, but for rounding.

    Parameters
    ----------
    network : SequenceNetwork
        In training mode whenever it is called.
    uniform : callable
        As of :meth:`SequenceNetwork.set_uniform`; on the CPU.
    precision : {"float32", "tf32", "bf16"}
    """

    def __init__(self, network: SequenceNetwork, uniform: Callable[..., Tensor], precision: str) -> None:
        self.network, self.uniform, self.precision = network, uniform, precision
        self.n_passes = 0
        self.shape: torch.Size | None = None  # of the batches to capture
        self.drawn: list[tuple[int, ...]] = []  # shapes of the random numbers of such a pass
        self.replay: Any = None  # PyTorch says no type
        self.buffers = [*network.buffers()]
        self.before: list[Tensor] = []  # what they held before the pass that has begun, if there is a graph
        self.has_begun = False

    def __call__(self, X: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Outputs of a batch, as of the network."""
        self.shape = X.shape if self.shape is None else self.shape
        self.has_begun = self.replay is not None
        if self.has_begun:
            torch._foreach_copy_(self.before, self.buffers)
        if lengths is not None or X.shape != self.shape:
            return self._run(X, lengths, self.uniform)
        if self.n_passes < EAGER:
            self.n_passes += 1
            return self._run_and_record(X)
        if self.replay is None and not self._capture(X):
            return self._run(X, None, self.uniform)
        outputs: Tensor = self.replay(X, self._draw().to(X.device))
        return outputs

    def _run(self, X: Tensor, lengths: Tensor | None, uniform: Callable[..., Tensor]) -> Tensor:
        self.network.set_uniform(uniform)
        with autocast(self.precision, X.device):
            outputs: Tensor = self.network(X, lengths)
        return outputs

    def _run_and_record(self, X: Tensor) -> Tensor:
        self.drawn = []

        def recorded(*shape: int) -> Tensor:
            self.drawn.append(shape)
            return self.uniform(*shape)

        return self._run(X, None, recorded)

    def _draw(self) -> Tensor:
        """All random numbers of a pass, one after the other."""
        none = torch.empty(0, dtype=torch.float32)
        return torch.cat([none, *(self.uniform(*shape).flatten() for shape in self.drawn)])

    def give_up(self) -> bool:
        """Whether there is a graph, which is then freed: all passes run as they are from now on.

        For a step that has run out of memory beside the graph: the buffers are as before its pass.
        """
        there_is_one = self.replay is not None
        if self.has_begun:
            self._put_back()
        self.shape = torch.Size()
        self.close()
        return there_is_one

    def close(self) -> None:
        """Free the graph and its memory, which else the garbage collector would do, and much later."""
        if self.replay is not None:
            self.replay, self.has_begun = None, False
            gc.collect()

    def _put_back(self) -> None:
        with torch.no_grad():
            torch._foreach_copy_(self.buffers, self.before)

    def _capture(self, X: Tensor) -> bool:
        """Make ``replay``; or warn, return False, and let all passes run as they are from now on."""
        gc.collect()  # nothing may be freed on the device while a pass is captured
        passes = _Passes(self.network, self.drawn, self.precision)
        numbers = torch.zeros(sum(map(math.prod, self.drawn)), dtype=torch.float32, device=X.device)
        self.before = [buffer.clone() for buffer in self.buffers]
        try:
            with torch.cuda.stream(torch.cuda.current_stream(X.device)):  # which a failed capture leaves for another
                self.replay = torch.cuda.make_graphed_callables(passes, (X.clone(), numbers), allow_unused_input=True)
        except RuntimeError as error:
            self.shape = torch.Size()
            warnings.warn(
                f"The training step could not be captured in a CUDA graph, and runs without one: {error} "
                "cuda_graph=False does so without trying.",
                UserWarning,
                stacklevel=2,
            )
        finally:
            self._put_back()  # capturing runs some passes
        self.has_begun = self.replay is not None
        return self.has_begun


class _Passes(nn.Module):
    """A network whose random numbers are an argument."""

    def __init__(self, network: SequenceNetwork, shapes: list[tuple[int, ...]], precision: str) -> None:
        super().__init__()
        self.network, self.shapes, self.precision = network, shapes, precision

    def forward(self, X: Tensor, numbers: Tensor) -> Tensor:
        parts = iter(numbers.split([math.prod(shape) for shape in self.shapes]))
        self.network.set_uniform(lambda *shape: next(parts).view(shape))
        with autocast(self.precision, X.device):
            outputs: Tensor = self.network(X)
        return outputs
