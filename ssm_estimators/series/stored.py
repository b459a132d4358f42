"""Series that stay where they are stored: in memory maps, in files or in zarr arrays, read some cases at a time."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssm_estimators.series.data import Collector, SeriesData, collected, in_batches, longest_of

ZARR = ("zarr.json", ".zarray")  # what a folder of zarr's holds
READ = 2**22  # values at a time


class Elsewhere:
    """Cases that are not in memory, but known by their positions where they are; a part of dataclasses."""

    positions: NDArray[Any]
    n_timepoints: int
    lengths: Tensor | None

    def __len__(self) -> int:
        return len(self.positions)

    def kept(self, mask: NDArray[Any]) -> Self:
        """The cases where ``mask`` is True; none is read, and all are padded no longer than the longest of them."""
        if mask.all():
            return self
        data: Any = self
        data = replace(data, positions=self.positions[mask])
        if self.lengths is None:
            return data
        longest, lengths = longest_of(self.lengths[torch.from_numpy(mask)])
        return replace(data, n_timepoints=longest, lengths=lengths)

    def select(self, cases: NDArray[Any] | Tensor) -> SeriesData:
        """Bring the cases at these positions here."""
        raise NotImplementedError

    def kept_to(self, cases: Tensor) -> SeriesData:
        """Bring the cases at these positions here, padded no longer than the longest of them."""
        data = self.select(cases)
        return data.kept_to(torch.arange(len(data)))


@dataclass(frozen=True)
class StoredSeries(Elsewhere):
    """Cases of one or more arrays, none of which is in memory.

    Attributes
    ----------
    arrays : sequence of array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints)
    positions : ndarray of int
        Of the cases, among those of all arrays one after the other.
    n_timepoints : int
        Of the longest case.
    lengths : Tensor of shape (n_cases,), int64, or None
        Observed points of each case; None: all.
    """

    arrays: Sequence[Any]
    positions: NDArray[Any]
    n_timepoints: int
    lengths: Tensor | None = None

    @classmethod
    def of(cls, arrays: Sequence[Any]) -> "StoredSeries":
        """All cases of some arrays.

        Raises
        ------
        ValueError
            If they are no arrays of numbers, or do not fit each other.
        """
        for number, array in enumerate(arrays):
            if len(array.shape) not in (2, 3) or 0 in array.shape or array.dtype.kind not in "biuf":
                raise ValueError(
                    "Expected stored arrays of numbers of shape (n_cases, n_channels, n_timepoints) or (n_cases, "
                    f"n_timepoints); array {number} has shape {tuple(array.shape)} and dtype {array.dtype}."
                )
            if array.shape[1:] != arrays[0].shape[1:]:
                raise ValueError(
                    "Expected stored arrays of equal channels and time points; array 0 has shape "
                    f"{tuple(arrays[0].shape)}, array {number} has {tuple(array.shape)}. Pad with NaN and set "
                    "missing='mask' where cases are shorter."
                )
        return cls(arrays, np.arange(sum(array.shape[0] for array in arrays)), arrays[0].shape[-1])

    @property
    def n_channels(self) -> int:
        """Channels of each case."""
        return 1 if self.two_d else int(self.arrays[0].shape[1])

    @property
    def two_d(self) -> bool:
        """Whether the arrays are two-dimensional."""
        return len(self.arrays[0].shape) == 2

    def select(self, cases: NDArray[Any] | Tensor) -> SeriesData:
        """Read the cases at these positions."""
        cases = np.asarray(cases)
        X = torch.from_numpy(self.values(cases)[..., : self.n_timepoints])
        if self.lengths is None:
            return SeriesData(X)
        lengths = self.lengths[torch.from_numpy(cases)]
        return SeriesData(X.masked_fill(torch.arange(X.shape[-1]) >= lengths[:, None, None], 0), lengths)

    def columns(self, cases: NDArray[Any], columns: slice) -> NDArray[Any]:
        """Some values of these cases, all channels one after the other: (n_cases, n_columns)."""
        found = [self.select(cases[mine]) for mine in self.batches(len(cases))]
        return np.concatenate([data.X.numpy().reshape(len(data), -1)[:, columns] for data in found])

    def collect(self, collector: Collector, *by_case: NDArray[Any]) -> Any:
        """Sums over all cases; see :class:`~ssm_estimators.series.data.Collector`."""
        return collected(self, collector, *by_case)

    def values(self, cases: NDArray[Any]) -> NDArray[Any]:
        """What is stored of the cases at these positions, whole: (n_cases, n_channels, ...), float32 or float64."""
        kept = all(array.dtype in (np.float32, np.float16) for array in self.arrays)
        shape = (len(cases), self.n_channels, self.arrays[0].shape[-1])
        values = np.empty(shape, dtype=np.float32 if kept else np.float64)
        ends = np.cumsum([array.shape[0] for array in self.arrays])
        positions = self.positions[cases]
        owner = np.searchsorted(ends, positions, side="right")
        for number in np.unique(owner):
            mine, array = np.flatnonzero(owner == number), self.arrays[number]
            rows = positions[mine] - (ends[number] - array.shape[0])
            for places, found in _read(array, rows):
                values[mine[places]] = found[:, None] if self.two_d else found
        return values

    def each_block(self, function: Callable[..., Any], *args: Any, by_case: tuple[NDArray[Any], ...]) -> NDArray[Any]:
        """What a function of these cases, and of what belongs to them, makes of each case."""
        return np.asarray(function(self, *by_case, *args))

    def batches(self, n_cases: int) -> list[NDArray[Any]]:
        """Of so many cases, those that are read together."""
        return list(in_batches(n_cases, max(1, READ // (self.n_channels * self.arrays[0].shape[-1]))))


def stored_arrays(X: Any) -> list[Any] | None:
    """The arrays that X names or is, opened for reading; None if X is no stored form.

    Parameters
    ----------
    X : object
        A memory map, an array of zarr, a path, or a list of paths. A path is that of an npy file, of a zarr
        array, or of a folder of npy files, which are taken in the order of their names.

    Raises
    ------
    ValueError
        If a path is that of nothing or of something else.
    """
    if isinstance(X, np.memmap) or (type(X).__module__.split(".")[0] == "zarr" and hasattr(X, "chunks")):
        return [X]
    paths = [X] if _is_path(X) else X
    if not isinstance(paths, list | tuple) or not paths or not all(map(_is_path, paths)):
        return None
    return [array for path in paths for array in _opened(Path(path))]


def _is_path(X: Any) -> bool:
    return isinstance(X, os.PathLike) or (isinstance(X, str) and (X.endswith((".npy", ".zarr")) or os.path.exists(X)))


def _opened(path: Path) -> list[Any]:
    """The arrays at a path."""
    files = sorted(path.glob("*.npy"))
    if any((path / name).exists() for name in ZARR):
        import zarr

        return [zarr.open_array(path, mode="r")]
    if path.is_file() and path.suffix == ".npy":
        files = [path]
    if not files:
        there = "there is none" if path.exists() else "it does not exist"
        raise ValueError(f"Expected {path} to be an npy file, a zarr array or a folder of npy files; {there}.")
    return [np.load(file, mmap_mode="r") for file in files]


def _read(array: Any, rows: NDArray[Any]) -> "list[tuple[NDArray[Any], NDArray[Any]]]":
    """Pairs of places among ``rows`` and what stands there."""
    if isinstance(array, np.ndarray):
        return [(np.arange(len(rows)), array[rows])]
    size = array.chunks[0]
    found = []
    for chunk in np.unique(rows // size):
        places = np.flatnonzero(rows // size == chunk)
        own = rows[places] - chunk * size
        first = int(own.min())
        block = np.asarray(array[int(chunk * size) + first : int(chunk * size + own.max()) + 1])
        found.append((places, block[own - first]))
    return found
