"""LSSL: layer of dense systems that start at HiPPO-LegS."""

import torch
from torch import Tensor, nn

from ssm_estimators.functional.last_made import LastMade
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.quasiseparable import (
    bilinear_quasiseparable,
    legs_quasiseparable,
    tridiagonal_contraction,
)
from ssm_estimators.layers.base import ScanLayer, changes, draw_log_dt

TRAINABLE = {"none": (), "dt": ("log_dt",), "A": ("A", "B"), "all": ("log_dt", "A", "B")}


class LSSL(ScanLayer):
    r"""Linear state-space layer [1]_: :math:`x' = A x + B u` a feature, with M outputs :math:`y = C x + D u` each.

    A starts at HiPPO-LegS and is trained within :math:`-G (D + T^{-1}) G`, G and D diagonal, T tridiagonal: the
    paper's :math:`-P (D + T^{-1}) Q` (theorem 11) in the coordinates in which P = Q. Stable for every value of the
    parameters, see :mod:`ssm_estimators.functional.systems.quasiseparable`.

    Parameters
    ----------
    d_model : int
        Features H.
    d_state : int, default=64
        State size N, at least 2.
    n_channels : int, default=1
        Outputs M of each feature's system; the layer has M * H features out.
    trainable : {"all", "A", "dt", "none"}, default="all"
        What of the system is trained beside the readouts C and D: A with B, the steps, both or neither (LSSL-f).
    shared : bool, default=True
        One A and B for all features, which then differ in their steps; else one per feature.
    dt_min, dt_max : float, default=0.001, 0.1
        Range of the log-uniform step at the start: in 1 / dt samples what HiPPO-LegS keeps of an input fades by e.
    bidirectional : bool, default=False
        Add second readouts of the same systems run backward in time.
    generator : torch.Generator or None, default=None
        Source of the start values, on the CPU; ``None`` is PyTorch's global generator.

    Raises
    ------
    ValueError
        If ``d_state`` is below 2, ``n_channels`` below 1, ``dt_min`` not below ``dt_max`` or ``trainable`` unknown.

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985.

    Examples
    --------
    >>> layer = LSSL(d_model=4, d_state=8, n_channels=2)
    >>> layer(torch.randn(4, 3, 100)).shape
    torch.Size([8, 3, 100])
    >>> [name for name, _ in LSSL(d_model=4, d_state=8, trainable="none").named_parameters()]
    ['C', 'D']
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        *,
        n_channels: int = 1,
        trainable: str = "all",
        shared: bool = True,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if d_state < 2 or n_channels < 1:
            raise ValueError(
                f"d_state must be at least 2 and n_channels at least 1; got d_state={d_state}, n_channels={n_channels}."
            )
        if trainable not in TRAINABLE:
            raise ValueError(f"trainable must be one of {sorted(TRAINABLE)}; got {trainable!r}.")
        self.d_model, self.d_state, self.d_output = d_model, d_state, d_model * n_channels
        self.n_channels, self.trainable, self.shared, self.bidirectional = n_channels, trainable, shared, bidirectional
        self.capturable = trainable != "none"

        gain, shift, E, B = legs_quasiseparable(d_state)
        matrix = {
            "log_gain": torch.log(gain),
            "log_shift": torch.log(shift),
            "E_lower": E.diagonal(-1),
            "E_diagonal": E.diagonal(),
            "E_upper": E.diagonal(1),
        }
        self._hold("log_dt", draw_log_dt(d_model, dt_min, dt_max, generator), "log_dt" in TRAINABLE[trainable])
        for name, value in {**matrix, "B": B}.items():
            value = value.float() if shared else value.float().expand(d_model, -1)
            self._hold(name, value.clone(), "A" in TRAINABLE[trainable])
        self.C = nn.Parameter(
            torch.randn(1 + bidirectional, d_model, n_channels, d_state, generator=generator, dtype=torch.float32)
        )
        self.D = nn.Parameter(torch.randn(d_model, n_channels, generator=generator, dtype=torch.float32))

    def ssm_parameters(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.named_parameters() if name not in ("C", "D"))

    def extra_repr(self) -> str:
        return (
            f"d_model={self.d_model}, d_state={self.d_state}, n_channels={self.n_channels}, "
            f"trainable={self.trainable!r}, shared={self.shared}, bidirectional={self.bidirectional}"
        )

    def _hold(self, name: str, value: Tensor, trained: bool) -> None:
        if trained:
            self.register_parameter(name, nn.Parameter(value))
        else:
            self.register_buffer(name, value)

    def _discretized(self, rate: float) -> DenseSystem:
        C, D = self.C.double(), self.D.double()
        if self.trainable != "none":
            return DenseSystem(*self._discretize(rate), C, D)
        key = changes([*self.buffers()], rate)
        A_bar, B_bar, powers = self._made.get("fixed", key, lambda: (*self._discretize(rate), LastMade()))
        return DenseSystem(A_bar, B_bar, C, D, powers)

    def _discretize(self, rate: float) -> tuple[Tensor, Tensor]:
        E = tridiagonal_contraction(*(self._get(name) for name in ("E_lower", "E_diagonal", "E_upper")))
        gain, shift, dt = (torch.exp(self._get(name)) for name in ("log_gain", "log_shift", "log_dt"))
        return bilinear_quasiseparable(gain, shift, E, self._get("B"), dt * rate)

    def _get(self, name: str) -> Tensor:
        """A tensor of ``_hold``, in float64."""
        held: Tensor = getattr(self, name)
        return held.double()
