"""The one door through which every loader reads: regular files only, bounded, and one error for any damage."""

import gzip
import hashlib
import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from numbers import Integral
from pathlib import Path
from typing import IO, TypeVar

import numpy as np

T = TypeVar("T")

# Most bytes of a file's content, and of the array made of it, unless the caller says otherwise. Both are in memory at
# once, with a copy of the values and the texts of the longest line: together at most seven times this in trials with
# files of one line or of very short ones. Class labels that all differ are kept as texts and may take more.
MAX_BYTES = 2**32
PIECE = 2**20  # bytes taken from a file at once


class FileError(ValueError):
    """A file is not what it should be; the message names it and says what was expected and what came."""


class TooLargeError(ValueError):
    """A file, or an array made of it, would take more memory than the caller allows."""

    def __init__(self, size: str, max_bytes: int) -> None:
        super().__init__(f"{size}, more than max_bytes={max_bytes} allows (raise max_bytes if it should)")


def check_options(**options: tuple[object, Collection[object]]) -> None:
    """Raise unless each value is one of those it may be.

    >>> check_options(split=("all", ("train", "test")))
    Traceback (most recent call last):
    ValueError: split must be one of ('train', 'test'); got 'all'.
    """
    for name, (value, known) in options.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {tuple(known)}; got {value!r}.")


def check_whole(**options: object) -> None:
    """Raise unless each value is a whole number, at least 1.

    >>> check_whole(rate=0)
    Traceback (most recent call last):
    ValueError: rate must be a whole number, at least 1; got 0.
    """
    for name, value in options.items():
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1; got {value!r}.")


def require(paths: Collection[Path], expected: str, fetch: Callable[[], object] | None = None) -> Path:
    """Return the first of these paths that exists. If none does, ``fetch`` is called first.

    Raises
    ------
    FileNotFoundError
        If none is; it says what was looked for, and what was expected.
    """
    if fetch is not None and not any(map(os.path.exists, paths)):
        fetch()
    for path in paths:
        if os.path.exists(path):
            return path
    raise FileNotFoundError(f"No {' and no '.join(map(str, paths))}. Expected {expected}")


def check_counts(path: Path, found: object, expected: object) -> None:
    """Raise unless a file holds what was published."""
    if found != expected:
        raise FileError(
            f"{path} holds {found}; published are {expected}. The file is not complete, or of another version: "
            "get it again."
        )


def counted(path: Path, items: Iterable[T], n_expected: int, what: str) -> Iterator[T]:
    """Yield what a file holds; raise unless it is as many as were published, as soon as it is more."""
    n = 0
    for n, item in enumerate(items, start=1):
        if n > n_expected:
            break
        yield item
    check_counts(path, f"{f'more than {n_expected}' if n > n_expected else n} {what}", f"{n_expected} {what}")


@contextmanager
def reading(path: Path, expected: str, advice: str = "Get the file again.") -> Iterator[None]:
    """Turn whatever is raised over a file's content into one error that names the file.

    Raises
    ------
    FileError
        With what was expected, what came and what to do. Errors that name their file already pass, and warnings.

    Examples
    --------
    >>> with reading(Path("digits.txt"), "a list of digits"):
    ...     int("x")
    Traceback (most recent call last):
    ssm_estimators.datasets.files.FileError: digits.txt cannot be read as a list of digits: invalid literal for int() \
with base 10: 'x'. Get the file again.
    """
    try:
        yield
    except (FileError, FileNotFoundError, MemoryError, Warning):
        raise
    except TooLargeError as error:
        raise FileError(f"{path} cannot be read as {expected}: {error}.") from error
    except Exception as error:
        came = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}, {error}"
        raise FileError(f"{path} cannot be read as {expected}: {came.rstrip('.')}. {advice}") from error


def open_file(path: Path, max_bytes: int = MAX_BYTES) -> BufferedReader:
    """A regular file, opened; a pipe or a device would let the caller wait for ever, and is not opened."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"No {path}. Get the file again.")
    if not os.path.isfile(path):
        raise ValueError("it is a folder, a pipe or a device, and not a regular file")
    if (size := os.path.getsize(path)) > max_bytes:
        raise TooLargeError(f"it has {size} bytes", max_bytes)
    return path.open("rb")


def unpacked(file: BufferedReader, path: Path) -> BufferedIOBase:
    """Content of an open file, decompressed if its name ends in .gz."""
    return gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file


def take(file: BufferedIOBase | IO[bytes], size: int) -> bytearray:
    """At most ``size`` bytes; memory grows with what comes, whatever a header says of it."""
    content = bytearray()
    while piece := file.read(min(PIECE, size - len(content))):
        content += piece
    return content


def read_bytes(path: Path, expected: str, max_bytes: int = MAX_BYTES) -> bytearray:
    """Content of a file, decompressed if its name ends in .gz."""
    with reading(path, expected), open_file(path, max_bytes) as file:
        content = take(unpacked(file, path), max_bytes + 1)
        if len(content) > max_bytes:
            raise TooLargeError("it unpacks to more bytes", max_bytes)
        return content


def read_lines(path: Path, expected: str, max_bytes: int = MAX_BYTES) -> Iterator[str]:
    """Yield the lines of a text in UTF-8 without their ends."""
    content = read_bytes(path, expected, max_bytes)
    with reading(path, expected):
        yield from lines_of(content)


def lines_of(content: bytearray, errors: str = "strict") -> Iterator[str]:
    """Yield the lines of a text's content without their ends; ``errors`` as in :meth:`bytes.decode`."""
    if b"\0" in content:
        raise ValueError("it holds zero bytes, which no text has")
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        line = str(memoryview(content)[start:end], "utf-8", errors)
        yield line[:-1].removesuffix("\r") if line.endswith("\n") else line
        start = end


def sha256(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Hash of a file, hexadecimal."""
    with reading(path, "a file to hash"), open_file(path, max_bytes) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def padded(
    rows: Iterable[np.ndarray],
    fill: float,
    dtype: type,
    max_bytes: int = MAX_BYTES,
    convert: Callable[[np.ndarray], np.ndarray] = np.asarray,
) -> np.ndarray:
    """Series of one channel beside each other, (n_rows, longest), ``fill`` past their ends.

    The rows are taken one at a time, and the result's size is checked at each. They are kept side by side as they came,
    and each is converted when it is put in its place.

    >>> padded([np.array([3, 1]), np.array([5])], 0, int).tolist()
    [[3, 1], [5, 0]]
    """
    content, lengths, longest, found = bytearray(), array("q"), 0, np.dtype(dtype)
    for values in rows:
        lengths.append(len(values))
        longest, found = max(longest, len(values)), values.dtype
        if (size := len(lengths) * longest * np.dtype(dtype).itemsize) > max_bytes:
            raise TooLargeError(
                f"the first {len(lengths)} series, as long as the longest, of {longest} values, take {size} bytes",
                max_bytes,
            )
        content += values.tobytes()
    if not longest:
        raise ValueError("it has no values")
    X: np.ndarray = np.full((len(lengths), longest), fill, dtype=dtype)
    kept, start = np.frombuffer(content, found), 0
    for row, n in zip(X, lengths, strict=True):
        row[:n] = convert(kept[start : start + n])
        start += n
    return X
