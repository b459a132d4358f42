r"""The matrices that LSSL trains: :math:`A = -G (D + T^{-1}) G`, G and D diagonal, T tridiagonal.

The paper's :math:`-P (D + T^{-1}) Q` in the coordinates :math:`(Q / P)^{1/2} x`, where :math:`G = (P Q)^{1/2}`: P and Q
change nothing else but the coordinates, and those are B's and C's to choose. Stable for every value of the parameters:
:math:`D = -\frac12 + s` with s > 0, and :math:`T = 1 - E` where the tridiagonal E has norm at most 1, hence
:math:`\mathrm{sym}(T^{-1}) \ge \frac12` and :math:`A + A^T < 0`.
"""

import torch
from torch import Tensor


def legs_quasiseparable(N: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    r"""HiPPO-LegS in this form: :math:`G_n = \sqrt{2n+1}`, :math:`D_n = -n/(2n+1)`, E ones below the diagonal.

    Parameters
    ----------
    N : int
        State size.

    Returns
    -------
    gain : Tensor of shape (N,), float64
        Diagonal of G.
    shift : Tensor of shape (N,), float64
        s of D = -1/2 + s.
    E : Tensor of shape (N, N), float64
    B : Tensor of shape (N,), float64

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985, theorem 11.

    Examples
    --------
    >>> from ssm_estimators.functional.systems.hippo import hippo_legs
    >>> gain, shift, E, B = legs_quasiseparable(8)
    >>> torch.allclose(quasiseparable(gain, shift, E), hippo_legs(8)[0])
    True
    """
    odd = 2 * torch.arange(N, dtype=torch.float64) + 1
    E = torch.diag(torch.ones(N - 1, dtype=torch.float64), -1)
    return torch.sqrt(odd), 1 / (2 * odd), E, torch.sqrt(odd)


def tridiagonal_contraction(lower: Tensor, diagonal: Tensor, upper: Tensor) -> Tensor:
    r"""Tridiagonal matrix, divided by a bound of its norm where that exceeds 1.

    The bound is :math:`\sqrt{|E|_1 |E|_\infty} \ge |E|_2`.

    Parameters
    ----------
    lower, upper : Tensor of shape (..., N - 1)
    diagonal : Tensor of shape (..., N)

    Returns
    -------
    Tensor of shape (..., N, N)

    Examples
    --------
    >>> tridiagonal_contraction(torch.tensor([3.0]), torch.zeros(2), torch.zeros(1)).tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    E = torch.diag_embed(lower, -1) + torch.diag_embed(diagonal) + torch.diag_embed(upper, 1)
    size = E.abs()
    bound = torch.sqrt(size.sum(-2).amax(-1) * size.sum(-1).amax(-1))
    return E / bound.clamp(min=1)[..., None, None]


def quasiseparable(gain: Tensor, shift: Tensor, E: Tensor) -> Tensor:
    """The matrix itself, -G (D + T^-1) G.

    Parameters
    ----------
    gain, shift : Tensor of shape (..., N)
    E : Tensor of shape (..., N, N)

    Returns
    -------
    Tensor of shape (..., N, N)

    Examples
    --------
    >>> quasiseparable(torch.ones(2), torch.ones(2), torch.zeros(2, 2)).diagonal().tolist()
    [-1.5, -1.5]
    """
    identity = torch.eye(E.shape[-1], dtype=E.dtype, device=E.device)
    inverse: Tensor = torch.linalg.inv_ex(identity - E)[0]  # whose status is not read: that would wait for a GPU
    return -gain[..., :, None] * (torch.diag_embed(shift - 0.5) + inverse) * gain[..., None, :]


def bilinear_quasiseparable(gain: Tensor, shift: Tensor, E: Tensor, B: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    r"""Bilinear discretisation, without ever inverting T.

    :math:`X = (1 - \frac{dt}{2} A)^{-1} = G^{-1} T W^{-1}` with the tridiagonal
    :math:`W = G^{-1} T + \frac{dt}{2} G (D T + 1)`; :math:`\bar A = 2 X - 1`, :math:`\bar B = dt\,X B`.

    Parameters
    ----------
    gain, shift, B : Tensor of shape (N,) or (H, N)
    E : Tensor of shape (N, N) or (H, N, N)
    dt : Tensor of shape (H,)
        Step, in time per sample.

    Returns
    -------
    A_bar : Tensor of shape (H, N, N)
    B_bar : Tensor of shape (H, N)

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985, equation 3 and theorem 11.

    Examples
    --------
    >>> gain, shift, E, B = legs_quasiseparable(4)
    >>> A_bar, B_bar = bilinear_quasiseparable(gain, shift, E, B, torch.tensor([0.1]).double())
    >>> bool(torch.linalg.matrix_norm(A_bar, 2) < 1)
    True
    """
    identity = torch.eye(E.shape[-1], dtype=E.dtype, device=E.device)
    T = identity - E
    left = T / gain[..., :, None]
    right = gain[..., :, None] * ((shift - 0.5)[..., :, None] * T + identity)
    A_bar = 2 * left @ torch.linalg.inv_ex(torch.addcmul(left, dt[:, None, None] / 2, right))[0] - identity
    B = B.expand(len(dt), -1)
    return A_bar, dt[:, None] / 2 * (B + (A_bar @ B[..., None])[..., 0])
