"""Slices of feature-first activations that stay in a processor's cache through several operations."""

from collections.abc import Iterator

from torch import Tensor

SLICE = 8192  # points of all features that are worked on at a time
Index = tuple[slice, slice, slice]


def is_small(x: Tensor) -> bool:
    """Whether (H, batch, L) fits one slice."""
    return x[0].numel() <= SLICE


def slices(x: Tensor) -> Iterator[Index]:
    """Indices of slices of (H, batch, L): some cases whole, or some time points of one; one of all if it is small."""
    _, batch, L = x.shape
    size = SLICE if x.device.type == "cpu" else batch * L
    n_cases = max(1, size // L)
    for case in range(0, batch, n_cases):
        for time in range(0, L, size):
            yield slice(None), slice(case, case + n_cases), slice(time, time + size)
