"""The text format of sktime: a header, then one case per line, channels between colons, the label last."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import MAX_BYTES, TooLargeError, padded, read_lines, reading
from ssm_estimators.datasets.labels import as_labels, check_different, check_label

EXPECTED = "a .ts file, sktime's text format"
NUMBER = re.compile(r"\s*([-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[nN][aA][nN])\s*")
NUMBER_CHARACTERS = frozenset("0123456789+-.eEnNaA \t,")
PIECE = 2**16  # characters that are split at once
BOOLEANS = {"true": True, "false": False}


def read_ts(path: Path, *, labels: str = "classlabel", max_bytes: int = MAX_BYTES) -> tuple[np.ndarray, np.ndarray]:
    """Series and targets of a file in sktime's text format, held to what its header says.

    Parameters
    ----------
    path : Path
    labels : {"classlabel", "targetlabel"}, default="classlabel"
        The header that must be true: of classes, or of numbers to predict.
    max_bytes : int
        Most bytes of the file, and of X.

    Returns
    -------
    X : ndarray of shape (n_cases, n_channels, longest), float32
        NaN where a value is missing and past the end of shorter series.
    y : ndarray of shape (n_cases,)
        Classes, integers if all that the header lists are; or numbers, float64.

    Raises
    ------
    FileNotFoundError, FileError
        If the file is not there, cannot be read, or does not hold to its own header.
    """
    y: list[int | str | float] = []
    with reading(path, EXPECTED):
        lines = enumerate(read_lines(path, EXPECTED, max_bytes), start=1)
        header = _header(lines)
        if header.get("timestamps", "false") != "false":
            raise ValueError("it has @timeStamps, but only series without times of their own are read")
        if header.get(labels, "").split()[:1] != ["true"]:
            raise ValueError(f"its header does not say @{labels} true")
        read_label = _classes(header[labels].split()[1:]) if labels == "classlabel" else _target

        def cases() -> Iterator[tuple[int, str]]:
            for k, line in lines:
                if line.strip():
                    channels, _, label = line.rpartition(":")
                    yield k, channels
                    y.append(read_label(k, label.strip()))
            if not y:
                raise ValueError("it has no case after @data")

        X = padded(_channels(header, cases(), max_bytes), np.nan, np.float32, max_bytes)
    return X.reshape(len(y), -1, X.shape[1]), np.array(y)


def _header(lines: Iterator[tuple[int, str]]) -> dict[str, str]:
    """What the tags of the lines up to @data say, in small letters but for the classes."""
    header: dict[str, str] = {}
    for k, line in ((k, line.strip()) for k, line in lines):
        if line.lower() == "@data":
            return header
        if line.startswith("@"):
            tag, _, value = line[1:].replace("\t", " ").partition(" ")
            tag, value = tag.lower(), re.sub(r"^\s*(true|false)\b", lambda word: word[0].lower(), value, flags=re.I)
            value = value.strip()
            if header.setdefault(tag, value) != value and tag != "problemname":
                raise ValueError(f"line {k} says @{tag} {value}, an earlier one @{tag} {header[tag]}")
        elif line and line[0] not in "#%":
            raise ValueError(f"line {k} is before @data and neither a tag (@) nor a comment (#)")
    raise ValueError("it has no line @data")


def split_text(text: str, separator: str, shortest: int = 0) -> Iterator[str]:
    """Yield the pieces of a text between separators, each at least so long but for the last; few are in memory at once.

    >>> list(split_text("1,2,30,4", ",")), list(split_text("1,2,30,4", ",", 2))
    (['1', '2', '30', '4'], ['1,2', '30', '4'])
    """
    start = 0
    while (end := text.find(separator, start + shortest)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def channel_values(k: int, text: str, separator: str = ",", max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Values of a channel in line ``k``, float32; NaN where one is missing."""
    n = text.count(separator) + 1
    if 4 * n > max_bytes:
        raise TooLargeError(f"line {k} has a series of {n} values, which take {4 * n} bytes", max_bytes)
    values = np.empty(n, dtype=np.float32)
    start = 0
    for piece in split_text(text, separator, PIECE):
        numbers = _numbers(k, piece.replace("?", "nan"), separator)
        values[start : start + len(numbers)] = numbers
        start += len(numbers)
    return values


def _numbers(k: int, text: str, separator: str) -> np.ndarray:
    fields = text.split(separator)
    if not NUMBER_CHARACTERS.issuperset(text) or not all(map(str.strip, fields)):
        wrong = next(field for field in fields if not NUMBER.fullmatch(field))
        raise ValueError(f"line {k} has the value {wrong.strip()!r}; expected a number, NaN or ?")
    try:
        values = np.array(fields, dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"line {k} has a value that is no number: {error}") from error
    if not (np.abs(values) <= np.finfo(np.float32).max)[~np.isnan(values)].all():
        raise ValueError(f"line {k} has a value beyond the range of float32")
    return values


def _channels(header: dict[str, str], cases: Iterator[tuple[int, str]], max_bytes: int) -> Iterator[np.ndarray]:
    """Yield every channel; raise unless channels, lengths and missing values are as the header says.

    Where it does not say, cases have as many channels and values as the first. A case has one length in any case.
    """
    n_channels = _whole(header, "dimensions") or _whole(header, "dimension")
    may_differ = _boolean(header, "equallength") is False
    length = None if may_differ else _whole(header, "serieslength")
    may_miss = _boolean(header, "missing") is not False
    is_univariate = _boolean(header, "univariate")
    for k, text in cases:
        found = text.count(":") + 1
        n_channels = n_channels or found
        if is_univariate not in (None, n_channels == 1):
            raise ValueError(f"its header says @univariate {header['univariate']}, but it has {n_channels} channels")
        if found != n_channels:
            raise ValueError(f"line {k} has {found} channels; the header or the first case has {n_channels}")
        has_value = False
        length = None if may_differ else length
        for channel in split_text(text, ":"):
            values = channel_values(k, channel, max_bytes=max_bytes)
            length = length or len(values)
            if len(values) != length:
                raise ValueError(f"line {k} has a channel of {len(values)} values; expected {length} each")
            missing = np.isnan(values)
            has_value |= not missing.all()
            if missing.any() and not may_miss:
                raise ValueError(f"line {k} lacks values, but the header says @missing false")
            yield values
        if not has_value:
            raise ValueError(f"line {k} has no value that is not missing")


def _boolean(header: dict[str, str], tag: str) -> bool | None:
    if tag not in header:
        return None
    if header[tag] not in BOOLEANS:
        raise ValueError(f"its header says @{tag} {header[tag]}; expected true or false")
    return BOOLEANS[header[tag]]


def _whole(header: dict[str, str], tag: str) -> int | None:
    if tag not in header:
        return None
    if not re.fullmatch("[1-9][0-9]{0,17}", header[tag]):
        raise ValueError(f"its header says @{tag} {header[tag]}; expected a whole number, at least 1")
    return int(header[tag])


def _classes(listed: list[str]) -> Callable[[int, str], int | str]:
    """What gives the class of a line's label."""
    for text in listed:
        check_label(text, "its header lists ")
    if not listed or len(set(listed)) < len(listed):
        raise ValueError(f"its header lists the classes {listed}; expected each once")
    check_different(listed)
    classes = dict(zip(listed, as_labels(listed).tolist(), strict=True))

    def read(k: int, text: str) -> int | str:
        if text not in classes:
            raise ValueError(f"line {k} has the label {text!r}; the header lists {listed}")
        label: int | str = classes[text]
        return label

    return read


def _target(k: int, text: str) -> float:
    if not NUMBER.fullmatch(text) or not np.isfinite(float(text)):
        raise ValueError(f"line {k} has the target {text!r}; expected a finite number")
    return float(text)
