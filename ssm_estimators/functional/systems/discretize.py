"""From a continuous diagonal system and a step to a discrete one."""

from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.backend import takes_triton


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
        Step, in time per sample; ``dt * A`` has no unit.

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
    held: tuple[Tensor, Tensor] = _ZeroOrderHold.apply(A, B, dt[:, None])  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    return held


def bilinear(A: Tensor, B: Tensor, dt: Tensor, alpha: float = 0.5) -> tuple[Tensor, Tensor]:
    r"""Generalised bilinear discretisation of a diagonal system.

    :math:`\bar A = (1 - \alpha dt A)^{-1} (1 + (1 - \alpha) dt A)`, :math:`\bar B = (1 - \alpha dt A)^{-1} dt B`.
    With ``alpha=0.5`` (Tustin) of order 2 for input sampled at the midpoints of the intervals.

    Parameters
    ----------
    A, B : Tensor of shape (H, P), complex
        Diagonal of the state matrix, in 1/time; input vector.
    dt : Tensor of shape (H,), real
        Step, in time per sample.
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


def discretize_modes(
    log_A_real: Tensor, A_imag: Tensor, B: Tensor, log_dt: Tensor, rule: str, rate: float = 1.0
) -> tuple[Tensor, Tensor]:
    r"""Discretise the system :math:`A = -e^a + i \omega` with steps ``rate`` times :math:`e^\delta`, in float64.

    Parameters
    ----------
    log_A_real, A_imag : Tensor of shape (H, P)
        The parameters a and omega.
    B : Tensor of shape (H, P, 2)
        Real and imaginary part of the input vector.
    log_dt : Tensor of shape (H,)
        The parameter delta.
    rule : {"zoh", "bilinear"}
    rate : float, default=1.0

    Returns
    -------
    A_bar, B_bar : Tensor of shape (H, P), complex128

    Examples
    --------
    >>> zero, one = torch.zeros(1, 1), torch.tensor([[[1.0, 0.0]]])
    >>> A_bar, B_bar = discretize_modes(zero, zero, one, zero[0], "bilinear", rate=2.0)  # A = -1, dt = 2
    >>> A_bar.item(), B_bar.item()
    (0j, (1+0j))
    """
    if takes_triton(log_dt):
        from ssm_estimators.functional.triton.discretize import TritonDiscretize  # needs triton

        made: tuple[Tensor, Tensor] = TritonDiscretize.apply(log_A_real, A_imag, B, log_dt, rule == "zoh", rate)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
        return made
    A = torch.complex(-torch.exp(log_A_real.double()), A_imag.double())
    return DISCRETIZATIONS[rule](A, torch.view_as_complex(B.double()), torch.exp(log_dt.double()) * rate)


class _ZeroOrderHold(torch.autograd.Function):
    """With phi(z) = (exp(z) - 1) / z, z = dt A: B_bar = dt phi B; the slope of phi is (exp(z) - phi) / z, 1/2 at 0."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, B: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
        z = step * A
        A_bar, phi = torch.exp(z), torch.where(z == 0, 1, torch.expm1(z) / z)
        ctx.save_for_backward(A, B, step, z, A_bar, phi)
        return A_bar, step * phi * B

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dA_bar: Tensor, dB_bar: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        A, B, step, z, A_bar, phi = ctx.saved_tensors
        small = z.abs() < 1e-3  # where the difference would cancel
        slope = (A_bar - phi) / torch.where(small, 1, z)
        slope = torch.where(small, 0.5 + z * (1 / 3 + z * (1 / 8 + z / 30)), slope)
        driven = B.conj() * dB_bar
        dz = A_bar.conj() * dA_bar + (step * slope).conj() * driven
        dstep = (A.conj() * dz + phi.conj() * driven).real.sum(1, keepdim=True)
        return step * dz, (step * phi).conj() * dB_bar, dstep
