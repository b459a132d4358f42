r"""Two forms of a liquid system by products of successive inputs, :math:`u_k u_{k-1} \cdots u_{k-q+1}`."""

from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.liquid.form import Discretize, LiquidForm
from ssm_estimators.functional.liquid.input_products import add_products, input_products
from ssm_estimators.functional.scan.scan import scan_system
from ssm_estimators.functional.scan.stepper import CHUNK_LENGTH, ChunkStepper, Stepper
from ssm_estimators.functional.systems.diagonal import DiagonalSystem


@dataclass(frozen=True)
class _Products(LiquidForm):
    """Responses to the products of 2 ... ``degree`` successive inputs; the state has the last degree - 1 inputs too."""

    degree: int

    def state_size(self, N: int) -> int:
        return N + self.degree - 1

    def _split(self, state: Tensor) -> tuple[Tensor, Tensor]:
        """The linear system's state and the last inputs."""
        N = state.shape[-1] - self.degree + 1
        return state[..., :N].contiguous(), state[..., N:]

    def _join(self, x: Tensor | None, u: Tensor, past: Tensor | None, lengths: Tensor | None) -> Tensor | None:
        return None if x is None else torch.cat([x, last_inputs(u, self.degree - 1, past, lengths)], dim=-1)

    def _no_inputs(self, n_streams: int, A_bar: Tensor, like: Tensor) -> list[Tensor]:
        return [like.new_zeros(len(A_bar), n_streams)] * (self.degree - 1)


class _ProductStepper(Stepper):
    """Streams of a linear system and products of each input with its predecessors, ``past``, the latest first.

    The products are further inputs of the system, or act at once where ``gains`` are given, (degree - 1, H, 1).
    """

    def __init__(self, linear: ChunkStepper, past: list[Tensor], gains: Tensor | None = None) -> None:
        super().__init__((past[0].shape[0], past[0].shape[1]))
        self._linear, self._past, self._gains = linear, past, gains

    def _step(self, *u: Tensor) -> Tensor:
        products = [*accumulate([*u, *self._past], torch.mul)]
        self._past = [u[0].clone(), *self._past[:-1]]
        if self._gains is None:
            return self._linear.step(*products)
        y = self._linear.step(*u)
        for gain, product in zip(self._gains, products[1:], strict=True):
            y.addcmul_(gain, product)
        return y


class KB(_Products):
    r"""Products drive the state: they add :math:`K^{(q)} * (u_k \cdots u_{k-q+1})`, see :func:`liquid_inputs`.

    Parameters
    ----------
    degree : int
        Largest number of inputs in a product.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, proposition 1.

    Examples
    --------
    With A_bar = B_bar = 1: running sums, of the inputs and of products of two.

    >>> one = torch.ones(1, 1, dtype=torch.complex128)
    >>> sums = DiagonalSystem(one, one[None], one[None] / 2, torch.zeros(1).double())
    >>> y, _ = KB(2).scan(lambda rate: sums, torch.tensor([[[1.0, 2.0, 3.0]]]))
    >>> y[0, 0].tolist()
    [1.0, 5.0, 14.0]
    """

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
        x, past = (None, None) if state is None else self._split(state)
        system = self._driven(discretize, rate)
        inputs = [u, *input_products(u, self.degree, past)]
        y, x = scan_system(inputs, system, x, lengths=lengths, return_state=return_state)
        return y, self._join(x, u, past, lengths)

    def step(self, discretize: Discretize, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        (x, past), u = self._split(state), u_k[..., None]
        inputs = torch.cat([u, *input_products(u, self.degree, past)], dim=-1)
        y, x = self._driven(discretize, rate).step(inputs, x)
        return y, torch.cat([x, last_inputs(u, self.degree - 1, past).to(x)], dim=-1)

    def stepper(
        self, discretize: Discretize, n_streams: int, like: Tensor, *, rate: float = 1.0, start: int = 0
    ) -> Stepper:
        blocks = self._driven(discretize, rate).blocks(CHUNK_LENGTH, like)
        return _ProductStepper(ChunkStepper(blocks, n_streams, start), self._no_inputs(n_streams, blocks.A_bar, like))

    def _driven(self, discretize: Discretize, rate: float) -> DiagonalSystem:
        system = discretize(rate)
        return replace(system, B_bar=liquid_inputs(system.B_bar[0], self.degree, rate))


class PB(_Products):
    r"""Products act at once: they add :math:`g_q u_k \cdots u_{k-q+1}`, see :func:`product_gains`.

    Parameters
    ----------
    degree : int
        Largest number of inputs in a product.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, section 3.

    Examples
    --------
    With A_bar = B_bar = 1: a running sum of the inputs, and each product of two once.

    >>> one = torch.ones(1, 1, dtype=torch.complex128)
    >>> sums = DiagonalSystem(one, one[None], one[None] / 2, torch.zeros(1).double())
    >>> y, _ = PB(2).scan(lambda rate: sums, torch.tensor([[[1.0, 2.0, 3.0]]]))
    >>> y[0, 0].tolist()
    [1.0, 5.0, 12.0]
    """

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
        x, past = (None, None) if state is None else self._split(state)
        system = discretize(rate)
        y, x = scan_system(u, system, x, lengths=lengths, return_state=return_state)
        y = add_products(y, u, self._gains(discretize, system, rate), past)
        return y, self._join(x, u, past, lengths)

    def step(self, discretize: Discretize, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        (x, past), u = self._split(state), u_k[..., None]
        system = discretize(rate)
        y, x = system.step(u, x)
        products = torch.cat(input_products(u, self.degree, past), dim=-1)  # (H, batch, degree - 1)
        gains = self._gains(discretize, system, rate)[0]
        y = y + (products.to(gains) @ gains.T[:, :, None])[..., 0]
        return y, torch.cat([x, last_inputs(u, self.degree - 1, past).to(x)], dim=-1)

    def stepper(
        self, discretize: Discretize, n_streams: int, like: Tensor, *, rate: float = 1.0, start: int = 0
    ) -> Stepper:
        system = discretize(rate)
        gains = self._gains(discretize, system, rate)[0].to(like)[..., None]
        linear = ChunkStepper(system.blocks(CHUNK_LENGTH, like), n_streams, start)
        return _ProductStepper(linear, self._no_inputs(n_streams, system.A_bar, like), gains)

    def _gains(self, discretize: Discretize, system: DiagonalSystem, rate: float) -> Tensor:
        """Those of the rate of training; ``system`` is the one at ``rate``."""
        return product_gains(system if rate == 1 else discretize(1.0), self.degree)


def liquid_inputs(B_bar: Tensor, degree: int, rate: float = 1.0) -> Tensor:
    r"""How input and products enter the state in the form ``kb``: :math:`\bar B^q` for q = 1 ... degree.

    The kernel of the products of q inputs is then :math:`K^{(q)}_l = C \bar A^l \bar B^q`: the terms of the liquid
    recurrence that come from q successive inputs. There is one product per sample, not per unit of time. Their terms
    carry the factor rate^(1 - q), without which a network trained at one sampling rate does not fit another.

    Parameters
    ----------
    B_bar : Tensor of shape (H, P), complex
        Discretised at the given rate.
    degree : int
        Largest number of factors.
    rate : float, default=1.0
        How many times coarser than at training the input is sampled.

    Returns
    -------
    Tensor of shape (degree, H, P), complex

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, proposition 1. The published code computes
       something else: time-reversed products and constants that are not trained.
    """
    powers = accumulate([B_bar] * degree, torch.mul)
    return torch.stack([power if rate == 1 else power * rate**-q for q, power in enumerate(powers)])


def product_gains(system: DiagonalSystem, degree: int) -> Tensor:
    r"""Gains of the products in the form ``pb``: :math:`g_q = 2\,\mathrm{Re}\, C \bar B^q`, q = 2 ... degree.

    The terms of the liquid recurrence at lag 0 only. A product acts at its own sample, whatever the sampling rate.

    Parameters
    ----------
    system : DiagonalSystem
        Discretised at the rate of training.
    degree : int
        Largest number of factors.

    Returns
    -------
    Tensor of shape (n_directions, degree - 1, H)

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, section 3. The paper replaces A_bar by the identity
       "in the kernel"; taken literally, that would be a running sum of all products.
    """
    powers = torch.stack([system.B_bar[0] ** q for q in range(2, degree + 1)])
    return 2 * (system.C[:, None] * powers).sum(-1).real


def last_inputs(u: Tensor, n: int, past: Tensor | None = None, lengths: Tensor | None = None) -> Tensor:
    """The last n inputs of each case, oldest first.

    Parameters
    ----------
    u : Tensor of shape (H, batch, L)
    n : int
    past : Tensor of shape (H, batch, n) or None, default=None
        The inputs before the first; ``None`` is zero.
    lengths : Tensor of shape (batch,), integer, or None, default=None
        Inputs a case; ``None``: L.

    Returns
    -------
    Tensor of shape (H, batch, n)
    """
    known = pad(u, (n, 0)) if past is None else torch.cat([past.to(u), u], dim=-1)
    if lengths is None:
        return known[..., u.shape[-1] :]
    position = lengths[:, None] + torch.arange(n, device=u.device)
    return known.gather(-1, position.expand(*u.shape[:2], n))
