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


def legs_normal_part(N: int) -> Tensor:
    """HiPPO-LegS plus P P^T with P_n = sqrt(n + 1/2), entry by entry: -1/2 and a skew-symmetric matrix."""
    S = torch.zeros(N, N, dtype=torch.float64)
    for n in range(N):
        for k in range(N):
            size = ((2 * n + 1) * (2 * k + 1)) ** 0.5 / 2
            S[n, k] = -0.5 if n == k else size if n < k else -size
    return S


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


def dense_kernel(A_bar: Tensor, B_bar: Tensor, C: Tensor, L: int) -> Tensor:
    """K_l = C A_bar^l B_bar of dense systems (H, N, N), (H, N), (H, M, N): shape (H, M, L)."""
    x, K = B_bar[..., None], []
    for _ in range(L):
        K.append(C @ x)
        x = A_bar @ x
    return torch.cat(K, dim=-1)


def krylov_kernel(A_bar: Tensor, B_bar: Tensor, C: Tensor, L: int) -> Tensor:
    """LSSL's own: the Krylov matrix (B, A B, ..., A^(L-1) B) by doubling, then C times it; (H, M, L)."""
    columns, power = B_bar[..., None], A_bar
    while columns.shape[-1] < L:
        columns = torch.cat([columns, power @ columns], dim=-1)
        power = power @ power
    return C @ columns[..., :L]


def cauchy_kernel(Lambda: Tensor, P: Tensor, B: Tensor, C_tilde: Tensor, dt: Tensor, L: int) -> Tensor:
    """S4's own, (H, L): the truncated generating function at the roots of unity, by Cauchy products and Woodbury.

    Multiplied through by 1 + omega, so that the node omega = -1 is one like the others.

    Lambda, P, B are one of each conjugate pair, (H, N / 2). C_tilde = C (1 - A_bar^L) likewise, in the basis of Lambda.
    """
    angle = -2 * torch.pi / L * torch.arange(L // 2 + 1, dtype=dt.dtype, device=dt.device)
    omega = torch.polar(torch.ones_like(angle), angle)
    Lambda, P, B, C_tilde = (torch.cat([x, x.conj()], dim=-1) for x in (Lambda, P, B, C_tilde))
    step = dt[:, None, None]
    cauchy = 1 / (2 * (1 - omega) - (1 + omega) * step * Lambda[..., None])  # (H, N, L / 2 + 1)
    numerators = torch.stack([C_tilde * B, C_tilde * P, P.conj() * B, P.conj() * P], dim=1)
    cb, cp, pb, pp = (step[..., None] * torch.bmm(numerators, cauchy)[:, :, None]).unbind(1)
    K = 2 * (cb - (1 + omega) * cp * pb / (1 + (1 + omega) * pp))
    kernel: Tensor = torch.fft.irfft(K[:, 0], n=L)
    return kernel


def vandermonde_kernel(A: Tensor, B: Tensor, C: Tensor, dt: Tensor, L: int) -> Tensor:
    """S4D's own, (H, L): zero-order hold of a diagonal system, then the matrix of all powers."""
    z = A * dt[:, None]
    powers = torch.exp(z[..., None] * torch.arange(L, device=dt.device))
    return 2 * torch.einsum("hn,hnl->hl", C * B * (torch.exp(z) - 1) / A, powers).real


def fft_convolution(K: Tensor, u: Tensor) -> Tensor:
    """The papers' way to convolve: kernel (H, L) and input (H, batch, L), zero-padded."""
    L = u.shape[-1]
    y: Tensor = torch.fft.irfft(torch.fft.rfft(u, n=2 * L) * torch.fft.rfft(K, n=2 * L)[:, None], n=2 * L)
    return y[..., :L]


def convolution(K: Tensor, u: Tensor) -> Tensor:
    """y_k = sum of K_l u_{k-l} over l = 0 ... k, by its definition."""
    L = u.shape[-1]
    return torch.stack([(K[:, None, : k + 1].flip(-1) * u[..., : k + 1]).sum(-1) for k in range(L)], dim=-1)


def two_sided_convolution(lags: Tensor, u: Tensor) -> Tensor:
    """y_k = sum over j of the response at lag k - j times u_j; lags (H, M, 2 L - 1), from 1 - L on."""
    L = u.shape[-1]
    y = [torch.einsum("hml,hbl->hmb", lags[..., k : k + L].flip(-1), u) for k in range(L)]
    return torch.stack(y, dim=-1).flatten(0, 1)


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


def dense_recurrence(
    A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The same of dense systems with M outputs each, D (H, M): y (H * M, batch, L) and the state (H, batch, N)."""
    x, y = B_bar.new_zeros(*u.shape[:2], B_bar.shape[-1]) if state is None else state, []
    for u_k in u.unbind(-1):
        x = x @ A_bar.mT + B_bar[:, None] * u_k[..., None]
        y.append(torch.einsum("hmn,hbn->hmb", C, x) + D[..., None] * u_k[:, None])
    return torch.stack(y, dim=-1).flatten(0, 1), x


def liquid_kb(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, degree: int, rate: float = 1.0) -> Tensor:
    """Linear response plus K^(q) convolved with u_k ... u_{k-q+1}, q = 2 ... degree, K^(q)_l = C A_bar^l B_bar^q."""
    y = convolution(kernel(A_bar, B_bar, C, u.shape[-1]), u) + D[:, None, None] * u
    for q in range(2, degree + 1):
        y = y + convolution(kernel(A_bar, B_bar**q, C, u.shape[-1]), _products(u, q)) * rate ** (1 - q)
    return y


def liquid_pb(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, degree: int, B_1: Tensor) -> Tensor:
    """Linear response plus 2 Re(C B_1^q) u_k ... u_{k-q+1}, q = 2 ... degree: lag 0 of kb; B_1 is B_bar at rate 1."""
    y = convolution(kernel(A_bar, B_bar, C, u.shape[-1]), u) + D[:, None, None] * u
    for q in range(2, degree + 1):
        gain = 2 * (C * B_1**q).sum(-1).real
        y = y + gain[:, None, None] * _products(u, q)
    return y


def liquid_degree(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, degree: int) -> Tensor:
    """x^q_k = A_bar x^q_{k-1} + u_k (B_bar * x^{q-1}_{k-1}) with x^0 = 1, y = 2 Re C sum of x^q + D u."""
    x = [A_bar.new_zeros(*u.shape[:2], A_bar.shape[-1]) for _ in range(degree)]
    y = []
    for k in range(u.shape[-1]):
        driven = B_bar[:, None] * u[..., k, None]
        below = [torch.ones_like(x[0]), *x[:-1]]
        x = [A_bar[:, None] * one + driven * lower for one, lower in zip(x, below, strict=True)]
        y.append(2 * (C[:, None] * torch.stack(x).sum(0)).sum(-1).real + D[:, None] * u[..., k])
    return torch.stack(y, dim=-1)


def liquid_exact(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, guard: bool = False) -> Tensor:
    """x_k = a_k x_{k-1} + B_bar u_k with a_k = A_bar + u_k B_bar, guarded: a_k / max(1, |a_k|); y = 2 Re C x + D u."""
    x = A_bar.new_zeros(*u.shape[:2], A_bar.shape[-1])
    y = []
    for k in range(u.shape[-1]):
        driven = B_bar[:, None] * u[..., k, None]
        a = A_bar[:, None] + driven
        x = (a / a.abs().clamp(min=1) if guard else a) * x + driven
        y.append(2 * (C[:, None] * x).sum(-1).real + D[:, None] * u[..., k])
    return torch.stack(y, dim=-1)


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """(H, batch, L) less its mean over H, over its standard deviation over H, times weight, plus bias."""
    centred = x - x.mean(0)
    return centred / (centred.square().mean(0) + eps).sqrt() * weight[:, None, None] + bias[:, None, None]


def gated_mixing(y: Tensor, x: Tensor, weight: Tensor, bias: Tensor, gain: Tensor, gain_after: Tensor) -> Tensor:
    """Sum x + g' a sigmoid(b), a and b the halves of W (g gelu(y)) + bias."""
    activated = gain * y * (1 + torch.erf(y / 2**0.5)) / 2
    value, gate = (torch.einsum("oi,ibl->obl", weight, activated) + bias[:, None, None]).chunk(2)
    return x + gain_after * value * torch.sigmoid(gate)


def _products(u: Tensor, q: int) -> Tensor:
    """u_k u_{k-1} ... u_{k-q+1}, inputs before the first being zero."""
    product = torch.zeros_like(u)
    for k in range(q - 1, u.shape[-1]):
        product[..., k] = u[..., k - q + 1 : k + 1].prod(-1)
    return product
