"""The one door to Triton's kernels: each runs on the device of its tensors."""

from typing import Any

import torch
from torch import Tensor


def launch(kernel: Any, grid: tuple[int, ...], *args: Any, **options: Any) -> None:
    """Run a kernel on the device of its first tensor, which need not be the current one.

    Parameters
    ----------
    kernel : JITFunction
    grid : tuple of int
        Programs along each axis.
    *args
        Tensors and numbers, in the kernel's order.
    **options
        Its constants, and Triton's own ``num_warps`` and ``num_stages``.
    """
    first = next(value for value in args if isinstance(value, Tensor))
    with torch.cuda.device_of(first):
        kernel[grid](*args, **options)
