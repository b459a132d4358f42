r"""Discrete systems as the block matrices of the chunked scan.

For a chunk of T inputs, a row U, and the state S before it::

    Y      = U . toeplitz + S . from_state        toeplitz[i, j]   = K_{j-i} for j >= i, else 0
    S_next = S . transition + U . into_state      into_state[i]    = A_bar^(T-1-i) B_bar
                                                  from_state[:, j] = C A_bar^(j+1)
                                                  transition       = A_bar^T

:mod:`~ssm_estimators.functional.systems.diagonal` and :mod:`~ssm_estimators.functional.systems.dense` make them. The
state of a diagonal system is N real numbers too: N / 2 conjugate pairs stored once, real and imaginary part beside each
other.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.last_made import LastMade


class Sizes(NamedTuple):
    """Of a system's block matrices.

    Attributes
    ----------
    n_inputs, n_outputs, n_states : int
    is_diagonal : bool
    """

    n_inputs: int
    n_outputs: int
    n_states: int
    is_diagonal: bool


@dataclass(frozen=True)
class Blocks:
    """Block matrices of H systems for chunks of T inputs; several inputs may drive one state, M outputs read it.

    Attributes
    ----------
    inputs : tuple of (int, int)
        Of each matrix in ``toeplitz``: the input that it reads, and by how many time points that is shifted to earlier.
    toeplitz : tuple of Tensor of shape (H, T, M * T)
        The matrices of the M outputs side by side.
    into_state : tuple of Tensor of shape (H, T, N)
        One a route.
    routes : tuple of (int, int)
        Of each matrix in ``into_state``: which of ``inputs`` it reads, which direction's state it drives.
    from_state : tuple of Tensor of shape (H, N, M * T)
        One a direction; the second runs backward in time.
    transition : Tensor of shape (H, P), complex, or (H, N, N), real
        A_bar^T, the same for both directions: of the pairs, or the dense matrix that multiplies row vectors.
    A_bar : Tensor of the transition's shape, complex128 or float64
        For the state inside a chunk.
    stacked : tuple of Tensor or None, default=None
        The same matrices in one tensor each, where Triton's kernels wrote them: toeplitz (H, n_inputs * T, M * T),
        into_state (n_directions, H, n_inputs * T, N) and from_state (n_directions, H, N, M * T).
    """

    inputs: tuple[tuple[int, int], ...]
    toeplitz: tuple[Tensor, ...]
    into_state: tuple[Tensor, ...]
    routes: tuple[tuple[int, int], ...]
    from_state: tuple[Tensor, ...]
    transition: Tensor
    A_bar: Tensor
    stacked: tuple[Tensor, Tensor, Tensor] | None = None

    @property
    def chunk_length(self) -> int:
        """Inputs a chunk, T."""
        return self.toeplitz[0].shape[1]

    @property
    def sizes(self) -> Sizes:
        """As of the system."""
        _, N, width = self.from_state[0].shape
        return Sizes(len(self.inputs), width // self.chunk_length, N, self.transition.is_complex())


class DiscreteSystem(Protocol):
    """H discrete systems, diagonal or dense, with a readout in ``C`` for each direction."""

    @property
    def C(self) -> Tensor:
        """Its first dimension is the number of directions."""

    @property
    def sizes(self) -> Sizes:
        """Of its block matrices."""

    def kernels(self, L: int, like: Tensor) -> tuple[Tensor, ...]:
        """Responses at lags 1 - L ... L - 1, (H, M, 2 * L - 1) an input, in the dtype and on the device of a tensor."""

    def blocks(self, T: int, like: Tensor) -> Blocks:
        """Block matrices for chunks of T inputs, in the dtype and on the device of a tensor."""

    def step(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One time point: (H, batch, Q) inputs, (H, batch, N) state to output and next state; in float64."""


class KeptSystem:
    """A discrete system that keeps the last kernels and block matrices that it made."""

    def __init__(self, system: DiscreteSystem) -> None:
        self.system = system
        self._made = LastMade()

    @property
    def C(self) -> Tensor:
        """As of the system."""
        return self.system.C

    @property
    def sizes(self) -> Sizes:
        """As of the system."""
        return self.system.sizes

    def kernels(self, L: int, like: Tensor) -> tuple[Tensor, ...]:
        """As of the system."""
        return self._made.get("kernels", (L, like.dtype, like.device), lambda: self.system.kernels(L, like))

    def blocks(self, T: int, like: Tensor) -> Blocks:
        """As of the system."""
        return self._made.get("blocks", (T, like.dtype, like.device), lambda: self.system.blocks(T, like))

    def step(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """As of the system."""
        return self.system.step(inputs, state)


def move(states: Tensor, transition: Tensor) -> Tensor:
    """States (H, rows, N) after a transition, diagonal or dense."""
    if transition.is_complex():
        return as_components(as_pairs(states) * transition[:, None])
    return torch.bmm(states, transition)


def as_pairs(states: Tensor) -> Tensor:
    """Real states (..., N) seen as complex pairs (..., N / 2)."""
    return torch.view_as_complex(states.unflatten(-1, (-1, 2)))


def as_components(pairs: Tensor) -> Tensor:
    """Complex pairs (..., N / 2) seen as real states (..., N)."""
    return torch.view_as_real(pairs.resolve_conj()).flatten(-2)


def to_pairs(values: Tensor, like: Tensor) -> Tensor:
    """Complex values in the precision and on the device of a real tensor."""
    return values.to(device=like.device, dtype=like.dtype.to_complex())


def both_directions(kernel: Tensor, backward: Tensor | None = None) -> Tensor:
    """Responses at lags 1 - T ... T - 1, from those at 0 ... T - 1 forward and backward in time.

    Parameters
    ----------
    kernel, backward : Tensor of shape (..., T)
        ``None`` is zero.

    Returns
    -------
    Tensor of shape (..., 2 * T - 1)

    Examples
    --------
    >>> both_directions(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.25, 0.0])).tolist()
    [0.0, 0.25, 1.5, 2.0, 3.0]
    """
    T = kernel.shape[-1]
    lags = pad(kernel, (T - 1, 0))
    return lags if backward is None else lags + pad(backward.flip(-1), (0, T - 1))


def toeplitz(lags: Tensor) -> Tensor:
    """Matrix of a convolution, as row vectors are multiplied by it: element (i, j) is the response at lag j - i.

    Parameters
    ----------
    lags : Tensor of shape (H, M, 2 * T - 1)
        As of :func:`both_directions`.

    Returns
    -------
    Tensor of shape (H, T, M * T)
        The matrices of the M outputs side by side.

    Examples
    --------
    >>> toeplitz(torch.tensor([[[0.0, 0.0, 1.0, 2.0, 3.0]]]))[0].tolist()
    [[1.0, 2.0, 3.0], [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]]
    """
    matrix: Tensor = _Toeplitz.apply(lags.flatten(0, 1))  # type: ignore[no-untyped-call]  # PyTorch's apply has no types
    side_by_side: Tensor = matrix.unflatten(0, lags.shape[:2]).transpose(1, 2).flatten(2)
    return side_by_side


class _Toeplitz(torch.autograd.Function):
    """Matrix (H, T, T) with element (i, j) = lags[T - 1 + j - i]."""

    @staticmethod
    def forward(ctx: Any, lags: Tensor) -> Tensor:
        T = (lags.shape[1] + 1) // 2
        return lags.unfold(1, T, 1).flip(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        H, T, _ = gradient.shape
        # rows of length 2 T, read as rows one shorter: each is then one to the right of that above
        rows = pad(gradient.flip(1), (0, T)).flatten(1)[:, : T * (2 * T - 1)]
        return rows.view(H, T, 2 * T - 1).sum(1)
