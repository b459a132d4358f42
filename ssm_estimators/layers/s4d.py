"""S4D: diagonal state-space layer."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ssm_estimators.functional.blocks import Blocks, as_components, as_pairs, diagonal_blocks
from ssm_estimators.functional.discretize import DISCRETIZATIONS
from ssm_estimators.functional.hippo import SPECTRA
from ssm_estimators.functional.scan import chunk_length, chunked_scan
from ssm_estimators.layers.base import SSMLayer, draw_log_dt, in_float64, mask_past_end


class S4D(SSMLayer):
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
    bidirectional : bool, default=False
        Add a second readout of the same systems run backward in time.
    generator : torch.Generator or None, default=None
        Source of the start values, on the CPU; ``None`` is PyTorch's global generator.

    Raises
    ------
    ValueError
        If ``d_state`` is odd or below 2, ``dt_min`` is not below ``dt_max``, or a name is unknown.

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.

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

    degree = 1  # largest number of inputs in a product that drives the state

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        *,
        init: str = "lin",
        discretization: str = "zoh",
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if d_state < 2 or d_state % 2:
            raise ValueError(f"d_state must be even and at least 2, for conjugate pairs; got {d_state}.")
        for name, value, allowed in (
            ("init", init, SPECTRA),
            ("discretization", discretization, DISCRETIZATIONS),
        ):
            if value not in allowed:
                raise ValueError(f"{name} must be one of {sorted(allowed)}; got {value!r}.")
        self.d_model, self.d_state, self.bidirectional = d_model, d_state, bidirectional
        self.init, self.discretization = init, discretization

        A, B = (value.to(torch.complex64).expand(d_model, -1) for value in SPECTRA[init](d_state))
        C = torch.randn(1 + bidirectional, d_model, d_state // 2, 2, generator=generator) * math.sqrt(0.5)
        self.log_dt = nn.Parameter(draw_log_dt(d_model, dt_min, dt_max, generator))
        self.log_A_real = nn.Parameter(torch.log(-A.real))
        self.A_imag = nn.Parameter(A.imag.clone())
        self.B = nn.Parameter(torch.view_as_real(B).clone())
        self.C = nn.Parameter(C)
        self.D = nn.Parameter(torch.randn(d_model, generator=generator))

    def forward(
        self,
        u: Tensor,
        *,
        lengths: Tensor | None = None,
        state: Tensor | None = None,
        rate: float = 1.0,
        return_state: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        self._check(u, rate)
        if state is not None or return_state:
            self._refuse_state()
        u = mask_past_end(u if u.dtype == torch.float64 else u.float(), lengths)
        x, past = (None, None) if state is None else self._split(state, u.shape[1])
        y, x = chunked_scan(
            self._inputs(u, past),
            self._blocks(chunk_length(u.shape[-1]), rate, u),
            x,
            lengths=lengths,
            return_state=return_state,
        )
        if x is None:
            return y
        return y, torch.cat([x, self._last_inputs(u, past, lengths)], dim=-1)

    def step(self, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        self._refuse_state()
        self._check(u_k[..., None], rate)
        A_bar, B_bar, C = (value.to(u_k.device) for value in self._system(rate))
        x, past = self._split(state, u_k.shape[1])
        inputs = torch.stack([products[..., -1] for products in self._inputs(u_k[..., None], past)], dim=-1)
        x = A_bar[:, None] * as_pairs(x) + inputs.to(B_bar) @ B_bar.transpose(0, 1)
        y = 2 * (C[0][:, None] * x).sum(-1).real + self.D[:, None] * u_k
        past = torch.cat([past, u_k[..., None]], dim=-1)[..., 1:] if self.degree > 1 else past
        return y.to(u_k), torch.cat([as_components(x).to(state), past], dim=-1)

    def initial_state(self, batch: int) -> Tensor:
        self._refuse_state()
        return self.D.new_zeros(self.d_model, batch, self.d_state + self.degree - 1)

    def kernel(self, L: int, *, rate: float = 1.0) -> Tensor:
        impulse = self.D.new_zeros(self.d_model, 1, L)
        impulse[..., 0] = 1
        A_bar, B_bar, C = self._system(rate)
        kernels = []
        for readout in C.split(1):
            blocks = diagonal_blocks(
                A_bar, B_bar[:1], readout, torch.zeros_like(C.real[0, :, 0]), chunk_length(L), impulse
            )
            kernels.append(chunked_scan(impulse, blocks, return_state=False)[0][:, 0])
        return torch.stack(kernels) if self.bidirectional else kernels[0]

    def ssm_parameters(self) -> Iterator[str]:
        yield from ("log_dt", "log_A_real", "A_imag", "B")

    def extra_repr(self) -> str:
        return (
            f"d_model={self.d_model}, d_state={self.d_state}, init={self.init!r}, "
            f"discretization={self.discretization!r}, bidirectional={self.bidirectional}"
        )

    def _inputs(self, u: Tensor, past: Tensor | None) -> list[Tensor]:
        """What drives the state: the input and, in liquid layers, its products, of both directions."""
        return [u]

    def _input_vectors(self, B_bar: Tensor, rate: float) -> Tensor:
        """How each of ``_inputs`` enters the state, shape (degree, H, P)."""
        return B_bar[None]

    def _split(self, state: Tensor, batch: int) -> tuple[Tensor, Tensor]:
        """The scan's state and the last inputs, each on its own."""
        expected = (self.d_model, batch, self.d_state + self.degree - 1)
        if state.shape != expected:
            raise ValueError(f"Expected a state of shape {expected}, see initial_state; got {tuple(state.shape)}.")
        return state[..., : self.d_state].contiguous(), state[..., self.d_state :]

    def _system(self, rate: float) -> tuple[Tensor, Tensor, Tensor]:
        """A_bar, one B_bar a product, C: all complex128."""
        A = torch.complex(-torch.exp(in_float64(self.log_A_real)), in_float64(self.A_imag))
        B, C = (torch.view_as_complex(in_float64(value)) for value in (self.B, self.C))
        A_bar, B_bar = DISCRETIZATIONS[self.discretization](A, B, torch.exp(in_float64(self.log_dt)) * rate)
        return A_bar, self._input_vectors(B_bar, rate), C

    def _blocks(self, T: int, rate: float, like: Tensor) -> Blocks:
        A_bar, B_bar, C = self._system(rate)
        return diagonal_blocks(A_bar, B_bar, C, in_float64(self.D), T, like)

    def _last_inputs(self, u: Tensor, past: Tensor | None, lengths: Tensor | None) -> Tensor:
        """The last ``degree - 1`` inputs of each case, oldest first."""
        n_past = self.degree - 1
        if past is None:
            past = u.new_zeros(*u.shape[:2], n_past)
        known = torch.cat([past, u], dim=-1)
        if lengths is None:
            return known[..., u.shape[-1] :]
        position = lengths[:, None] + torch.arange(n_past, device=u.device)
        return known.gather(-1, position.expand(*u.shape[:2], n_past))
