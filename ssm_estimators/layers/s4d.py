"""S4D: diagonal state-space layer."""

import math

import torch
from torch import nn

from ssm_estimators.functional.systems.diagonal import DiagonalSystem
from ssm_estimators.functional.systems.discretize import DISCRETIZATIONS, discretize_modes
from ssm_estimators.functional.systems.hippo import SPECTRA
from ssm_estimators.layers.base import ScanLayer, draw_pairs


class S4D(ScanLayer):
    r"""Diagonal state-space layer [1]_: :math:`x' = A x + B u`, :math:`y = 2\,\mathrm{Re}\,C x + D u` a feature.

    Parameters
    ----------
    d_model : int
        Features H, in and out.
    d_state : int, default=64
        State size N, even: conjugate pairs are stored once.
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law that approximates HiPPO-LegS, or the latter's
        normal part.
    discretization : {"zoh", "bilinear"}, default="zoh"
    dt_min, dt_max : float, default=0.001, 0.1
        Range of the log-uniform step at the start; time constants at the start are 2 / dt samples.
    bandlimit : float or None, default=None
        Leave out modes of higher frequencies than this share of half the sampling rate [2]_: with 1 / r, those that
        are left are the same modes in series sampled r times more coarsely, and those that would not be are not
        learned. ``None``: leave out none.
    bidirectional : bool, default=False
        Add a second readout of the same systems run backward in time.
    generator : torch.Generator or None, default=None
        Source of the start values, on the CPU; ``None`` is PyTorch's global generator.

    Raises
    ------
    ValueError
        If ``d_state`` is odd or below 2, ``dt_min`` is not below ``dt_max``, ``bandlimit`` is not positive, or a name
        is unknown.

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.
    .. [2] "S4ND: Modeling Images and Videos as Multidimensional Signals Using State Spaces", arXiv:2210.06583,
           section 3.3.

    Examples
    --------
    >>> layer = S4D(d_model=4, d_state=8)
    >>> u = torch.randn(4, 2, 100)
    >>> y = layer(u)
    >>> first, state = layer(u[..., :60], return_state=True)
    >>> second = layer(u[..., 60:], state=state)
    >>> torch.allclose(y, torch.cat([first, second], dim=-1), atol=1e-5)
    True
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        *,
        init: str = "lin",
        discretization: str = "zoh",
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        bandlimit: float | None = None,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, value, allowed in (
            ("init", init, SPECTRA),
            ("discretization", discretization, DISCRETIZATIONS),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {sorted(allowed)}; got {value!r}.")
        if bandlimit is not None and not bandlimit > 0:
            raise ValueError(
                f"bandlimit must be positive, a share of half the sampling rate, or None; got {bandlimit}."
            )
        self.d_model = self.d_output = d_model
        self.d_state, self.bandlimit, self.bidirectional = d_state, bandlimit, bidirectional
        self.init, self.discretization = init, discretization

        C, log_dt = draw_pairs(d_model, d_state, 1 + bidirectional, dt_min, dt_max, generator)
        A, B = (value.to(torch.complex64).expand(d_model, -1) for value in SPECTRA[init](d_state))
        self.log_dt = nn.Parameter(log_dt)
        self.log_A_real = nn.Parameter(torch.log(-A.real))
        self.A_imag = nn.Parameter(A.imag.clone())
        self.B = nn.Parameter(torch.view_as_real(B).clone())
        self.C = nn.Parameter(C)
        self.D = nn.Parameter(torch.randn(d_model, generator=generator, dtype=torch.float32))

    def ssm_parameters(self) -> tuple[str, ...]:
        return "log_dt", "log_A_real", "A_imag", "B"

    def extra_repr(self) -> str:
        return (
            f"d_model={self.d_model}, d_state={self.d_state}, init={self.init!r}, "
            f"discretization={self.discretization!r}, bidirectional={self.bidirectional}"
        )

    def _discretized(self, rate: float) -> DiagonalSystem:
        C = torch.view_as_complex(self.C.double())
        if self.bandlimit is not None:
            turn = self.A_imag.double().abs() * torch.exp(self.log_dt.double())[:, None]  # a sample
            C = C * (turn <= self.bandlimit * math.pi)
        parameters = self.log_A_real, self.A_imag, self.B, self.log_dt
        A_bar, B_bar = discretize_modes(*parameters, self.discretization, rate)
        return DiagonalSystem(A_bar, B_bar[None], C, self.D.double())
