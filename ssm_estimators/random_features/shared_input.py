"""Many diagonal systems that hear the same few inputs: their responses by large matrix products."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ssm_estimators.functional.block_matrices import as_components, as_pairs
from ssm_estimators.functional.systems.diagonal import DiagonalSystem


@dataclass(frozen=True)
class SharedInput:
    """Block matrices of H systems, a column a time point, for G inputs each heard by H / G neighbouring systems.

    The inputs come in chunks of T points, ``(G, T, n_chunks, batch)``, as :func:`in_chunks` makes them. A response
    costs T + N multiplications and additions a point, in products large enough for a processor's full speed; only the
    states run from chunk to chunk.

    Attributes
    ----------
    toeplitz : Tensor of shape (H, T, T)
    into_state : Tensor of shape (T, H * N)
    from_state : Tensor of shape (H, T, N)
    transition : Tensor of shape (H * N / 2,), complex
    """

    toeplitz: Tensor
    into_state: Tensor
    from_state: Tensor
    transition: Tensor

    @classmethod
    def of(cls, system: DiagonalSystem, T: int, like: Tensor) -> "SharedInput":
        """Block matrices of a system of one input and direction; ``like`` gives dtype and device."""
        blocks = system.blocks(T, like)
        return cls(
            toeplitz=blocks.toeplitz[0].mT.contiguous(),
            into_state=blocks.into_state[0].transpose(0, 1).flatten(1).contiguous(),
            from_state=blocks.from_state[0].mT.contiguous(),
            transition=blocks.transition.flatten(),
        )

    def select(self, start: int, stop: int) -> "SharedInput":
        """The systems from ``start`` to ``stop``."""
        N = self.from_state.shape[2]
        return SharedInput(
            self.toeplitz[start:stop],
            self.into_state[:, start * N : stop * N],
            self.from_state[start:stop],
            self.transition[start * N // 2 : stop * N // 2],
        )

    def states(self, chunks: Tensor) -> Tensor:
        """States before each chunk.

        Parameters
        ----------
        chunks : Tensor of shape (G, T, n_chunks, batch)

        Returns
        -------
        Tensor of shape (G, n_chunks * batch, H / G, N)
        """
        G, T, n_chunks, batch = chunks.shape
        N = self.from_state.shape[2]
        into_state = self.into_state.view(T, G, -1).transpose(0, 1)
        driven = torch.bmm(chunks.flatten(2).mT, into_state).view(G, n_chunks, batch, -1)
        driven, transition = as_pairs(driven), self.transition.view(G, 1, -1)
        states = torch.zeros_like(driven)
        for i in range(1, n_chunks):
            torch.addcmul(driven[:, i - 1], states[:, i - 1], transition, out=states[:, i])
        return as_components(states).view(G, n_chunks * batch, -1, N)

    def respond(self, chunks: Tensor, states: Tensor) -> Tensor:
        """Responses of the systems.

        Parameters
        ----------
        chunks : Tensor of shape (G, T, n_chunks, batch)
        states : Tensor of shape (G, n_chunks * batch, H / G, N)
            Before each chunk.

        Returns
        -------
        Tensor of shape (H, T, n_chunks, batch)
        """
        G, T, n_chunks, batch = chunks.shape
        H = len(self.toeplitz)
        y = torch.bmm(self.toeplitz.view(G, -1, T), chunks.flatten(2)).view(H, T, -1)
        if n_chunks > 1:
            y.baddbmm_(self.from_state, states.permute(0, 2, 3, 1).reshape(H, -1, n_chunks * batch))
        return y.view(H, T, n_chunks, batch)


def in_chunks(u: Tensor, T: int) -> Tensor:
    """Inputs (G, batch, L) as chunks (G, T, n_chunks, batch), zero past the end.

    Examples
    --------
    >>> in_chunks(torch.arange(1.0, 6.0).view(1, 1, 5), T=3)[0, :, :, 0].T.tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]
    """
    G, batch, L = u.shape
    n_chunks = -(-L // T)
    padded = torch.nn.functional.pad(u, (0, n_chunks * T - L))
    return padded.view(G, batch, n_chunks, T).permute(0, 3, 2, 1).contiguous()
