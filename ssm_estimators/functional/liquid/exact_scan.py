r"""The scan of liquid systems, whose transition :math:`a_k = \bar A + u_k \bar B` changes at every step.

There is no convolution here. Time is walked through step by step, all modes, features and cases at once, in real
arithmetic on arrays (G, n_steps, 2, P, R): real and imaginary parts of P modes, and G groups of R columns, one for
each direction, feature and case. What does not depend on the step before is made for a chunk of steps at once; the
backward pass keeps the states before the chunks and makes those inside again.

A step is :math:`x + \alpha x + \bar B u`, with :math:`\alpha = a - 1` from an :math:`\bar A - 1` made in float64: near
1, float32 has too few digits for slow decays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.block_matrices import to_pairs
from ssm_estimators.functional.liquid.exact_columns import (
    from_columns,
    from_input_columns,
    last_steps,
    to_columns,
    to_input_columns,
)

CHUNK = 2**18  # complex numbers in each array of a chunk, so that a few arrays stay in a processor's cache


class LiquidScan(torch.autograd.Function):
    """Outputs without D, the state after each case's last input, and what the guard met.

    A_bar and B_bar are (H, P), C is (n_directions, H, P), all complex128; u is (H, batch, L). States are (H, batch, P),
    complex; what is returned has a meaning for one direction only. What the guard met, without gradient: how many
    transitions it clamped, and the logarithms of their moduli, summed over time, (n_directions, H, batch, P).
    """

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
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        shape, inputs = (len(C), *u.shape[:2]), to_input_columns(u, len(C))
        systems = _Systems.of(A_bar, B_bar, C, u)
        x = torch.zeros_like(systems.B) if initial is None else to_columns(to_pairs(initial, u)[None])
        end, y, last = x.clone(), torch.empty_like(inputs), last_steps(lengths, inputs)
        size = systems.chunk_size(inputs)
        starts = x.new_empty(-(-inputs.shape[1] // size), *x.shape)
        n_clamped, log_moduli = A_bar.real.new_zeros(()), x.new_zeros(len(x), size, *x.shape[3:])
        for k, chunk in systems.chunks(inputs):
            starts[k // size] = x
            chunk.make_transitions()
            if guard:
                log_moduli[:, : chunk.n_steps] += chunk.log_moduli()
                n_clamped += chunk.clamp().sum().to(n_clamped)
            x = chunk.walk(x)
            torch.mul(chunk.states[:, 1:], systems.readout, out=chunk.spare)
            torch.sum(chunk.spare, (2, 3), keepdim=True, out=y[:, k : k + chunk.n_steps])
            group, column, position = chunk.ending(last, k)
            end[group, 0, :, :, column] = chunk.states[group, 1 + position, :, :, column]
        ctx.guard, ctx.initial_given = guard, initial is not None
        ctx.save_for_backward(A_bar, B_bar, C, u, lengths, starts)
        of_moduli = from_columns(log_moduli.sum(1).div_(2)[:, None, None], shape)[..., 0]
        ctx.mark_non_differentiable(n_clamped, of_moduli)
        return from_input_columns(y, shape), torch.view_as_complex(from_columns(end, shape))[0], n_clamped, of_moduli

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, dend: Tensor, *_: None) -> tuple[Tensor | None, ...]:
        A_bar, B_bar, C, u, lengths, starts = ctx.saved_tensors
        shape, inputs, doutputs = (len(C), *u.shape[:2]), to_input_columns(u, len(C)), to_input_columns(dy, len(C))
        systems, last = _Systems.of(A_bar, B_bar, C, u), last_steps(lengths, inputs)
        dend = to_columns(dend.expand(len(C), *dend.shape))
        dA, dB, dreadout = (_Sum(systems.B, A_bar.real.dtype) for _ in range(3))
        dinputs, dx = torch.empty_like(inputs), torch.zeros_like(dend)
        for (k, chunk), x in reversed([*zip(systems.chunks(inputs, backward=True), starts, strict=True)]):
            here = slice(k, k + chunk.n_steps)
            chunk.make_transitions()
            if ctx.guard:
                chunk.clamp()
            chunk.walk(x)
            dreadout.add(torch.mul(chunk.states[:, 1:], doutputs[:, here], out=chunk.spare))
            dstates = torch.mul(systems.readout, doutputs[:, here], out=chunk.dstates[:, 1:])
            group, column, position = chunk.ending(last, k)
            dstates[group, position, :, :, column] += dend[group, 0, :, :, column]
            dx = chunk.walk_back(dx)
            dtransitions = chunk.transitions_gradient(ctx.guard)
            dA.add(dtransitions)
            dstates += dtransitions  # of what the input drives: B u, in the transition and beside it
            dB.add(torch.mul(dstates, chunk.inputs, out=chunk.spare))
            torch.mul(dstates, systems.B, out=chunk.spare)
            torch.sum(chunk.spare, (2, 3), keepdim=True, out=dinputs[:, here])
        dx = dx + torch.where(last[:, None, None, None] < 0, dend, 0)
        made = dA.total, dB.total, dreadout.total, dx
        of_A, of_B, of_readout, of_x = (torch.view_as_complex(from_columns(d, shape)) for d in made)
        return (
            of_A.sum((0, 2)).to(A_bar),
            of_B.sum((0, 2)).to(B_bar),
            2 * of_readout.sum(2).conj().to(C),
            from_input_columns(dinputs, shape),
            of_x[0] if ctx.initial_given else None,
            None,
            None,
        )


@dataclass(frozen=True)
class _Systems:
    """Parameters a column, (G, 1, 2, P, R).

    A_bar - 1; B_bar; 2 C with the sign that the output's real part wants; and (G, 1, P, R) each, what the excess of a
    transition's squared modulus over 1 is made of: |A_bar|^2 - 1, 2 Re(conj(A_bar) B_bar) for u, |B_bar|^2 for u^2.
    """

    A_less_1: Tensor
    B: Tensor
    readout: Tensor
    excess: tuple[Tensor, ...]

    @classmethod
    def of(cls, A_bar: Tensor, B_bar: Tensor, C: Tensor, u: Tensor) -> "_Systems":
        size = (len(C), len(u), u.shape[1], -1)

        def columns(value: Tensor) -> Tensor:
            return to_columns(to_pairs(value, u).expand(len(C), -1, -1)[:, :, None].expand(size))

        excess = A_bar.conj() * A_bar - 1, 2 * A_bar.conj() * B_bar, B_bar.conj() * B_bar
        of_excess = tuple(columns(part)[:, :, 0].contiguous() for part in excess)
        return cls(columns(A_bar - 1), columns(B_bar), columns(2 * C.conj()), of_excess)

    def chunk_size(self, inputs: Tensor) -> int:
        """Steps in each chunk but, perhaps, the last."""
        return min(max(1, 2 * CHUNK // self.B.numel()), inputs.shape[1])

    def chunks(self, inputs: Tensor, backward: bool = False) -> Iterator[tuple[int, "_Chunk"]]:
        """First step and arrays of each chunk; all are in the same memory."""
        G, _, _, P, R = self.B.shape
        L, size = inputs.shape[1], self.chunk_size(inputs)
        moved, spare = self.B.new_empty(2, G, size, 2, P, R)
        walked = self.B.new_empty(1 + backward, G, size + 1, 4, P, R)
        scale, clamped = self.B.new_empty(2, G, size, P, R)
        for k in range(0, L, size):
            here = slice(min(size, L - k))
            arrays = (moved[:, here], scale[:, here], clamped[:, here], spare[:, here])
            yield k, _Chunk(self, inputs[:, k : k + size], walked[:, :, : here.stop + 1], *arrays)


@dataclass(frozen=True)
class _Chunk:
    """Some steps: inputs (G, n, 1, 1, R), transitions less 1, and what is walked through.

    ``walked`` is (1 or 2, G, n + 1, 4, P, R): states before the first step and after each, and their gradients where
    there are two; real and imaginary parts and the negatives of both: those in the middle are a product with -i.
    ``scale`` is what the transitions were scaled by to clamp them, less 1.
    """

    systems: _Systems
    inputs: Tensor
    walked: Tensor
    moved: Tensor
    scale: Tensor
    clamped: Tensor
    spare: Tensor

    @property
    def n_steps(self) -> int:
        """Steps n."""
        return self.inputs.shape[1]

    @property
    def states(self) -> Tensor:
        """(G, n + 1, 2, P, R)."""
        return self.walked[0, :, :, :2]

    @property
    def dstates(self) -> Tensor:
        """(G, n + 1, 2, P, R)."""
        return self.walked[1, :, :, :2]

    def make_transitions(self) -> None:
        """Fill ``moved``."""
        torch.addcmul(self.systems.A_less_1, self.inputs, self.systems.B, out=self.moved)

    def excess(self) -> Tensor:
        """Excess of the transitions' squared moduli over 1, (G, n, P, R), in the place of ``scale``."""
        constant, linear, square = self.systems.excess
        u = self.inputs[:, :, 0]
        return torch.addcmul(constant, u, torch.addcmul(linear, u, square, out=self.scale), out=self.scale)

    def log_moduli(self) -> Tensor:
        """Logarithms of the transitions' squared moduli, (G, n, P, R)."""
        return torch.add(self.excess(), 1, out=self.spare[:, :, 0]).abs_().log_()

    def clamp(self) -> Tensor:
        """Scale the transitions to modulus 1 where it is above; return 1 there, else 0."""
        torch.gt(self.excess(), 0, out=self.clamped)  # as numbers, by which it is faster to multiply
        self.scale.clamp_(min=0).add_(1).rsqrt_().sub_(1)
        self.moved.addcmul_(self.moved, self.scale[:, :, None])
        self.moved[:, :, 0] += self.scale
        return self.clamped

    def walk(self, x: Tensor) -> Tensor:
        """Fill ``states``, the first being x; return the last."""
        self.states[:, :1] = x
        torch.mul(self.systems.B, self.inputs, out=self.states[:, 1:])
        states, turned, negatives = _parts(self.walked[0])
        for k, (real, imaginary) in enumerate(zip(*_lists(self.moved), strict=True)):
            torch.neg(states[k], out=negatives[k])
            later = states[k + 1].add_(states[k]).addcmul_(states[k], real)
            later.addcmul_(turned[k], imaginary, value=-1)
        return self.states[:, -1:]

    def walk_back(self, dx: Tensor) -> Tensor:
        """Add to ``dstates`` what comes from later states, dx from beyond; return the first."""
        dstates, turned, negatives = _parts(self.walked[1])
        dstates[-1].add_(dx[:, 0])  # which may be where the first belongs
        dstates[0].zero_()
        transitions = [*enumerate(zip(*_lists(self.moved), strict=True), start=1)]
        for k, (real, imaginary) in reversed(transitions):
            torch.neg(dstates[k], out=negatives[k])
            earlier = dstates[k - 1].add_(dstates[k]).addcmul_(dstates[k], real)
            earlier.addcmul_(turned[k], imaginary)
        return self.dstates[:, :1]

    def transitions_gradient(self, guard: bool) -> Tensor:
        """Gradient of the transitions before they were clamped: what is radial is lost where they were."""
        dstates = self.dstates[:, 1:]
        x_real, x_imaginary = self.states[:, :-1].unbind(2)
        gradient = torch.mul(dstates, x_real[:, :, None], out=self.spare)
        of_real, of_imaginary = gradient.unbind(2)
        of_real.addcmul_(dstates[:, :, 1], x_imaginary)
        of_imaginary.addcmul_(dstates[:, :, 0], x_imaginary, value=-1)
        if guard:
            radial = self.walked[0, :, 1:, 2]  # no longer of use
            torch.addcmul(of_real, of_real, self.moved[:, :, 0], out=radial)
            radial.addcmul_(of_imaginary, self.moved[:, :, 1]).mul_(self.clamped)
            gradient.addcmul_(self.moved, radial[:, :, None], value=-1)
            of_real -= radial
            gradient.addcmul_(gradient, self.scale[:, :, None])
        return gradient

    def ending(self, last: Tensor, k: int) -> tuple[Tensor, Tensor, Tensor]:
        """Cases that end in this chunk, from step k on: group, column, and after which of its steps (from 0)."""
        group, column = ((last >= k) & (last < k + self.n_steps)).nonzero(as_tuple=True)
        return group, column, last[group, column] - k


class _Sum:
    """A sum over all steps of arrays like ``of_one``, in another dtype. Its working memory is allocated only once."""

    def __init__(self, of_one: Tensor, dtype: torch.dtype) -> None:
        self._part = torch.empty_like(of_one)
        self._cast, self.total = torch.zeros(2, *of_one.shape, dtype=dtype, device=of_one.device)

    def add(self, values: Tensor) -> None:
        """Add the steps of a chunk, (G, n, 2, P, R)."""
        self.total += self._cast.copy_(torch.sum(values, 1, keepdim=True, out=self._part))


def _parts(walked: Tensor) -> tuple[tuple[Tensor, ...], ...]:
    """Step by step: the pairs, their products with -i, and where their negatives belong."""
    return walked[:, :, :2].unbind(1), walked[:, :, 1:3].unbind(1), walked[:, :, 2:].unbind(1)


def _lists(moved: Tensor) -> tuple[tuple[Tensor, ...], ...]:
    """Real and imaginary parts, step by step."""
    return moved[:, :, :1].unbind(1), moved[:, :, 1:].unbind(1)
