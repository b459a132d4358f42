"""Texts as series of integers."""

from collections.abc import Sequence

import numpy as np


def pad_tokens(texts: Sequence[np.ndarray], longest: int) -> np.ndarray:
    """Texts of tokens from 1 on as an array (n_cases, 1, length of the longest), int64, 0 past their ends.

    Texts of more than ``longest`` tokens are cut there.

    >>> pad_tokens([np.array([3, 1, 2]), np.array([5])], longest=2).tolist()
    [[[3, 1]], [[5, 0]]]
    """
    X = np.zeros((len(texts), 1, min(longest, max(map(len, texts)))), dtype=np.int64)
    for row, text in zip(X[:, 0], texts, strict=True):
        row[: min(len(text), longest)] = text[:longest]
    return X
