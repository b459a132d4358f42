"""Convolution kernels as sums of damped modes: their sum and energy in closed form, at any length."""

import torch
from torch import Tensor

from ssm_estimators.functional.systems.diagonal import DiagonalSystem


def geometric_sum(ratio: Tensor, L: int) -> Tensor:
    """1 + ratio + ... + ratio^(L - 1), element by element, for complex ratios of at most modulus 1.

    Examples
    --------
    >>> geometric_sum(torch.tensor([0.5, 1.0], dtype=torch.complex128), L=3).real.tolist()
    [1.75, 3.0]
    """
    near_one = (ratio - 1).abs() < 1e-12
    safe = torch.where(near_one, 0.5 + 0j, ratio)
    return torch.where(near_one, L + 0j, (1 - safe**L) / (1 - safe))


def kernel_sum(A_bar: Tensor, C: Tensor, L: int) -> Tensor:
    """Sum over lags 0 ... L - 1 of the kernels 2 Re sum_p C_p A_bar_p^l: (H, P) twice to (H,)."""
    return 2 * (C * geometric_sum(A_bar, L)).sum(-1).real


def kernel_energy(A_bar: Tensor, C: Tensor, L: int) -> Tensor:
    """Sum of squares over lags 0 ... L - 1 of the kernels 2 Re sum_p C_p A_bar_p^l: (H, P) twice to (H,)."""
    A_bar, C = torch.cat([A_bar, A_bar.conj()], dim=-1), torch.cat([C, C.conj()], dim=-1)
    sums = geometric_sum(A_bar[:, :, None] * A_bar[:, None, :], L)
    return torch.einsum("hp,hpq,hq->h", C, sums, C).real


def without_sum(A_bar: Tensor, C: Tensor, envelope: Tensor, L: int) -> tuple[Tensor, Tensor]:
    r"""Modes and amplitudes of kernels less the multiple of :math:`e^l` that makes their sum over L lags zero.

    Parameters
    ----------
    A_bar, C : Tensor of shape (H, P), complex128
        Modes, of modulus below 1, and their complex amplitudes.
    envelope : Tensor of shape (H,), float64
        e, between 0 and 1.
    L : int
        Lags, at least 2: of one lag nothing would be left.

    Returns
    -------
    A_bar, C : Tensor of shape (H, P + 1), complex128
    """
    decay = envelope[:, None].to(A_bar)
    excess = kernel_sum(A_bar, C, L) / kernel_sum(decay, torch.ones_like(decay), L)
    return torch.cat([A_bar, decay], dim=-1), torch.cat([C, -excess[:, None].to(C)], dim=-1)


def unit_energy(A_bar: Tensor, C: Tensor, L: int) -> DiagonalSystem:
    r"""Systems with the kernels :math:`2\,\mathrm{Re} \sum_p C_p \bar A_p^l`, scaled to unit energy over L lags.

    Parameters
    ----------
    A_bar, C : Tensor of shape (H, P), complex128

    Returns
    -------
    DiagonalSystem
        With B_bar = 1.

    Examples
    --------
    >>> mode, amplitude = torch.tensor([[0.8]]).to(torch.complex128), torch.tensor([[0.5]]).to(torch.complex128)
    >>> system = unit_energy(*without_sum(mode, amplitude, torch.tensor([0.5]).double(), L=4), L=4)
    >>> kernel = system.blocks(T=4, like=torch.zeros(1).double()).toeplitz[0][0, 0]
    >>> bool(kernel.sum().abs() < 1e-12), round(kernel.square().sum().item(), 6)
    (True, 1.0)
    """
    scale = kernel_energy(A_bar, C, L).clamp_min(1e-24).sqrt()
    ones = torch.ones_like(A_bar)
    return DiagonalSystem(A_bar, ones[None], (C / scale[:, None])[None], torch.zeros_like(scale))
