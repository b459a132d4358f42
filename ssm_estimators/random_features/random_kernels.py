"""Random state-space kernels: sums of damped modes, drawn relative to the length of the series."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.functional.systems.diagonal import DiagonalSystem
from ssm_estimators.random_features.damped_modes import unit_energy, without_sum

SPREAD = 0.25  # the modes of a kernel have time constants within a factor e^0.25 of its own


@dataclass(frozen=True)
class RandomKernels:
    """Kernels of one representation and direction.

    Attributes
    ----------
    system : DiagonalSystem
        One a kernel.
    mixing : Tensor of shape (n_groups, n_channels), float32, or None
        What each group of kernels hears of the channels; ``None``: the only channel.
    thresholds : Tensor of shape (n_kernels,), float32
    """

    system: DiagonalSystem
    mixing: Tensor | None
    thresholds: Tensor

    def __len__(self) -> int:
        return len(self.thresholds)

    @property
    def n_states(self) -> int:
        """Real states per kernel."""
        return int(self.system.A_bar.shape[1]) * 2

    def to(self, device: torch.device) -> "RandomKernels":
        """The same, with mixing and thresholds on a device; block matrices follow these."""
        mixing = None if self.mixing is None else self.mixing.to(device)
        return RandomKernels(self.system, mixing, self.thresholds.to(device))


def draw_system(
    n_kernels: int,
    n_modes: int,
    n_timepoints: int,
    max_time_constant: float,
    frequencies: tuple[float, float],
    random: np.random.RandomState,
) -> DiagonalSystem:
    """Kernels of 1 to ``n_modes`` damped modes and unit energy over ``n_timepoints`` lags; half of them sum to zero.

    Time constants are log-uniform between one sample and ``max_time_constant`` times the length (at least two samples),
    frequencies log-uniform in cycles a time constant and at most half a cycle a sample; amplitudes are normal, phases
    uniform.
    """
    longest = max(max_time_constant * n_timepoints, 2.0)
    center = longest ** random.uniform(size=(n_kernels, 1))
    time_constants = center * np.exp(random.uniform(-SPREAD, SPREAD, (n_kernels, n_modes)))
    low, high = np.log(frequencies)
    cycles = np.exp(random.uniform(low, high, (n_kernels, n_modes))) / time_constants
    phases = random.uniform(0, 2 * np.pi, (n_kernels, n_modes))
    used = np.arange(n_modes) < random.randint(1, n_modes + 1, (n_kernels, 1))
    amplitudes = random.standard_normal((n_kernels, n_modes)) * used
    exponents = -1 / time_constants + 2j * np.pi * np.minimum(cycles, 0.5)
    modes, gains = torch.from_numpy(np.exp(exponents)), torch.from_numpy(amplitudes * np.exp(1j * phases) / 2)
    if n_timepoints > 1:
        envelope = torch.from_numpy(np.exp(-1 / time_constants.mean(axis=1)))
        modes, gains = without_sum(modes, gains, envelope, n_timepoints)
        gains[random.uniform(size=n_kernels) < 0.5, -1] = 0  # these keep their sum: they hear the level too
    return unit_energy(modes, gains, n_timepoints)


def draw_mixing(n_groups: int, n_channels: int, random: np.random.RandomState) -> Tensor | None:
    """Normal weights of a random choice of channels per group, how many being log-uniform; unit norm for each group."""
    if n_channels == 1:
        return None
    n_chosen = np.floor(np.exp(random.uniform(0, np.log(n_channels + 1), n_groups))).astype(int).clip(1, n_channels)
    order = random.uniform(size=(n_groups, n_channels)).argsort(axis=1)
    weights = np.where(order < n_chosen[:, None], random.standard_normal((n_groups, n_channels)), 0)
    return torch.from_numpy((weights / np.linalg.norm(weights, axis=1, keepdims=True)).astype(np.float32))
