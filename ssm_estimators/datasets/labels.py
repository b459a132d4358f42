"""Labels of classes, admitted exactly as they are written or refused."""

import re
from collections.abc import Collection, Sequence

import numpy as np

WHOLE = re.compile(r"(0|-?[1-9][0-9]*)(\.0)?")
LARGEST = 2**53  # up to which floats tell whole numbers apart


def check_label(text: str, where: str = "it has ") -> None:
    """Raise if a text names no class.

    An empty one does not, nor a question mark, nor a number that is not finite or too large to be exact.

    >>> check_label("NaN", "line 3 has ")
    Traceback (most recent call last):
    ValueError: line 3 has the label 'NaN', which names no class; expected a word or a finite number, up to 2 ** 53
    """
    number = _number(text)
    if text in ("", "?") or (number is not None and not abs(number) <= LARGEST):
        raise ValueError(
            f"{where}the label {text!r}, which names no class; expected a word or a finite number, up to 2 ** 53"
        )


def check_different(labels: Collection[str]) -> None:
    """Raise if two labels are one number, written in two ways.

    >>> check_different(["01", "1"])
    Traceback (most recent call last):
    ValueError: the labels '01' and '1' are one number, written in two ways; write them alike, or as words
    """
    first: dict[float, str] = {}
    for text in labels:
        number = _number(text)
        if number is not None and first.setdefault(number, text) != text:
            raise ValueError(
                f"the labels {first[number]!r} and {text!r} are one number, written in two ways; write them alike, or "
                "as words"
            )


def as_labels(labels: Sequence[str]) -> np.ndarray:
    """Integers if all labels are whole numbers as one writes them, else texts as they are.

    >>> as_labels(["1", "-1", "2.0"]).tolist()
    [1, -1, 2]
    >>> as_labels(["a", "1"]).tolist(), as_labels(["01", "02"]).tolist()
    (['a', '1'], ['01', '02'])
    """
    if all(WHOLE.fullmatch(text) for text in labels):
        return np.array([int(text.removesuffix(".0")) for text in labels], dtype=np.int64)
    return np.array(labels)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
