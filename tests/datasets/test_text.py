"""Texts as series of tokens, from tiny files in the published formats."""

import gzip
import tracemalloc

import numpy as np
import pytest

from ssm_estimators.datasets import listops, load_imdb_bytes, load_listops, load_retrieval, text
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_cases": 0}, "n_cases must be a whole number, at least 1; got 0"),
        ({"n_cases": -1}, "n_cases must be a whole number, at least 1; got -1"),
        ({"n_cases": 1.5}, r"n_cases must be a whole number, at least 1; got 1\.5"),
        ({"n_timepoints": 5}, r"n_timepoints must be \(fewest, most\) .*; got 5"),
        ({"n_timepoints": (5, "x")}, r"n_timepoints must be \(fewest, most\)"),
        ({"n_timepoints": (2, 4)}, r"300 draws gave no new list after the first 0 of n_cases=1\. Let n_timepoints"),
    ],
)
def test_options_that_no_list_fits(options, message, monkeypatch):
    monkeypatch.setattr(listops, "MOST_DRAWS", 300)
    with pytest.raises(ValueError, match=message):
        load_listops("train", **{"n_cases": 1, **options})


@pytest.mark.parametrize(
    ("place", "content", "load"),
    [
        ("listops/basic_test.tsv", b"\n" * 10**6, load_listops),
        ("listops/basic_test.tsv", b"Source\tTarget\n" + b"7\t7\n" * 250_000, load_listops),
        ("aan/new_aan_pairs.test.tsv", b"\t" * 10**6, load_retrieval),
        ("aan/new_aan_pairs.test.tsv", b"1\ta\ta\tx\ty\n" * 100_000, load_retrieval),
    ],
)
def test_what_a_file_is_split_into_takes_little_memory(tmp_path, place, content, load):
    _write(tmp_path / place, content)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"basic_test.tsv|new_aan_pairs.test.tsv"):
        load("test", tmp_path, max_bytes=10**6 + 10**5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 10**6


def test_listops_of_the_long_range_arena(tmp_path, monkeypatch):
    monkeypatch.setitem(listops.N_CASES, "validation", 2)
    _write(tmp_path / "listops/basic_val.tsv", "Source\tTarget\n( ( [MAX 2 ) 9 ] )\t9\n( [SM 1 2 ] )\t3\n")
    X, y, _ = load_listops("validation", tmp_path)
    assert _tokens(X) == ["[MAX", "2", "9", "]"]
    assert y.tolist() == [9, 3]
    with pytest.raises(ValueError, match=r"basic_val.tsv cannot be read .*more than max_bytes=20 allows"):
        load_listops("validation", tmp_path, max_bytes=20)
    with pytest.raises(ValueError, match=r"basic_val.tsv .*: the first 2 series, as long as the longest.*=60 allows"):
        load_listops("validation", tmp_path, max_bytes=60)
    monkeypatch.setitem(listops.N_CASES, "validation", 3)
    with pytest.raises(ValueError, match=r"basic_val.tsv holds 2 lists; published are 3 lists"):
        load_listops("validation", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"basic_train.tsv.*data_dir=None"):
        load_listops("train", tmp_path)


def test_listops_original(tmp_path, monkeypatch):
    monkeypatch.setattr(listops, "ORIGINAL_CASES", 10)
    lines = "".join(f"{k}\t( [MIN {k} 9 ] )\n" for k in range(10))
    _write(tmp_path / "text/listops_original_10k.tsv.gz", gzip.compress(lines.encode()))
    assert load_listops("test", tmp_path)[1].tolist() == [4, 9]
    assert load_listops("validation", tmp_path)[1].tolist() == [3, 8]
    assert load_listops("train", tmp_path)[1].tolist() == [0, 1, 2, 5, 6, 7]
    path = _write(tmp_path / "text/listops_original_10k.tsv.gz", gzip.compress(lines.encode())[:-12])
    with pytest.raises(ValueError, match=rf"{path.name} cannot be read .*EOFError, Compressed file ended"):
        load_listops("test", tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[MIN 1 2 ]\t2", "line 2 says 2 of a list that evaluates to 1"),
        ("[AVG 1 2 ]\t2", r"line 2 holds \['\[AVG'\], which are no tokens of ListOps"),
        ("[MIN 1 2\t1", "line 2 is no complete list"),
        ("[MIN 1 2 ] ]\t1", "line 2 is no complete list"),
        ("]\t1", "line 2 is no complete list"),
        ("[MED ]\t1", "line 2 is no complete list"),
        ("\t1", "line 2 is no complete list"),
        ("[MIN 1 2 ]\t01", "line 2 has the value '01'; expected a digit"),
        ("[MIN 1 2 ]\tnan", "line 2 has the value 'nan'; expected a digit"),
        ("[MIN 1 2 ]", "line 2 has 1 fields; expected 2"),
    ],
)
def test_broken_listops(tmp_path, line, message, monkeypatch):
    monkeypatch.setitem(listops.N_CASES, "test", 1)
    path = _write(tmp_path / "listops/basic_test.tsv", f"Source\tTarget\n{line}\n")
    with pytest.raises(ValueError, match=rf"{path.name} cannot be read as .*{message}"):
        load_listops("test", tmp_path)
    _write(path, f"{line}\n{line}\n")
    with pytest.raises(ValueError, match=r"the first line is not Source and Target|expected 2"):
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
    _write(tmp_path / "aclImdb/train/pos/1_7.txt", "x" * 200)
    with pytest.raises(
        ValueError, match=r"1_7.txt cannot be read as a review: it has 200 bytes, more than max_bytes=100"
    ):
        load_imdb_bytes("train", tmp_path, max_bytes=100)
    assert load_imdb_bytes("train", tmp_path, n_timepoints=2, max_bytes=200)[0].shape == (4, 1, 2)
    with pytest.raises(
        ValueError, match=r"train cannot be read as reviews: the first 4 series, .* of 200 values, take 6400 bytes"
    ):
        load_imdb_bytes("train", tmp_path, max_bytes=201)
    with pytest.raises(ValueError, match="n_timepoints must be a whole number, at least 1; got 0"):
        load_imdb_bytes("train", tmp_path, n_timepoints=0)


def test_reviews_of_the_subset(tmp_path):
    ends = np.minimum(np.arange(1001), 1000)
    arrays = {"text_test": np.full(1000, 65, np.uint8), "offsets_test": ends, "y_test": np.ones(1000, np.int8)}
    (tmp_path / "text").mkdir()
    np.savez(tmp_path / "text" / "imdb_bytes_2k_1k.npz", **arrays)
    X, y, _ = load_imdb_bytes("test", tmp_path)
    assert X.shape == (1000, 1, 1)
    assert (X == 66).all()
    assert y.sum() == 1000
    for change, message in [
        ({"offsets_test": ends + 1}, "offsets do not rise from 0 to 1000"),
        ({"offsets_test": ends[:-1]}, r"offsets_test has shape \(1000,\)"),
        ({"y_test": np.full(1000, 2)}, r"it has the labels \[2\]"),
        ({"text_test": np.full(1000, 65)}, "text_test has .* type int64; published are .* integers without sign"),
    ]:
        np.savez(tmp_path / "text" / "imdb_bytes_2k_1k.npz", **{**arrays, **change})
        with pytest.raises(ValueError, match=rf"imdb_bytes_2k_1k.npz cannot be read as .*{message}"):
            load_imdb_bytes("test", tmp_path)


@pytest.mark.parametrize("place", ["aan", "lra_release/tsv_data"])
def test_retrieval(tmp_path, place, monkeypatch):
    monkeypatch.setitem(text.RETRIEVAL_CASES, "validation", 2)
    lines = "1.0\tA\tB\tb'some text'\tb\"more\"\n0.0\tA\tC\tplain\tx\n"
    _write(tmp_path / place / "new_aan_pairs.eval.tsv", lines)
    X, y, n_tokens = load_retrieval("validation", tmp_path)
    assert X.shape == (2, 2, 9)
    assert y.tolist() == [1, 0]
    assert n_tokens == 256
    assert [_bytes(row) for row in X.reshape(4, -1)] == [b"some text", b"more", b"plain", b"x"]
    assert load_retrieval("validation", tmp_path, n_timepoints=4)[0].shape == (2, 2, 4)
    with pytest.raises(ValueError, match=r"pairs.eval.tsv cannot be read .*more than max_bytes=40 allows"):
        load_retrieval("validation", tmp_path, max_bytes=40)
    monkeypatch.setitem(text.RETRIEVAL_CASES, "validation", 3)
    with pytest.raises(ValueError, match="holds 2 pairs; published are 3 pairs"):
        load_retrieval("validation", tmp_path)
    for wrong, message in [
        ("1.0\tA\tB\ttext\n", "line 1 has 4 fields, the first '1.0'"),
        (lines + "nan\tA\tC\tplain\tx\n", "line 3 has 5 fields, the first 'nan'"),
        (b"1\tA\tB\t\xff\tx\n", "'utf-8' codec can't decode"),
        ("1\tA\tB\t\0\tx\n", "it holds zero bytes"),
    ]:
        _write(tmp_path / place / "new_aan_pairs.eval.tsv", wrong)
        with pytest.raises(ValueError, match=rf"pairs.eval.tsv cannot be read as a label .*{message}"):
            load_retrieval("validation", tmp_path)


@pytest.mark.parametrize("load", [load_listops, load_imdb_bytes, load_retrieval])
def test_empty_folders_and_unknown_splits(tmp_path, load):
    with pytest.raises(FileNotFoundError, match="Expected"):
        load("train", tmp_path)
    with pytest.raises(ValueError, match="split must be one of"):
        load("all", tmp_path)
