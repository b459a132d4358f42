"""Which code runs the scans: PyTorch's operators, or Triton's kernels."""

import warnings
from functools import cache
from importlib.util import find_spec
from subprocess import CalledProcessError

import torch
from torch import Tensor

BACKENDS = ("auto", "torch", "triton")
_HAS_TRITON = find_spec("triton") is not None and torch.version.hip is None
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
    return _chosen == "triton" or (like.is_cuda and _HAS_TRITON and _can_compile())


@cache
def _can_compile() -> bool:
    """Whether Triton can launch kernels: what does so is C, which it compiles at first use. Warns once if it cannot."""
    from triton.runtime import driver

    try:
        driver.active.get_current_target()
    except (RuntimeError, OSError, ImportError, AssertionError, CalledProcessError) as error:
        warnings.warn(
            f"Triton cannot compile here: {error} PyTorch's own operators run on CUDA instead, which is slower. Triton "
            "needs a C compiler (gcc or clang, or the environment's CC) and Python's headers (python3-dev).",
            UserWarning,
            stacklevel=2,
        )
        return False
    return True
