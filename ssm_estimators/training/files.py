"""A file with a checksum: it is written as a whole or not at all, and read as it was written or not at all."""

import io
import pickle
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import torch

MAGIC = b"ssm_estimators checkpoint 1\n"


def write(state: Any, path: Path) -> None:
    """Put a state in a file, which replaces what is at the path, be it a link.

    Parameters
    ----------
    state : dict, list, tensor, number, str or None, nested
    path : Path

    Raises
    ------
    TypeError, AttributeError, pickle.PicklingError
        If the state holds what could not be read again.
    OSError
        If the file cannot be written.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    foreign = torch.serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(payload))
    if foreign:
        raise TypeError(f"expected tensors, numbers, strings, lists and dicts only; got {', '.join(sorted(foreign))}")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{token_hex(4)}")
    file = open(beside, "xb")  # noqa: SIM115 - fails, and touches nothing, where there is a file or a link
    try:
        with file:
            file.writelines([_head(payload), payload])
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path, device: str) -> Any:
    """The state in a file, its tensors on a device; None where there is no file.

    Raises
    ------
    ValueError
        If the file is not as :func:`write` left it.
    """
    try:
        if not path.exists():
            return None
        if not path.is_file():
            raise ValueError(f"Expected a checkpoint at {path}; found a folder, pipe or device. Give another path.")
        with open(path, "rb") as file:
            head = file.read(len(MAGIC))
            content = file.read() if head == MAGIC else b""
    except OSError as error:
        raise ValueError(f"The checkpoint {path} cannot be read: {error}. Give another path.") from error
    if head != MAGIC:
        raise ValueError(
            f"Expected a checkpoint of this version in {path}; found a file that begins with {head[:12]!r}. "
            "Delete it to train anew, or give another path."
        )
    payload = content[_DIGEST_LENGTH:]
    if MAGIC + content[:_DIGEST_LENGTH] != _head(payload):
        raise ValueError(
            f"The checkpoint {path} is damaged: its {len(payload)} bytes do not have the checksum that was written "
            "with them. Delete it to train anew."
        )
    try:
        return torch.load(io.BytesIO(payload), map_location=device, weights_only=True)
    except pickle.UnpicklingError:  # whose advice is to load whatever the file says
        raise ValueError(
            f"The checkpoint {path} holds more than tensors, numbers, strings, lists and dicts: it was written where "
            "torch.serialization allows other types. Allow them here too, or delete it to train anew."
        ) from None


_DIGEST_LENGTH = 2 * sha256().digest_size + 1


def _head(payload: bytes) -> bytes:
    return MAGIC + sha256(payload).hexdigest().encode() + b"\n"
