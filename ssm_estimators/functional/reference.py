"""Slow, obvious versions of everything in this folder; the tests compare against them.

Complex arithmetic, one case of one feature a loop where that is clearest, no chunk, no shortcut. Shapes as in the fast
versions: A_bar, B_bar, C are (H, P) with each conjugate pair stored once, u is (H, batch, L).
"""

import torch
from torch import Tensor


def hippo_legs(N: int) -> tuple[Tensor, Tensor]:
    """HiPPO-LegS entry by entry."""
    A, B = torch.zeros(N, N, dtype=torch.float64), torch.zeros(N, dtype=torch.float64)
    for n in range(N):
        B[n] = (2 * n + 1) ** 0.5
        A[n, n] = -(n + 1)
        for k in range(n):
            A[n, k] = -(((2 * n + 1) * (2 * k + 1)) ** 0.5)
    return A, B


def zoh_dense(A: Tensor, B: Tensor, dt: float) -> tuple[Tensor, Tensor]:
    """Zero-order hold of a dense system (N, N), (N,): the exponential of [[A, B], [0, 0]] dt."""
    N = len(B)
    block = A.new_zeros(N + 1, N + 1)
    block[:N, :N], block[:N, N] = A * dt, B * dt
    exponential = torch.linalg.matrix_exp(block)
    return exponential[:N, :N], exponential[:N, N]


def bilinear_dense(A: Tensor, B: Tensor, dt: float, alpha: float = 0.5) -> tuple[Tensor, Tensor]:
    """Generalised bilinear rule of a dense system (N, N), (N,), by solving."""
    identity = torch.eye(len(B), dtype=A.dtype)
    left = identity - alpha * dt * A
    return torch.linalg.solve(left, identity + (1 - alpha) * dt * A), torch.linalg.solve(left, dt * B)


def kernel(A_bar: Tensor, B_bar: Tensor, C: Tensor, L: int) -> Tensor:
    """K_l = 2 Re C A_bar^l B_bar, shape (H, L)."""
    return torch.stack([2 * (C * A_bar**lag * B_bar).sum(-1).real for lag in range(L)], dim=-1)


def convolution(K: Tensor, u: Tensor) -> Tensor:
    """y_k = sum of K_l u_{k-l} over l = 0 ... k, by its definition."""
    L = u.shape[-1]
    return torch.stack([(K[:, None, : k + 1].flip(-1) * u[..., : k + 1]).sum(-1) for k in range(L)], dim=-1)


def recurrence(
    A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """x_k = A_bar x_{k-1} + B_bar u_k, y_k = 2 Re C x_k + D u_k; the state is (H, batch, P), complex."""
    x = A_bar.new_zeros(*u.shape[:2], A_bar.shape[-1]) if state is None else state
    y = []
    for k in range(u.shape[-1]):
        x = A_bar[:, None] * x + B_bar[:, None] * u[..., k, None]
        y.append(2 * (C[:, None] * x).sum(-1).real + D[:, None] * u[..., k])
    return torch.stack(y, dim=-1), x


def liquid_kb(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, degree: int, rate: float = 1.0) -> Tensor:
    """Linear response plus K^(q) convolved with u_k ... u_{k-q+1}, q = 2 ... degree, K^(q)_l = C A_bar^l B_bar^q."""
    y = convolution(kernel(A_bar, B_bar, C, u.shape[-1]), u) + D[:, None, None] * u
    for q in range(2, degree + 1):
        product = torch.zeros_like(u)
        for k in range(q - 1, u.shape[-1]):
            product[..., k] = u[..., k - q + 1 : k + 1].prod(-1)
        y = y + convolution(kernel(A_bar, B_bar**q, C, u.shape[-1]), product) * rate ** (1 - q)
    return y


def liquid_exact(A_bar: Tensor, B_bar: Tensor, C: Tensor, u: Tensor) -> Tensor:
    """The liquid recurrence x_k = A_bar x_{k-1} + u_k (B_bar * x_{k-1}) + B_bar u_k itself, y_k = 2 Re C x_k."""
    x = A_bar.new_zeros(*u.shape[:2], A_bar.shape[-1])
    y = []
    for k in range(u.shape[-1]):
        x = (A_bar[:, None] + B_bar[:, None] * u[..., k, None]) * x + B_bar[:, None] * u[..., k, None]
        y.append(2 * (C[:, None] * x).sum(-1).real)
    return torch.stack(y, dim=-1)
