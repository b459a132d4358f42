"""Texts as series of tokens, from tiny files in the published formats."""

import gzip

import numpy as np
import pytest

from ssm_estimators.datasets import load_imdb_bytes, load_listops, load_retrieval, text
from ssm_estimators.datasets.listops import TOKENS, evaluate


def _tokens(X, case=0):
    return [TOKENS[code - 1] for code in X[case, 0] if code]


def _bytes(row):
    return bytes((row[row > 0] - 1).astype(np.uint8))


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("expression", "value"),
    [("7", 7), ("[MIN 4 2 ]", 2), ("[MAX 4 [MIN 9 8 ] 1 ]", 8), ("[MED 1 9 4 2 ]", 3), ("[SM 5 [SM 9 9 ] ]", 3)],
)
def test_lists_evaluate_by_the_rules(expression, value):
    assert evaluate(expression.split()) == value


def test_listops_made_here():
    X, y, n_tokens = load_listops("train", n_cases=20, n_timepoints=(10, 60))
    lengths = (X[:, 0] > 0).sum(1)
    assert n_tokens == X.max() == 15
    assert lengths.min() > 10
    assert lengths.max() == X.shape[2] < 60
    assert [evaluate(_tokens(X, case)) for case in range(20)] == y.tolist()
    np.testing.assert_array_equal(X, load_listops("train", n_cases=20, n_timepoints=(10, 60))[0])
    other = load_listops("test", n_cases=20, n_timepoints=(10, 60))[0]
    assert other.shape != X.shape or not np.array_equal(other, X)
    with pytest.raises(ValueError, match="n_timepoints must be"):
        load_listops("train", n_timepoints=(60, 10))


def test_listops_of_the_long_range_arena(tmp_path):
    _write(tmp_path / "listops/basic_val.tsv", "Source\tTarget\n( ( [MAX 2 ) 9 ] )\t9\n( [SM 1 2 ] )\t3\n")
    X, y, _ = load_listops("validation", tmp_path)
    assert _tokens(X) == ["[MAX", "2", "9", "]"]
    assert y.tolist() == [9, 3]
    with pytest.raises(FileNotFoundError, match=r"basic_train.tsv.*data_dir=None"):
        load_listops("train", tmp_path)


def test_listops_original(tmp_path):
    lines = "".join(f"{k}\t( [MIN {k} 9 ] )\n" for k in range(10))
    _write(tmp_path / "text/listops_original_10k.tsv.gz", gzip.compress(lines.encode()))
    assert load_listops("test", tmp_path)[1].tolist() == [4, 9]
    assert load_listops("validation", tmp_path)[1].tolist() == [3, 8]
    assert load_listops("train", tmp_path)[1].tolist() == [0, 1, 2, 5, 6, 7]


@pytest.mark.parametrize(
    ("line", "message"),
    [("[MIN 1 2 ]\t2", "evaluates to 1"), ("[AVG 1 2 ]\t2", "no tokens of ListOps"), ("[MIN 1 2\t1", "cannot be read")],
)
def test_broken_listops(tmp_path, line, message):
    _write(tmp_path / "listops/basic_test.tsv", f"Source\tTarget\n{line}\n")
    with pytest.raises(ValueError, match=message):
        load_listops("test", tmp_path)


def test_reviews_as_files(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "IMDB_CASES", 2)
    for kind, reviews in {"pos": ["good", "gr\N{LATIN SMALL LETTER E WITH ACUTE}at"], "neg": ["bad", "no"]}.items():
        for k, review in enumerate(reviews):
            _write(tmp_path / f"aclImdb/train/{kind}/{k}_7.txt", review)
    X, y, n_tokens = load_imdb_bytes("train", tmp_path)
    assert n_tokens == 256
    assert y.tolist() == [0, 0, 1, 1]
    assert _bytes(X[0, 0]) == b"bad"
    assert X.shape == (4, 1, 6)  # the accented letter has two bytes
    assert load_imdb_bytes("train", tmp_path, n_timepoints=2)[0].shape == (4, 1, 2)
    (tmp_path / "aclImdb/train/pos/1_7.txt").unlink()
    with pytest.raises(ValueError, match=r"holds \[2, 1\]; published are \[2, 2\]"):
        load_imdb_bytes("train", tmp_path)


def test_reviews_of_the_subset(tmp_path):
    ends = np.minimum(np.arange(1001), 1000)
    arrays = {"text_test": np.full(1000, 65, np.uint8), "offsets_test": ends, "y_test": np.ones(1000, np.int8)}
    (tmp_path / "text").mkdir()
    np.savez(tmp_path / "text" / "imdb_bytes_2k_1k.npz", **arrays)
    X, y, _ = load_imdb_bytes("test", tmp_path)
    assert X.shape == (1000, 1, 1)
    assert (X == 66).all()
    assert y.sum() == 1000


@pytest.mark.parametrize("place", ["aan", "lra_release/tsv_data"])
def test_retrieval(tmp_path, place):
    lines = "1.0\tA\tB\tb'some text'\tb\"more\"\n0.0\tA\tC\tplain\tx\n"
    _write(tmp_path / place / "new_aan_pairs.eval.tsv", lines)
    X, y, n_tokens = load_retrieval("validation", tmp_path)
    assert X.shape == (2, 2, 9)
    assert y.tolist() == [1, 0]
    assert n_tokens == 256
    assert [_bytes(row) for row in X.reshape(4, -1)] == [b"some text", b"more", b"plain", b"x"]
    assert load_retrieval("validation", tmp_path, n_timepoints=4)[0].shape == (2, 2, 4)
    _write(tmp_path / place / "new_aan_pairs.eval.tsv", "1.0\tA\tB\ttext\n")
    with pytest.raises(ValueError, match="line 1 is not a label"):
        load_retrieval("validation", tmp_path)


@pytest.mark.parametrize("load", [load_listops, load_imdb_bytes, load_retrieval])
def test_empty_folders_and_unknown_splits(tmp_path, load):
    with pytest.raises(FileNotFoundError, match="Expected"):
        load("train", tmp_path)
    with pytest.raises(ValueError, match="split must be one of"):
        load("all", tmp_path)
