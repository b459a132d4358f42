"""Kernels of all views with how they are heard and pooled: all that a transform needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssm_estimators.environment import settings, single_threads
from ssm_estimators.random_features.pooling import windowed
from ssm_estimators.random_features.random_kernels import RandomKernels
from ssm_estimators.random_features.responses import pooled_responses
from ssm_estimators.random_features.shared_input import SharedInput
from ssm_estimators.random_features.tiling import Tiling, chunks_of, grain_of
from ssm_estimators.random_features.views import Part, Standardization, View, own_lengths
from ssm_estimators.series.sources import Series


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

    def columns_by_window(self, part: Part) -> dict[str, Any]:
        """As :meth:`columns`, but with each window by itself: ``"window 0"`` and so on, forward in time."""
        found: dict[str, Any] = self.columns(part)
        if "windows" not in found:
            return found
        n_columns = [len(self.kernels[view]) * len(windowed(self.pooling)) for view in self._views(part)]
        starts = found.pop("windows").start + self.n_windows * np.cumsum([0, *n_columns])
        for window in range(self.n_windows):
            slots = [self.n_windows - 1 - window if view.reverse else window for view in self._views(part)]
            firsts = [start + slot * n for start, slot, n in zip(starts, slots, n_columns, strict=False)]
            ranges = [np.arange(first, first + n) for first, n in zip(firsts, n_columns, strict=True)]
            found[f"window {window}"] = np.concatenate(ranges)
        return found

    @property
    def n_features(self) -> int:
        """Numbers a case."""
        return max(columns.stop for columns in self.columns().values())

    def transform(self, data: Series, resources: Resources, part: Part | None = None) -> np.ndarray:
        """Features of cases, perhaps of one part only.

        Parameters
        ----------
        data : SeriesData, StoredSeries or DaskSeries
        resources : Resources
        part : Part or None, default=None

        Returns
        -------
        ndarray of shape (n_cases, n_features), float32
        """
        columns = self.columns(part).values()
        features = np.empty((len(data), max(place.stop for place in columns)), dtype=np.float32)
        starts = np.array([place.start for place in columns])
        with settings("float32", 1, resources.device):
            for view in self._views(part):
                ends = starts + np.multiply(len(self.kernels[view]), widths(self.pooling, self.n_windows))
                mine = [features[:, start:end] for start, end in zip(starts, ends, strict=True)]
                self._fill(mine, data, view, resources)
                starts = ends
        return features

    def _fill(self, features: list[np.ndarray], data: Series, view: View, resources: Resources) -> None:
        """Compute the features of one part and direction, a tile of cases at a time.

        How a case is cut up follows from its own length. Those that are cut up alike share tiles, so that neither a
        longer neighbour nor an order changes any digit.
        """
        kernels = self.kernels[view].to(resources.device)
        grain = grain_of(resources.device)
        tiles = []
        for chunk, n_chunks, cases in _cut_alike(own_lengths(data, view.part), self.n_windows):
            tiling = Tiling.of(
                chunk * n_chunks,
                data.n_channels,
                self.n_windows,
                kernels.n_states,
                self.group_size,
                resources.max_memory,
                grain,
            )
            tiles += [(tiling, mine) for mine in cases.split(tiling.n_cases)]
        bank = cache(lambda chunk: SharedInput.of(kernels.system, chunk, kernels.thresholds))
        for tiling, _ in tiles:
            bank(tiling.chunk)

        def fill(tile: tuple[Tiling, Tensor]) -> None:
            tiling, cases = tile
            own = data.kept_to(cases)
            X, observed = (
                values[..., : tiling.chunk * tiling.n_chunks].to(resources.device)
                for values in self.standardization.represent(own, slice(None), view)
            )
            pooled = pooled_responses(
                X, observed, kernels, bank(tiling.chunk), tiling, self.group_size, self.pooling, self.n_windows
            )
            for mine, values in zip(features, pooled, strict=True):
                mine[cases.numpy()] = values.flatten(1).cpu().numpy()

        # fewer threads rather than smaller tiles, which would give other digits
        n_bytes = max(tiling.n_bytes for tiling, _ in tiles)
        n_threads = min(resources.n_threads, int(resources.max_memory * 1e9 / n_bytes))
        with single_threads(n_threads) as threads:
            list(threads.map(fill, tiles))

    def _views(self, part: Part | None) -> list[View]:
        return [view for view in self.kernels if part in (None, view.part)]


def _cut_alike(lengths: Tensor, n_windows: int) -> Iterator[tuple[int, int, Tensor]]:
    """Time points per chunk, number of chunks, and positions of the cases that are cut up so."""
    cuts, number = torch.stack(chunks_of(lengths, n_windows)).unique(dim=1, return_inverse=True)
    for i, (chunk, n_chunks) in enumerate(cuts.T.tolist()):
        yield chunk, n_chunks, (number == i).nonzero()[:, 0]


def widths(pooling: Sequence[str], n_windows: int) -> list[int]:
    """Numbers a kernel: over all time and, if there are any, over windows."""
    return [len(pooling), n_windows * len(windowed(pooling))][: 1 + (n_windows > 1)]


def _name(view: View) -> str:
    representation, max_time_constant = view.part
    return f"{representation.replace(' ', '_')}_{'backward' if view.reverse else 'forward'}_{max_time_constant}"
