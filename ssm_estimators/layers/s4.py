"""S4: layer of diagonal plus low-rank systems."""

import torch
from torch import nn

from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.dplr import discretize_dplr, readout
from ssm_estimators.functional.systems.hippo import legs_dplr
from ssm_estimators.layers.base import ScanLayer, draw_pairs


class S4(ScanLayer):
    r"""Diagonal plus low-rank state-space layer [1]_: :math:`x' = (\Lambda - P P^*) x + B u`, y = 2 Re(C x) + D u.

    Starts at HiPPO-LegS, to all digits. Everything is trained: Lambda, P, B, C, D and the step. Stable for every value
    of the parameters: :math:`\mathrm{Re}\,\Lambda = -e^a` and one P on both sides [2]_ make the real system's
    :math:`A + A^T` negative, and the bilinear rule a contraction. C is the readout itself, for any length of series
    (the published code trains :math:`C (1 - \bar A^L)`, which ties it to one).

    Parameters
    ----------
    d_model : int
        Features H, in and out.
    d_state : int, default=64
        State size N, even: conjugate pairs are stored once.
    dt_min, dt_max : float, default=0.001, 0.1
        Range of the log-uniform step at the start: in 1 / dt samples what HiPPO-LegS keeps of an input fades by e.
    bidirectional : bool, default=False
        Add a second readout of the same systems run backward in time.
    generator : torch.Generator or None, default=None
        Source of the start values, on the CPU; ``None`` is PyTorch's global generator.

    Raises
    ------
    ValueError
        If ``d_state`` is odd or below 2, or ``dt_min`` is not below ``dt_max``.

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396, theorem 1.
    .. [2] "It's Raw! Audio Generation with State-Space Models", arXiv:2202.09729, section 4.2.

    Examples
    --------
    >>> layer = S4(d_model=4, d_state=8)
    >>> y, state = layer(torch.randn(4, 2, 100), return_state=True)
    >>> y.shape, state.shape
    (torch.Size([4, 2, 100]), torch.Size([4, 2, 8]))
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        *,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        C, log_dt = draw_pairs(d_model, d_state, 1 + bidirectional, dt_min, dt_max, generator)
        self.d_model = self.d_output = d_model
        self.d_state, self.bidirectional = d_state, bidirectional
        Lambda, P, B = (value.to(torch.complex64).expand(d_model, -1) for value in legs_dplr(d_state))
        self.log_dt = nn.Parameter(log_dt)
        self.log_A_real = nn.Parameter(torch.log(-Lambda.real))
        self.A_imag = nn.Parameter(Lambda.imag.clone())
        self.P = nn.Parameter(torch.view_as_real(P).clone())
        self.B = nn.Parameter(torch.view_as_real(B).clone())
        self.C = nn.Parameter(C)
        self.D = nn.Parameter(torch.randn(d_model, generator=generator, dtype=torch.float32))

    def ssm_parameters(self) -> tuple[str, ...]:
        return "log_dt", "log_A_real", "A_imag", "P", "B"

    def extra_repr(self) -> str:
        return f"d_model={self.d_model}, d_state={self.d_state}, bidirectional={self.bidirectional}"

    def _discretized(self, rate: float) -> DenseSystem:
        A_bar, B_bar = discretize_dplr(self.log_A_real, self.A_imag, self.P, self.B, self.log_dt, rate)
        C = readout(torch.view_as_complex(self.C.double()))
        return DenseSystem(A_bar, B_bar, C[:, :, None], self.D.double()[:, None])
