"""Liquid-S4: a diagonal layer whose transition depends on the input."""

from collections.abc import Callable

import torch
from torch import Tensor

from ssm_estimators.functional.liquid.degree import Degree
from ssm_estimators.functional.liquid.exact import Exact
from ssm_estimators.functional.liquid.form import LiquidForm
from ssm_estimators.functional.liquid.products import KB, PB
from ssm_estimators.functional.scan.stepper import Stepper
from ssm_estimators.layers.s4d import S4D

FORMS: dict[str, Callable[[int, bool], LiquidForm]] = {
    "kb": lambda degree, guard: KB(degree),
    "pb": lambda degree, guard: PB(degree),
    "degree": lambda degree, guard: Degree(degree),
    "exact": lambda degree, guard: Exact(guard),
}


class LiquidS4(S4D):
    r"""Liquid state-space layer [1]_: :math:`x_k = \bar A x_{k-1} + u_k (\bar B \odot x_{k-1}) + \bar B u_k`.

    Unrolled, the output is a sum over products of distinct inputs, of which ``liquid`` says what is kept. All
    parameters are trained through all of it. Causal unless ``bidirectional``. The published code departs from the paper
    here (time-reversed products, untrained constants); this layer computes what the paper says.

    At another sampling rate the whole response agrees as that of a linear layer does. Of its liquid part alone,
    products of neighbours (``kb``, ``pb``) lie half a step apart, and those of all inputs (``degree``, ``exact``) lack
    the squares, whose share depends on the rate unless signals are slow beside the time constants.

    Parameters
    ----------
    d_model : int
        Features H, in and out.
    d_state : int, default=64
        State size N, even.
    liquid : {"kb", "pb", "degree", "exact"}, default="kb"
        ``"kb"``: products of 2 ... ``liquid_degree`` successive inputs, remembered as inputs are; ``"pb"``: the same
        products, acting at their own time only; ``"degree"``: all products, near or far, of up to that many inputs;
        ``"exact"``: the system itself, at some thirty times S4D's cost.
    liquid_degree : int, default=2
        Largest number of inputs in a product; ``"exact"`` has no such bound.
    guard : bool, default=True
        Of the form ``"exact"``: keep the transition's modulus at 1 or below. The other forms need no guard.
    init, discretization, dt_min, dt_max, bandlimit, bidirectional, generator
        As in :class:`~ssm_estimators.layers.S4D`.

    Attributes
    ----------
    clamped : float
        Share of the transitions that the guard clamped in the last pass of training; 5 to 30 % is usual at the start.
    growth : float
        Largest mean, over the series of a batch, of the logarithm of a mode's transition modulus before the guard, in
        all passes of training so far. Positive: that mode is unstable and lives from the guard.

    Raises
    ------
    ValueError
        If ``liquid`` is unknown or ``liquid_degree`` below 2, and as :class:`~ssm_estimators.layers.S4D` does.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, section 3 and proposition 1.

    Examples
    --------
    >>> layer = LiquidS4(d_model=4, d_state=8)
    >>> layer(torch.randn(4, 2, 100)).shape
    torch.Size([4, 2, 100])
    >>> layer.initial_state(batch=2).shape  # the last input is part of the state
    torch.Size([4, 2, 9])
    """

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        *,
        liquid: str = "kb",
        liquid_degree: int = 2,
        guard: bool = True,
        init: str = "lin",
        discretization: str = "zoh",
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        bandlimit: float | None = None,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        if liquid not in FORMS:
            raise ValueError(f"liquid must be one of {sorted(FORMS)}; got {liquid!r}.")
        if liquid_degree < 2:
            raise ValueError(f"liquid_degree must be at least 2, for products of two inputs; got {liquid_degree}.")
        super().__init__(
            d_model,
            d_state,
            init=init,
            discretization=discretization,
            dt_min=dt_min,
            dt_max=dt_max,
            bandlimit=bandlimit,
            bidirectional=bidirectional,
            generator=generator,
        )
        self.liquid, self.liquid_degree, self.guard = liquid, liquid_degree, guard
        self.clamped, self.growth = 0.0, float("-inf")
        self.capturable = liquid != "exact"

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, liquid={self.liquid!r}, liquid_degree={self.liquid_degree}"

    def warning(self) -> str | None:
        if self.growth <= 0:
            return None
        return (
            "The exact liquid system was unstable while training: the mean logarithm of a transition's modulus reached "
            f"{self.growth:.3f}, and only the guard kept the state from growing. Lower dt_max or ssm_lr, or use "
            "liquid='degree'."
        )

    @property
    def _form(self) -> LiquidForm:
        return FORMS[self.liquid](self.liquid_degree, self.guard)

    def _state_size(self) -> int:
        return self._form.state_size(self.d_state)

    def _scan(
        self, u: Tensor, state: Tensor | None, lengths: Tensor | None, rate: float, return_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        form = self._form
        if self.training and isinstance(form, Exact) and form.guard:
            system = self._discretized(rate)
            y, end, met = form.scan_guarded(system, u, state=state, lengths=lengths, return_state=return_state)
            self.clamped, growth = (value.item() for value in met)
            self.growth = max(self.growth, growth)
            return y, end
        return form.scan(self._discretized, u, rate=rate, state=state, lengths=lengths, return_state=return_state)

    def _advance(self, u_k: Tensor, state: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        return self._form.step(self._discretized, u_k, state, rate=rate)

    def _stepper(self, n_streams: int, rate: float, start: int) -> Stepper:
        return self._form.stepper(self._discretized, n_streams, self.D, rate=rate, start=start)
