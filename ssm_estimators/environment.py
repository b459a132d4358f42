"""Device, arithmetic and threads of a fit or a prediction, all put back afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch

PRECISIONS = ("float32", "tf32", "bf16")


def resolve_device(device: str | torch.device) -> torch.device:
    """The device to use: ``"auto"`` is the first of CUDA, MPS and CPU that is there.

    Raises
    ------
    ValueError
        If the device is unknown or not there.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        return torch.device("cuda" if available["cuda"] else "mps" if available["mps"] else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device must be 'auto' or a device of PyTorch such as 'cpu' or 'cuda'; got {device!r}."
        ) from error
    here = [name for name, there in available.items() if there]
    index = resolved.index or 0
    if resolved.type not in here or (resolved.type == "cuda" and index >= torch.cuda.device_count()):
        raise ValueError(
            f"device={str(device)!r} is not available here; available: {here}. device='auto' takes the best."
        )
    return resolved


def check_precision(precision: str, device: torch.device) -> None:
    """Refuse to train in a precision that the device does not have.

    Raises
    ------
    ValueError
        If ``precision="tf32"`` is asked for off CUDA.
    """
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(
            f"precision='tf32' needs a CUDA device; the device is {str(device)!r}. Use 'float32' or 'bf16'."
        )


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Context in which a network's forward pass, and only that, runs in ``precision``.

    No cast is kept for a second use: there is none in a pass, and a CUDA graph allows none.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)


@contextmanager
def settings(precision: str, n_threads: int | None) -> Iterator[None]:
    """Run with PyTorch set to ``precision`` and ``n_threads``, and put back at the end."""
    with _LOCK:
        if not _INSIDE:  # what the settings are of another fit in another thread is not to be put back
            _BEFORE.update(threads=torch.get_num_threads(), tf32=torch.backends.cuda.matmul.fp32_precision)
        threads, tf32 = int(_BEFORE["threads"]), str(_BEFORE["tf32"])
        _INSIDE.append(precision)
    try:
        if n_threads is not None and n_threads != torch.get_num_threads():
            torch.set_num_threads(n_threads)
        if precision == "tf32":
            torch.backends.cuda.matmul.fp32_precision = "tf32"
        yield
    finally:
        with _LOCK:
            _INSIDE.remove(precision)
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            if "tf32" not in _INSIDE:
                torch.backends.cuda.matmul.fp32_precision = tf32


_LOCK = Lock()
_INSIDE: list[str] = []
_BEFORE: dict[str, int | str] = {}
