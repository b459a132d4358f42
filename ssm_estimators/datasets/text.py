"""Texts as series of bytes: reviews to judge, and pairs of papers of which one may cite the other."""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import (
    MAX_BYTES,
    check_counts,
    check_options,
    check_whole,
    counted,
    padded,
    read_bytes,
    read_lines,
    reading,
    require,
)
from ssm_estimators.datasets.formats import read_npz, split_at
from ssm_estimators.datasets.remote import fetch

N_BYTES = 256  # tokens are 1 + the byte
IMDB_CASES = 12_500  # of each kind in each part
IMDB_SUBSET_CASES = {"train": 2000, "test": 1000}
IMDB_URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
IMDB_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
RETRIEVAL_FILES = {
    "train": "new_aan_pairs.train.tsv",
    "validation": "new_aan_pairs.eval.tsv",
    "test": "new_aan_pairs.test.tsv",
}
RETRIEVAL_CASES = {"train": 147_086, "validation": 18_090, "test": 17_437}
RETRIEVAL_LABELS = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}


def load_imdb_bytes(
    split: str,
    data_dir: str | Path,
    *,
    n_timepoints: int = 4096,
    download: bool = False,
    max_bytes: int = MAX_BYTES,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Film reviews, byte by byte: praise or not (the task "Text" of the Long Range Arena).

    Parameters
    ----------
    split : {"train", "test"}
    data_dir : path
        Folder that holds ``aclImdb/`` with ``train/pos/*.txt`` ..., the Large Movie Review Dataset; or ``text/`` with
        ``imdb_bytes_2k_1k.npz``, 2,000 and 1,000 of them.
    n_timepoints : int, default=4096
        Bytes of a review at which it is cut.
    download : bool, default=False
        Fetch what is not there into ``data_dir``, 84 MB; needs pooch.
    max_bytes : int, default=2**32
        A file, unpacked, or X may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

    Returns
    -------
    X : ndarray of shape (n_cases, 1, longest), int64
        1 + each byte of the text in UTF-8; 0 past the end.
    y : ndarray of shape (n_cases,), int64
        1: praise.
    n_tokens : int
        256.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If an option is unknown, files are missing, or a file is damaged, too large or not what it should be.

    References
    ----------
    .. [1] "Learning Word Vectors for Sentiment Analysis", ACL 2011.
    """
    check_options(split=(split, ("train", "test")))
    check_whole(n_timepoints=n_timepoints, max_bytes=max_bytes)
    root = Path(data_dir)
    folder, subset = root / "aclImdb" / split, root / "text" / "imdb_bytes_2k_1k.npz"
    get = partial(fetch, IMDB_URL, IMDB_MD5, root, unpack=True)
    expected = (
        f"reviews as {folder / 'pos'}/*.txt and {folder / 'neg'}/*.txt, 12,500 each, or {subset}. They are at "
        f"{IMDB_URL}; download=True fetches them."
    )
    path = require([folder, subset], expected, get if download else None)
    texts: Iterable[np.ndarray]
    if path == subset:
        texts, y = _imdb_subset(subset, split, max_bytes)
    else:
        paths = [sorted((folder / kind).glob("*.txt")) for kind in ("neg", "pos")]
        check_counts(folder, [len(part) for part in paths], [IMDB_CASES, IMDB_CASES])
        contents = (read_bytes(path, "a review", max_bytes)[:n_timepoints] for part in paths for path in part)
        texts = (np.frombuffer(content, dtype=np.uint8) for content in contents)
        y = np.repeat([0, 1], [len(part) for part in paths])
    with reading(path, "reviews"):
        return _bytes(texts, n_timepoints, max_bytes)[:, None], y.astype(np.int64), N_BYTES


def _imdb_subset(path: Path, split: str, max_bytes: int) -> tuple[list[np.ndarray], np.ndarray]:
    n = IMDB_SUBSET_CASES[split]
    text, offsets, labels = f"text_{split}", f"offsets_{split}", f"y_{split}"
    arrays = read_npz(path, {offsets: ("iu", (n + 1,)), labels: ("iu", (n,)), text: ("u", (None,))}, max_bytes)
    with reading(path, "reviews and their labels, 0 or 1"):
        if not np.isin(arrays[labels], (0, 1)).all():
            raise ValueError(f"it has the labels {np.unique(arrays[labels])}")
        return split_at(arrays[text], arrays[offsets]), arrays[labels]


def load_retrieval(
    split: str, data_dir: str | Path, *, n_timepoints: int = 4000, max_bytes: int = 4 * MAX_BYTES
) -> tuple[np.ndarray, np.ndarray, int]:
    """Pairs of papers of the ACL Anthology, byte by byte: linked by a citation or not (Long Range Arena, "Retrieval").

    Parameters
    ----------
    split : {"train", "validation", "test"}
    data_dir : path
        Folder that holds ``lra_release/tsv_data/`` or ``aan/`` with ``new_aan_pairs.train.tsv``, ``.eval.tsv`` and
        ``.test.tsv``: label, two identifiers, two texts per line.
    n_timepoints : int, default=4000
        Bytes of a paper at which it is cut.
    max_bytes : int, default=2**34
        The file or X may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

    Returns
    -------
    X : ndarray of shape (n_pairs, 2, longest), int64
        1 + each byte of both texts in UTF-8; 0 past an end.
    y : ndarray of shape (n_pairs,), int64
        1: linked.
    n_tokens : int
        256.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If an option is unknown, or the file is damaged, too large or holds other counts than were published.

    References
    ----------
    .. [1] "Long Range Arena: A Benchmark for Efficient Transformers", arXiv:2011.04006.
    """
    check_options(split=(split, tuple(RETRIEVAL_FILES)))
    check_whole(n_timepoints=n_timepoints, max_bytes=max_bytes)
    root, name = Path(data_dir), RETRIEVAL_FILES[split]
    folders = [root / "aan", root / "lra_release" / "tsv_data"]
    expected = (
        f"the Long Range Arena's {name} in {folders[0]} or {folders[1]}: lra_release.gz from "
        "https://github.com/google-research/long-range-arena."
    )
    path = require([folder / name for folder in folders], expected)
    contents = "a label (0 or 1), two identifiers and two texts between tabs a line"
    y: list[int] = []

    def texts() -> Iterator[np.ndarray]:
        lines = counted(path, read_lines(path, contents, max_bytes), RETRIEVAL_CASES[split], "pairs")
        for k, line in enumerate(lines, start=1):
            fields = line.split("\t", 5)
            if len(fields) != 5 or fields[0] not in RETRIEVAL_LABELS:
                n_fields = line.count("\t") + 1
                raise ValueError(f"line {k} has {n_fields} fields, the first {fields[0][:20]!r}")
            y.append(RETRIEVAL_LABELS[fields[0]])
            yield from map(_unquoted, fields[3:])

    with reading(path, contents):
        X = _bytes(texts(), n_timepoints, max_bytes)
    return X.reshape(len(y), 2, -1), np.array(y, dtype=np.int64), N_BYTES


def _unquoted(text: str) -> np.ndarray:
    """Bytes of a text that the file writes as Python writes bytes, or as it is."""
    plain = text[2:-1] if re.fullmatch(r"b(['\"]).*\1", text) else text
    return np.frombuffer(plain.encode(), dtype=np.uint8)


def _bytes(texts: Iterable[np.ndarray], n_timepoints: int, max_bytes: int) -> np.ndarray:
    """Tokens of texts, cut, (n_texts, longest)."""
    cut = (text[:n_timepoints] for text in texts)
    return padded(cut, 0, np.int64, max_bytes, lambda text: text.astype(np.int64) + 1)
