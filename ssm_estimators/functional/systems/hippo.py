"""HiPPO-LegS, its normal plus low-rank forms, and the spectra at which diagonal systems start."""

import math

import torch
from torch import Tensor


def hippo_legs(N: int) -> tuple[Tensor, Tensor]:
    r"""HiPPO-LegS, the system whose state holds Legendre coefficients of its input's past.

    :math:`A_{nk} = -\sqrt{(2n+1)(2k+1)}` below the diagonal, :math:`-(n+1)` on it, 0 above;
    :math:`B_n = \sqrt{2n+1}`, n from 0.

    Parameters
    ----------
    N : int
        State size.

    Returns
    -------
    A : Tensor of shape (N, N), float64
    B : Tensor of shape (N,), float64

    References
    ----------
    .. [1] "HiPPO: Recurrent Memory with Optimal Polynomial Projections", arXiv:2008.07669, theorem 2.

    Examples
    --------
    >>> A, B = hippo_legs(2)
    >>> A.diagonal().tolist()
    [-1.0, -2.0]
    """
    n = torch.arange(N, dtype=torch.float64)
    B = torch.sqrt(2 * n + 1)
    A = -torch.tril(B[:, None] * B[None, :], diagonal=-1) - torch.diag(n + 1)
    return A, B


def legs_nplr(N: int) -> tuple[Tensor, Tensor]:
    r"""HiPPO-LegS as a normal matrix minus one of rank one: :math:`A = S - P P^T`.

    :math:`P_n = \sqrt{n + 1/2}`; S is -1/2 times the identity plus a skew-symmetric matrix, hence normal.

    Parameters
    ----------
    N : int
        State size.

    Returns
    -------
    S : Tensor of shape (N, N), float64
    P : Tensor of shape (N,), float64

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396, theorem 1.

    Examples
    --------
    >>> S, P = legs_nplr(4)
    >>> torch.allclose(S - torch.outer(P, P), hippo_legs(4)[0])
    True
    """
    A, _ = hippo_legs(N)
    P = torch.sqrt(torch.arange(N, dtype=torch.float64) + 0.5)
    return A + torch.outer(P, P), P


def legs_dplr(N: int) -> tuple[Tensor, Tensor, Tensor]:
    r"""HiPPO-LegS in the basis that makes its normal part diagonal: :math:`V^* A V = \Lambda - P P^*`.

    Of each conjugate pair of eigenvalues the one with positive imaginary part is kept, and the phase of each
    eigenvector is chosen so that :math:`V^* B` is real and positive.

    Parameters
    ----------
    N : int
        State size, even.

    Returns
    -------
    Lambda : Tensor of shape (N // 2,), complex128
        Sorted by imaginary part; the real part is -1/2.
    P : Tensor of shape (N // 2,), complex128
        :math:`V^* P`; real and positive too, since LegS' :math:`P = B / \sqrt 2`.
    B : Tensor of shape (N // 2,), complex128
        :math:`V^* B` in full. The published code clamps it at 2, which is no longer LegS: its largest entry is 41 at
        N = 64.

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396, theorem 1.
    .. [2] "It's Raw! Audio Generation with State-Space Models", arXiv:2202.09729, for one vector P on both sides.

    Examples
    --------
    >>> Lambda, P, B = legs_dplr(4)
    >>> Lambda.real.tolist()
    [-0.5, -0.5]
    """
    S, _ = legs_nplr(N)
    skew = S + 0.5 * torch.eye(N, dtype=torch.float64)
    frequency, V = torch.linalg.eigh(-1j * skew)  # ascending, symmetric around 0
    frequency, V = frequency[N // 2 :], V[:, N // 2 :]
    B = (V.mH @ hippo_legs(N)[1].to(V.dtype)).abs().to(V.dtype)
    return torch.complex(torch.full_like(frequency, -0.5), frequency), B / math.sqrt(2), B


def s4d_legs(N: int) -> tuple[Tensor, Tensor]:
    """S4D-LegS: the normal part of HiPPO-LegS with half its input vector.

    As N grows, the diagonal system's basis kernels approach those of HiPPO-LegS ([1]_, theorem 3): that theorem has
    the factor 1/2, which the published code drops.

    Parameters
    ----------
    N : int
        State size, even.

    Returns
    -------
    Lambda, B : Tensor of shape (N // 2,), complex128

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.
    """
    Lambda, _, B = legs_dplr(N)
    return Lambda, B / 2


def s4d_inv(N: int) -> tuple[Tensor, Tensor]:
    r"""S4D-Inv: :math:`-\frac12 + i \frac{N}{\pi} (\frac{N}{2n+1} - 1)`, input vector of ones.

    Parameters
    ----------
    N : int
        State size, even.

    Returns
    -------
    Lambda, B : Tensor of shape (N // 2,), complex128

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893, equation 8.
    """
    n = torch.arange(N // 2, dtype=torch.float64)
    frequency = N / math.pi * (N / (2 * n + 1) - 1)
    return _with_unit_input(frequency)


def s4d_lin(N: int) -> tuple[Tensor, Tensor]:
    r"""S4D-Lin: :math:`-\frac12 + i \pi n`, input vector of ones; a damped Fourier basis.

    Parameters
    ----------
    N : int
        State size, even.

    Returns
    -------
    Lambda, B : Tensor of shape (N // 2,), complex128

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893, equation 9.
    """
    return _with_unit_input(math.pi * torch.arange(N // 2, dtype=torch.float64))


def _with_unit_input(frequency: Tensor) -> tuple[Tensor, Tensor]:
    Lambda = torch.complex(torch.full_like(frequency, -0.5), frequency)
    return Lambda, torch.ones_like(Lambda)


SPECTRA = {"legs": s4d_legs, "inv": s4d_inv, "lin": s4d_lin}
