"""What the layers share: everything, once the discrete system is there."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor

from ssm_estimators.functional.block_matrices import DiscreteSystem, KeptSystem
from ssm_estimators.functional.scan import scan_system
from ssm_estimators.functional.scan.stepper import CHUNK_LENGTH, ChunkStepper, Stepper
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.diagonal import DiagonalSystem
from ssm_estimators.layers.base import SSMLayer, mask_past_end


class ScanLayer(SSMLayer):
    """A layer that scans one discrete linear system a feature, see ``_system``.

    In evaluation, where no gradient is wanted, the discrete systems and the last blocks made of them are kept until a
    parameter or buffer changes or moves, or another rate is asked for.
    """

    _kept: tuple[tuple[object, ...] | None, KeptSystem] | None = None

    @abstractmethod
    def _system(self, rate: float) -> DiagonalSystem | DenseSystem:
        """The discrete systems, in float64."""

    def forward(
        self,
        u: Tensor,
        *,
        lengths: Tensor | None = None,
        state: Tensor | None = None,
        rate: float = 1.0,
        return_state: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        self._check(u, rate)
        if state is not None or return_state:
            self._refuse_state()
        u = mask_past_end(u if u.dtype == torch.float64 else u.float(), lengths)
        if state is not None:
            self._check_state(state, u.shape[1])
            state = state.to(u).contiguous()
        y, end = self._scan(u, state, lengths, rate, return_state)
        return y if end is None else (y, end)

    def step(self, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        self._refuse_state()
        self._check(u_k[..., None], rate)
        self._check_state(state, u_k.shape[1])
        y, next_state = self._advance(u_k, state.contiguous(), rate)
        return y.to(u_k), next_state.to(state)

    @torch.no_grad()
    def stepper(self, n_streams: int, *, rate: float = 1.0, start: int = 0) -> Stepper:
        self._refuse_state()
        self._check_rate(rate)
        if n_streams < 1:
            raise ValueError(f"n_streams must be at least 1; got {n_streams}.")
        return self._stepper(n_streams, rate, start)

    def initial_state(self, batch: int) -> Tensor:
        self._refuse_state()
        return self.D.new_zeros(self.d_model, batch, self._state_size())

    def kernel(self, L: int, *, rate: float = 1.0) -> Tensor:
        if L < 1:
            raise ValueError(f"L must be at least 1; got {L}.")
        self._check_rate(rate)
        impulse = self.D.new_zeros(self.d_model, 1, L)
        impulse[..., 0] = 1
        system = self._system(rate)
        kernels = []
        for C in system.C.split(1):
            kernels.append(scan_system(impulse, replace(system, C=C, D=torch.zeros_like(system.D)))[0][:, 0])
        return torch.stack(kernels) if self.bidirectional else kernels[0]

    def _scan(
        self, u: Tensor, state: Tensor | None, lengths: Tensor | None, rate: float, return_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """``forward`` of checked and masked input."""
        return scan_system(u, self._current_system(rate), state, lengths=lengths, return_state=return_state)

    def _advance(self, u_k: Tensor, state: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        """``step`` of checked input, in float64."""
        return self._current_system(rate).step(u_k[..., None], state)

    def _stepper(self, n_streams: int, rate: float, start: int) -> Stepper:
        """``stepper`` of a layer that has states."""
        return ChunkStepper(self._system(rate).blocks(CHUNK_LENGTH, self.D), n_streams, start)

    def _current_system(self, rate: float) -> DiscreteSystem:
        """The discrete systems; as they were last made, if that still holds and nothing is trained."""
        if self.training or torch.is_grad_enabled():
            return self._system(rate)
        key = changes([*self.parameters(), *self.buffers()], rate)
        if self._kept is None or self._kept[0] != key or key is None:
            self._kept = key, KeptSystem(self._system(rate))
        return self._kept[1]

    def train(self, mode: bool = True) -> Self:
        if mode:
            self._kept = None
        return super().train(mode)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}


def changes(tensors: Sequence[Tensor], rate: float) -> tuple[object, ...] | None:
    """What differs once one of the tensors, or the rate, has changed; None if that cannot be told."""
    if any(tensor.is_inference() for tensor in tensors):  # these do not count their changes
        return None
    return rate, *((tensor.data_ptr(), tensor.dtype, tensor.device, tensor._version) for tensor in tensors)
