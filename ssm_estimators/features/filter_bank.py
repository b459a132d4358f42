"""Kernels of all views with how they are heard and pooled: all that a transform needs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.environment import settings
from ssm_estimators.features.kernels import RandomKernels
from ssm_estimators.features.representations import Part, Standardization, View
from ssm_estimators.features.responses import pooled_responses
from ssm_estimators.features.tiling import Tiling, window_masks
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
        """Of all features: those over all time, then those over windows."""
        windows = [[""]] if self.n_windows == 1 else [[""], [f"_window_{w}" for w in range(self.n_windows)]]
        return [
            f"{_name(view)}_{i}_{name}{window}"
            for level in windows
            for view, kernels in self.kernels.items()
            for window in level
            for i in range(len(kernels))
            for name in (self._windowed if window else self.pooling)
        ]

    def columns(self, part: Part | None = None) -> dict[str, slice]:
        """Where features over all time and over windows, if any, stand; perhaps of one part only."""
        n_kernels = sum(len(self.kernels[view]) for view in self._views(part))
        ends = np.cumsum([0, *(n_kernels * width for width in self._widths)]).tolist()
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
        with settings("float32", 1), ThreadPoolExecutor(resources.n_threads) as threads:
            for view in self._views(part):
                ends = starts + np.multiply(len(self.kernels[view]), self._widths)
                mine = [features[:, start:end] for start, end in zip(starts, ends, strict=True)]
                self._fill(mine, data, view, resources, threads)
                starts = ends
        return features

    def _fill(
        self,
        features: list[np.ndarray],
        data: SeriesData,
        view: View,
        resources: Resources,
        threads: ThreadPoolExecutor,
    ) -> None:
        """Compute the features of one part and direction, a tile of cases at a time."""
        kernels = self.kernels[view].to(resources.device)
        n_timepoints = max(data.X.shape[-1] - view.part.n_differences, 1)
        tiling = Tiling.of(
            n_timepoints, self.n_windows, kernels.n_states, self.group_size, resources.max_memory, resources.n_threads
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

        list(threads.map(fill, range(0, len(data), tiling.n_cases)))

    def _views(self, part: Part | None) -> list[View]:
        return [view for view in self.kernels if part in (None, view.part)]

    @property
    def _windowed(self) -> list[str]:
        """Poolings over windows."""
        return [name for name in self.pooling if name != "last"]

    @property
    def _widths(self) -> list[int]:
        """Numbers a kernel, over all time and over windows."""
        return [len(self.pooling), self.n_windows * len(self._windowed)][: 1 + (self.n_windows > 1)]


def _name(view: View) -> str:
    representation, max_time_constant = view.part
    return f"{representation.replace(' ', '_')}_{'backward' if view.reverse else 'forward'}_{max_time_constant}"
