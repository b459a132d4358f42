"""How a transform is cut up: chunks and windows of time, cases and kernels held at once."""

from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 32  # time points a chunk, at most
COLUMNS = 256  # chunks of all cases of a tile, about: products are then wide enough for full speed
BLOCK = 2**19  # responses held at once by a thread: they stay in its cache
STATES = 2**23  # numbers in the states held at once by a thread
COPIES = 3  # of the responses: themselves, scratch, and what windows of unequal lengths need


def chunks_of(n_timepoints: int, n_windows: int) -> tuple[int, int]:
    """Time points a chunk and number of chunks, so that each window is as many chunks.

    Examples
    --------
    >>> chunks_of(300, 4), chunks_of(5, 4)
    ((25, 12), (2, 4))
    """
    n_chunks = n_windows * -(-n_timepoints // (n_windows * CHUNK))
    return -(-n_timepoints // n_chunks), n_chunks


def window_masks(lengths: Tensor, n_timepoints: int, n_windows: int, reverse: bool) -> Tensor:
    """For each window, 1 where a time point belongs to it: the windows that each case would have alone.

    Parameters
    ----------
    lengths : Tensor of shape (n_cases,)
    n_timepoints : int
        With padding, which is at the end or, in reverse, at the beginning.
    n_windows : int
    reverse : bool

    Returns
    -------
    Tensor of shape (n_windows, n_cases, n_timepoints), float32
    """
    n_chunks = n_windows * -(-lengths.clamp_min(1) // (n_windows * CHUNK))
    window_lengths = -(-lengths.clamp_min(1) // n_chunks) * (n_chunks // n_windows)
    position = torch.arange(n_timepoints) - (n_timepoints - lengths[:, None] if reverse else 0)
    window = (position // window_lengths[:, None]).clamp_max(n_windows - 1)
    return (window == torch.arange(n_windows)[:, None, None]).float()


@dataclass(frozen=True)
class Tiling:
    """How a transform is cut up, for series of one length.

    Attributes
    ----------
    chunk, n_chunks : int
        Time points a chunk and chunks a case: a multiple of the number of windows.
    n_cases : int
        Cases a tile.
    block, span : int
        Kernels whose responses, and whose states, are held at once; multiples of the group size.
    """

    chunk: int
    n_chunks: int
    n_cases: int
    block: int
    span: int

    @classmethod
    def of(
        cls, n_timepoints: int, n_windows: int, n_states: int, group_size: int, max_memory: float, n_threads: int
    ) -> "Tiling":
        """For kernels of ``n_states`` real states, for at most ``max_memory`` gigabytes in all threads.

        Raises
        ------
        ValueError
            If a group of kernels and one case take more.
        """
        available = max_memory * 1e9 / 4 / n_threads
        chunk, n_chunks = chunks_of(n_timepoints, n_windows)
        a_group = group_size * (COPIES * chunk + 2 * n_states)  # numbers a column of responses and states
        n_cases = max(1, int(min(COLUMNS, available / a_group)) // n_chunks)
        columns = n_chunks * n_cases
        block = group_size * max(1, int(min(BLOCK / (group_size * chunk), available / a_group) / columns))
        left = min(STATES, (available - COPIES * block * chunk * columns) / 2)
        tiling = cls(chunk, n_chunks, n_cases, block, block * max(1, int(left / (n_states * columns * block))))
        needed = tiling.numbers(n_states)
        if needed > available:
            raise ValueError(
                f"max_memory={max_memory} GB is too small for one case of {n_timepoints} time points and "
                f"{n_threads} threads: expected at least {1.01 * needed * 4 * n_threads / 1e9:.3g}."
            )
        return tiling

    def numbers(self, n_states: int) -> int:
        """Numbers that a thread holds: responses and copies of them, states with the inputs that drive them."""
        return self.n_chunks * self.n_cases * (COPIES * self.block * self.chunk + 2 * self.span * n_states)
