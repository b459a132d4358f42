"""Device, arithmetic and threads of a fit or a prediction, all put back afterwards."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Lock
from typing import Any

import numpy as np
import torch


def resolve_device(device: str | torch.device, precision: str = "float32") -> torch.device:
    """The device to use: ``"auto"`` is CUDA where it is there, else the CPU.

    Raises
    ------
    ValueError
        If the device is unknown or not there, or does not have the precision to train in: ``"tf32"`` is CUDA's.
    """
    resolved = _device(device)
    if precision == "tf32" and resolved.type != "cuda":
        raise ValueError(
            f"precision='tf32' needs a CUDA device; the device is {str(resolved)!r}. Use 'float32' or 'bf16'."
        )
    return resolved


def _device(device: str | torch.device) -> torch.device:
    available = {"cpu": True, "cuda": torch.cuda.is_available()}
    if device == "auto":
        return torch.device("cuda" if available["cuda"] else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device must be 'auto' or a device of PyTorch such as 'cpu' or 'cuda'; got {device!r}."
        ) from error
    if resolved.type == "mps":
        raise ValueError(
            "device='mps' has no float64, in which inputs are centred and systems discretised. Use device='cpu'."
        )
    here = [name for name, there in available.items() if there]
    index = resolved.index or 0
    if resolved.type not in here or (resolved.type == "cuda" and index >= torch.cuda.device_count()):
        raise ValueError(
            f"device={str(device)!r} is not available here; available: {here}. device='auto' takes the best."
        )
    return resolved


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Context in which a network's forward pass, and only that, runs in ``precision``.

    No cast is kept for a second use: there is none in a pass, and a CUDA graph allows none.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16", cache_enabled=False)


@contextmanager
def shielded() -> Iterator[None]:
    """Run a public call under default settings of PyTorch and NumPy. The caller's are back afterwards.

    This covers the default device, autocast, inference mode, and how NumPy handles errors. The default dtype does not
    matter, since every draw and buffer names its own.

    Examples
    --------
    >>> @shielded()
    ... def call():
    ...     return torch.is_inference_mode_enabled()
    >>> with torch.inference_mode():
    ...     call()
    False
    """
    with ExitStack() as stack:
        stack.enter_context(np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        yield


@contextmanager
def settings(precision: str, n_threads: int | None, device: torch.device) -> Iterator[None]:
    """Run with PyTorch set to ``precision``, ``n_threads`` and ``device``, and put back at the end.

    Matrix products of float32 stay float32, whatever the caller has allowed them to be; on CUDA ``"tf32"`` allows what
    it says. Of several GPUs, ``device`` becomes the current one: CUDA streams and graphs belong to that.
    """
    wanted = "tf32" if precision == "tf32" else "ieee"
    with _LOCK:
        if not _INSIDE:  # what the settings are of another fit in another thread is not to be put back
            _BEFORE.clear()
            _BEFORE.extend([torch.get_num_threads(), *(switch.fp32_precision for switch in _SWITCHES)])
        threads, precisions = _BEFORE[0], list(_BEFORE[1:])
        _INSIDE.append(wanted)
    try:
        if n_threads is not None and n_threads != torch.get_num_threads() and not _FORKED:
            torch.set_num_threads(n_threads)
        for switch in _SWITCHES:
            _set(switch, wanted if switch is _CUDA else "ieee")
        with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
            yield
    finally:
        with _LOCK:
            _INSIDE.remove(wanted)
            if torch.get_num_threads() != threads and not _FORKED:
                torch.set_num_threads(threads)
            for switch, before in zip(_SWITCHES, precisions, strict=True):
                if not _INSIDE:
                    _set(switch, before)
                elif switch is _CUDA:
                    _set(switch, _INSIDE[-1])


def single_threads(n: int) -> ThreadPoolExecutor:
    """So many threads that each compute alone, for use inside of :func:`settings` with one thread.

    A new thread would otherwise share its matrix products with others, and cut them up in other ways.
    """
    return ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,))


def _set(switch: Any, precision: str) -> None:
    if switch.fp32_precision != precision:
        switch.fp32_precision = precision


def _note_fork() -> None:
    global _LOCK
    _LOCK = Lock()  # another thread, which is not here, may have held it
    _INSIDE.clear()
    _FORKED.append(True)
    torch.set_num_threads(1)  # the threads that PyTorch had are gone, and work handed to them would wait for ever


_LOCK = Lock()
_INSIDE: list[str] = []
_BEFORE: list[Any] = []
_FORKED: list[bool] = []
_CUDA = torch.backends.cuda.matmul
_SWITCHES = (_CUDA, torch.backends.mkldnn.matmul)  # type: ignore[attr-defined]
if hasattr(os, "register_at_fork"):  # not on Windows, where no process forks
    os.register_at_fork(after_in_child=_note_fork)
