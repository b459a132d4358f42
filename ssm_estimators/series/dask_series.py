"""Series in a dask array: they stay on its workers, which collect sums over them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssm_estimators.series.data import Collector, SeriesData
from ssm_estimators.series.stored import Elsewhere, StoredSeries

MERGED = 4  # sums that one task adds up


def is_dask(X: Any) -> bool:
    """Whether X is an object of dask's, without importing it."""
    return type(X).__module__.split(".")[0] == "dask"


@dataclass(frozen=True)
class DaskSeries(Elsewhere):
    """Cases of a dask array.

    Attributes
    ----------
    blocks : sequence of Delayed
        Arrays of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints).
    shapes : sequence of tuple of int
        Of the blocks.
    positions : ndarray of int
        Of the cases, ascending, among those of all blocks one after the other.
    n_timepoints : int
        Of the longest case.
    lengths : Tensor of shape (n_cases,), int64, or None
        Observed points of each case; None: all.
    """

    blocks: Sequence[Any]
    shapes: Sequence[tuple[int, ...]]
    positions: NDArray[Any]
    n_timepoints: int
    lengths: Tensor | None = None

    @classmethod
    def of(cls, X: Any) -> "DaskSeries":
        """All cases of a dask array.

        Raises
        ------
        ValueError
            If it is no array of numbers of known shape.
        """
        if any(np.isnan(n) for n in X.shape):
            raise ValueError(f"Expected a dask array of known shape; got {X.shape}. Call its compute_chunk_sizes().")
        if X.ndim not in (2, 3) or 0 in X.shape or X.dtype.kind not in "biuf":
            raise ValueError(
                "Expected a dask array of numbers of shape (n_cases, n_channels, n_timepoints) or (n_cases, "
                f"n_timepoints); got shape {X.shape} and dtype {X.dtype}."
            )
        X = X.rechunk({axis: -1 for axis in range(1, X.ndim)})
        filled = [(block, n) for block, n in zip(X.to_delayed().ravel(), X.chunks[0], strict=True) if n]
        shapes = [(n, *X.shape[1:]) for _, n in filled]
        return cls([block for block, _ in filled], shapes, np.arange(len(X)), X.shape[-1])

    @property
    def n_channels(self) -> int:
        """Channels of each case."""
        return 1 if self.two_d else self.shapes[0][1]

    @property
    def two_d(self) -> bool:
        """Whether the array is two-dimensional."""
        return len(self.shapes[0]) == 2

    def select(self, cases: NDArray[Any] | Tensor) -> SeriesData:
        """Bring the cases at these positions here."""
        tasks, order = self._tasks(_all_of, np.asarray(cases), ())
        data, *others = _computed(tasks)
        for other in others:
            data = data.joined(other)
        return data.select(order)

    def columns(self, cases: NDArray[Any], columns: slice) -> NDArray[Any]:
        """Some values of these cases, all channels one after the other: (n_cases, n_columns)."""
        tasks, order = self._tasks(_columns_of, cases, (), columns)
        return np.asarray(np.concatenate(_computed(tasks))[order])

    def each_block(self, function: Callable[..., Any], *args: Any, by_case: tuple[NDArray[Any], ...]) -> NDArray[Any]:
        """What a function of each block's cases, and of what belongs to them, makes of each case."""
        tasks, order = self._tasks(function, np.arange(len(self)), by_case, *args)
        return np.asarray(np.concatenate(_computed(tasks))[order])

    def collect(self, collector: Collector, *by_case: NDArray[Any]) -> Any:
        """Sums over all cases; see :class:`~ssm_estimators.series.data.Collector`."""
        from dask.delayed import delayed

        shared = delayed(collector)
        sums, _ = self._tasks(_collected, np.arange(len(self)), by_case, shared)
        merge = delayed(_merged)
        while len(sums) > 1:
            sums = [merge(shared, sums[first : first + MERGED]) for first in range(0, len(sums), MERGED)]
        return sums[0].compute()

    def _tasks(
        self, function: Callable[..., Any], cases: NDArray[Any], by_case: tuple[NDArray[Any], ...], *args: Any
    ) -> tuple[list[Any], NDArray[Any]]:
        """A task for each block that has some of these cases, and where in the results each case stands."""
        from dask.delayed import delayed

        positions = self.positions[cases]
        ends = np.cumsum([shape[0] for shape in self.shapes])
        owner = np.searchsorted(ends, positions, side="right")
        tasks, placed = [], []
        for number in np.unique(owner):
            mine = np.flatnonzero(owner == number)
            rows = positions[mine] - (ends[number] - self.shapes[number][0])
            lengths = None if self.lengths is None else self.lengths[torch.from_numpy(cases[mine])]
            own = [part[cases[mine]] for part in by_case]
            call = delayed(_call)
            tasks.append(call(function, self.blocks[number], rows, lengths, self.n_timepoints, own, *args))
            placed.append(mine)
        return tasks, np.argsort(np.concatenate(placed), kind="stable")


def _computed(tasks: list[Any]) -> list[Any]:
    """What tasks return, in their order."""
    from dask.base import compute

    return list(compute(*tasks))


def _call(
    function: Callable[..., Any],
    block: NDArray[Any],
    rows: NDArray[Any],
    lengths: Tensor | None,
    n_timepoints: int,
    by_case: list[NDArray[Any]],
    *args: Any,
) -> Any:
    """Call a function, on a worker, with some cases of a block."""
    data = StoredSeries.of([np.asarray(block)])
    return function(replace(data, positions=rows, lengths=lengths, n_timepoints=n_timepoints), *by_case, *args)


def _all_of(data: StoredSeries) -> SeriesData:
    return data.select(np.arange(len(data)))


def _columns_of(data: StoredSeries, columns: slice) -> NDArray[Any]:
    return data.columns(np.arange(len(data)), columns)


def _collected(data: StoredSeries, *args: Any) -> Any:
    *by_case, collector = args
    return data.collect(collector, *by_case)


def _merged(collector: Collector, sums: list[Any]) -> Any:
    return collector.merge(sums)
