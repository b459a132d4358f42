r"""Discrete systems as the block matrices of the chunked scan.

For a chunk of T inputs, a row U, and the state S before it::

    Y      = U . toeplitz + S . from_state        toeplitz[i, j]   = K_{j-i} for j >= i, else 0
    S_next = S . transition + U . into_state      into_state[i]    = A_bar^(T-1-i) B_bar
                                                  from_state[:, j] = C A_bar^(j+1)
                                                  transition       = A_bar^T

A state of N real numbers is P = N/2 conjugate pairs stored once, real and imaginary part beside each other.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad


@dataclass(frozen=True)
class Blocks:
    """Block matrices of H systems for chunks of T inputs; several inputs may drive one state.

    Attributes
    ----------
    toeplitz : tuple of Tensor of shape (H, T, T)
        One an input.
    into_state : tuple of Tensor of shape (H, T, N)
        One a route.
    routes : tuple of (int, int)
        Of each matrix in ``into_state``: which input it reads, which direction's state it drives.
    from_state : tuple of Tensor of shape (H, N, T)
        One a direction; the second runs backward in time.
    transition : Tensor of shape (H, P), complex
        A_bar^T, the same for both directions.
    A_bar : Tensor of shape (H, P), complex128
        For the state inside a chunk.
    """

    toeplitz: tuple[Tensor, ...]
    into_state: tuple[Tensor, ...]
    routes: tuple[tuple[int, int], ...]
    from_state: tuple[Tensor, ...]
    transition: Tensor
    A_bar: Tensor

    @property
    def chunk_length(self) -> int:
        """Inputs a chunk, T."""
        return self.toeplitz[0].shape[-1]


def diagonal_blocks(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, T: int, like: Tensor) -> Blocks:
    r"""Block matrices of a diagonal system driven by Q inputs that share its state.

    Input q (from 0) enters the state through row q of ``B_bar`` and has the kernel
    :math:`K^{(q)}_l = 2\,\mathrm{Re}\, C \bar A^l \bar B_q`. With two rows in ``C`` the second is the readout of the
    same system run backward in time; the inputs after the first are then given twice, all forward ones before all
    backward ones, because products of neighbours differ between the directions.

    Parameters
    ----------
    A_bar : Tensor of shape (H, P), complex128
    B_bar : Tensor of shape (Q, H, P), complex128
    C : Tensor of shape (1 or 2, H, P), complex128
    D : Tensor of shape (H,)
        Gain of the first input, added to the toeplitz matrix's diagonal.
    T : int
        Inputs a chunk.
    like : Tensor
        The result has its dtype and device. All is computed in float64, and cast at the end: that is what keeps float32
        scans accurate.

    Returns
    -------
    Blocks
    """
    Q = len(B_bar)
    A_powers = complex_powers(A_bar, T)  # (H, P, T + 1)
    readout = _as_columns((2 * C[..., None] * A_powers).conj())  # (n_directions, H, N, T + 1)
    inputs = as_components(B_bar.transpose(0, 1))  # (H, Q, N)
    kernels = (inputs @ readout)[..., :-1]  # (n_directions, H, Q, T)
    skip = pad(D[:, None], (0, T - 1))
    first = (kernels[0, :, 0] + skip).to(like)
    kernels, readout = kernels.to(like), readout.to(like)[..., 1:]
    backward_into = _as_columns(B_bar[..., None] * A_powers).to(like)[..., :-1].mT  # (Q, H, T, N), oldest input last

    into_state, routes = [*backward_into.flip(2)], [(q, 0) for q in range(Q)]
    toeplitz_matrices = [toeplitz(first), *(toeplitz(kernels[0, :, q]) for q in range(1, Q))]
    from_state = [readout[0]]
    if len(C) == 2:
        toeplitz_matrices[0] = toeplitz(first, kernels[1, :, 0])
        nothing = torch.zeros_like(first)
        toeplitz_matrices += [toeplitz(nothing, kernels[1, :, q]) for q in range(1, Q)]
        into_state += [*backward_into]
        routes += [(0, 1), *((Q - 1 + q, 1) for q in range(1, Q))]
        from_state.append(readout[1].flip(2))
    return Blocks(
        toeplitz=tuple(toeplitz_matrices),
        into_state=tuple(into_state),
        routes=tuple(routes),
        from_state=tuple(from_state),
        transition=(A_bar**T).to(like.new_empty(0, dtype=like.dtype.to_complex())),
        A_bar=A_bar,
    )


def _as_columns(pairs: Tensor) -> Tensor:
    """Complex (..., P, T) to real (..., 2P, T), the imaginary part of each pair below its real part."""
    return torch.view_as_real(pairs.resolve_conj()).transpose(-1, -2).flatten(-3, -2)


def as_pairs(states: Tensor) -> Tensor:
    """Real states (..., N) seen as complex pairs (..., N / 2)."""
    return torch.view_as_complex(states.unflatten(-1, (-1, 2)))


def as_components(pairs: Tensor) -> Tensor:
    """Complex pairs (..., N / 2) seen as real states (..., N)."""
    return torch.view_as_real(pairs).flatten(-2)


def complex_powers(A_bar: Tensor, n: int) -> Tensor:
    """Powers 0 ... n of every element: shape (..., n + 1)."""
    powers: Tensor = _Powers.apply(A_bar, n)  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    return powers


class _Powers(torch.autograd.Function):
    """Powers by doubling; their derivative is the power before, times its exponent."""

    @staticmethod
    def forward(ctx: Any, A_bar: Tensor, n: int) -> Tensor:
        powers = torch.stack([torch.ones_like(A_bar), A_bar], dim=-1)
        while powers.shape[-1] <= n:
            powers = torch.cat([powers, powers * (powers[..., -1] * A_bar)[..., None]], dim=-1)
        powers = powers[..., : n + 1]
        ctx.save_for_backward(powers)
        return powers

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (powers,) = ctx.saved_tensors
        exponents = torch.arange(1, powers.shape[-1], device=powers.device, dtype=powers.real.dtype)
        weighted = gradient[..., 1:] * exponents
        return torch.linalg.vecdot(powers[..., :-1], weighted), None


def toeplitz(kernel: Tensor, backward: Tensor | None = None) -> Tensor:
    """Matrix of a convolution: element (i, j) is ``kernel[j - i]`` for j >= i, plus ``backward[i - j]`` for i >= j.

    Parameters
    ----------
    kernel, backward : Tensor of shape (H, T)
        Responses at lags 0 ... T - 1, forward and backward in time; ``None`` is zero.

    Returns
    -------
    Tensor of shape (H, T, T)

    Examples
    --------
    >>> toeplitz(torch.tensor([[1.0, 2.0, 3.0]]))[0].tolist()
    [[1.0, 2.0, 3.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]
    """
    T = kernel.shape[1]
    # one period of length 2T: index -l is the response at lag l backward in time
    period = pad(kernel, (0, T))
    if backward is not None:
        period = period + pad(backward[:, 1:].flip(1), (T + 1, 0)) + pad(backward[:, :1], (0, 2 * T - 1))
    matrix: Tensor = _Circulant.apply(period)  # type: ignore[no-untyped-call]  # as above
    return matrix


class _Circulant(torch.autograd.Function):
    """Matrix with element (i, j) = period[j - i]: the period read again and again, each row one index earlier."""

    @staticmethod
    def forward(ctx: Any, period: Tensor) -> Tensor:
        H, width = period.shape
        T = width // 2
        rows = period[:, None, :].expand(H, T, width).reshape(H, T * width)
        return rows[:, : T * (width - 1)].view(H, T, width - 1)[:, :, :T]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        H, T, _ = gradient.shape
        width = 2 * T
        rows = gradient.new_zeros(H, T * width)
        rows[:, : T * (width - 1)].view(H, T, width - 1)[:, :, :T] = gradient
        return rows.view(H, T, width).sum(1)
