r"""The liquid system itself: a transition :math:`a_k = \bar A + u_k \bar B` that changes at every step."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.block_matrices import as_components, as_pairs
from ssm_estimators.functional.liquid.exact_scan import LiquidScan
from ssm_estimators.functional.liquid.form import Discretize, LiquidForm
from ssm_estimators.functional.scan.scan import check_directions, known_lengths
from ssm_estimators.functional.systems.diagonal import DiagonalSystem


@dataclass(frozen=True)
class Exact(LiquidForm):
    r"""All products of inputs: :math:`x_k = a_k x_{k-1} + \bar B u_k`, :math:`a_k = \bar A + u_k \bar B`.

    Parameters
    ----------
    guard : bool, default=True
        Divide a_k by its modulus where that exceeds 1. Without it, u = 1 held at dt = 0.1 makes the state grow past
        every bound.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, equation 4.

    Examples
    --------
    With A_bar = B_bar = 1, x_k + 1 = (1 + u_k) (x_{k-1} + 1): capital under interest.

    >>> one = torch.ones(1, 1, dtype=torch.complex128)
    >>> interest = DiagonalSystem(one, one[None], one[None] / 2, torch.zeros(1).double())
    >>> y, _ = Exact(guard=False).scan(lambda rate: interest, torch.tensor([[[1.0, 2.0, 3.0]]]))
    >>> y[0, 0].tolist()
    [1.0, 5.0, 23.0]
    """

    guard: bool = True

    def state_size(self, N: int) -> int:
        return N

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
        y, end, _ = self.scan_guarded(discretize(rate), u, state=state, lengths=lengths, return_state=return_state)
        return y, end

    def scan_guarded(
        self,
        system: DiagonalSystem,
        u: Tensor,
        *,
        state: Tensor | None = None,
        lengths: Tensor | None = None,
        return_state: bool = False,
    ) -> tuple[Tensor, Tensor | None, tuple[Tensor, Tensor]]:
        """As ``scan``, and what the guard met.

        Returns
        -------
        y, state
            As of ``scan``.
        (clamped, growth)
            Share of the transitions with a modulus above 1; and the largest, over the H * P modes, of the mean over all
            series of the logarithm of the transition's modulus: where it is positive that mode itself is unstable, not
            only some of its steps. Of no meaning without a guard.
        """
        check_directions(len(system.C), state, return_state)
        initial = None if state is None else as_pairs(state.to(u))
        n_points = known_lengths(u, lengths)
        with torch.autocast(u.device.type, enabled=False):
            y, end, n_clamped, log_moduli = _scan_of(u).apply(
                system.A_bar, system.B_bar[0], system.C, u, initial, n_points, self.guard
            )
            y = torch.addcmul(y, u, system.D.to(u)[:, None, None])
        with torch.no_grad():
            clamped = n_clamped / (n_points.sum() * system.C.numel())
            past_end = (u.shape[-1] - n_points).sum() * system.A_bar.abs().log().to(log_moduli)
            growth = ((log_moduli[0].sum(1) - past_end) / n_points.sum()).max()
        return y, as_components(end) if return_state else None, (clamped, growth)

    def step(self, discretize: Discretize, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        system = discretize(rate)
        u_k = u_k.to(system.D)
        driven = system.B_bar[0][:, None] * u_k[..., None]
        x = _clamped(system.A_bar[:, None] + driven, self.guard) * as_pairs(state.to(system.D)) + driven
        return 2 * (system.C[0][:, None] * x).sum(-1).real + system.D[:, None] * u_k, as_components(x)


def _scan_of(u: Tensor) -> Any:
    """What scans such an input."""
    if not takes_triton(u):
        return LiquidScan
    from ssm_estimators.functional.triton.liquid import TritonLiquidScan  # needs triton

    return TritonLiquidScan


def _clamped(transitions: Tensor, guard: bool) -> Tensor:
    return transitions / transitions.abs().clamp(min=1) if guard else transitions
