r"""Damped modes :math:`V \bar A^l` at many lags, and their sums: what diagonal systems make block matrices of.

A power of A_bar is the product of a large step and a small one, :math:`\bar A^{l} = \bar A^{s i} \bar A^{j}` with s
about the root of the number of lags: few powers are computed in double precision, the others are one product each.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.block_matrices import as_components, as_pairs, to_pairs


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
        ctx.save_for_backward(A_bar, driven, read, summed, steps.small, steps.large)
        ctx.T = T
        return (
            steps.spread(driven, like),
            steps.conjugate().spread(_conjugate(read), like),
            steps.add_up(summed).to(like),
            to_pairs(steps.last * A_bar, like),
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, ddriven: Tensor, dread: Tensor, dsummed: Tensor, dpower: Tensor) -> tuple[Any, ...]:
        A_bar, driven, read, summed, small, large = ctx.saved_tensors
        steps = _Steps(A_bar, ctx.T, (small, large))
        dA = ctx.T * steps.last.conj() * dpower.to(A_bar)
        gradients = []
        for amplitudes, gradient, contract in (
            (driven, ddriven, steps.contract),
            (read, dread, lambda gradient: map(_conjugate, steps.conjugate().contract(gradient))),
            (summed, dsummed, steps.contract_sums),
        ):
            if len(amplitudes) == 0:
                gradients.append(amplitudes)
                continue
            value, slope = contract(gradient)
            gradients.append(value)
            dA += (amplitudes.conj() * slope).sum(0)
        return dA, *gradients, None, None


class _Steps:
    """Powers of A_bar: small steps j = 0 ... s - 1, large ones s i, and the last, T - 1; in double precision."""

    def __init__(self, A_bar: Tensor, T: int, powers: tuple[Tensor, Tensor] | None = None) -> None:
        self.T, self.n_small = T, 1 << (T - 1).bit_length() // 2
        self.n_large = -(-T // self.n_small)
        if powers is None:
            small, next_power = _powers(A_bar, self.n_small)
            powers = small, _powers(next_power, self.n_large)[0]
        self.small, self.large = powers  # (H, s, P) and (H, n_large, P)
        i, j = divmod(T - 1, self.n_small)
        self.last = self.large[:, i] * self.small[:, j]

    def conjugate(self) -> "_Steps":
        """Those of the conjugate."""
        return _Steps(self.last, self.T, (_conjugate(self.small), _conjugate(self.large)))

    def spread(self, amplitudes: Tensor, like: Tensor) -> Tensor:
        """Amplitudes (R, H, P) at all lags, in components: (R, H, T, 2 P)."""
        large, small = (to_pairs(part, like) for part in (amplitudes[:, :, None] * self.large, self.small))
        return as_components((large[:, :, :, None] * small[:, None]).flatten(2, 3)[:, :, : self.T])

    def add_up(self, amplitudes: Tensor) -> Tensor:
        """Real parts of the sums over modes, at all lags: (K, H, P) to (K, H, T)."""
        rows = as_components((amplitudes.transpose(0, 1)[:, :, None] * self.large[:, None]).conj()).flatten(1, 2)
        sums = torch.bmm(rows, as_components(self.small).mT)  # (H, K * n_large, s)
        return sums.view(len(sums), len(amplitudes), -1)[..., : self.T].transpose(0, 1)

    def contract(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Of (R, H, T, 2 P): sums over lags of conj(A^l) g_l and of l conj(A^(l-1)) g_l, (R, H, P)."""
        filling = self.n_small * self.n_large - self.T
        padded = pad(gradient, (0, 0, 0, filling)) if filling else gradient.contiguous()
        pairs = as_pairs(padded.unflatten(2, (-1, self.n_small)))
        value, slope = (
            (pairs * to_pairs(part, gradient)[:, None]).sum(3).to(self.large) for part in self._small_and_slope()
        )
        return self._over_large(value, slope)

    def contract_sums(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """The same of real (K, H, T), where all modes have one gradient."""
        filling = self.n_small * self.n_large - self.T
        rows = pad(gradient.to(self.large.real).transpose(0, 1), (0, filling))
        rows = rows.reshape(len(rows), -1, self.n_small)  # (H, K * n_large, s)
        columns = torch.cat([as_components(part) for part in self._small_and_slope()], dim=-1)
        products = torch.bmm(rows, columns).unflatten(1, (len(gradient), -1)).transpose(0, 1)
        return self._over_large(*(as_pairs(part) for part in products.chunk(2, dim=-1)))

    def _over_large(self, value: Tensor, slope: Tensor) -> tuple[Tensor, Tensor]:
        """Sums over the large steps of (R, H, n_large, P), the sums over the small ones of each."""
        large = self.large.conj().resolve_conj()
        steps = self.n_small * torch.arange(1, self.n_large, device=large.device)
        slope_of_large = large[:, :-1] * self.small[:, -1:].conj() * steps[:, None]
        along = (large * slope).sum(2)
        if self.n_large > 1:
            along += (slope_of_large * value[:, :, 1:]).sum(2)
        return (large * value).sum(2), along

    def _small_and_slope(self) -> tuple[Tensor, Tensor]:
        """Conjugates of the small steps and of their derivatives, j A^(j - 1)."""
        small = _conjugate(self.small)
        exponents = torch.arange(1, self.n_small, device=small.device)
        return small, pad(small[:, :-1] * exponents[:, None], (0, 0, 1, 0))


def _powers(A: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Powers 0 ... n - 1, (H, n, P), and the next."""
    powers = torch.cumprod(A[:, None].expand(-1, n, -1), dim=1)
    return torch.cat([torch.ones_like(A)[:, None], powers[:, :-1]], dim=1), powers[:, -1]


def _conjugate(values: Tensor) -> Tensor:
    return values.conj().resolve_conj()
