r"""The scan of liquid systems, whose transition :math:`a_k = \bar A + u_k \bar B` changes at every step.

There is no convolution here. Time is walked through step by step, all modes, features and cases at once, in real
arithmetic on arrays (n_steps, 2, P, R): real and imaginary parts of P modes, and R columns, one for each direction,
feature and case. What does not depend on the step before is made for a chunk of steps at once; the backward pass keeps
the states before the chunks and makes those inside again.

A step is :math:`x + \alpha x + \bar B u`, with :math:`\alpha = a - 1` from an :math:`\bar A - 1` made in float64: near
1, float32 has too few digits for slow decays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ssm_estimators.functional.blocks import to_pairs

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
        shape, inputs = (len(C), *u.shape[:2]), _by_time(u, len(C))
        systems = _Systems.of(A_bar, B_bar, C, u)
        x = torch.zeros_like(systems.B) if initial is None else _to_columns(to_pairs(initial, u)[None])
        end, y, starts = x.clone(), torch.empty_like(inputs), []
        n_clamped, log_moduli = A_bar.real.new_zeros(()), A_bar.real.new_zeros(x.shape[1:])
        for k, chunk in systems.chunks(inputs):
            starts.append(x)
            chunk.make_transitions()
            if guard:
                n_clamped += chunk.find_clamped().sum().to(n_clamped)
                log_moduli += chunk.log_moduli().to(log_moduli)
                chunk.clamp()
            x = chunk.walk(x)
            torch.mul(chunk.states[1:], systems.readout, out=chunk.spare)
            torch.sum(chunk.spare, (1, 2), keepdim=True, out=y[k : k + len(chunk.inputs)])
            ending, position = chunk.ending(lengths, k)
            end[..., ending] = chunk.states[1:][position, :, :, ending].permute(1, 2, 0)
        ctx.guard, ctx.initial_given = guard, initial is not None
        ctx.save_for_backward(A_bar, B_bar, C, u, lengths, *starts)
        of_moduli = _from_columns(log_moduli[None], shape)[..., 0]
        ctx.mark_non_differentiable(n_clamped, of_moduli)
        return _by_case(y, shape), torch.view_as_complex(_from_columns(end, shape))[0], n_clamped, of_moduli

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, dend: Tensor, *_: None) -> tuple[Tensor | None, ...]:
        A_bar, B_bar, C, u, lengths, *starts = ctx.saved_tensors
        shape, inputs, doutputs = (len(C), *u.shape[:2]), _by_time(u, len(C)), _by_time(dy, len(C))
        systems = _Systems.of(A_bar, B_bar, C, u)
        dend = _to_columns(dend.expand(len(C), *dend.shape))
        dA, dB, dreadout = (A_bar.real.new_zeros(systems.B.shape) for _ in range(3))
        dinputs, dx = torch.empty_like(inputs), torch.zeros_like(dend)
        for (k, chunk), x in zip(reversed([*systems.chunks(inputs, backward=True)]), reversed(starts), strict=True):
            here = slice(k, k + len(chunk.inputs))
            chunk.make_transitions()
            if ctx.guard:
                chunk.find_clamped()
                chunk.clamp()
            chunk.walk(x)
            dreadout += torch.mul(chunk.states[1:], doutputs[here], out=chunk.spare).sum(0).to(dreadout)
            dstates = torch.mul(systems.readout, doutputs[here], out=chunk.dstates[1:])
            ending, position = chunk.ending(lengths, k)
            dstates[position, :, :, ending] += dend[..., ending].permute(2, 0, 1)
            dx = chunk.walk_back(dx)
            dtransitions = chunk.transitions_gradient(ctx.guard)
            dA += dtransitions.sum(0).to(dA)
            dstates += dtransitions  # of what the input drives: B u, in the transition and beside it
            dB += torch.mul(dstates, chunk.inputs, out=chunk.spare).sum(0).to(dB)
            torch.mul(dstates, systems.B, out=chunk.spare)
            torch.sum(chunk.spare, (1, 2), keepdim=True, out=dinputs[here])
        dx += torch.where(lengths.repeat(shape[0] * shape[1]) == 0, dend, 0)
        of_A, of_B, of_readout, of_x = (torch.view_as_complex(_from_columns(d, shape)) for d in (dA, dB, dreadout, dx))
        return (
            of_A.sum((0, 2)).to(A_bar),
            of_B.sum((0, 2)).to(B_bar),
            2 * of_readout.sum(2).conj().to(C),
            _by_case(dinputs, shape),
            of_x[0] if ctx.initial_given else None,
            None,
            None,
        )


@dataclass(frozen=True)
class _Systems:
    """Parameters a column, (2, P, R).

    A_bar - 1; B_bar; 2 C with the sign that the output's real part wants; and (P, R) each, what the excess of a
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
            return _to_columns(to_pairs(value, u).expand(len(C), -1, -1)[:, :, None].expand(size))

        excess = A_bar.conj() * A_bar - 1, 2 * A_bar.conj() * B_bar, B_bar.conj() * B_bar
        of_excess = tuple(columns(part)[0] for part in excess)
        return cls(columns(A_bar - 1), columns(B_bar), columns(2 * C.conj()), of_excess)

    def chunks(self, inputs: Tensor, backward: bool = False) -> Iterator[tuple[int, "_Chunk"]]:
        """First step and arrays of each chunk; all are in the same memory."""
        size = max(1, CHUNK // self.B[0].numel())
        n = min(size, len(inputs))
        moved, spare = self.B.new_empty(2, n, *self.B.shape)
        walked = self.B.new_empty(1 + backward, n + 1, 3, *self.B.shape[1:])
        scale, clamped = self.B.new_empty(2, n, *self.B.shape[1:])
        for k in range(0, len(inputs), size):
            part = inputs[k : k + size]
            n = len(part)
            yield k, _Chunk(self, part, walked[:, : n + 1], moved[:n], scale[:n], clamped[:n], spare[:n])


@dataclass(frozen=True)
class _Chunk:
    """Some steps: inputs (n, 1, 1, R), transitions less 1, and what is walked through.

    ``walked`` is (1 or 2, n + 1, 3, P, R): states before the first step and after each, and their gradients where there
    are two; real and imaginary part, and the real part's negative, so that the last two are a product with -i.
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
    def states(self) -> Tensor:
        """(n + 1, 2, P, R)."""
        return self.walked[0, :, :2]

    @property
    def dstates(self) -> Tensor:
        """(n + 1, 2, P, R)."""
        return self.walked[1, :, :2]

    def make_transitions(self) -> None:
        """Fill ``moved``."""
        torch.addcmul(self.systems.A_less_1, self.inputs, self.systems.B, out=self.moved)

    def find_clamped(self) -> Tensor:
        """Fill ``scale`` with the excess of the transitions' squared moduli over 1; return 1 where that is, else 0."""
        constant, linear, square = self.systems.excess
        u = self.inputs[:, 0]
        torch.addcmul(constant, u, torch.addcmul(linear, u, square, out=self.scale), out=self.scale)
        return torch.gt(self.scale, 0, out=self.clamped)  # as numbers, by which it is faster to multiply

    def log_moduli(self) -> Tensor:
        """Logarithms of the transitions' moduli, summed over the steps: of products of a few, which takes fewer."""
        squared = torch.add(self.scale, 1, out=self.spare[:, 0])
        return sum((part.prod(0).abs().log() for part in squared.split(4)), start=torch.zeros_like(squared[0])) / 2

    def clamp(self) -> None:
        """Scale the transitions to modulus 1 where ``scale`` says that it is above."""
        self.scale.clamp_(min=0).add_(1).rsqrt_().sub_(1)
        self.moved.addcmul_(self.moved, self.scale[:, None])
        self.moved[:, 0] += self.scale

    def walk(self, x: Tensor) -> Tensor:
        """Fill ``states``, the first being x; return the last, in memory of its own."""
        self.states[0] = x
        torch.mul(self.systems.B, self.inputs, out=self.states[1:])
        states, turned, real_parts, negatives = _parts(self.walked[0])
        for k, (real, imaginary) in enumerate(zip(*_lists(self.moved), strict=True)):
            torch.neg(real_parts[k], out=negatives[k])
            later = states[k + 1].add_(states[k]).addcmul_(states[k], real)
            later.addcmul_(turned[k], imaginary, value=-1)
        return states[-1].clone()

    def walk_back(self, dx: Tensor) -> Tensor:
        """Add to ``dstates`` what comes from later states, dx from beyond; return the first, in memory of its own."""
        self.dstates[0] = 0
        dstates, turned, real_parts, negatives = _parts(self.walked[1])
        dstates[-1].add_(dx)
        transitions = [*enumerate(zip(*_lists(self.moved), strict=True), start=1)]
        for k, (real, imaginary) in reversed(transitions):
            torch.neg(real_parts[k], out=negatives[k])
            earlier = dstates[k - 1].add_(dstates[k]).addcmul_(dstates[k], real)
            earlier.addcmul_(turned[k], imaginary)
        return dstates[0].clone()

    def transitions_gradient(self, guard: bool) -> Tensor:
        """Gradient of the transitions before they were clamped: what is radial is lost where they were."""
        dstates = self.dstates[1:]
        x_real, x_imaginary = self.states[:-1].unbind(1)
        gradient = torch.mul(dstates, x_real[:, None], out=self.spare)
        gradient[:, 0].addcmul_(dstates[:, 1], x_imaginary)
        gradient[:, 1].addcmul_(dstates[:, 0], x_imaginary, value=-1)
        if guard:
            radial = self.walked[0, 1:, 2]  # no longer of use
            torch.addcmul(gradient[:, 0], gradient[:, 0], self.moved[:, 0], out=radial)
            radial.addcmul_(gradient[:, 1], self.moved[:, 1]).mul_(self.clamped)
            gradient.addcmul_(self.moved, radial[:, None], value=-1)
            gradient[:, 0] -= radial
            gradient.addcmul_(gradient, self.scale[:, None])
        return gradient

    def ending(self, lengths: Tensor, k: int) -> tuple[Tensor, Tensor]:
        """Columns whose cases end in this chunk, from step k on, and after which of its steps (from 0)."""
        n_cases = self.inputs.shape[-1] // len(lengths)
        last = lengths.repeat(n_cases) - k - 1
        columns = ((last >= 0) & (last < len(self.inputs))).nonzero()[:, 0]
        return columns, last[columns]


def _parts(walked: Tensor) -> tuple[tuple[Tensor, ...], ...]:
    """Step by step: the pairs, their products with -i, their real parts, and where the latter's negatives belong."""
    return walked[:, :2].unbind(), walked[:, 1:].unbind(), walked[:, 0].unbind(), walked[:, 2].unbind()


def _lists(moved: Tensor) -> tuple[tuple[Tensor, ...], ...]:
    """Real and imaginary parts, step by step."""
    return moved[:, 0].unbind(), moved[:, 1].unbind()


def _by_time(u: Tensor, n_directions: int) -> Tensor:
    """(H, batch, L) as (L, 1, 1, R), the second direction's columns reversed."""
    directions = torch.stack([u, u.flip(-1)][:n_directions])
    return directions.permute(3, 0, 1, 2).flatten(1)[:, None, None].contiguous()


def _by_case(y: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Inverse of ``_by_time``, adding up the directions; ``shape`` is (n_directions, H, batch)."""
    forward, *backward = y.view(-1, *shape).unbind(1)
    total = forward + backward[0].flip(0) if backward else forward
    cases: Tensor = total.permute(1, 2, 0).contiguous()
    return cases


def _to_columns(pairs: Tensor) -> Tensor:
    """Complex (n_directions, H, batch, P) as real (2, P, R)."""
    return torch.view_as_real(pairs.resolve_conj()).permute(4, 3, 0, 1, 2).flatten(2).contiguous()


def _from_columns(columns: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Real (k, P, R) as (n_directions, H, batch, P, k)."""
    values: Tensor = columns.unflatten(2, shape).permute(2, 3, 4, 1, 0).contiguous()
    return values
