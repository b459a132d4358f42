"""From a continuous diagonal system and a step to a discrete one."""

import torch
from torch import Tensor


def zoh(A: Tensor, B: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
    r"""Zero-order-hold discretisation of a diagonal system.

    :math:`\bar A = e^{dt A}`, :math:`\bar B = A^{-1} (e^{dt A} - 1) B`. Exact when the input is held at
    :math:`u_k` on :math:`[k\,dt, (k+1)\,dt)` and the output is read at :math:`(k+1)\,dt`; of order 1 for samples at
    interval ends. Accurate, with finite gradients, as A -> 0 (limit dt B).

    Parameters
    ----------
    A : Tensor of shape (H, P), complex
        Diagonal of the state matrix, in 1/time.
    B : Tensor of shape (H, P), complex
        Input vector.
    dt : Tensor of shape (H,), real
        Step, in time a sample; ``dt * A`` has no unit.

    Returns
    -------
    A_bar, B_bar : Tensor of shape (H, P), complex

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893, section 2.

    Examples
    --------
    >>> A, B = torch.tensor([[-1.0 + 0j]]), torch.tensor([[1.0 + 0j]])
    >>> A_bar, B_bar = zoh(A, B, torch.tensor([2.0]).log())
    >>> round(A_bar.real.item(), 6), round(B_bar.real.item(), 6)
    (0.5, 0.5)
    """
    step = dt[:, None]
    z = step * A
    return torch.exp(z), step * _phi_1(z) * B


def bilinear(A: Tensor, B: Tensor, dt: Tensor, alpha: float = 0.5) -> tuple[Tensor, Tensor]:
    r"""Generalised bilinear discretisation of a diagonal system.

    :math:`\bar A = (1 - \alpha dt A)^{-1} (1 + (1 - \alpha) dt A)`, :math:`\bar B = (1 - \alpha dt A)^{-1} dt B`.
    With ``alpha=0.5`` (Tustin) of order 2 for input sampled at the midpoints of the intervals.

    Parameters
    ----------
    A, B : Tensor of shape (H, P), complex
        Diagonal of the state matrix, in 1/time; input vector.
    dt : Tensor of shape (H,), real
        Step, in time a sample.
    alpha : float, default=0.5
        1/2 is the bilinear rule, 1 backward Euler.

    Returns
    -------
    A_bar, B_bar : Tensor of shape (H, P), complex

    Raises
    ------
    ValueError
        If ``alpha`` is not in [1/2, 1]: below 1/2 the rule makes fast stable modes unstable.

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985, equation 3.

    Examples
    --------
    >>> A, B = torch.tensor([[-2.0 + 0j]]), torch.tensor([[1.0 + 0j]])
    >>> [v.real.item() for v in bilinear(A, B, torch.ones(1))]
    [0.0, 0.5]
    """
    if not 0.5 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0.5, 1], where every stable system stays stable; got {alpha}.")
    z = dt[:, None] * A
    return (1 + (1 - alpha) * z) / (1 - alpha * z), dt[:, None] * B / (1 - alpha * z)


DISCRETIZATIONS = {"zoh": zoh, "bilinear": bilinear}


def _phi_1(z: Tensor) -> Tensor:
    """(exp(z) - 1) / z for complex z, without cancellation and with its limit 1 at 0."""
    small = z.abs() < 1e-2
    series = 1 + z / 2 * (1 + z / 3 * (1 + z / 4 * (1 + z / 5 * (1 + z / 6))))
    z = torch.where(small, torch.ones_like(z), z)
    return torch.where(small, series, (torch.exp(z) - 1) / z)
