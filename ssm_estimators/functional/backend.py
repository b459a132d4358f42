"""Which code runs the scans: PyTorch's operators, or Triton's kernels."""

from importlib.util import find_spec

import torch
from torch import Tensor

BACKENDS = ("auto", "torch", "triton")
_HAS_TRITON = find_spec("triton") is not None
_chosen = "auto"


def set_backend(name: str) -> None:
    """Choose what runs every scan from now on; for tests and comparisons.

    Parameters
    ----------
    name : {"auto", "torch", "triton"}
        ``"auto"``, as at the start: Triton's kernels on CUDA where Triton is installed, else PyTorch's operators.
        ``"triton"`` takes them on a CPU too, which needs ``TRITON_INTERPRET=1`` in the environment before Triton is
        first imported. They take float32 alone: float64 runs by PyTorch's operators in any case.

    Raises
    ------
    ValueError
        If the name is another.

    Examples
    --------
    >>> set_backend("torch")
    >>> set_backend("auto")
    """
    if name not in BACKENDS:
        raise ValueError(f"The backend must be one of {BACKENDS}; got {name!r}.")
    global _chosen
    _chosen = name


def takes_triton(like: Tensor) -> bool:
    """Whether Triton's kernels are there and wanted for a tensor."""
    if like.dtype == torch.float64 or _chosen == "torch":
        return False
    return _chosen == "triton" or (like.is_cuda and _HAS_TRITON)


def is_roomy(device: torch.device) -> bool:
    """Whether a GPU's blocks have the memory for large matrices, as those for data centres have."""
    if device.type != "cuda":
        return True
    roomy: bool = torch.cuda.get_device_properties(device).shared_memory_per_multiprocessor >= 160 * 1024
    return roomy
