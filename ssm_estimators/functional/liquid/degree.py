r"""The liquid system exactly up to a degree, as matrix products.

:math:`x^1_k = \bar A x^1_{k-1} + \bar B u_k`, :math:`x^q_k = \bar A x^q_{k-1} + u_k (\bar B \odot x^{q-1}_{k-1})`,
:math:`y = C \sum_q x^q`: a product of q inputs has :math:`\bar B^q`, and one power of A_bar less a factor. Hence,
within a chunk,

.. math:: y_k = \sum_q \sum_{j \le k} K^{(q)}_{k-j}\, u_j\, e_{q-1}(u_{j+1}, \ldots, u_k),
          \qquad K^{(q)}_l = C \bar A^{l+1-q} \bar B^q, \quad l \ge q - 1,

with e the elementary symmetric sums. From the generating function,
:math:`e_q(u_{j+1} \ldots u_k) = \sum_m e_m(u_0 \ldots u_k)\, h_{q-m}(u_0 \ldots u_j)`, h the signed complete sums: one
factor depends on k only, the other on j only, and what is left is a Toeplitz product. Sums start anew in each chunk.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.checkpoint import checkpoint

from ssm_estimators.functional.block_matrices import as_components, as_pairs, both_directions, move, to_pairs, toeplitz
from ssm_estimators.functional.liquid.form import Discretize, LiquidForm
from ssm_estimators.functional.liquid.symmetric_sums import symmetric_sums
from ssm_estimators.functional.scan.scan import check_directions, chunk_length, known_lengths
from ssm_estimators.functional.scan.torch_scan import ChunkStates
from ssm_estimators.functional.systems.diagonal import DiagonalSystem, as_columns, complex_powers

CACHED = 2**20  # inputs, or states, of whole features that are worked on at a time


@dataclass(frozen=True)
class Degree(LiquidForm):
    """All products of up to ``degree`` inputs, near or far; the state holds each degree's, lowest first.

    Parameters
    ----------
    degree : int
        Largest number of inputs in a product.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, equation 5: its sum over products, cut at a degree.

    Examples
    --------
    A running sum, and the products of all pairs of inputs added to it: 1 + 2 + 3 + 1 2 + 1 3 + 2 3 = 17.

    >>> one = torch.ones(1, 1, dtype=torch.complex128)
    >>> sums = DiagonalSystem(one, one[None], one[None] / 2, torch.zeros(1).double())
    >>> y, _ = Degree(2).scan(lambda rate: sums, torch.tensor([[[1.0, 2.0, 3.0]]]))
    >>> y[0, 0].tolist()
    [1.0, 5.0, 17.0]
    """

    degree: int

    def state_size(self, N: int) -> int:
        return self.degree * N

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
        check_directions(len(system.C), state, return_state)
        with torch.autocast(u.device.type, enabled=False):
            if len(system.C) == 1:
                return self._by_features(system, u, state, lengths, return_state)
            first, second = (replace(system, C=C) for C in system.C.split(1))
            second = replace(second, D=torch.zeros_like(system.D))
            backward, _ = self._by_features(second, u.flip(-1), None, None, False)
            return self._by_features(first, u, None, None, False)[0] + backward.flip(-1), None

    def step(self, discretize: Discretize, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        system = discretize(rate)
        state = self._advance(system, u_k, state)
        x = as_pairs(state.unflatten(-1, (self.degree, -1))).sum(2)
        return 2 * (system.C[0][:, None] * x).sum(-1).real + system.D[:, None] * u_k.to(system.D), state

    def _chunk_length(self, L: int) -> int:
        return chunk_length(L, longest=64 if self.degree == 2 else 16)  # the sums cancel, the more the longer

    def _by_features(
        self, system: DiagonalSystem, u: Tensor, state: Tensor | None, lengths: Tensor | None, return_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """One direction, some features at a time; of degrees above 2 the backward pass makes all but inputs again."""
        H, batch, L = u.shape
        n_states = 2 * system.A_bar.shape[1] // self._chunk_length(L)  # an input
        size = max(1, CACHED // (batch * L * max(1, n_states))) if u.device.type == "cpu" else H
        again = self.degree > 2 and torch.is_grad_enabled()

        def scan(A_bar: Tensor, B_bar: Tensor, C: Tensor, D: Tensor, u: Tensor, x: Tensor | None) -> Any:
            return self._scan(DiagonalSystem(A_bar, B_bar[None], C[None], D), u, x, lengths, return_state)

        tensors = (system.A_bar, system.B_bar[0], system.C[0], system.D, u)
        parts = [tensor.split(size) for tensor in tensors] + [[None] * H if state is None else state.split(size)]
        # a pass draws no random numbers, whose state a CUDA graph would not let it read
        run = partial(checkpoint, scan, use_reentrant=False, preserve_rng_state=False) if again else scan
        made = [run(*some) for some in zip(*parts, strict=False)]
        outputs, states = zip(*made, strict=True)
        return torch.cat(outputs), torch.cat(states) if return_state else None

    def _scan(
        self, system: DiagonalSystem, u: Tensor, state: Tensor | None, lengths: Tensor | None, return_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """One direction, all features at once."""
        H, batch, L = u.shape
        T = self._chunk_length(L)
        n_chunks = L // T + 1 if return_state else -(-L // T)
        chunks = pad(u, (0, n_chunks * T - L)).reshape(H, -1, T)
        moved = _moved(system.A_bar, system.B_bar[0], self.degree, T)
        driven = [system.B_bar[0][..., None] * powers[..., :-1] for powers in moved]
        sums, inputs, suffixes = symmetric_sums(chunks, self.degree)
        before = self._states(moved, driven, suffixes, sums, state, batch)
        y = self._outputs(2 * system.C[0][..., None], moved, driven, inputs, sums, before)
        y = y.view(H, batch, -1)[..., :L]
        y = torch.addcmul(y, u, system.D.to(u)[:, None, None])
        if not return_state:
            return y, None
        lengths = known_lengths(u, lengths)
        case = torch.arange(batch, device=u.device)
        end = torch.cat([x.unflatten(1, (batch, -1))[:, case, lengths // T] for x in before], dim=-1)
        rest = lengths % T
        tail = chunks.unflatten(1, (batch, -1))[:, case, lengths // T]
        for k in range(int(rest.max())):
            end = torch.where((k < rest)[:, None], self._advance(system, tail[..., k], end).to(end), end)
        return y, end

    def _advance(self, system: DiagonalSystem, u_k: Tensor, state: Tensor) -> Tensor:
        """One step of the coupled recurrences, in float64."""
        x = as_pairs(state.to(system.D).unflatten(-1, (self.degree, -1)))  # (H, batch, degree, P)
        below = torch.cat([torch.ones_like(x[:, :, :1]), x[:, :, :-1]], dim=2)
        b = system.B_bar[0][:, None] * u_k.to(system.D)[..., None]
        return as_components(system.A_bar[:, None, None] * x + b[:, :, None] * below).flatten(-2)

    def _states(
        self,
        moved: list[Tensor],
        driven: list[Tensor],
        suffixes: list[Tensor],
        sums: list[Tensor],
        initial: Tensor | None,
        batch: int,
    ) -> list[Tensor]:
        """States of each degree before each chunk, (H, rows, N): driven by the inputs and by the degrees below."""
        like = suffixes[0]
        starts = [None] * self.degree if initial is None else [x.contiguous() for x in initial.chunk(self.degree, -1)]
        ends = [to_pairs(powers[..., -1], like) for powers in moved]
        before: list[Tensor] = []
        for s, start in enumerate(starts):
            left = torch.bmm(suffixes[s], as_columns(driven[s].flip(-1)).to(like).mT)
            for m in range(1, s + 1):
                left = torch.addcmul(left, move(before[s - m], ends[m]), sums[m][..., -1:])
            states = ChunkStates.apply(left, ends[0], start, batch)  # type: ignore[no-untyped-call]  # no types in PyTorch
            before.append(states)
        return before

    def _outputs(
        self,
        C: Tensor,
        moved: list[Tensor],
        driven: list[Tensor],
        inputs: list[Tensor],
        sums: list[Tensor],
        before: list[Tensor],
    ) -> Tensor:
        """Sum over m of e_m times what states and inputs give at that factor, (H, rows, T)."""
        like = inputs[0]
        matrices = [toeplitz(both_directions((C * powers).sum(1).real.to(like)[:, None])) for powers in driven]
        below, y = torch.zeros_like(before[0]), torch.zeros_like(like)
        for m in reversed(range(self.degree)):
            below = below + before[self.degree - 1 - m]
            part = torch.bmm(below, as_columns((C * moved[m][..., 1:]).conj()).to(like))
            for r in range(self.degree - m):
                part.baddbmm_(inputs[r], matrices[m + r])
            y = y + part if m == 0 else torch.addcmul(y, part, sums[m])
        return y


def _moved(A_bar: Tensor, B_bar: Tensor, degree: int, T: int) -> list[Tensor]:
    """For m = 0 ... degree - 1: B_bar^m A_bar^(l - m) at l = 0 ... T, zero below l = m; (H, P, T + 1) each."""
    powers = complex_powers(A_bar, T)
    shifts = range(min(degree, T + 1))
    moved = [pad(B_bar[..., None] ** m * powers[..., : T + 1 - m], (m, 0)) for m in shifts]
    return moved + [torch.zeros_like(powers)] * (degree - len(moved))
