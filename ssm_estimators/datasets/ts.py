"""The text format of sktime: a header, then a case a line, channels between colons, the label last."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import MAX_BYTES, padded, read_lines, reading
from ssm_estimators.datasets.labels import as_labels, check_different, check_label

EXPECTED = "a .ts file, sktime's text format"
NUMBER = re.compile(r"\s*([-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[nN][aA][nN])\s*")
NUMBER_CHARACTERS = frozenset("0123456789+-.eEnNaA \t,")
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
    lines = read_lines(path, EXPECTED, max_bytes)
    with reading(path, EXPECTED):
        header, start = _header(lines)
        if header.get("timestamps", "false") != "false":
            raise ValueError("it has @timeStamps, but only series without times of their own are read")
        if header.get(labels, "").split()[:1] != ["true"]:
            raise ValueError(f"its header does not say @{labels} true")
        cases = [(k, *line.rpartition(":")[::2]) for k, line in enumerate(lines[start:], start + 1) if line.strip()]
        if not cases:
            raise ValueError("it has no case after @data")
        series = [[channel_values(k, text) for text in channels.split(":")] for k, channels, _ in cases]
        _check_series(header, series, [k for k, *_ in cases])
        texts = [(k, text.strip()) for k, _, text in cases]
        y = _classes(header[labels].split()[1:], texts) if labels == "classlabel" else _targets(texts)
        X = padded([values for case in series for values in case], np.nan, np.float32, max_bytes)
    return X.reshape(len(series), len(series[0]), -1), y


def _header(lines: Sequence[str]) -> tuple[dict[str, str], int]:
    """What the tags say, in small letters but for the classes, and the number of lines up to @data."""
    header: dict[str, str] = {}
    for k, line in enumerate(map(str.strip, lines), start=1):
        if line.lower() == "@data":
            return header, k
        if line.startswith("@"):
            tag, _, value = line[1:].replace("\t", " ").partition(" ")
            tag, value = tag.lower(), re.sub(r"^\s*(true|false)\b", lambda word: word[0].lower(), value, flags=re.I)
            value = value.strip()
            if header.setdefault(tag, value) != value and tag != "problemname":
                raise ValueError(f"line {k} says @{tag} {value}, an earlier one @{tag} {header[tag]}")
        elif line and line[0] not in "#%":
            raise ValueError(f"line {k} is before @data and neither a tag (@) nor a comment (#)")
    raise ValueError("it has no line @data")


def channel_values(k: int, text: str, separator: str = ",") -> np.ndarray:
    """Values of a channel in line ``k``, float32; NaN where one is missing."""
    text = text.replace("?", "nan")
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
    return values.astype(np.float32)


def _check_series(header: dict[str, str], series: list[list[np.ndarray]], lines: list[int]) -> None:
    """Raise unless channels, lengths and missing values are what the header says, or the same in every case."""
    n_channels = _whole(header, "dimensions") or _whole(header, "dimension") or len(series[0])
    of_equal_length = _boolean(header, "equallength")
    length = None if of_equal_length is False else _whole(header, "serieslength")
    if length is None and of_equal_length:
        length = len(series[0][0])
    if _boolean(header, "univariate") not in (None, n_channels == 1):
        raise ValueError(f"its header says @univariate {header['univariate']}, but it has {n_channels} channels")
    may_miss = _boolean(header, "missing") is not False
    for k, case in zip(lines, series, strict=True):
        if len(case) != n_channels:
            raise ValueError(f"line {k} has {len(case)} channels; the header or the first case has {n_channels}")
        if length is not None and any(len(values) != length for values in case):
            raise ValueError(f"line {k} has {[len(values) for values in case]} values; expected {length} each")
        if not may_miss and any(np.isnan(values).any() for values in case):
            raise ValueError(f"line {k} lacks values, but the header says @missing false")


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


def _classes(listed: list[str], texts: list[tuple[int, str]]) -> np.ndarray:
    for text in listed:
        check_label(text, "its header lists ")
    if not listed or len(set(listed)) < len(listed):
        raise ValueError(f"its header lists the classes {listed}; expected each once")
    check_different(listed)
    classes = dict(zip(listed, as_labels(listed).tolist(), strict=True))
    for k, text in texts:
        if text not in classes:
            raise ValueError(f"line {k} has the label {text!r}; the header lists {listed}")
    return np.array([classes[text] for _, text in texts])


def _targets(texts: list[tuple[int, str]]) -> np.ndarray:
    for k, text in texts:
        if not NUMBER.fullmatch(text) or not np.isfinite(float(text)):
            raise ValueError(f"line {k} has the target {text!r}; expected a finite number")
    return np.array([text for _, text in texts], dtype=np.float64)
