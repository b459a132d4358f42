"""Windows of long series, and what came after them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]


PORTION = 2**22  # values of windows held at a time


@dataclass(frozen=True)
class Origins:
    """Time points from which series are forecast, in order of time: each is the first one of which nothing is known.

    Attributes
    ----------
    series, time : ndarray of shape (n_origins,), int
        Which series, and which of its time points.
    when : ndarray of shape (n_origins,), int
        Time points before the end of its series, negative.
    """

    series: Array
    time: Array
    when: Array

    @classmethod
    def of(cls, lengths: Array, first: int, horizon: int, stride: int = 1) -> "Origins":
        """All, every ``stride`` time points, that have ``first`` points before and ``horizon`` after them."""
        ranges = [np.arange(length - horizon, first - 1, -stride)[::-1] for length in lengths]
        series = np.repeat(np.arange(len(ranges)), [len(times) for times in ranges])
        time = np.concatenate(ranges).astype(int)
        when = time - np.asarray(lengths)[series]
        order = np.argsort(when, kind="stable")
        return cls(series[order], time[order], when[order])

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, selected: Any) -> "Origins":
        return Origins(self.series[selected], self.time[selected], self.when[selected])

    def segments(self, n_folds: int, gap: int) -> Array:
        """Number of the segment of neighbours that each belongs to: of fold k 2 k, of the gap after it 2 k + 1.

        A gap are the time points less than ``gap`` before the first one of the next fold.
        """
        fold = np.arange(len(self)) * n_folds // max(len(self), 1)
        next_starts = self.when[np.searchsorted(fold, np.minimum(fold + 1, n_folds - 1))]
        return 2 * fold + ((fold < n_folds - 1) & (self.when > next_starts - gap))


def in_portions(
    series: Sequence[Array], origins: Origins, n_timepoints: int, horizon: int
) -> Iterator[tuple[int, Array, Array, Array]]:
    """Some origins of a series at a time: which series, positions of the origins, windows before and values after."""
    for number, x in enumerate(series):
        mine = np.flatnonzero(origins.series == number)
        rows = max(1, PORTION // (x.shape[0] * n_timepoints))
        for start in range(0, len(mine), rows):
            portion = mine[start : start + rows]
            times = origins.time[portion]
            yield number, portion, windows_before(x, times, n_timepoints), values_after(x, times, horizon)


def windows_before(x: Array, times: Array, n_timepoints: int) -> Array:
    """The last ``n_timepoints`` before each time, NaN before the series' start.

    Parameters
    ----------
    x : ndarray of shape (..., length)
    times : ndarray of shape (n_times,)

    Returns
    -------
    ndarray of shape (n_times, ..., n_timepoints)

    Examples
    --------
    >>> windows_before(np.arange(5.0), np.array([1, 4]), n_timepoints=2)
    array([[nan,  0.],
           [ 2.,  3.]])
    """
    start = np.full((*x.shape[:-1], n_timepoints), np.nan)
    view = sliding_window_view(np.concatenate([start, x], axis=-1), n_timepoints, axis=-1)
    return np.moveaxis(view[..., times, :], -2, 0)


def values_after(x: Array, times: Array, horizon: int) -> Array:
    """The ``horizon`` values from each time on: (..., length) to (n_times, ..., horizon).

    Examples
    --------
    >>> values_after(np.arange(5.0), np.array([1, 3]), horizon=2)
    array([[1., 2.],
           [3., 4.]])
    """
    return np.moveaxis(sliding_window_view(x, horizon, axis=-1)[..., times, :], -2, 0)
