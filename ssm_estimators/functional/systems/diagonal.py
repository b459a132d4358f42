"""Diagonal discrete systems: their powers, block matrices and single steps."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.block_matrices import Blocks, Sizes, as_components, as_pairs, both_directions, toeplitz
from ssm_estimators.functional.systems.mode_powers import modes


@dataclass(frozen=True)
class DiagonalSystem:
    r"""H systems of P conjugate pairs, stored once: :math:`x_k = \bar A x_{k-1} + \bar B u_k`, y = 2 Re(C x) + D u.

    Q inputs may share the state: input q (from 0) enters through row q of ``B_bar`` and has the kernel
    :math:`K^{(q)}_l = 2\,\mathrm{Re}\, C \bar A^l \bar B_q`. With two rows in ``C`` the second is the readout of the
    same system run backward in time; input q then enters it q time points early, as a product of an input and its q
    predecessors is also one of the earliest and its q successors.

    Attributes
    ----------
    A_bar : Tensor of shape (H, P), complex128
    B_bar : Tensor of shape (Q, H, P), complex128
    C : Tensor of shape (1 or 2, H, P), complex128
    D : Tensor of shape (H,), float64
        Gain of the first input, forward.

    Examples
    --------
    A sum that forgets half at each step:

    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1, 1) + 0j
    >>> system = DiagonalSystem(half, one, one / 2, torch.zeros(1))
    >>> system.blocks(T=3, like=torch.zeros(1)).toeplitz[0].tolist()
    [[[1.0, 0.5, 0.25], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]]]
    """

    A_bar: Tensor
    B_bar: Tensor
    C: Tensor
    D: Tensor

    @property
    def sizes(self) -> Sizes:
        """Of the block matrices."""
        return Sizes(len(self._inputs_and_routes()[0]), 1, 2 * self.A_bar.shape[1], is_diagonal=True)

    def kernels(self, L: int, like: Tensor) -> tuple[Tensor, ...]:
        """Responses at lags 1 - L ... L - 1, (H, 1, 2 * L - 1) an input.

        Parameters
        ----------
        L : int
        like : Tensor
            The result has its dtype and device. Powers and their sums are computed in float64, and cast at the end.

        Returns
        -------
        tuple of Tensor
        """
        _, _, summed, _ = modes(self.A_bar, self.B_bar[:0], self.C[:0], self._products(), L, like)
        lags: Tensor = _Lags.apply(summed, self.D.to(like), len(self.B_bar))  # type: ignore[no-untyped-call]  # no types in PyTorch
        return lags.unbind()

    def blocks(self, T: int, like: Tensor) -> Blocks:
        """Block matrices for chunks of T inputs.

        Parameters
        ----------
        T : int
            Inputs a chunk.
        like : Tensor
            The result has its dtype and device. Powers and kernels are computed in float64, and cast at the end: that
            is what keeps float32 scans accurate.

        Returns
        -------
        Blocks
        """
        if takes_triton(like):
            return self._triton_blocks(T, like.device)
        driven, read, summed, transition = modes(
            self.A_bar, self.B_bar, 2 * self.C * self.A_bar, self._products(), T, like
        )
        forward, backward = self._directions(summed)
        inputs, routes = self._inputs_and_routes()
        into_state, readout = [*driven.flip(2).unbind()], [*read.unbind()]  # oldest input first
        lags = [both_directions(*forward[:1], *backward[:1]), *(both_directions(kernel) for kernel in forward[1:])]
        if backward:
            into_state += driven.unbind()
            readout[1] = readout[1].flip(1)
            lags += [both_directions(torch.zeros_like(kernel), kernel) for kernel in backward[1:]]
        return Blocks(
            inputs=inputs,
            toeplitz=tuple(toeplitz(kernel) for kernel in lags),
            into_state=tuple(into_state),
            routes=routes,
            from_state=tuple(rows.mT for rows in readout),
            transition=transition,
            A_bar=self.A_bar,
        )

    def _inputs_and_routes(self) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
        """As of the block matrices: each input, then for the second direction all but the first again, earlier."""
        Q = len(self.B_bar)
        inputs, routes = [(q, 0) for q in range(Q)], [(q, 0) for q in range(Q)]
        if len(self.C) == 2:
            inputs += [(q, q) for q in range(1, Q)]
            routes += [(0, 1), *((Q - 1 + q, 1) for q in range(1, Q))]
        return tuple(inputs), tuple(routes)

    def _triton_blocks(self, T: int, device: torch.device) -> Blocks:
        from ssm_estimators.functional.triton.diagonal import TritonDiagonalBlocks  # needs triton

        system = [value.to(device) for value in (self.A_bar, self.B_bar, self.C, self.D.double())]
        toeplitz, into, rows, transition = TritonDiagonalBlocks.apply(*system, T)  # type: ignore[no-untyped-call]  # no types in PyTorch
        inputs, routes = self._inputs_and_routes()
        return Blocks(
            inputs=inputs,
            toeplitz=tuple(toeplitz.split(T, dim=1)),
            into_state=tuple(into[d, :, q * T : (q + 1) * T] for q, d in routes),
            routes=routes,
            from_state=tuple(rows.mT),
            transition=transition,
            A_bar=self.A_bar,
            stacked=(toeplitz, into, rows.mT),
        )

    def _products(self) -> Tensor:
        """Amplitudes 2 C B_bar of the kernels: direction by direction, input by input."""
        return (2 * self.C[:, None] * self.B_bar).flatten(0, 1)

    def _directions(self, summed: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """From all kernels, (n_directions * Q, H, L), to those of each direction, (H, 1, L) an input, with D."""
        Q, L = len(self.B_bar), summed.shape[-1]
        kernels = [*summed[:, :, None].unbind()]
        kernels[0] = kernels[0] + pad(self.D[:, None, None], (0, L - 1)).to(summed)
        return kernels[:Q], kernels[Q:]

    def step(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One time point: (H, batch, Q) inputs, (H, batch, N) state to (H, batch) output, next state; in float64."""
        x = self.A_bar[:, None] * as_pairs(state.to(self.D)) + inputs.to(self.B_bar) @ self.B_bar.transpose(0, 1)
        y = 2 * (self.C[0][:, None] * x).sum(-1).real + self.D[:, None] * inputs[..., 0].to(self.D)
        return y, as_components(x)


class _Lags(torch.autograd.Function):
    """Of kernels (n_directions * Q, H, L) and gains (H,): responses (Q, H, 1, 2 * L - 1) at lags 1 - L ... L - 1.

    The second direction's of input q are q time points early.
    """

    @staticmethod
    def forward(ctx: Any, kernels: Tensor, D: Tensor, Q: int) -> Tensor:
        n_kernels, H, L = kernels.shape
        lags = kernels.new_zeros(Q, H, 1, 2 * L - 1)
        lags[:, :, 0, L - 1 :] = kernels[:Q]
        lags[0, :, 0, L - 1] += D
        for q in range(n_kernels - Q):
            lags[q, :, 0, : max(L - q, 0)] += kernels[Q + q, :, : max(L - q, 0)].flip(-1)
        ctx.shape = kernels.shape
        return lags

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dlags: Tensor) -> tuple[Tensor, Tensor, None]:
        (n_kernels, _, L), Q = ctx.shape, len(dlags)
        dkernels = dlags.new_zeros(ctx.shape)
        dkernels[:Q] = dlags[:, :, 0, L - 1 :]
        for q in range(n_kernels - Q):
            dkernels[Q + q, :, : max(L - q, 0)] = dlags[q, :, 0, : max(L - q, 0)].flip(-1)
        return dkernels, dlags[0, :, 0, L - 1], None


def as_columns(pairs: Tensor) -> Tensor:
    """Complex (..., P, T) to real (..., 2P, T), the imaginary part of each pair below its real part."""
    return torch.view_as_real(pairs.resolve_conj()).transpose(-1, -2).flatten(-3, -2)


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
