r"""Damped modes :math:`V \bar A^l` at many lags, and their sums: what the blocks of diagonal systems are made of.

A power of A_bar is the product of a large step and a small one, :math:`\bar A^{l} = \bar A^{s i} \bar A^{j}` with s
about the root of the number of lags: few powers are computed in double precision, the others are one product each.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from ssm_estimators.functional.blocks import as_components, as_pairs


def modes(
    A_bar: Tensor, driven: Tensor, read: Tensor, summed: Tensor, T: int, like: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    r"""Modes at lags 0 ... T - 1, in real components, of three kinds of amplitudes.

    Parameters
    ----------
    A_bar : Tensor of shape (H, P), complex128
    driven, read, summed : Tensor of shape (Q, H, P), (R, H, P) and (K, H, P), complex128
        Amplitudes; each number may be 0.
    T : int
        Lags.
    like : Tensor
        The result has its dtype and device.

    Returns
    -------
    driven : Tensor of shape (Q, H, T, 2 * P)
        Of :math:`V \bar A^l`, real and imaginary part beside each other.
    read : Tensor of shape (R, H, T, 2 * P)
        The same of the conjugates.
    summed : Tensor of shape (K, H, T)
        Real parts of the sums of :math:`V \bar A^l` over the modes, added up in double precision.
    power : Tensor of shape (H, P), complex
        :math:`\bar A^T`.

    Examples
    --------
    >>> half = torch.full((1, 1), 0.5, dtype=torch.complex128)
    >>> driven, read, summed, power = modes(half, 1j * half[None], 1j * half[None], half[None], 3, torch.zeros(1))
    >>> driven[0, 0].tolist(), read[0, 0, 0].tolist()
    ([[0.0, 0.5], [0.0, 0.25], [0.0, 0.125]], [0.0, -0.5])
    >>> summed[0, 0].tolist(), power.item()
    ([0.5, 0.25, 0.125], (0.125+0j))
    """
    made: tuple[Tensor, Tensor, Tensor, Tensor] = _Modes.apply(A_bar, driven, read, summed, T, like)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    return made


class _Modes(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, A_bar: Tensor, driven: Tensor, read: Tensor, summed: Tensor, T: int, like: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        steps = _Steps(A_bar, T)
        rows = as_components((summed[:, :, None] * steps.large).conj())
        kernels = (rows @ as_components(steps.small).mT).flatten(-2)[..., :T]
        ctx.save_for_backward(A_bar, driven, read, summed)
        ctx.T, ctx.like = T, like.new_empty(0)
        complex_type = like.dtype.to_complex()
        return (
            steps.spread(driven, ctx.like),
            steps.conjugate().spread(_conjugate(read), ctx.like),
            kernels.to(like),
            steps.last.mul(A_bar).to(device=like.device, dtype=complex_type),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, ddriven: Tensor, dread: Tensor, dkernels: Tensor, dpower: Tensor) -> tuple[Any, ...]:
        A_bar, driven, read, summed = ctx.saved_tensors
        steps = _Steps(A_bar, ctx.T)
        value, slope = steps.contract(ddriven)
        conjugate_value, conjugate_slope = (_conjugate(part) for part in steps.conjugate().contract(dread))
        sum_value, sum_slope = steps.contract_sums(dkernels.to(A_bar.real))
        dA = ctx.T * steps.last.conj() * dpower.to(A_bar)
        for amplitude, along in ((driven, slope), (read, conjugate_slope), (summed, sum_slope)):
            dA = dA + (amplitude.conj() * along).sum(0)
        return dA, value, conjugate_value, sum_value, None, None


class _Steps:
    """Powers of A_bar: small steps j = 0 ... s - 1, large ones s i, and the last, T - 1; in double precision."""

    def __init__(self, A_bar: Tensor, T: int) -> None:
        self.T, self.n_small = T, 1 << (T - 1).bit_length() // 2
        n_large = -(-T // self.n_small)
        self.small, next_power = _powers(A_bar, self.n_small)
        self.large, _ = _powers(next_power, n_large)
        i, j = divmod(T - 1, self.n_small)
        self.last = self.large[:, i] * self.small[:, j]

    def conjugate(self) -> "_Steps":
        """Those of the conjugate."""
        other = object.__new__(_Steps)
        other.T, other.n_small = self.T, self.n_small
        other.small, other.large, other.last = (_conjugate(part) for part in (self.small, self.large, self.last))
        return other

    def spread(self, amplitudes: Tensor, like: Tensor) -> Tensor:
        """Amplitudes (R, H, P) at all lags, in components: (R, H, T, 2 P)."""
        large, small = (_to(part, like) for part in (amplitudes[:, :, None] * self.large, self.small))
        return as_components((large[:, :, :, None] * small[:, None]).flatten(2, 3)[:, :, : self.T])

    def contract(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Of (R, H, T, 2 P): sums over lags of conj(A^l) g_l and of l conj(A^(l-1)) g_l, (R, H, P)."""
        n_lags = self.n_small * self.large.shape[1]
        padded = pad(gradient, (0, 0, 0, n_lags - self.T)) if n_lags > self.T else gradient
        pairs = as_pairs(padded.unflatten(2, (-1, self.n_small)))
        value, slope = (
            (pairs * _to(part.conj(), gradient)[:, None]).sum(3).to(self.large)
            for part in (self.small, self._slope_of_small())
        )
        return self._over_large(value, slope)

    def contract_sums(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """The same of real (K, H, T), where all modes have one gradient."""
        n_lags = self.n_small * self.large.shape[1]
        rows = pad(gradient, (0, n_lags - self.T)).unflatten(2, (-1, self.n_small))
        value, slope = (as_pairs(rows @ as_components(part.conj())) for part in (self.small, self._slope_of_small()))
        return self._over_large(value, slope)

    def _over_large(self, value: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        """Sums over the large steps, from those over the small ones of each."""
        large = self.large.conj()
        steps = torch.arange(self.n_small, value.shape[2] * self.n_small, self.n_small, device=large.device)
        slope_of_large = pad(large[:, :-1] * self.small[:, -1:].conj() * steps[:, None], (0, 0, 1, 0))
        return (large * value).sum(2), (large * slope + slope_of_large * value).sum(2)

    def _slope_of_small(self) -> Tensor:
        """Derivatives of the small ones, j A^(j - 1)."""
        exponents = torch.arange(1, self.n_small, device=self.small.device)
        return pad(self.small[:, :-1] * exponents[:, None], (0, 0, 1, 0))


def _powers(A: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Powers 0 ... n - 1, (H, n, P), and the next."""
    powers = torch.cumprod(A[:, None].expand(-1, n, -1), dim=1)
    return torch.cat([torch.ones_like(A)[:, None], powers[:, :-1]], dim=1), powers[:, -1]


def _to(values: Tensor, like: Tensor) -> Tensor:
    return values.to(device=like.device, dtype=like.dtype.to_complex())


def _conjugate(values: Tensor) -> Tensor:
    return values.conj().resolve_conj()
