r"""Liquid systems, :math:`x_k = \bar A x_{k-1} + u_k (\bar B \odot x_{k-1}) + \bar B u_k`, where A is diagonal.

Unrolled, the output is a sum over products of distinct inputs: a product of q of them, the first j steps ago, has the
coefficient :math:`C \bar A^{j+1-q} \bar B^q`. The forms differ in what they keep of that sum: products of successive
inputs (:mod:`~ssm_estimators.functional.liquid.products`), all products up to a degree
(:mod:`~ssm_estimators.functional.liquid.degree`), all (:mod:`~ssm_estimators.functional.liquid.exact`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor

from ssm_estimators.functional.scan.stepper import StateStepper, Stepper
from ssm_estimators.functional.systems.diagonal import DiagonalSystem

Discretize = Callable[[float], DiagonalSystem]


class LiquidForm(ABC):
    """What is kept of a liquid system; ``discretize`` makes the linear one at a rate."""

    @abstractmethod
    def scan(
        self,
        discretize: Discretize,
        u: Tensor,
        *,
        rate: float = 1.0,
        state: Tensor | None = None,
        lengths: Tensor | None = None,
        return_state: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Outputs of inputs, (H, batch, L) and zero past ``lengths``, and the state after each case's last input.

        Systems with two readouts also run backward; they have no state.
        """

    @abstractmethod
    def step(self, discretize: Discretize, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        """One time point, (H, batch): its output and the next state, in float64."""

    def stepper(
        self, discretize: Discretize, n_streams: int, like: Tensor, *, rate: float = 1.0, start: int = 0
    ) -> Stepper:
        """Streams in the dtype and on the device of a tensor; ``start`` as of ``ChunkStepper``, where that is used."""
        system = discretize(rate)
        H, P = system.A_bar.shape
        state = system.D.new_zeros(H, n_streams, self.state_size(2 * P))
        return StateStepper(lambda u, state: self.step(lambda rate: system, u, state), state)

    @abstractmethod
    def state_size(self, N: int) -> int:
        """Numbers a feature and case, when the linear system has N."""
