"""Texts as series of bytes: reviews to judge, and pairs of papers of which one may cite the other."""

import re
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import check_counts, check_options, padded, require
from ssm_estimators.datasets.remote import fetch

N_BYTES = 256  # tokens are 1 + the byte
IMDB_CASES = 12_500  # of each kind in each part
IMDB_URL = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
IMDB_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
RETRIEVAL_FILES = {
    "train": "new_aan_pairs.train.tsv",
    "validation": "new_aan_pairs.eval.tsv",
    "test": "new_aan_pairs.test.tsv",
}


def load_imdb_bytes(
    split: str, data_dir: str | Path, *, n_timepoints: int = 4096, download: bool = False
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
        If ``split`` is unknown, or files are missing.

    References
    ----------
    .. [1] "Learning Word Vectors for Sentiment Analysis", ACL 2011.
    """
    check_options(split=(split, ("train", "test")))
    root = Path(data_dir)
    folder, subset = root / "aclImdb" / split, root / "text" / "imdb_bytes_2k_1k.npz"
    get = partial(fetch, IMDB_URL, IMDB_MD5, root, unpack=True)
    expected = (
        f"reviews as {folder / 'pos'}/*.txt and {folder / 'neg'}/*.txt, 12,500 each, or {subset}. They are at "
        f"{IMDB_URL}; download=True fetches them."
    )
    if require([folder, subset], expected, get if download else None) == subset:
        with np.load(subset) as arrays:
            content, ends, y = arrays[f"text_{split}"], arrays[f"offsets_{split}"], arrays[f"y_{split}"]
        check_counts(subset, len(y), 2000 if split == "train" else 1000)
        texts = [content[start:end] for start, end in pairwise(ends)]
    else:
        paths = [sorted((folder / kind).glob("*.txt")) for kind in ("neg", "pos")]
        check_counts(folder, [len(part) for part in paths], [IMDB_CASES, IMDB_CASES])
        texts = [np.frombuffer(path.read_bytes(), dtype=np.uint8) for part in paths for path in part]
        y = np.repeat([0, 1], [len(part) for part in paths])
    return _bytes(texts, n_timepoints)[:, None], y.astype(np.int64), N_BYTES


def load_retrieval(split: str, data_dir: str | Path, *, n_timepoints: int = 4000) -> tuple[np.ndarray, np.ndarray, int]:
    """Pairs of papers of the ACL Anthology, byte by byte: linked by a citation or not (Long Range Arena, "Retrieval").

    Parameters
    ----------
    split : {"train", "validation", "test"}
    data_dir : path
        Folder that holds ``lra_release/tsv_data/`` or ``aan/`` with ``new_aan_pairs.train.tsv``, ``.eval.tsv`` and
        ``.test.tsv``: label, two identifiers, two texts a line.
    n_timepoints : int, default=4000
        Bytes of a paper at which it is cut.

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
        If ``split`` is unknown, or the file is not what it should be.

    References
    ----------
    .. [1] "Long Range Arena: A Benchmark for Efficient Transformers", arXiv:2011.04006.
    """
    check_options(split=(split, tuple(RETRIEVAL_FILES)))
    root, name = Path(data_dir), RETRIEVAL_FILES[split]
    folders = [root / "aan", root / "lra_release" / "tsv_data"]
    expected = (
        f"the Long Range Arena's {name} in {folders[0]} or {folders[1]}: lra_release.gz from "
        "https://github.com/google-research/long-range-arena."
    )
    path = require([folder / name for folder in folders], expected)
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    wrong = [k for k, line in enumerate(lines, start=1) if len(line) != 5 or not re.fullmatch(r"[01](\.0)?", line[0])]
    if wrong or not lines:
        raise ValueError(
            f"{path} has {len(lines)} lines, of which line {wrong[0] if wrong else 1} is not a label (0 or 1), two "
            "identifiers and two texts between tabs."
        )
    X = _bytes([_unquoted(text) for line in lines for text in line[3:]], n_timepoints)
    y = np.array([float(line[0]) for line in lines]).astype(np.int64)
    return X.reshape(len(lines), 2, -1), y, N_BYTES


def _unquoted(text: str) -> np.ndarray:
    """Bytes of a text that the file writes as Python writes bytes, or as it is."""
    plain = text[2:-1] if re.fullmatch(r"b(['\"]).*\1", text) else text
    return np.frombuffer(plain.encode(), dtype=np.uint8)


def _bytes(texts: list[np.ndarray], n_timepoints: int) -> np.ndarray:
    """Tokens of texts, cut, (n_texts, longest)."""
    return padded([text[:n_timepoints].astype(np.int64) + 1 for text in texts], 0, np.int64)
