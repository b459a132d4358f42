"""Kernels of all views with how they are heard and pooled: all that a transform needs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.environment import settings
from ssm_estimators.features.kernels import RandomKernels
from ssm_estimators.features.pooling import windowed
from ssm_estimators.features.representations import Part, Standardization, View
from ssm_estimators.features.responses import pooled_responses
from ssm_estimators.features.tiling import Tiling, grain_of, window_masks
from ssm_estimators.functional.shared_input import SharedInput
from ssm_estimators.series.data import SeriesData


class Resources(NamedTuple):
    """What a computation may use.

    Attributes
    ----------
    device : torch.device
    n_threads : int
        Each with cases of its own.
    max_memory : float
        Gigabytes, all threads together.
    """

    device: torch.device
    n_threads: int
    max_memory: float


@dataclass(frozen=True)
class FilterBank:
    """Kernels of all views, fitted.

    Attributes
    ----------
    kernels : dict
        From part and direction to the kernels.
    group_size : int
    pooling : tuple of str
    n_windows : int
    standardization : Standardization
    """

    kernels: dict[View, RandomKernels]
    group_size: int
    pooling: tuple[str, ...]
    n_windows: int
    standardization: Standardization

    @property
    def parts(self) -> list[Part]:
        """In the order of their features."""
        return list(dict.fromkeys(view.part for view in self.kernels))

    def names(self) -> list[str]:
        """Of all features: those over all time, then those over windows, which are numbered forward in time."""
        whole = [
            f"{_name(view)}_{i}_{name}"
            for view, kernels in self.kernels.items()
            for i in range(len(kernels))
            for name in self.pooling
        ]
        numbers = range(self.n_windows) if self.n_windows > 1 else range(0)
        return whole + [
            f"{_name(view)}_{i}_{name}_window_{window}"
            for view, kernels in self.kernels.items()
            for window in (reversed(numbers) if view.reverse else numbers)
            for i in range(len(kernels))
            for name in windowed(self.pooling)
        ]

    def columns(self, part: Part | None = None) -> dict[str, slice]:
        """Where features over all time and over windows, if any, stand; perhaps of one part only."""
        n_kernels = sum(len(self.kernels[view]) for view in self._views(part))
        ends = np.cumsum([0, *(n_kernels * width for width in widths(self.pooling, self.n_windows))]).tolist()
        return dict(zip(("all time", "windows"), map(slice, ends, ends[1:]), strict=False))

    @property
    def n_features(self) -> int:
        """Numbers a case."""
        return max(columns.stop for columns in self.columns().values())

    def transform(self, data: SeriesData, resources: Resources, part: Part | None = None) -> np.ndarray:
        """Features of cases, perhaps of one part only.

        Parameters
        ----------
        data : SeriesData
        resources : Resources
        part : Part or None, default=None

        Returns
        -------
        ndarray of shape (n_cases, n_features), float32
        """
        columns = self.columns(part).values()
        features = np.empty((len(data), max(block.stop for block in columns)), dtype=np.float32)
        starts = np.array([block.start for block in columns])
        with settings("float32", 1):
            for view in self._views(part):
                ends = starts + np.multiply(len(self.kernels[view]), widths(self.pooling, self.n_windows))
                mine = [features[:, start:end] for start, end in zip(starts, ends, strict=True)]
                self._fill(mine, data, view, resources)
                starts = ends
        return features

    def _fill(self, features: list[np.ndarray], data: SeriesData, view: View, resources: Resources) -> None:
        """Compute the features of one part and direction, a tile of cases at a time."""
        kernels = self.kernels[view].to(resources.device)
        n_timepoints = max(data.X.shape[-1] - view.part.n_differences, 1)
        tiling = Tiling.of(
            n_timepoints,
            data.X.shape[1],
            self.n_windows,
            kernels.n_states,
            self.group_size,
            resources.max_memory,
            grain_of(resources.device),
        )
        bank = SharedInput.of(kernels.system, tiling.chunk, kernels.thresholds)

        def fill(start: int) -> None:
            cases = slice(start, min(start + tiling.n_cases, len(data)))
            X, observed = (values.to(resources.device) for values in self.standardization.represent(data, cases, view))
            windows: int | Tensor = self.n_windows
            if data.lengths is not None and self.n_windows > 1:
                lengths = data.lengths[cases] - view.part.n_differences
                windows = window_masks(lengths, n_timepoints, self.n_windows, view.reverse).to(resources.device)
            pooled = pooled_responses(X, observed, kernels, bank, tiling, self.group_size, self.pooling, windows)
            for mine, values in zip(features, pooled, strict=True):
                mine[cases] = values.flatten(1).cpu().numpy()

        # fewer threads rather than smaller tiles, which would give other digits
        n_threads = min(resources.n_threads, int(resources.max_memory * 1e9 / tiling.n_bytes))
        with ThreadPoolExecutor(n_threads) as threads:
            list(threads.map(fill, range(0, len(data), tiling.n_cases)))

    def _views(self, part: Part | None) -> list[View]:
        return [view for view in self.kernels if part in (None, view.part)]


def widths(pooling: Sequence[str], n_windows: int) -> list[int]:
    """Numbers a kernel: over all time and, if there are any, over windows."""
    return [len(pooling), n_windows * len(windowed(pooling))][: 1 + (n_windows > 1)]


def _name(view: View) -> str:
    representation, max_time_constant = view.part
    return f"{representation.replace(' ', '_')}_{'backward' if view.reverse else 'forward'}_{max_time_constant}"
