r"""Diagonal plus low-rank systems, :math:`A = \Lambda - P P^*`, on real states.

A state of N real numbers is N / 2 conjugate pairs stored once, real and imaginary part of each beside each other, as in
:mod:`~ssm_estimators.functional.block_matrices`.
"""

import torch
from torch import Tensor

from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.block_matrices import as_components


def real_form(Lambda: Tensor, P: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""The real N x N system of a DPLR system whose eigenvalue pairs are stored once.

    :math:`A = \mathrm{diag}(R_n) - 2 p p^T` with a rotation a pair,
    :math:`R_n = [[\mathrm{Re} \lambda, -\mathrm{Im} \lambda], [\mathrm{Im} \lambda, \mathrm{Re} \lambda]]`, and p the
    components of P; B its components; C twice the components of its conjugate. :math:`A + A^T < 0` wherever
    :math:`\mathrm{Re}\,\lambda < 0`, so that the bilinear rule makes a contraction of it.

    Parameters
    ----------
    Lambda, P, B, C : Tensor of shape (..., N / 2), complex

    Returns
    -------
    A : Tensor of shape (..., N, N)
    B, C : Tensor of shape (..., N)

    Examples
    --------
    >>> from ssm_estimators.functional.systems.hippo import hippo_legs, legs_dplr
    >>> Lambda, P, B = legs_dplr(8)
    >>> A, _, _ = real_form(Lambda, P, B, B)
    >>> torch.allclose(torch.trace(A), torch.trace(hippo_legs(8)[0]))
    True
    """
    p = as_components(P)
    return rotations(Lambda) - 2 * p[..., :, None] * p[..., None, :], as_components(B), readout(C)


def bilinear_dplr(Lambda: Tensor, P: Tensor, B: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    r"""Bilinear discretisation of :func:`real_form`'s system, its inverse by Woodbury's identity.

    With :math:`D = (1 - \frac{dt}{2} \mathrm{diag}(R_n))^{-1}`:
    :math:`X = (1 - \frac{dt}{2} A)^{-1} = D - dt\,D p\,(D^T p)^T / (1 + dt\,p^T D p)`,
    :math:`\bar A = 2 X - 1`, :math:`\bar B = dt\,X B`.

    Parameters
    ----------
    Lambda, P, B : Tensor of shape (H, N / 2), complex
    dt : Tensor of shape (H,), real
        Step, in time per sample.

    Returns
    -------
    A_bar : Tensor of shape (H, N, N), real
    B_bar : Tensor of shape (H, N), real

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396, appendix C.2.

    Examples
    --------
    >>> Lambda, zero = torch.tensor([[-2.0 + 0j]]), torch.zeros(1, 1, dtype=torch.complex64)
    >>> bilinear_dplr(Lambda, zero, Lambda, torch.ones(1))[0].abs().max().item()  # -2 on both, dt 1: nothing is kept
    0.0
    """
    step = dt[:, None]
    inverse = 1 / (1 - step / 2 * Lambda)
    left, right = as_components(inverse * P), as_components(inverse.conj() * P)
    left = step * left / (1 + step * (as_components(P) * left).sum(-1, keepdim=True))
    X = rotations(inverse) - left[:, :, None] * right[:, None, :]
    B = as_components(B)
    return 2 * X - torch.eye(B.shape[-1], dtype=X.dtype, device=X.device), step * (X @ B[..., None])[..., 0]


def discretize_dplr(
    log_A_real: Tensor, A_imag: Tensor, P: Tensor, B: Tensor, log_dt: Tensor, rate: float = 1.0
) -> tuple[Tensor, Tensor]:
    r"""Discretise the system with :math:`\Lambda = -e^a + i \omega` by :func:`bilinear_dplr`, in float64.

    Parameters
    ----------
    log_A_real, A_imag : Tensor of shape (H, N / 2)
        The parameters a and omega.
    P, B : Tensor of shape (H, N / 2, 2)
        Real and imaginary parts.
    log_dt : Tensor of shape (H,)
        Logarithm of the step, in time per sample.
    rate : float, default=1.0
        What the step is multiplied by.

    Returns
    -------
    A_bar : Tensor of shape (H, N, N), float64
    B_bar : Tensor of shape (H, N), float64

    Examples
    --------
    >>> zero, one = torch.zeros(1, 1), torch.tensor([[[1.0, 0.0]]])
    >>> A_bar, B_bar = discretize_dplr(zero, zero, 0 * one, one, zero[0], rate=2.0)  # -1 on the diagonal, dt = 2
    >>> A_bar.abs().max().item(), B_bar[0, 0].item()
    (0.0, 1.0)
    """
    if takes_triton(log_dt):
        from ssm_estimators.functional.triton.dplr import TritonDPLR  # needs triton

        made: tuple[Tensor, Tensor] = TritonDPLR.apply(log_A_real, A_imag, P, B, log_dt, rate)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
        return made
    Lambda = torch.complex(-torch.exp(log_A_real.double()), A_imag.double())
    low_rank, drive = (torch.view_as_complex(value.double()) for value in (P, B))
    return bilinear_dplr(Lambda, low_rank, drive, torch.exp(log_dt.double()) * rate)


def readout(C: Tensor) -> Tensor:
    """Row vector (..., N) that reads 2 Re(C x) from the components of x."""
    return as_components(2 * C.conj())


def rotations(pairs: Tensor) -> Tensor:
    """Real (..., N, N) matrix that multiplies each pair of a state by a complex number, (..., N / 2)."""
    row = torch.stack([torch.stack([pairs.real, -pairs.imag], -2), torch.stack([pairs.imag, pairs.real], -2)], -3)
    return torch.diag_embed(row).movedim((-4, -3), (-3, -1)).flatten(-4, -3).flatten(-2)
