"""Formats that several loaders read: arrays in an npz file, tables of text, sound."""

import csv
import math
import wave
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from ssm_estimators.datasets.files import MAX_BYTES, TooLargeError, lines_of, open_file, read_bytes, reading, take

KINDS = {"f": "floats", "i": "integers", "u": "integers without sign", "U": "texts"}


def read_npz(
    path: Path, arrays: Mapping[str, tuple[str, tuple[int | None, ...]]], max_bytes: int = MAX_BYTES
) -> dict[str, np.ndarray]:
    """Read arrays of an npz file. Each header is checked before its values are read.

    Parameters
    ----------
    path : Path
    arrays : dict of name to (kinds, shape)
        The kinds are letters of ``KINDS``; ``None`` in a shape is any length.
    max_bytes : int
        Most bytes that all of them may take.
    """
    found: dict[str, np.ndarray] = {}
    expected = f"an npz file with {', '.join(arrays)}"
    with reading(path, expected), open_file(path, max_bytes) as file, zipfile.ZipFile(file) as archive:
        for name, (kinds, shape) in arrays.items():
            if f"{name}.npy" not in archive.namelist():
                raise ValueError(f"it holds {', '.join(archive.namelist())[:200]} and lacks {name}.npy")
            with archive.open(f"{name}.npy") as member:
                n_taken = sum(array.nbytes for array in found.values())
                found[name] = _array(member, name, kinds, shape, n_taken, max_bytes)
    return found


def _array(
    member: IO[bytes], name: str, kinds: str, expected: tuple[int | None, ...], n_taken: int, max_bytes: int
) -> np.ndarray:
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, is_fortran, dtype = read_header[np.lib.format.read_magic(member)](member)
    fits = len(shape) == len(expected) and all(e in (None, n) for n, e in zip(shape, expected, strict=True))
    if not fits or dtype.kind not in kinds or min(shape, default=0) < 0:
        sizes = ", ".join("any" if n is None else str(n) for n in expected)
        raise ValueError(
            f"{name} has shape {shape} and type {dtype}; published are shape ({sizes}) and type "
            f"{' or '.join(KINDS[kind] for kind in kinds)}"
        )
    size = math.prod(shape) * dtype.itemsize
    if n_taken + size > max_bytes:
        raise TooLargeError(f"with {name} of shape {shape} it has {n_taken + size} bytes", max_bytes)
    content = take(member, size + 1)
    if len(content) != size:
        raise ValueError(f"{name} should have {size} bytes and has {'more' if len(content) > size else len(content)}")
    values = np.frombuffer(content, dtype).reshape(shape, order="F" if is_fortran else "C")
    return values.astype(dtype.newbyteorder("="), copy=False)


def split_at(values: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    """Pieces of values, of which ``offsets`` has every start and the last one's end.

    >>> [piece.tolist() for piece in split_at(np.array([1, 2, 3]), np.array([0, 1, 3]))]
    [[1], [2, 3]]
    """
    if offsets[0] != 0 or offsets[-1] != len(values) or (offsets[1:] < offsets[:-1]).any():
        raise ValueError(f"its offsets do not rise from 0 to {len(values)}, the number of values")
    return [values[start:end] for start, end in pairwise(offsets)]


def read_table(
    path: Path,
    expected: str,
    columns: Sequence[str],
    max_bytes: int = MAX_BYTES,
    *,
    errors: str = "strict",
) -> pd.DataFrame:
    """A table with a line of names first, and as many fields in every line.

    Parameters
    ----------
    path : Path
    expected : str
        What the table is, for errors.
    columns : sequence of str
        Names that it must have.
    max_bytes : int
    errors : str, default="strict"
        As in :meth:`bytes.decode`.
    """
    content = read_bytes(path, expected, max_bytes)
    with reading(path, expected):
        fields = csv.reader(lines_of(content, errors), skipinitialspace=True, strict=True)
        names = next(fields, [])
        if missing := [name for name in columns if name not in names]:
            raise ValueError(f"it has the columns {names} and lacks {missing}")
        if len(set(names)) < len(names):
            raise ValueError(f"its columns {names} are not all different")
        n_rows = 0
        for line in fields:
            n_rows += 1
            if len(line) != len(names):
                raise ValueError(f"line {fields.line_num} has {len(line)} fields; the first has {len(names)}")
        if not n_rows:
            raise ValueError("it has no line but that of the names")
        if (size := 8 * n_rows * len(names)) > max_bytes:
            raise TooLargeError(f"{n_rows} rows of {len(names)} columns take {size} bytes", max_bytes)
        return pd.read_csv(BytesIO(content), skipinitialspace=True, low_memory=False, encoding_errors=errors)


def as_numbers(table: pd.DataFrame, *, missing: bool = False) -> pd.DataFrame:
    """The table as float64; raise, with line and column, unless every field is a finite number, or perhaps empty."""
    for name in table.columns:
        numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64)
        wrong = ~np.isfinite(numbers)
        if missing:
            wrong &= table[name].notna().to_numpy()
        if table[name].dtype.kind in "bO":  # pandas takes True for 1
            wrong |= np.array([isinstance(value, bool | np.bool_) for value in table[name]])
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(
                f"line {table.index[row] + 2} has '{table[name].iloc[row]}' as {name}; expected a finite number"
            )
    return table.astype(np.float64)


def as_integers(table: pd.DataFrame) -> pd.DataFrame:
    """The table as int64; raise, with line and column, unless every field is a whole number."""
    numbers = as_numbers(table)
    for name in table.columns:
        if (wrong := (numbers[name] != numbers[name].round()) | (numbers[name].abs() > 2**53)).any():
            row = int(wrong.argmax())
            line = table.index[row] + 2
            raise ValueError(f"line {line} has '{table[name].iloc[row]}' as {name}; expected a whole number")
    return numbers.astype(np.int64)


def as_float32(values: np.ndarray) -> np.ndarray:
    """The values as float32; raise if one is infinite, or is so there. NaN passes."""
    with np.errstate(over="ignore"):
        narrow: np.ndarray = np.asarray(values, dtype=np.float32)
    if np.isinf(narrow).any():
        raise ValueError(f"it has {np.isinf(narrow).sum()} values that are infinite or beyond the range of float32")
    return narrow


def read_sound(path: Path, rate: int, longest: int) -> np.ndarray:
    """Samples of a wav file of one channel and 16 bits, at most ``longest``."""
    expected = f"a wav file of one channel, 16 bits, {rate} Hz and at most {longest} samples"
    with reading(path, expected), open_file(path) as file, wave.open(file) as sound:
        n_channels, n_bytes, found_rate, n_samples, *_ = sound.getparams()
        if (n_channels, n_bytes, found_rate) != (1, 2, rate) or not 0 < n_samples <= longest:
            raise ValueError(
                f"it has {n_channels} channels, {8 * n_bytes} bits, {found_rate} Hz and {n_samples} samples"
            )
        content = sound.readframes(n_samples)
        if len(content) != 2 * n_samples:
            raise ValueError(f"it is cut: {len(content) // 2} of {n_samples} samples are there")
        return np.frombuffer(content, "<i2")
