"""Liquid-S4: a diagonal layer whose state is driven by products of neighbouring inputs as well."""

import torch
from torch import Tensor

from ssm_estimators.functional.liquid import input_products, liquid_inputs
from ssm_estimators.layers.s4d import S4D


class LiquidS4(S4D):
    r"""Liquid state-space layer [1]_ in its form ``kb``.

    The liquid system :math:`x_k = \bar A x_{k-1} + u_k (\bar B \odot x_{k-1}) + \bar B u_k` responds to products of its
    inputs. This form adds, to the linear response, the responses to the products of 2 ... ``liquid_degree`` successive
    inputs, with kernels :math:`C \bar A^l \bar B^q`; all parameters are trained through both. Causal unless
    ``bidirectional``. The published code departs from the paper here (time-reversed products, untrained constants);
    this layer computes what the paper says.

    Parameters
    ----------
    d_model : int
        Features H, in and out.
    d_state : int, default=64
        State size N, even.
    liquid_degree : int, default=2
        Largest number of inputs in a product.
    init, discretization, dt_min, dt_max, bidirectional, generator
        As in :class:`~ssm_estimators.layers.S4D`.

    Raises
    ------
    ValueError
        If ``liquid_degree`` is below 2, and as :class:`~ssm_estimators.layers.S4D` does.

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
        liquid_degree: int = 2,
        init: str = "lin",
        discretization: str = "zoh",
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        if liquid_degree < 2:
            raise ValueError(f"liquid_degree must be at least 2, for products of two inputs; got {liquid_degree}.")
        super().__init__(
            d_model,
            d_state,
            init=init,
            discretization=discretization,
            dt_min=dt_min,
            dt_max=dt_max,
            bidirectional=bidirectional,
            generator=generator,
        )
        self.degree = liquid_degree

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, liquid_degree={self.degree}"

    def _inputs(self, u: Tensor, past: Tensor | None) -> list[Tensor]:
        inputs = [u, *input_products(u, self.degree, past)]
        if self.bidirectional:
            inputs += [products.flip(-1) for products in input_products(u.flip(-1), self.degree)]
        return inputs

    def _input_vectors(self, B_bar: Tensor, rate: float) -> Tensor:
        return liquid_inputs(B_bar, self.degree, rate)
