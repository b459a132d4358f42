"""Series in memory, and batches cut from them."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.utils.data import Dataset

POOL = 16  # shuffled batches within which series are sorted by length; there are at least two pools


@dataclass(frozen=True)
class SeriesData(Dataset):
    """Cases with what belongs to each; missing parts are None.

    Attributes
    ----------
    X : Tensor of shape (n_cases, n_channels, n_timepoints), float32 or float64
        As the user's numbers are, whose memory it may share. NaN where missing; anything past the end of a case.
    lengths : Tensor of shape (n_cases,), int64, or None
        Observed points of each case; ``None``: all.
    y : Tensor of shape (n_cases,) or (n_cases, n_outputs), or None
    sample_weight : Tensor of shape (n_cases,), float32, or None
        See ``with_weights_of_mean_one``.
    """

    X: Tensor
    lengths: Tensor | None = None
    y: Tensor | None = None
    sample_weight: Tensor | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def n_channels(self) -> int:
        """Channels of each case."""
        return self.X.shape[1]

    @property
    def n_timepoints(self) -> int:
        """Of the longest case."""
        return self.X.shape[2]

    def __getitem__(self, index: int | slice | Tensor) -> "tuple[dict[str, Tensor], Tensor | None]":
        """Cases by position, as the network's keyword arguments and the target."""
        parts = {name: value[index] for name, value in self._parts().items()}
        y = parts.pop("y", None)
        if "lengths" in parts:
            parts["X"] = parts["X"][..., : int(parts["lengths"].max())]
        return parts, y

    def select(self, cases: np.ndarray | Tensor) -> "SeriesData":
        """The cases at these positions, as a data set."""
        index = torch.as_tensor(cases)
        return replace(self, **{name: value[index] for name, value in self._parts().items()})

    def columns(self, cases: np.ndarray, columns: slice) -> np.ndarray:
        """Some values of these cases, all channels one after the other: (n_cases, n_columns)."""
        values = self.X.numpy().reshape(len(self), -1)
        return np.asarray(values[:, columns][cases])

    def collect(self, collector: "Collector", *by_case: np.ndarray) -> Any:
        """Sums over all cases; see :class:`Collector`."""
        return collected(self, collector, *by_case)

    def kept(self, mask: np.ndarray) -> "SeriesData":
        """The cases where ``mask`` is True, padded no longer than the longest of them."""
        return self if mask.all() else self.kept_to(torch.from_numpy(np.flatnonzero(mask)))

    def kept_to(self, cases: Tensor) -> "SeriesData":
        """The cases at these positions, padded no longer than the longest of them."""
        data = self.select(cases)
        if data.lengths is None:
            return data
        longest, lengths = longest_of(data.lengths)
        return replace(data, X=data.X[..., :longest], lengths=lengths)

    def joined(self, other: "SeriesData") -> "SeriesData":
        """These cases and others, both without targets and weights."""
        both = (self, other)
        longest, lengths = longest_of(
            torch.cat(
                [torch.full((len(data),), data.n_timepoints) if data.lengths is None else data.lengths for data in both]
            )
        )
        return SeriesData(torch.cat([pad(data.X, (0, longest - data.n_timepoints)) for data in both]), lengths)

    def with_weights_of_mean_one(self) -> "SeriesData":
        """The same with weights of mean 1, so that a weight means the same in every batch."""
        if self.sample_weight is None:
            return self
        mean = self.sample_weight.mean()
        if not mean > 0:
            raise ValueError(
                "Expected a weight above zero in the training and in the validation part; in one of them all "
                "sample weights, times class weights, are zero beside the largest. Give other weights or groups."
            )
        return replace(self, sample_weight=self.sample_weight / mean)

    def to(self, device: torch.device) -> "SeriesData":
        """The same on a device."""
        return replace(self, **{name: value.to(device) for name, value in self._parts().items()})

    @property
    def n_bytes(self) -> int:
        """Bytes of all parts."""
        return sum(value.nbytes for value in self._parts().values())

    def batches(
        self, batch_size: int, generator: torch.Generator | None = None, device: torch.device | None = None
    ) -> "Batches":
        """Batches of cases in order or, with a generator, shuffled; see :class:`Batches`."""
        return Batches(self, batch_size, generator, device)

    def _parts(self) -> dict[str, Tensor]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


class Collector(Protocol):
    """What is summed over cases, wherever they are."""

    @property
    def n_batch(self) -> int:
        """Cases at a time."""

    def zero(self) -> Any:
        """The sum over no case."""

    def add(self, total: Any, data: SeriesData, *by_case: np.ndarray) -> None:
        """Add cases to a sum, in place, with what belongs to each."""

    def merge(self, totals: list[Any]) -> Any:
        """The sum of sums, which stay as they are."""


def in_batches(n_cases: int, size: int) -> Iterator[np.ndarray]:
    """Positions of so many cases, some at a time."""
    return (np.arange(start, min(start + size, n_cases)) for start in range(0, n_cases, size))


def longest_of(lengths: Tensor) -> tuple[int, Tensor | None]:
    """The longest length, and all of them unless they are equal."""
    longest = int(lengths.max())
    return longest, None if (lengths == longest).all() else lengths


def collected(data: Any, collector: Collector, *by_case: np.ndarray) -> Any:
    """The sum over all cases, one batch after the other."""
    total = collector.zero()
    for cases in in_batches(len(data), collector.n_batch):
        collector.add(total, data.select(cases), *(part[cases] for part in by_case))
    return total


@dataclass(frozen=True)
class Batches:
    """Iterates over a data set by slicing its tensors. It needs no process and copies no case.

    Series of unequal lengths come with others of about their length, which saves the work on padding: all sorted or,
    shuffled, some batches' worth at a time.
    """

    data: SeriesData
    batch_size: int
    generator: torch.Generator | None = None
    device: torch.device | None = None  # where batches are moved to

    def __len__(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], Tensor | None]]:
        return (self.take(cases) for cases in self.cases())

    def take(self, cases: slice | Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
        """One batch, of the cases at these positions."""
        batch, y = self.data[cases]
        if self.device is not None:
            batch = {name: value.to(self.device) for name, value in batch.items()}
            y = None if y is None else y.to(self.device)
        return batch, y

    def cases(self) -> Iterator[slice | Tensor]:
        """Positions of the cases of each batch."""
        n_cases, size, lengths = len(self.data), self.batch_size, self.data.lengths
        if self.generator is not None:
            order = torch.randperm(n_cases, generator=self.generator).to(self.data.X.device)
        if lengths is None and self.generator is None:
            yield from (slice(start, start + size) for start in range(0, n_cases, size))
        elif lengths is None:
            yield from order.split(size)
        elif self.generator is None:
            yield from torch.argsort(lengths, stable=True).split(size)
        else:
            n_together = max(1, min(POOL, len(self) // 2)) * size
            pools = [pool[torch.argsort(lengths[pool], stable=True)] for pool in order.split(n_together)]
            batches = [batch for pool in pools for batch in pool.split(size)]
            yield from (batches[i] for i in torch.randperm(len(batches), generator=self.generator))
