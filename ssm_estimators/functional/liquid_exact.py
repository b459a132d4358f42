r"""The liquid system itself: a scan whose transition :math:`a_k = \bar A + u_k \bar B` changes at every step.

There is no convolution here. Time is walked through step by step, one operation each, after a chunk's transitions have
been made at once; the backward pass keeps the states before the chunks and computes those inside again. In float64:
rounding would add up over the steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ssm_estimators.functional.blocks import as_components, as_pairs
from ssm_estimators.functional.diagonal import DiagonalSystem
from ssm_estimators.functional.liquid import Discretize, LiquidForm
from ssm_estimators.functional.scan import check_directions, chunk_length, known_lengths


@dataclass(frozen=True)
class Exact(LiquidForm):
    r"""All products of inputs: :math:`x_k = a_k x_{k-1} + \bar B u_k`, :math:`a_k = \bar A + u_k \bar B`.

    Parameters
    ----------
    guard : bool, default=True
        Divide a_k by its modulus where that exceeds 1. Without it, u = 1 held at dt = 0.1 makes the state grow past
        every bound.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, equation 4.

    Examples
    --------
    With A_bar = B_bar = 1, x_k + 1 = (1 + u_k) (x_{k-1} + 1): capital under interest.

    >>> one = torch.ones(1, 1, dtype=torch.complex128)
    >>> interest = DiagonalSystem(one, one[None], one[None] / 2, torch.zeros(1).double())
    >>> y, _ = Exact(guard=False).scan(lambda rate: interest, torch.tensor([[[1.0, 2.0, 3.0]]]))
    >>> y[0, 0].tolist()
    [1.0, 5.0, 23.0]
    """

    guard: bool = True

    def state_size(self, N: int) -> int:
        return N

    def scan(
        self,
        discretize: Discretize,
        u: Tensor,
        *,
        rate: float = 1.0,
        state: Tensor | None = None,
        lengths: Tensor | None = None,
        return_state: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        system = discretize(rate)
        A_bar, B_bar = system.A_bar, system.B_bar[0]
        exact = u.to(system.D)
        check_directions(len(system.C), state, return_state)
        initial = None if state is None else as_pairs(state.to(exact))
        ends = known_lengths(exact, lengths).to(exact.device)
        run: Callable[..., tuple[Tensor, Tensor]] = LiquidScan.apply
        y, end = run(A_bar, B_bar, system.C[0], exact, initial, ends, self.guard)
        if len(system.C) == 2:
            y = y + run(A_bar, B_bar, system.C[1], exact.flip(-1), None, ends, self.guard)[0].flip(-1)
        y = y + system.D[:, None, None] * exact
        return y.to(u), as_components(end).to(u) if return_state else None

    def step(self, discretize: Discretize, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        system = discretize(rate)
        u_k = u_k.to(system.D)
        driven = system.B_bar[0][:, None] * u_k[..., None]
        x = _clamped(system.A_bar[:, None] + driven, self.guard) * as_pairs(state.to(system.D)) + driven
        return 2 * (system.C[0][:, None] * x).sum(-1).real + system.D[:, None] * u_k, as_components(x)

    def growth(self, system: DiagonalSystem, u: Tensor, lengths: Tensor | None = None) -> tuple[float, float]:
        """What the guard has to do on these inputs.

        Parameters
        ----------
        system : DiagonalSystem
        u : Tensor of shape (H, batch, L)
        lengths : Tensor of shape (batch,), integer, or None, default=None

        Returns
        -------
        clamped : float
            Share of the transitions with a modulus above 1.
        largest : float
            Largest, over the H * P modes, of the mean over all series of the logarithm of the transition's modulus:
            where it is positive that mode itself is unstable, not only some of its steps.
        """
        L = u.shape[2]
        A_bar = system.A_bar.to(torch.complex64)[:, None, None]
        B_bar = system.B_bar[0].to(torch.complex64)[:, None, None]
        lengths = known_lengths(u, lengths).to(A_bar.device)
        above, total = A_bar.new_zeros((), dtype=torch.int64), A_bar.real.new_zeros(())
        T = chunk_length(L)
        for start in range(0, L, T):
            chunk = u[..., start : start + T].to(A_bar.device)[..., None]
            log = torch.log((A_bar + B_bar * chunk).abs())
            inside = start + torch.arange(chunk.shape[2], device=A_bar.device) < lengths[:, None]
            log = torch.where(inside[..., None], log, 0)
            above = above + (log > 0).sum()
            total = total + log.sum((1, 2))
        n_points = lengths.sum()
        return (above / (n_points * total.numel())).item(), (total / n_points).max().item()


class LiquidScan(torch.autograd.Function):
    """Of (H, P) A_bar, B_bar, C and u (H, batch, L): outputs without D, the state after each case's last input."""

    @staticmethod
    def forward(
        ctx: Any,
        A_bar: Tensor,
        B_bar: Tensor,
        C: Tensor,
        u: Tensor,
        initial: Tensor | None,
        lengths: Tensor,
        guard: bool,
    ) -> tuple[Tensor, Tensor]:
        H, batch, L = u.shape
        T = chunk_length(L)
        x = A_bar.new_zeros(H, batch, A_bar.shape[1]) if initial is None else initial
        end, y, starts = x.clone(), torch.empty_like(u), []
        for k in range(0, L, T):
            starts.append(x)
            states, _ = _walk(A_bar, B_bar, u[..., k : k + T], x, guard)
            y[..., k : k + T] = 2 * torch.einsum("thbp,hp->hbt", states[1:], C).real
            inside = ((lengths > k) & (lengths <= k + T)).nonzero()[:, 0]
            end[:, inside] = states[lengths[inside] - k, :, inside].transpose(0, 1)
            x = states[-1].clone()  # not a view, which would keep the whole chunk's
        ctx.guard, ctx.T, ctx.initial_given = guard, T, initial is not None
        ctx.save_for_backward(A_bar, B_bar, C, u, lengths, torch.stack(starts))
        return y, end

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, dend: Tensor) -> tuple[Tensor | None, ...]:
        A_bar, B_bar, C, u, lengths, starts = ctx.saved_tensors
        dA, dB, dC, du = torch.zeros_like(A_bar), torch.zeros_like(A_bar), torch.zeros_like(A_bar), torch.empty_like(u)
        dx = torch.zeros_like(dend)  # of the state after the chunk
        for c in reversed(range(len(starts))):
            k = c * ctx.T
            inputs, doutputs = (tensor[..., k : k + ctx.T].permute(2, 0, 1) for tensor in (u, dy))
            states, transitions = _walk(A_bar, B_bar, u[..., k : k + ctx.T], starts[c], ctx.guard)
            dstates = 2 * C.conj()[:, None] * doutputs[..., None]
            inside = ((lengths > k) & (lengths <= k + ctx.T)).nonzero()[:, 0]
            dstates[lengths[inside] - k - 1, :, inside] += dend[:, inside].transpose(0, 1)
            dstates[-1] += dx
            back = transitions.conj().resolve_conj()
            for i in reversed(range(1, len(dstates))):
                dstates[i - 1].addcmul_(back[i], dstates[i])
            dx = back[0] * dstates[0]
            dtransitions = dstates * states[:-1].conj()
            if ctx.guard:
                dtransitions = _clamped_gradient(A_bar, B_bar, inputs, dtransitions)
            ddriven = dstates + dtransitions
            dA += dtransitions.sum((0, 2))
            dB += torch.einsum("thbp,thb->hp", ddriven, inputs.to(ddriven))
            dC += 2 * torch.einsum("thbp,thb->hp", states[1:].conj(), doutputs.to(ddriven))
            du[..., k : k + ctx.T] = torch.einsum("thbp,hp->hbt", ddriven, B_bar.conj()).real
        dx += torch.where(lengths[:, None] == 0, dend, 0)
        return dA, dB, dC, du, dx if ctx.initial_given else None, None, None


def _walk(A_bar: Tensor, B_bar: Tensor, u: Tensor, x: Tensor, guard: bool) -> tuple[Tensor, Tensor]:
    """States before the first and after each of t inputs, (t + 1, H, batch, P), and the transitions between them."""
    driven = B_bar[:, None] * u.permute(2, 0, 1)[..., None]
    transitions = _clamped(A_bar[:, None] + driven, guard)
    states = torch.empty(len(driven) + 1, *x.shape, dtype=x.dtype, device=x.device)
    states[0] = x
    for k in range(len(driven)):
        torch.addcmul(driven[k], transitions[k], states[k], out=states[k + 1])
    return states, transitions


def _clamped(transitions: Tensor, guard: bool) -> Tensor:
    return transitions / transitions.abs().clamp(min=1) if guard else transitions


def _clamped_gradient(A_bar: Tensor, B_bar: Tensor, inputs: Tensor, gradient: Tensor) -> Tensor:
    """Gradient of the transitions before they were clamped: what is radial is lost where they were."""
    transitions = A_bar[:, None] + B_bar[:, None] * inputs[..., None]
    modulus = transitions.abs()
    unit = transitions / modulus
    tangential = (gradient - unit * (unit.conj() * gradient).real) / modulus
    return torch.where(modulus > 1, tangential, gradient)
