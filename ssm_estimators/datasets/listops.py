"""ListOps: nested lists of digits under minimum, maximum, median and sum modulo 10."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import check_options, padded, require

OPERATORS: dict[str, Callable[[list[int]], int]] = {
    "[MIN": min,
    "[MAX": max,
    "[MED": lambda values: int(np.median(values)),
    "[SM": lambda values: sum(values) % 10,
}
TOKENS = [*map(str, range(10)), *OPERATORS, "]"]
FILES = {"train": "basic_train.tsv", "validation": "basic_val.tsv", "test": "basic_test.tsv"}
N_CASES = {"train": 96_000, "validation": 2_000, "test": 2_000}
OPERATOR_SHARE, MOST_ARGUMENTS, DEEPEST = 0.25, 10, 10
PARTS_OF_FIVE = ("train", "train", "train", "validation", "test")  # of rows of the original test file


def load_listops(
    split: str,
    data_dir: str | Path | None = None,
    *,
    n_cases: int | None = None,
    n_timepoints: tuple[int, int] = (500, 2000),
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Nested lists, such as ``[MAX 4 3 [MIN 2 3 ] 1 ]``, and the digit that each evaluates to.

    Parameters
    ----------
    split : {"train", "validation", "test"}
    data_dir : path or None, default=None
        Folder that holds ``listops/`` with the Long Range Arena's ``basic_train.tsv``, ``basic_val.tsv`` and
        ``basic_test.tsv`` (Source, Target); or ``text/`` with ``listops_original_10k.tsv.gz``, the short lists of the
        original ListOps' test file, of which every fifth is the test part, the one before it the validation part.
        ``None``: lists are made by the rules of the Long Range Arena.
    n_cases : int or None, default=None
        Lists to make; ``None``: 96,000, 2,000 and 2,000.
    n_timepoints : (int, int), default=(500, 2000)
        Fewest and most tokens of the lists made, both left out.
    seed : int, default=0
        Of the lists made; each split has its own.

    Returns
    -------
    X : ndarray of shape (n_cases, 1, longest), int64
        Tokens from 1 to 15: digits 0 to 9, ``[MIN``, ``[MAX``, ``[MED``, ``[SM``, ``]``; 0 past the end.
    y : ndarray of shape (n_cases,), int64
        Digits.
    n_tokens : int
        15.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If ``split`` is unknown, or a file is not what it should be.

    References
    ----------
    .. [1] "ListOps: A Diagnostic Dataset for Latent Tree Learning", arXiv:1804.06028.
    .. [2] "Long Range Arena: A Benchmark for Efficient Transformers", arXiv:2011.04006.

    Examples
    --------
    >>> X, y, n_tokens = load_listops("train", n_cases=3, n_timepoints=(5, 50))
    >>> X.shape[0], y.shape, n_tokens
    (3, (3,), 15)
    """
    check_options(split=(split, tuple(FILES)))
    if data_dir is None:
        low, high = n_timepoints
        if not 2 < low + 1 < high:
            raise ValueError(f"n_timepoints must be (fewest, most) with a length between them; got {n_timepoints}.")
        lists = _made(n_cases or N_CASES[split], low, high, np.random.default_rng([seed, list(FILES).index(split)]))
        pairs = [(tokens, evaluate(tokens)) for tokens in lists]
    else:
        pairs = _read(Path(data_dir), split)
    codes = {token: code for code, token in enumerate(TOKENS, start=1)}
    texts = [np.array([codes[token] for token in tokens]) for tokens, _ in pairs]
    X = padded(texts, 0, np.int64)[:, None]
    return X, np.array([value for _, value in pairs], dtype=np.int64), len(TOKENS)


def evaluate(tokens: Iterable[str]) -> int:
    """What a list evaluates to.

    >>> evaluate("[SM 4 [MED 9 2 4 ] 5 ]".split())
    3
    """
    stack: list[tuple[str, list[int]]] = [("", [])]
    for token in tokens:
        if token in OPERATORS:
            stack.append((token, []))
        elif token == "]":
            operator, values = stack.pop()
            stack[-1][1].append(OPERATORS[operator](values))
        else:
            stack[-1][1].append(int(token))
    ((_, (value,)),) = stack
    return value


def _made(n_cases: int, low: int, high: int, random: np.random.Generator) -> list[list[str]]:
    """Different lists of more than ``low`` and fewer than ``high`` tokens."""
    made: dict[tuple[str, ...], None] = {}
    while len(made) < n_cases:
        tokens = _list_of_fewer(high, random)
        if tokens is not None and len(tokens) > low:
            made[tuple(tokens)] = None
    return [list(tokens) for tokens in made]


def _list_of_fewer(high: int, random: np.random.Generator) -> list[str] | None:
    """Tokens of one random list; None as soon as it has too many."""
    tokens: list[str] = []
    open_lists = [1]  # how many arguments each still wants, from the outermost in
    while open_lists:
        if len(tokens) >= high:
            return None
        if open_lists[-1] == 0:
            open_lists.pop()
            tokens += ["]"] if open_lists else []
            continue
        open_lists[-1] -= 1
        if len(open_lists) <= DEEPEST and random.random() < OPERATOR_SHARE:
            tokens.append(list(OPERATORS)[random.integers(len(OPERATORS))])
            open_lists.append(int(random.integers(2, MOST_ARGUMENTS + 1)))
        else:
            tokens.append(str(random.integers(10)))
    return tokens


def _read(root: Path, split: str) -> list[tuple[list[str], int]]:
    path, original = root / "listops" / FILES[split], root / "text" / "listops_original_10k.tsv.gz"
    expected = (
        f"{FILES[split]} of the Long Range Arena (Source, Target) in {root / 'listops'}, or {original}. The former is "
        "at https://github.com/google-research/long-range-arena; data_dir=None makes lists by the same rules."
    )
    path = require([path, original], expected)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    if path == original:
        lines = [line for k, line in enumerate(lines) if PARTS_OF_FIVE[k % 5] == split]
        return [*_parsed(path, ((text, value) for value, text in lines))]
    return [*_parsed(path, ((text, value) for text, value in lines[1:]))]


def _parsed(path: Path, lines: Iterable[tuple[str, str]]) -> Iterator[tuple[list[str], int]]:
    """Tokens, without the parentheses that make every list a binary tree, and values, checked."""
    known = {*TOKENS, "(", ")"}
    for text, value in lines:
        tokens = text.split()
        if not known.issuperset(tokens):
            raise ValueError(f"{path} holds {sorted({*tokens} - known)}, which are no tokens of ListOps.")
        tokens = [token for token in tokens if token not in ("(", ")")]
        try:
            evaluated, stated = evaluate(tokens), int(value)
        except ValueError as error:
            raise ValueError(
                f"{path} holds a line that cannot be read as a list and its value: {text[:80]}."
            ) from error
        if evaluated != stated:
            raise ValueError(f"{path} says {value} of a list that evaluates to {evaluated}: {text[:80]}.")
        yield tokens, stated
