"""Dense discrete systems: their block matrices and single steps. S4 and LSSL have such, on real states."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.autograd import once_differentiable
from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.block_matrices import Blocks, Sizes, both_directions, toeplitz
from ssm_estimators.functional.last_made import LastMade
from ssm_estimators.functional.triton.sizes import doubling_fits


@dataclass(frozen=True)
class DenseSystem:
    r"""H systems of N real states and M outputs each: :math:`x_k = \bar A x_{k-1} + \bar B u_k`, y = C x + D u.

    With two readouts in ``C`` the second is that of the same system run backward in time.

    Attributes
    ----------
    A_bar : Tensor of shape (H, N, N), float64
    B_bar : Tensor of shape (H, N), float64
    C : Tensor of shape (1 or 2, H, M, N), float64
    D : Tensor of shape (H, M), float64
        Gain, forward.
    powers : LastMade or None, default=None
        Where to keep what A_bar and B_bar alone make of the block matrices, by chunk length, for systems in which these
        two are the same and not trained.

    Examples
    --------
    A sum that forgets half at each step:

    >>> half, one = torch.full((1, 1, 1), 0.5), torch.ones(1, 1)
    >>> system = DenseSystem(half, one, one[None, None], torch.zeros(1, 1))
    >>> system.blocks(T=3, like=torch.zeros(1)).toeplitz[0].tolist()
    [[[1.0, 0.5, 0.25], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]]]
    """

    A_bar: Tensor
    B_bar: Tensor
    C: Tensor
    D: Tensor
    powers: LastMade | None = None

    @property
    def sizes(self) -> Sizes:
        """Of the block matrices."""
        return Sizes(1, self.C.shape[2], self.A_bar.shape[1], is_diagonal=False)

    def kernels(self, L: int, like: Tensor) -> tuple[Tensor, ...]:
        """Responses at lags 1 - L ... L - 1, (H, M, 2 * L - 1).

        Parameters
        ----------
        L : int
        like : Tensor
            The result has its dtype and device. All is computed in float64, and cast at the end.

        Returns
        -------
        tuple of one Tensor
        """
        kernels = _Kernels.apply(self.A_bar, self.B_bar, self._readouts(), L, like.dtype)  # type: ignore[no-untyped-call]  # PyTorch's has no types
        return (self._lags(kernels.to(like)),)

    def blocks(self, T: int, like: Tensor) -> Blocks:
        """Block matrices for chunks of T inputs, by doubling.

        Parameters
        ----------
        T : int
            Inputs a chunk.
        like : Tensor
            The result has its dtype and device. All is computed in float64, and cast at the end: in float32 the powers
            lose four digits. Triton's kernels keep them there as deviations from the identity.

        Returns
        -------
        Blocks
        """
        n_directions, _, M, _ = self.C.shape
        columns, rows, kernels, transition = (value.to(like) for value in self._doubled(T, like))
        readout = rows.unflatten(2, (n_directions, M)).permute(2, 0, 4, 3, 1)  # (n_directions, H, N, M, T)
        into_state = columns.mT
        return Blocks(
            inputs=((0, 0),),
            toeplitz=(toeplitz(self._lags(kernels)),),
            into_state=(into_state.flip(1), into_state)[:n_directions],
            routes=((0, 0), (0, 1))[:n_directions],
            from_state=(readout[0].flatten(2), *(back.flip(-1).flatten(2) for back in readout[1:])),
            transition=transition.mT,
            A_bar=self.A_bar.mT,
        )

    def _doubled(self, T: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Columns, rows, kernels and the last power, see :class:`_Doubling`."""
        made: tuple[Tensor, Tensor, Tensor, Tensor]
        if takes_triton(like) and self._suits_triton(T, like.device):
            from ssm_estimators.functional.triton.dense import TritonDoubling  # needs triton

            system = (value.to(like.device) for value in (self.A_bar, self.B_bar, self._readouts()))
            made = TritonDoubling.apply(*system, T)  # type: ignore[no-untyped-call]  # PyTorch's has no types
            return made
        kept = LastMade() if self.powers is None else self.powers
        powers = kept.get("powers", T, lambda: _Powers.of(self.A_bar.detach(), self.B_bar.detach(), T))
        made = _Doubling.apply(self.A_bar, self.B_bar, self._readouts(), T, like.dtype, powers)  # type: ignore[no-untyped-call]  # PyTorch's has no types
        return made

    def _suits_triton(self, T: int, device: torch.device) -> bool:
        return self.powers is None and doubling_fits(self.B_bar.shape[1], T, device)

    def _readouts(self) -> Tensor:
        """C as (H, n_directions * M, N)."""
        return self.C.transpose(0, 1).flatten(1, 2)

    def _lags(self, kernels: Tensor) -> Tensor:
        """From the kernels of all directions and outputs, (H, n_directions * M, L), to lags."""
        n_directions, _, M, _ = self.C.shape
        first = kernels[:, :M] + pad(self.D.to(kernels)[..., None], (0, kernels.shape[-1] - 1))
        return both_directions(first, kernels[:, M:] if n_directions == 2 else None)

    def step(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One time point: (H, batch, 1) input, (H, batch, N) state to (H * M, batch) output, next state; in float64."""
        u_k = inputs.to(self.B_bar)
        x = torch.bmm(state.to(self.A_bar), self.A_bar.mT) + u_k * self.B_bar[:, None]
        y = self.C[0] @ x.mT + self.D[..., None] * u_k.mT  # (H, M, batch)
        return y.flatten(0, 1), x


@dataclass(frozen=True)
class _Powers:
    """Columns A^l B (H, N, T); the powers A^1, A^2, A^4 ..., each of which doubles what is there; products up to A^T.

    The products are of the powers at ``factors``, from the first on.
    """

    columns: Tensor
    powers: list[Tensor]
    factors: list[int]
    products: list[Tensor]

    @classmethod
    def of(cls, A: Tensor, B: Tensor, T: int) -> "_Powers":
        """Those of matrices (H, N, N) and vectors (H, N)."""
        columns, powers = B[..., None], [A]
        for length, added in _doublings(T):
            if length > 1:
                powers.append(powers[-1] @ powers[-1])
            columns = torch.cat([columns, powers[-1] @ columns[..., :added]], dim=-1)
        if 2 ** len(powers) == T:
            powers.append(powers[-1] @ powers[-1])
        factors = [i for i in range(len(powers)) if T >> i & 1]
        return cls(columns, powers, factors, [*accumulate((powers[i] for i in factors), torch.matmul)])


class _Doubling(torch.autograd.Function):
    """Columns A^l B (H, N, T); rows C A^(l+1), (H, T, R, N); kernels C A^l B (H, R, T); A^T.

    All is computed in the dtype of A and cast to ``dtype``, the gradient in the latter: rounding does not add up there.
    """

    @staticmethod
    def forward(
        ctx: Any, A: Tensor, B: Tensor, C: Tensor, T: int, dtype: torch.dtype, made: _Powers
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        R, rows = C.shape[1], C @ A
        for (_, added), power in zip(_doublings(T), made.powers, strict=False):
            rows = torch.cat([rows, rows[:, : added * R] @ power], dim=1)
        saved = [value.to(dtype) for value in (C, made.columns, rows, *made.powers, *made.products)]
        ctx.T, ctx.dtype, ctx.factors = T, A.dtype, made.factors
        ctx.save_for_backward(*saved)
        return saved[1], saved[2].unflatten(1, (T, R)), (C @ made.columns).to(dtype), saved[-1]

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, dcolumns: Tensor, drows: Tensor, dkernels: Tensor, dtransition: Tensor
    ) -> tuple[Tensor | None, ...]:
        C, columns, rows, *rest = ctx.saved_tensors
        powers, products = rest[: -len(ctx.factors)], rest[-len(ctx.factors) :]
        R, drows, doublings = C.shape[1], drows.flatten(1, 2).clone(), _doublings(ctx.T)
        if not any(ctx.needs_input_grad[:2]):
            for (length, added), power in reversed([*zip(doublings, powers, strict=False)]):
                drows[:, : added * R] += drows[:, length * R : (length + added) * R] @ power.mT
            dC = dkernels @ columns.mT + drows[:, :R] @ powers[0].mT
            return None, None, dC.to(ctx.dtype), None, None, None
        dpowers = [torch.zeros_like(powers[0]) for _ in powers]
        dcolumns = torch.baddbmm(dcolumns, C.mT, dkernels)
        for i, product in zip(ctx.factors[:0:-1], products[-2::-1], strict=True):
            dpowers[i] += product.mT @ dtransition
            dtransition = dtransition @ powers[i].mT
        dpowers[ctx.factors[0]] += dtransition
        for i in reversed(range(len(powers))):
            if i < len(doublings):
                length, added = doublings[i]
                _undouble_columns(columns, dcolumns, powers[i], dpowers[i], length, added)
                _undouble_rows(rows, drows, powers[i], dpowers[i], length * R, added * R)
            _undouble_power(powers, dpowers, i)
        dA = torch.baddbmm(dpowers[0], C.mT, drows[:, :R])
        dC = dkernels @ columns.mT + drows[:, :R] @ powers[0].mT
        return dA.to(ctx.dtype), dcolumns[..., 0].to(ctx.dtype), dC.to(ctx.dtype), None, None, None


class _Kernels(torch.autograd.Function):
    """C A^l B at lags l = 0 ... T - 1, (H, R, T): rows C A^(s i) times columns A^j B, both by doubling, s about root T.

    In the dtype of A and cast to ``dtype``, the gradient in the latter.
    """

    @staticmethod
    def forward(ctx: Any, A: Tensor, B: Tensor, C: Tensor, T: int, dtype: torch.dtype) -> Tensor:
        n_columns = (T - 1).bit_length() // 2  # doublings
        s, R, powers = 2**n_columns, C.shape[1], [A]
        doublings = [*_doublings(s), *_doublings(-(-T // s))]
        columns, rows = B[..., None], C
        for i, (_, added) in enumerate(doublings):
            if i > 0:
                powers.append(powers[-1] @ powers[-1])
            if i < n_columns:
                columns = torch.cat([columns, powers[-1] @ columns], dim=-1)
            else:
                rows = torch.cat([rows, rows[:, : added * R] @ powers[-1]], dim=1)
        ctx.T, ctx.R, ctx.n_columns, ctx.doublings, ctx.dtype = T, R, n_columns, doublings, A.dtype
        ctx.save_for_backward(*(value.to(dtype) for value in (columns, rows, *powers)))
        kernels = (rows @ columns).unflatten(1, (-1, R)).transpose(1, 2)  # (H, R, n_rows, s)
        made: Tensor = kernels.flatten(2)[..., :T].to(dtype)
        return made

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dkernels: Tensor) -> tuple[Tensor | None, ...]:
        columns, rows, *powers = ctx.saved_tensors
        s, R = columns.shape[-1], ctx.R
        dproducts = (
            pad(dkernels, (0, rows.shape[1] // R * s - ctx.T)).unflatten(2, (-1, s)).transpose(1, 2).flatten(1, 2)
        )
        drows, dcolumns = dproducts @ columns.mT, rows.mT @ dproducts
        dpowers = [torch.zeros_like(power) for power in powers]
        for i, (length, added) in reversed([*enumerate(ctx.doublings)]):
            power, dpower = powers[i], dpowers[i]
            if i < ctx.n_columns:
                _undouble_columns(columns, dcolumns, power, dpower, length, added)
            else:
                _undouble_rows(rows, drows, power, dpower, length * R, added * R)
            _undouble_power(powers, dpowers, i)
        return dpowers[0].to(ctx.dtype), dcolumns[..., 0].to(ctx.dtype), drows[:, :R].to(ctx.dtype), None, None


def _undouble_columns(
    columns: Tensor, dcolumns: Tensor, power: Tensor, dpower: Tensor, length: int, added: int
) -> None:
    """Gradients before ``added`` columns were made as ``power`` times the first ones."""
    new = dcolumns[..., length : length + added]
    dpower.baddbmm_(new, columns[..., :added].mT)
    dcolumns[..., :added] += power.mT @ new


def _undouble_rows(rows: Tensor, drows: Tensor, power: Tensor, dpower: Tensor, length: int, added: int) -> None:
    """Gradients before ``added`` rows were made as the first ones times ``power``."""
    new = drows[:, length : length + added]
    dpower.baddbmm_(rows[:, :added].mT, new)
    drows[:, :added] += new @ power.mT


def _undouble_power(powers: list[Tensor], dpowers: list[Tensor], i: int) -> None:
    """Gradients before power i was made as the square of the one below."""
    if i > 0:
        below = powers[i - 1]
        dpowers[i - 1].baddbmm_(dpowers[i], below.mT).baddbmm_(below.mT, dpowers[i])


def _doublings(T: int) -> list[tuple[int, int]]:
    """From length 1 to T: what is there, and how much of it is added, at most doubling it.

    >>> _doublings(6)
    [(1, 1), (2, 2), (4, 2)]
    """
    lengths = [2**i for i in range((T - 1).bit_length())]
    return [(length, min(length, T - length)) for length in lengths]
