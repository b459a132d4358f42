"""What every state-space layer offers, and everything that they share once the discrete system is there."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ssm_estimators.functional.block_matrices import KeptSystem
from ssm_estimators.functional.checks import check_real
from ssm_estimators.functional.last_made import LastMade
from ssm_estimators.functional.scan import scan_system
from ssm_estimators.functional.scan.stepper import CHUNK_LENGTH, ChunkStepper, Stepper
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.diagonal import DiagonalSystem


class SSMLayer(nn.Module, ABC):
    """H independent systems, one per feature; activations are feature-first, ``(d_model, batch, n_timepoints)``.

    Attributes
    ----------
    d_model : int
        Features H.
    d_state : int
        State size N of each, in real numbers.
    d_output : int
        Features out: ``d_model``, times the outputs a system where there are several (those of one beside each other).
    bidirectional : bool
        Whether a second readout runs backward in time. Such a layer has no ``step`` and no state.
    capturable : bool
        Whether a training pass may be captured in a CUDA graph: it asks the device for no value, and keeps nothing.
    """

    d_model: int
    d_state: int
    d_output: int
    bidirectional: bool
    capturable: bool = True
    D: Tensor  # skip gain

    @abstractmethod
    def forward(
        self,
        u: Tensor,
        *,
        lengths: Tensor | None = None,
        state: Tensor | None = None,
        rate: float = 1.0,
        return_state: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Response to whole series.

        Parameters
        ----------
        u : Tensor of shape (d_model, batch, n_timepoints)
        lengths : Tensor of shape (batch,), integer, or None, default=None
            Observed points of each case. What lies beyond never reaches the outputs before; the outputs beyond have no
            meaning. ``None``: all.
        state : Tensor as given by ``initial_state``, or None, default=None
            Where to go on from.
        rate : float, default=1.0
            How many times coarser than at training the series is sampled.
        return_state : bool, default=False
            Whether to return the state after each case's last point as well.

        Returns
        -------
        y : Tensor of shape (d_output, batch, n_timepoints)
        state : Tensor
            Only with ``return_state``.

        Raises
        ------
        ValueError
            If ``u`` has another shape or is complex, if ``rate`` is not positive and finite, or if a bidirectional
            layer is asked for a state.

        Notes
        -----
        An input of shape (batch, d_model, n_timepoints), the order of a convolution's input, is refused only where the
        batch differs from ``d_model``: give ``u.transpose(0, 1)``.
        """

    @abstractmethod
    def step(self, u_k: Tensor, state: Tensor, *, rate: float = 1.0) -> tuple[Tensor, Tensor]:
        """One time point, ``u_k`` of shape (d_model, batch): its output, (d_output, batch), and the next state."""

    @abstractmethod
    def stepper(self, n_streams: int, *, rate: float = 1.0, start: int = 0) -> Stepper:
        """Streams to run forward one time point a call, by the parameters as they now are, without gradients.

        As ``step``, but discretised once, and faster. Layers of different ``start`` do their larger pieces of work in
        different calls.

        Raises
        ------
        ValueError
            If ``rate`` is not positive, if there is no stream, or if the layer is bidirectional.
        """

    @abstractmethod
    def initial_state(self, batch: int) -> Tensor:
        """State before the first point, shape (d_model, batch, state size)."""

    @abstractmethod
    def kernel(self, L: int, *, rate: float = 1.0) -> Tensor:
        """Response to a unit impulse at lags 0 ... L - 1, without the skip gain D: (d_output, L).

        A bidirectional layer returns both directions, (2, d_output, L). Of a liquid layer it is the linear part.
        """

    @abstractmethod
    def ssm_parameters(self) -> tuple[str, ...]:
        """Names of the parameters that want their own learning rate and no weight decay."""

    def warning(self) -> str | None:
        """What a user should know of the training passes so far, if anything."""
        return None

    def _check(self, u: Tensor, rate: float) -> None:
        if u.ndim != 3 or u.shape[0] != self.d_model or 0 in u.shape:
            raise ValueError(
                f"Expected an input of shape (d_model={self.d_model}, batch >= 1, n_timepoints >= 1); "
                f"got {tuple(u.shape)}."
            )
        check_real(u)
        self._check_rate(rate)

    def _check_rate(self, rate: float) -> None:
        if not 0 < rate < math.inf:
            raise ValueError(f"rate must be positive and finite; got {rate}.")

    def _check_state(self, state: Tensor, batch: int) -> None:
        expected = (self.d_model, batch, self._state_size())
        if state.shape != expected:
            raise ValueError(f"Expected a state of shape {expected}, see initial_state; got {tuple(state.shape)}.")
        check_real(state)

    def _state_size(self) -> int:
        """Last dimension of ``initial_state``."""
        return self.d_state

    def _refuse_state(self) -> None:
        if self.bidirectional:
            raise ValueError(
                "A bidirectional layer sees the whole series at once: it has no state and no step. "
                "Build the layer with bidirectional=False."
            )


class ScanLayer(SSMLayer):
    """A layer that scans one discrete linear system per feature; a subclass makes it in ``_discretized``."""

    def __init__(self) -> None:
        super().__init__()
        self._made = LastMade()

    @abstractmethod
    def _discretized(self, rate: float) -> DiagonalSystem | DenseSystem:
        """The discrete systems by the parameters as they now are, in float64."""

    def discrete_system(self, rate: float = 1.0) -> DiagonalSystem | DenseSystem | KeptSystem:
        """The discrete systems, one per feature, in float64.

        In evaluation, where no gradient is wanted, they are kept, and so are the last block matrices made of them. They
        are made again when a parameter or buffer changes or moves, or when another rate is asked for.

        Parameters
        ----------
        rate : float, default=1.0
            How many times coarser than at training the series is sampled.
        """
        if self.training or torch.is_grad_enabled():
            self._made.forget("system")  # and the memory that its block matrices take
            return self._discretized(rate)
        key = changes([*self.parameters(), *self.buffers()], rate)
        return self._made.get("system", key, lambda: KeptSystem(self._discretized(rate)))

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
        system = self._discretized(rate)
        kernels = []
        for C in system.C.split(1):
            kernels.append(scan_system(impulse, replace(system, C=C, D=torch.zeros_like(system.D)))[0][:, 0])
        return torch.stack(kernels) if self.bidirectional else kernels[0]

    def _scan(
        self, u: Tensor, state: Tensor | None, lengths: Tensor | None, rate: float, return_state: bool
    ) -> tuple[Tensor, Tensor | None]:
        """``forward`` of checked and masked input."""
        return scan_system(u, self.discrete_system(rate), state, lengths=lengths, return_state=return_state)

    def _advance(self, u_k: Tensor, state: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        """``step`` of checked input, in float64."""
        return self.discrete_system(rate).step(u_k[..., None], state)

    def _stepper(self, n_streams: int, rate: float, start: int) -> Stepper:
        """``stepper`` of a layer that has states."""
        return ChunkStepper(self._discretized(rate).blocks(CHUNK_LENGTH, self.D), n_streams, start)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": LastMade()}


def changes(tensors: Sequence[Tensor], rate: float) -> tuple[object, ...] | None:
    """What differs once one of the tensors, the rate or inference mode has changed; None if that cannot be told."""
    if any(tensor.is_inference() for tensor in tensors):  # these do not count their changes
        return None
    tells = torch.is_inference_mode_enabled()  # what is made in it cannot be trained
    return tells, rate, *((tensor.data_ptr(), tensor.dtype, tensor.device, tensor._version) for tensor in tensors)


def draw_log_dt(d_model: int, dt_min: float, dt_max: float, generator: torch.Generator | None) -> Tensor:
    """Logarithm of one step per feature, log-uniform between ``dt_min`` and ``dt_max``."""
    if not 0 < dt_min < dt_max:
        raise ValueError(f"dt_min must be positive and below dt_max; got dt_min={dt_min}, dt_max={dt_max}.")
    low, high = math.log(dt_min), math.log(dt_max)
    return low + (high - low) * torch.rand(d_model, generator=generator, dtype=torch.float32)


def draw_pairs(
    d_model: int, d_state: int, n_directions: int, dt_min: float, dt_max: float, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Start values of systems of conjugate pairs: readouts, (n_directions, d_model, d_state / 2, 2), and log steps.

    Readouts are complex standard normal numbers, as real and imaginary parts.

    Raises
    ------
    ValueError
        If ``d_state`` is odd or below 2, or ``dt_min`` is not below ``dt_max``.
    """
    if d_state < 2 or d_state % 2:
        raise ValueError(f"d_state must be even and at least 2, for conjugate pairs; got {d_state}.")
    shape = (n_directions, d_model, d_state // 2, 2)
    readout = torch.randn(*shape, generator=generator, dtype=torch.float32) * math.sqrt(0.5)
    return readout, draw_log_dt(d_model, dt_min, dt_max, generator)


def observed(n_timepoints: int, lengths: Tensor) -> Tensor:
    """Boolean (batch, n_timepoints): True before the end of each case."""
    return torch.arange(n_timepoints, device=lengths.device) < lengths[:, None]


def mask_past_end(u: Tensor, lengths: Tensor | None) -> Tensor:
    """``u`` of shape (..., batch, L) with zeros past each case's length, whatever stands there."""
    return u if lengths is None else torch.where(observed(u.shape[-1], lengths), u, 0)
