"""ListOps: nested lists of digits under minimum, maximum, median and sum modulo 10."""

from collections.abc import Callable, Iterable, Iterator
from numbers import Integral
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import (
    MAX_BYTES,
    check_options,
    check_whole,
    counted,
    padded,
    read_lines,
    reading,
    require,
)

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
MOST_DRAWS = 100_000  # without a new list; of the usual lengths, one draw in 13 gives one
ORIGINAL, ORIGINAL_CASES = "listops_original_10k.tsv.gz", 10_000
PARTS_OF_FIVE = ("train", "train", "train", "validation", "test")  # of rows of the original test file


def load_listops(
    split: str,
    data_dir: str | Path | None = None,
    *,
    n_cases: int | None = None,
    n_timepoints: tuple[int, int] = (500, 2000),
    seed: int = 0,
    max_bytes: int = MAX_BYTES,
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
    max_bytes : int, default=2**32
        A file, unpacked, or X may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

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
        If an option is unknown, or a file is damaged, too large or holds other counts than were published.

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
    check_whole(max_bytes=max_bytes)
    if data_dir is None:
        n_cases = N_CASES[split] if n_cases is None else n_cases
        check_whole(n_cases=n_cases)
        bounds = (*n_timepoints,) if isinstance(n_timepoints, Iterable) else ()
        if len(bounds) != 2 or not all(isinstance(n, Integral) for n in bounds) or not 2 < bounds[0] + 1 < bounds[1]:
            raise ValueError(f"n_timepoints must be (fewest, most) with a length between them; got {n_timepoints!r}.")
        random = np.random.default_rng([seed, list(FILES).index(split)])
        return _coded(((tokens, evaluate(tokens)) for tokens in _made(n_cases, *bounds, random)), max_bytes)
    path = _path(Path(data_dir), split)
    with reading(path, "lists of ListOps and their values"):
        return _coded((_parsed(*case) for case in _cases(path, split, max_bytes)), max_bytes)


def _coded(pairs: Iterable[tuple[list[str], int]], max_bytes: int) -> tuple[np.ndarray, np.ndarray, int]:
    codes = {token: code for code, token in enumerate(TOKENS, start=1)}
    y: list[int] = []

    def texts() -> Iterator[np.ndarray]:
        for tokens, value in pairs:
            y.append(value)
            yield np.array([codes[token] for token in tokens], dtype=np.uint8)

    return padded(texts(), 0, np.int64, max_bytes)[:, None], np.array(y, dtype=np.int64), len(TOKENS)


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
            if not values:
                raise ValueError("A list has no values.")
            stack[-1][1].append(OPERATORS[operator](values))
        else:
            stack[-1][1].append(int(token))
    ((_, (value,)),) = stack
    return value


def _made(n_cases: int, low: int, high: int, random: np.random.Generator) -> Iterator[list[str]]:
    """Yield different lists of more than ``low`` and fewer than ``high`` tokens."""
    made: set[str] = set()
    n_in_vain = 0
    while len(made) < n_cases:
        tokens = _list_of_fewer(high, random)
        if tokens is None or len(tokens) <= low or (text := "".join(tokens)) in made:
            n_in_vain += 1
            if n_in_vain == MOST_DRAWS:
                raise ValueError(
                    f"{MOST_DRAWS} draws gave no new list after the first {len(made)} of n_cases={n_cases}. Let "
                    f"n_timepoints={(low, high)} admit more lengths, or ask for fewer lists."
                )
            continue
        n_in_vain = 0
        made.add(text)
        yield tokens


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


def _path(root: Path, split: str) -> Path:
    path, original = root / "listops" / FILES[split], root / "text" / ORIGINAL
    expected = (
        f"{FILES[split]} of the Long Range Arena (Source, Target) in {root / 'listops'}, or {original}. The former is "
        "at https://github.com/google-research/long-range-arena; data_dir=None makes lists by the same rules."
    )
    return require([path, original], expected)


def _cases(path: Path, split: str, max_bytes: int) -> Iterator[tuple[int, str, str]]:
    """Number, list and value of each line of a part."""
    is_original = path.name == ORIGINAL
    lines = enumerate(read_lines(path, "a list and its value per line", max_bytes), start=1)
    if not is_original and next(lines, (1, ""))[1] != "Source\tTarget":
        raise ValueError("the first line is not Source and Target")
    for k, line in counted(path, lines, ORIGINAL_CASES if is_original else N_CASES[split], "lists"):
        if (n_fields := line.count("\t") + 1) != 2:
            raise ValueError(f"line {k} has {n_fields} fields; expected 2, between tabs")
        first, second = line.split("\t")
        if not is_original:
            yield k, first, second
        elif PARTS_OF_FIVE[(k - 1) % 5] == split:
            yield k, second, first


def _parsed(line: int, text: str, value: str) -> tuple[list[str], int]:
    """Tokens, without the parentheses that make every list a binary tree, and value, checked."""
    tokens = [token for token in text.split() if token not in ("(", ")")]
    if unknown := sorted({*tokens} - {*TOKENS}):
        raise ValueError(f"line {line} holds {unknown}, which are no tokens of ListOps")
    if value not in TOKENS[:10]:
        raise ValueError(f"line {line} has the value {value!r}; expected a digit")
    try:
        evaluated = evaluate(tokens)
    except (ValueError, LookupError) as error:
        raise ValueError(f"line {line} is no complete list: {text[:80]}") from error
    if evaluated != int(value):
        raise ValueError(f"line {line} says {value} of a list that evaluates to {evaluated}: {text[:80]}")
    return tokens, evaluated
