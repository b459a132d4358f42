"""How a transform is cut up: chunks and windows of time, cases and kernels held at once."""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

CHUNK = 32  # time points per chunk, at most
COPIES = 3  # of responses, inputs and sums: themselves, scratch, and what an operation takes on its way


Number = TypeVar("Number", int, Tensor)


class Grain(NamedTuple):
    """How much is worked on at once, by a thread or a device.

    Attributes
    ----------
    columns : int
        Chunks of all cases of a tile, about.
    responses : int
    states : int
        Numbers in states.
    """

    columns: int
    responses: int
    states: int


# a thread's products are wide enough for full speed, and responses stay in its cache; all of a GPU has work
OF_THREAD, OF_DEVICE = Grain(256, 2**19, 2**23), Grain(2**14, 2**25, 2**26)


def grain_of(device: torch.device) -> Grain:
    """How much to work on at once there."""
    return OF_THREAD if device.type == "cpu" else OF_DEVICE


def chunks_of(n_timepoints: Number, n_windows: int) -> tuple[Number, Number]:
    """Time points per chunk and number of chunks, so that each window is as many chunks; the last may be cut short.

    Examples
    --------
    >>> chunks_of(300, 4), chunks_of(5, 4)
    ((25, 12), (2, 4))
    """
    n_chunks = n_windows * -(-n_timepoints // (n_windows * CHUNK))
    return -(-n_timepoints // n_chunks), n_chunks


def window_length(n_timepoints: Number, n_windows: int) -> Number:
    """Time points per window, of which the last may have fewer."""
    chunk, n_chunks = chunks_of(n_timepoints, n_windows)
    return chunk * (n_chunks // n_windows)


@dataclass(frozen=True)
class Tiling:
    """How a transform is cut up, for series of one length.

    Attributes
    ----------
    chunk, n_chunks : int
        Time points per chunk and chunks per case: a multiple of the number of windows.
    n_cases : int
        Cases a tile.
    bundle, span : int
        Kernels whose responses, and whose states, are held at once; multiples of the group size.
    n_bytes : float
        What a thread holds.
    """

    chunk: int
    n_chunks: int
    n_cases: int
    bundle: int
    span: int
    n_bytes: float

    @classmethod
    def of(
        cls,
        n_timepoints: int,
        n_channels: int,
        n_windows: int,
        n_states: int,
        group_size: int,
        max_memory: float,
        grain: Grain = OF_THREAD,
    ) -> "Tiling":
        """For kernels of ``n_states`` real states, such that a thread holds at most ``max_memory`` gigabytes.

        Raises
        ------
        ValueError
            If a group of kernels and one case take more.
        """
        chunk, n_chunks = chunks_of(n_timepoints, n_windows)
        padded, available = chunk * n_chunks, max_memory * 1e9 / 4
        # numbers of 4 bytes per case: the series; a kernel's responses; its states, inputs and sums
        series = padded * (10 * n_channels + 4)
        responses = COPIES * padded
        others = 2 * n_states * n_chunks + COPIES * padded / group_size + 4 * COPIES * (n_windows + 1)
        needed = series + group_size * (responses + others)
        if needed > available:
            raise ValueError(
                f"max_memory={max_memory} GB is too small for one case of {n_timepoints} time points: "
                f"expected at least {4.04 * needed / 1e9:.3g}."
            )
        n_cases = 1 << int(min(max(1, grain.columns // n_chunks), available / needed)).bit_length() - 1
        left = available / n_cases - series
        groups = min(grain.responses / (padded * n_cases), left / (responses + others)) / group_size
        bundle = group_size * max(1, int(groups))
        bundles = min(grain.states / (n_states * n_chunks * n_cases), (left - bundle * responses) / others) / bundle
        span = bundle * max(1, int(bundles))
        return cls(chunk, n_chunks, n_cases, bundle, span, 4 * n_cases * (series + bundle * responses + span * others))
