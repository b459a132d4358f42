"""Dense discrete systems: their block matrices and single steps. S4 and LSSL have such, on real states."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.blocks import Blocks, toeplitz


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

    def blocks(self, T: int, like: Tensor) -> Blocks:
        """Block matrices for chunks of T inputs, by doubling.

        Parameters
        ----------
        T : int
            Inputs a chunk.
        like : Tensor
            The result has its dtype and device. All is computed in float64, and cast at the end: in float32 the powers
            lose four digits.

        Returns
        -------
        Blocks
        """
        n_directions, H, M, N = self.C.shape
        power, transition = self.A_bar, None
        columns = self.B_bar[:, :, None]  # A_bar^l B_bar, l = 0, 1, ...
        rows = self.C.permute(1, 0, 2, 3).reshape(H, -1, N) @ self.A_bar  # C A_bar^(l+1), lag by lag
        kernels = self.C.permute(1, 0, 2, 3).reshape(H, -1, N)
        for bit in range(T.bit_length()):
            if T >> bit & 1:
                transition = power if transition is None else transition @ power
            missing = min(T - 2**bit, 2**bit)
            if missing > 0:
                columns = torch.cat([columns, power @ columns[..., :missing]], dim=-1)
                rows = torch.cat([rows, rows[:, : missing * n_directions * M] @ power], dim=1)
                power = power @ power
        assert transition is not None
        kernels = (kernels @ columns).unflatten(1, (n_directions, M))  # (H, n_directions, M, T)
        readout = rows.view(H, T, n_directions, M, N).permute(2, 0, 4, 3, 1).to(like)  # (n_directions, H, N, M, T)
        first = (kernels[:, 0] + pad(self.D[..., None], (0, T - 1))).to(like).flatten(0, 1)
        second = kernels[:, 1].to(like).flatten(0, 1) if n_directions == 2 else None
        into_state = columns.mT.to(like)
        return Blocks(
            toeplitz=(toeplitz(first, second).unflatten(0, (H, M)).transpose(1, 2).flatten(2),),
            into_state=(into_state.flip(1), into_state)[:n_directions],
            routes=((0, 0), (0, 1))[:n_directions],
            from_state=(readout[0].flatten(2), *(back.flip(-1).flatten(2) for back in readout[1:])),
            transition=transition.mT.to(like),
            A_bar=self.A_bar.mT,
        )

    def step(self, inputs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """One time point: (H, batch, 1) inputs, (H, batch, N) state to (H * M, batch) output, next state; in float64."""
        u_k = inputs.to(self.B_bar)
        x = torch.bmm(state.to(self.A_bar), self.A_bar.mT) + u_k * self.B_bar[:, None]
        y = self.C[0] @ x.mT + self.D[..., None] * u_k.mT  # (H, M, batch)
        return y.flatten(0, 1), x
