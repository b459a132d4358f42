"""Systems run forward one time point a call, for many streams at once."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from ssm_estimators.functional.block_matrices import Blocks, move
from ssm_estimators.functional.checks import check_real

CHUNK_LENGTH = 24  # inputs between two moves of the states


class Stepper(ABC):
    """H systems with M outputs each and the states of some streams, all at the same time point.

    Parameters
    ----------
    shape : (int, int)
        H and streams.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape

    @torch.no_grad()
    def step(self, *u: Tensor) -> Tensor:
        """Next time point of all streams: inputs (H, n_streams), one unless said otherwise, to (H * M, n_streams).

        Raises
        ------
        ValueError
            If an input has another shape.
        """
        for of_one in u:
            if of_one.shape != self._shape:
                raise ValueError(
                    f"Expected one time point of shape (d_model, n_streams) = {self._shape}; got {tuple(of_one.shape)}."
                )
            check_real(of_one)
        return self._step(*u)

    @abstractmethod
    def _step(self, *u: Tensor) -> Tensor:
        """``step`` of checked inputs."""


class StateStepper(Stepper):
    """Streams moved on by a function of inputs and states (H, n_streams, N), to outputs and next states."""

    def __init__(self, advance: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], state: Tensor) -> None:
        super().__init__((state.shape[0], state.shape[1]))
        self._advance, self._state = advance, state

    def _step(self, *u: Tensor) -> Tensor:
        (u_k,) = u
        y, self._state = self._advance(u_k, self._state)
        return y.to(u_k)


class ChunkStepper(Stepper):
    """The chunked scan, one time point per call: states move on only once a chunk of T inputs is full.

    A step takes as many inputs as a system has. Until a chunk is full an output is what the state before it adds,
    computed for all T at once, and what the chunk's inputs so far do: H (T / 2 + (2 T N + the transition) / T)
    multiplications per stream.

    Parameters
    ----------
    blocks : Blocks
        Of systems that run forward only.
    n_streams : int
    start : int, default=0
        Place of the first input in its chunk: steppers that start at different ones do not all move their states on in
        the same call.

    Notes
    -----
    Slow twin: a layer's ``step``.

    Examples
    --------
    A sum that forgets half at each step:

    >>> from ssm_estimators.functional.systems.diagonal import DiagonalSystem
    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1, 1) + 0j
    >>> blocks = DiagonalSystem(half, one, one / 2, torch.zeros(1)).blocks(T=2, like=torch.zeros(1))
    >>> stepper = ChunkStepper(blocks, n_streams=1)
    >>> [stepper.step(torch.ones(1, 1)).item() for _ in range(3)]
    [1.0, 1.5, 1.75]
    """

    def __init__(self, blocks: Blocks, n_streams: int, start: int = 0) -> None:
        T = blocks.chunk_length
        (readout,) = blocks.from_state
        self._transition = blocks.transition
        self._into_state = torch.stack(blocks.into_state, 2).flatten(1, 2)  # (H, T * Q, N)
        self._from_state = readout.mT.contiguous()  # (H, M * T, N)
        responses = torch.stack(blocks.toeplitz, 2).unflatten(-1, (-1, T))  # (H, T, Q, M, T)
        self._responses = [responses[:, : r + 1, ..., r].flatten(1, 2).mT.contiguous() for r in range(T)]
        H, _, Q, M, _ = responses.shape
        super().__init__((H, n_streams))
        inputs = responses.new_zeros(H, T, Q, n_streams)
        from_before = responses.new_zeros(H, M, T, n_streams)
        self._state = responses.new_zeros(H, n_streams, readout.shape[1])
        self._inputs, self._from_before = inputs.flatten(1, 2), from_before.flatten(1, 2)
        # of each place in a chunk: where its inputs go, all inputs up to it, and what its outputs start from
        self._here = [of_place.unbind(1) for of_place in inputs.unbind(1)]
        self._so_far = [self._inputs[:, : (r + 1) * Q] for r in range(T)]
        self._before = from_before.unbind(2)
        self._place = start % T

    def _step(self, *u: Tensor) -> Tensor:
        r = self._place
        for kept, of_one in zip(self._here[r], u, strict=True):
            kept.copy_(of_one)
        y = torch.baddbmm(self._before[r], self._responses[r], self._so_far[r]).flatten(0, 1)
        self._place = (r + 1) % len(self._here)
        if self._place == 0:
            self._move_on()
        return y

    def _move_on(self) -> None:
        """States after a full chunk, and what they add to the outputs of the next."""
        moved = move(self._state, self._transition)
        torch.baddbmm(moved, self._inputs.mT, self._into_state, out=self._state)
        torch.bmm(self._from_state, self._state.mT, out=self._from_before)
