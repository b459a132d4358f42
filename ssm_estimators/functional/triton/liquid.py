"""The scan of liquid systems in two kernels: each walks along its cases step by step, their states on the chip."""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.block_matrices import to_pairs
from ssm_estimators.functional.triton.launch import launch

CASES = 4  # a program
CHUNK = 64  # steps whose states the backward pass makes again


@triton.jit
def _load_pairs(pairs, row, p, P: tl.constexpr):
    """Real and imaginary parts of complex (rows, P), the modes in a row."""
    at = pairs + 2 * (row * P + p)[None, :]
    return tl.load(at, (p < P)[None, :], 0.0), tl.load(at + 1, (p < P)[None, :], 0.0)


@triton.jit
def _load_excess(excess, h, p, P: tl.constexpr):
    """What makes up the excess of a feature's modes: three rows of real (H, 3, P)."""
    at = excess + (3 * h * P + p)[None, :]
    is_mode = (p < P)[None, :]
    return tl.load(at, is_mode, 0.0), tl.load(at + P, is_mode, 0.0), tl.load(at + 2 * P, is_mode, 0.0)


@triton.jit
def _transition(u, A, A_imag, B, B_imag, excess_0, excess_1, excess_2, GUARD: tl.constexpr):
    """Transition less 1, what clamped it less 1, and the excess of its squared modulus over 1."""
    real, imag = A + u * B, A_imag + u * B_imag
    excess = excess_0 + u * (excess_1 + u * excess_2)
    scale = tl.zeros_like(excess)
    if GUARD:
        scale = tl.rsqrt(1 + tl.maximum(excess, 0.0)) - 1
        real, imag = real + real * scale + scale, imag + imag * scale
    return real, imag, scale, excess


@triton.jit
def _liquid_walk(
    u, A_less_1, B_bar, readout, excess, initial, last, y, end, starts, n_clamped, log_moduli, H, n_cases, L, n_chunks,
    P: tl.constexpr, WIDTH: tl.constexpr, CASES: tl.constexpr, CHUNK: tl.constexpr,
    GUARD: tl.constexpr, INITIAL: tl.constexpr,
):  # fmt: skip
    """Outputs of one direction and feature, the state at the end of each case and before each chunk."""
    column, direction = tl.program_id(1).to(tl.int64), tl.program_id(1) // H
    h = column % H
    case, p = tl.program_id(0) * CASES + tl.arange(0, CASES), tl.arange(0, WIDTH)
    is_case, here = case < n_cases, (case < n_cases)[:, None] & (p < P)[None, :]
    A, A_imag = _load_pairs(A_less_1, h, p, P)
    B, B_imag = _load_pairs(B_bar, h, p, P)
    C, C_imag = _load_pairs(readout, column, p, P)
    excess_0, excess_1, excess_2 = _load_excess(excess, h, p, P)
    at = 2 * (((h * n_cases + case) * P)[:, None] + p[None, :])
    x, x_imag = tl.zeros((CASES, WIDTH), tl.float32), tl.zeros((CASES, WIDTH), tl.float32)
    if INITIAL:
        x, x_imag = tl.load(initial + at, here, 0.0), tl.load(initial + at + 1, here, 0.0)
    ending = tl.load(last + case, is_case, -1)
    x_end, x_end_imag = x, x_imag
    met, logarithms = tl.zeros((CASES, WIDTH), tl.int32), tl.zeros((CASES, WIDTH), tl.float32)
    inputs, outputs = u + (h * n_cases + case) * L, y + (column * n_cases + case) * L
    for k in range(L):
        if k % CHUNK == 0:
            start = starts + 2 * ((((column * n_chunks + k // CHUNK) * n_cases + case) * P)[:, None] + p[None, :])
            tl.store(start, x, here)
            tl.store(start + 1, x_imag, here)
        time = tl.where(direction == 1, L - 1 - k, k)
        u_k = tl.load(inputs + time, is_case, 0.0)[:, None]
        real, imag, _scale, of_excess = _transition(u_k, A, A_imag, B, B_imag, excess_0, excess_1, excess_2, GUARD)
        if GUARD:
            met += (of_excess > 0).to(tl.int32)
            logarithms += tl.log(tl.abs(1 + of_excess))
        moved = x + real * x - imag * x_imag + B * u_k
        x_imag = x_imag + real * x_imag + imag * x + B_imag * u_k
        x = moved
        tl.store(outputs + time, tl.sum(C * x + C_imag * x_imag, 1), is_case)
        is_end = (ending == k)[:, None]
        x_end, x_end_imag = tl.where(is_end, x, x_end), tl.where(is_end, x_imag, x_end_imag)
    at = 2 * (((column * n_cases + case) * P)[:, None] + p[None, :])
    tl.store(end + at, x_end, here)
    tl.store(end + at + 1, x_end_imag, here)
    at = ((column * n_cases + case) * P)[:, None] + p[None, :]
    tl.store(n_clamped + at, met, here)
    tl.store(log_moduli + at, logarithms / 2, here)


@triton.jit
def _liquid_walk_back(
    u, A_less_1, B_bar, readout, excess, last, starts, dy, dend, kept, du, dA, dB, dreadout, dinitial,
    H, n_cases, L, n_chunks,
    P: tl.constexpr, WIDTH: tl.constexpr, CASES: tl.constexpr, CHUNK: tl.constexpr, GUARD: tl.constexpr,
):  # fmt: skip
    """Gradients, chunk by chunk against time; the states inside a chunk are made again, and kept in ``kept``."""
    column, direction = tl.program_id(1).to(tl.int64), tl.program_id(1) // H
    h = column % H
    case, p = tl.program_id(0) * CASES + tl.arange(0, CASES), tl.arange(0, WIDTH)
    is_case, here = case < n_cases, (case < n_cases)[:, None] & (p < P)[None, :]
    A, A_imag = _load_pairs(A_less_1, h, p, P)
    B, B_imag = _load_pairs(B_bar, h, p, P)
    C, C_imag = _load_pairs(readout, column, p, P)
    excess_0, excess_1, excess_2 = _load_excess(excess, h, p, P)
    ending = tl.load(last + case, is_case, -1)
    inputs, doutputs = u + (h * n_cases + case) * L, dy + (h * n_cases + case) * L
    dinputs = du + (column * n_cases + case) * L
    at = 2 * (((column * n_cases + case) * P)[:, None] + p[None, :])
    G_end, G_end_imag = tl.load(dend + at, here, 0.0), tl.load(dend + at + 1, here, 0.0)
    G, G_imag = tl.zeros((CASES, WIDTH), tl.float32), tl.zeros((CASES, WIDTH), tl.float32)
    sum_A, sum_A_imag = tl.zeros((1, WIDTH), tl.float64), tl.zeros((1, WIDTH), tl.float64)
    sum_B, sum_B_imag = tl.zeros((1, WIDTH), tl.float64), tl.zeros((1, WIDTH), tl.float64)
    sum_C, sum_C_imag = tl.zeros((1, WIDTH), tl.float64), tl.zeros((1, WIDTH), tl.float64)
    program = column * tl.num_programs(0) + tl.program_id(0)
    own = kept + 2 * (program * CHUNK * CASES * WIDTH + tl.arange(0, CASES)[:, None] * WIDTH + p[None, :])
    for back in range(n_chunks):
        first = (n_chunks - 1 - back) * CHUNK
        n_steps = tl.minimum(CHUNK, L - first)
        start = starts + 2 * ((((column * n_chunks + first // CHUNK) * n_cases + case) * P)[:, None] + p[None, :])
        x, x_imag = tl.load(start, here, 0.0), tl.load(start + 1, here, 0.0)
        for step in range(n_steps):
            tl.store(own + 2 * step * CASES * WIDTH, x)
            tl.store(own + 2 * step * CASES * WIDTH + 1, x_imag)
            time = tl.where(direction == 1, L - 1 - first - step, first + step)
            u_k = tl.load(inputs + time, is_case, 0.0)[:, None]
            real, imag, scale, of_excess = _transition(u_k, A, A_imag, B, B_imag, excess_0, excess_1, excess_2, GUARD)
            moved = x + real * x - imag * x_imag + B * u_k
            x_imag = x_imag + real * x_imag + imag * x + B_imag * u_k
            x = moved
        tl.debug_barrier()
        part_A, part_A_imag = tl.zeros((CASES, WIDTH), tl.float32), tl.zeros((CASES, WIDTH), tl.float32)
        part_B, part_B_imag = tl.zeros((CASES, WIDTH), tl.float32), tl.zeros((CASES, WIDTH), tl.float32)
        part_C, part_C_imag = tl.zeros((CASES, WIDTH), tl.float32), tl.zeros((CASES, WIDTH), tl.float32)
        for back_step in range(n_steps):
            step = n_steps - 1 - back_step
            time = tl.where(direction == 1, L - 1 - first - step, first + step)
            u_k = tl.load(inputs + time, is_case, 0.0)[:, None]
            dy_k = tl.load(doutputs + time, is_case, 0.0)[:, None]
            part_C, part_C_imag = part_C + x * dy_k, part_C_imag + x_imag * dy_k
            is_end = (ending == first + step)[:, None]
            G = G + C * dy_k + tl.where(is_end, G_end, 0.0)
            G_imag = G_imag + C_imag * dy_k + tl.where(is_end, G_end_imag, 0.0)
            x, x_imag = tl.load(own + 2 * step * CASES * WIDTH), tl.load(own + 2 * step * CASES * WIDTH + 1)
            real, imag, scale, of_excess = _transition(u_k, A, A_imag, B, B_imag, excess_0, excess_1, excess_2, GUARD)
            da, da_imag = x * G + x_imag * G_imag, x * G_imag - x_imag * G
            if GUARD:  # of a clamped transition what is radial is lost
                radial = tl.where(of_excess > 0, (1 + real) * da + imag * da_imag, 0.0)
                da, da_imag = da - (1 + real) * radial, da_imag - imag * radial
                da, da_imag = da + da * scale, da_imag + da_imag * scale
            part_A, part_A_imag = part_A + da, part_A_imag + da_imag
            driven, driven_imag = G + da, G_imag + da_imag
            part_B, part_B_imag = part_B + driven * u_k, part_B_imag + driven_imag * u_k
            tl.store(dinputs + time, tl.sum(driven * B + driven_imag * B_imag, 1), is_case)
            carried = G + real * G + imag * G_imag
            G_imag = G_imag + real * G_imag - imag * G
            G = carried
        sum_A += tl.sum(part_A.to(tl.float64), 0)[None, :]
        sum_A_imag += tl.sum(part_A_imag.to(tl.float64), 0)[None, :]
        sum_B += tl.sum(part_B.to(tl.float64), 0)[None, :]
        sum_B_imag += tl.sum(part_B_imag.to(tl.float64), 0)[None, :]
        sum_C += tl.sum(part_C.to(tl.float64), 0)[None, :]
        sum_C_imag += tl.sum(part_C_imag.to(tl.float64), 0)[None, :]
        tl.debug_barrier()
    tl.store(dinitial + at, G, here)
    tl.store(dinitial + at + 1, G_imag, here)
    of_program = 2 * (program * P + p)[None, :]
    is_mode = (p < P)[None, :]
    tl.store(dA + of_program, sum_A, is_mode)
    tl.store(dA + of_program + 1, sum_A_imag, is_mode)
    tl.store(dB + of_program, sum_B, is_mode)
    tl.store(dB + of_program + 1, sum_B_imag, is_mode)
    tl.store(dreadout + of_program, sum_C, is_mode)
    tl.store(dreadout + of_program + 1, sum_C_imag, is_mode)


class TritonLiquidScan(torch.autograd.Function):
    """As :class:`~ssm_estimators.functional.liquid.exact_scan.LiquidScan`."""

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
        u, last = u.contiguous(), (lengths - 1).to(torch.int32)
        systems = _systems(A_bar, B_bar, C, u)
        (H, batch, L), P, directions = u.shape, A_bar.shape[1], len(C)
        n_chunks = triton.cdiv(L, CHUNK)
        y = u.new_empty(directions, H, batch, L)
        end, log_moduli = u.new_empty(directions, H, batch, P, 2), u.new_empty(directions, H, batch, P)
        starts = u.new_empty(directions, H, n_chunks, batch, P, 2)
        n_clamped = torch.empty(directions, H, batch, P, dtype=torch.int32, device=u.device)
        start = u if initial is None else torch.view_as_real(initial.resolve_conj().contiguous())
        launch(
            _liquid_walk, (triton.cdiv(batch, CASES), directions * H),
            u, *systems, start, last, y, end, starts, n_clamped, log_moduli, H, batch, L, n_chunks,
            GUARD=guard, INITIAL=initial is not None, **_sizes(P),
        )  # fmt: skip
        ctx.guard, ctx.initial_given = guard, initial is not None
        ctx.save_for_backward(A_bar, B_bar, C, u, last, starts)
        met = n_clamped.sum(dtype=torch.float64)
        ctx.mark_non_differentiable(met, log_moduli)
        return y.sum(0), torch.view_as_complex(end[0].contiguous()), met, log_moduli

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, dend: Tensor, *_: None) -> tuple[Tensor | None, ...]:
        A_bar, B_bar, C, u, last, starts = ctx.saved_tensors
        (H, batch, L), P, directions = u.shape, A_bar.shape[1], len(C)
        programs = triton.cdiv(batch, CASES)
        of_end = torch.view_as_real(dend.resolve_conj()).expand(directions, -1, -1, -1, -1).contiguous()
        du, dinitial = u.new_empty(directions, H, batch, L), torch.empty_like(of_end)
        sizes = _sizes(P)
        kept = u.new_empty(directions * H * programs, CHUNK, CASES, sizes["WIDTH"], 2)
        sums = [A_bar.real.new_empty(directions, H, programs, P, 2) for _ in range(3)]
        launch(
            _liquid_walk_back, (programs, directions * H),
            u, *_systems(A_bar, B_bar, C, u), last, starts, dy.contiguous(), of_end, kept, du, *sums, dinitial,
            H, batch, L, triton.cdiv(L, CHUNK), GUARD=ctx.guard, **sizes,
        )  # fmt: skip
        of_A, of_B, of_readout = (torch.view_as_complex(value.sum(2)) for value in sums)
        start = None
        if ctx.initial_given:
            start = torch.view_as_complex(dinitial[0]) + torch.where(last[:, None] < 0, dend, 0)
        return of_A.sum(0).to(A_bar), of_B.sum(0).to(B_bar), 2 * of_readout.conj().to(C), du.sum(0), start, None, None


def _systems(A_bar: Tensor, B_bar: Tensor, C: Tensor, u: Tensor) -> list[Tensor]:
    """A_bar - 1, B_bar and twice the conjugate of C in components, and what makes up the excess, (H, 3, P)."""
    pairs = [torch.view_as_real(to_pairs(v, u).resolve_conj().contiguous()) for v in (A_bar - 1, B_bar, 2 * C.conj())]
    excess = [A_bar.abs().square() - 1, 2 * (A_bar.conj() * B_bar).real, B_bar.abs().square()]
    return [*pairs, torch.stack(excess, 1).to(u)]


def _sizes(P: int) -> dict[str, int]:
    return {"P": P, "WIDTH": triton.next_power_of_2(P), "CASES": CASES, "CHUNK": CHUNK}
