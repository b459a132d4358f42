"""What the loaders share: options, files that must be there, sktime's text format, hashes."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from sktime.datasets import load_from_tsfile


def check_options(**options: tuple[object, Collection[object]]) -> None:
    """Raise unless each value is one of those it may be.

    >>> check_options(split=("all", ("train", "test")))
    Traceback (most recent call last):
    ValueError: split must be one of ('train', 'test'); got 'all'.
    """
    for name, (value, known) in options.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {tuple(known)}; got {value!r}.")


def require(paths: Collection[Path], expected: str, fetch: Callable[[], object] | None = None) -> Path:
    """The first of these files or folders that is there, or is once it was fetched.

    Raises
    ------
    FileNotFoundError
        If none is; it says what was looked for, and what was expected.
    """
    if fetch is not None and not any(path.exists() for path in paths):
        fetch()
    for path in paths:
        if path.exists():
            return path
    raise FileNotFoundError(f"No {' and no '.join(map(str, paths))}. Expected {expected}")


def check_counts(path: Path, found: object, expected: object) -> None:
    """Raise unless a file holds what was published."""
    if found != expected:
        raise ValueError(
            f"{path} holds {found}; published are {expected}. The file is not complete, or of another version: "
            "get it again."
        )


def sha256(path: Path) -> str:
    """Hash of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def padded(rows: Sequence[np.ndarray], fill: float, dtype: type) -> np.ndarray:
    """Series of one channel beside each other, (n_rows, longest), ``fill`` past their ends.

    >>> padded([np.array([3, 1]), np.array([5])], 0, int).tolist()
    [[3, 1], [5, 0]]
    """
    X: np.ndarray = np.full((len(rows), max(map(len, rows))), fill, dtype=dtype)
    for row, values in zip(X, rows, strict=True):
        row[: len(values)] = values
    return X


def read_ts(path: Path, y_dtype: str = "str") -> tuple[np.ndarray, np.ndarray]:
    """Series and targets of a file in sktime's text format.

    Parameters
    ----------
    path : Path
    y_dtype : {"str", "float"}, default="str"
        Of the targets.

    Returns
    -------
    X : ndarray of shape (n_cases, n_channels, longest), float32
        NaN where a value is missing and past the end of shorter series.
    y : ndarray of shape (n_cases,)
        Integers if all labels are.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """
    try:
        table, y = load_from_tsfile(str(path), return_data_type="nested_univ", y_dtype=y_dtype)
    except (OSError, TypeError, ValueError, IndexError) as error:
        raise ValueError(f"{path} cannot be read as a .ts file, sktime's text format: {error}") from error
    X = padded([np.asarray(channel) for case in table.to_numpy() for channel in case], np.nan, np.float32)
    return X.reshape(*table.shape, -1), as_labels(y)


def as_labels(y: np.ndarray) -> np.ndarray:
    """Integers if all labels are whole numbers, else as they are.

    >>> as_labels(np.array(["1", "-1", "2.0"])).tolist()
    [1, -1, 2]
    >>> as_labels(np.array(["a", "1"])).tolist()
    ['a', '1']
    """
    try:
        numbers = np.asarray(y, dtype=np.float64)
    except ValueError:
        return np.asarray(y)
    return numbers.astype(np.int64) if (numbers == numbers.round()).all() else np.asarray(y)
