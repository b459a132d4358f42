"""The archives' sets in the three layouts that are read."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import archives, load_ucr_uea

TS = """#A comment
@problemName Toy
@timeStamps false
@missing true
@univariate false
@dimensions 2
@equalLength false
@classLabel true 1 2
@data
1,2,3:4,5,6:1
7,?:8,9:2
"""


@pytest.fixture
def folder(tmp_path):
    """A set as npz with its summary."""
    (tmp_path / "uea").mkdir()
    arrays = {f"X_{split}": np.zeros((n, 2, 5), np.float32) for split, n in (("train", 3), ("test", 4))}
    arrays |= {"y_train": np.array(["a", "b", "a"]), "y_test": np.array(["a", "b", "a", "b"])}
    path = tmp_path / "uea" / "Toy.npz"
    np.savez(path, **arrays)
    summary = {"name": "Toy", "n_train": 3, "n_test": 4, "channels": 2, "T": 5, "classes": 2}
    summary["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    pd.DataFrame([summary]).to_csv(tmp_path / "uea" / "summary.csv", index=False)
    return tmp_path


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _change_summary(folder, **values):
    path = folder / "uea" / "summary.csv"
    pd.read_csv(path).assign(**values).to_csv(path, index=False)


def test_npz_is_read_as_stored(folder):
    X, y = load_ucr_uea("Toy", "test", folder)
    assert X.shape == (4, 2, 5)
    assert y.tolist() == ["a", "b", "a", "b"]


def test_counts_of_the_summary_are_checked(folder):
    _change_summary(folder, n_test=5)
    with pytest.raises(
        ValueError, match=r"Toy.npz cannot be read .*y_test has shape \(4,\) .*published are shape \(5\)"
    ):
        load_ucr_uea("Toy", "test", folder)


def test_the_hash_of_the_summary_is_checked(folder):
    _change_summary(folder, sha256="f" * 64)
    with pytest.raises(ValueError, match="published are sha256 fff"):
        load_ucr_uea("Toy", "test", folder)


def test_a_summary_may_lack_a_hash_or_a_length(folder):
    path = folder / "uea" / "summary.csv"
    other = pd.read_csv(path).assign(name="Other")
    for change in ({"sha256": None}, {"T": None}, {"classes": "few"}):
        pd.concat([pd.read_csv(path), other.assign(**change)]).to_csv(path.with_name("both.csv"), index=False)
        path.with_name("both.csv").rename(path)
        assert len(load_ucr_uea("Toy", "test", folder)[0]) == 4
    (folder / "uea" / "Toy.npz").rename(folder / "uea" / "Other.npz")
    for change in ({"sha256": None}, {"T": None}):
        pd.concat([other.assign(name="Toy"), other.assign(**change)]).to_csv(path, index=False)
        assert len(load_ucr_uea("Other", "test", folder)[0]) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": 3}, r"Toy.npz holds 2 classes; published are 3 classes"),
        ({"classes": "few"}, r"summary.csv cannot be read .*: line 2 has 'few' as classes; expected a finite number"),
        ({"T": 4.5}, r"summary.csv cannot be read .*: line 2 has '4.5' as T; expected a whole number"),
        ({"name": ["Toy", "Toy"]}, r"summary.csv cannot be read .*: it has Toy twice"),
    ],
)
def test_the_summary_is_held_to_and_checked_itself(folder, change, message):
    path = folder / "uea" / "summary.csv"
    table = pd.read_csv(path)
    pd.concat([table] * len(np.atleast_1d(change.get("name", 0)))).assign(**change).to_csv(path, index=False)
    with pytest.raises(ValueError, match=message):
        load_ucr_uea("Toy", "test", folder)
    table.drop(columns="T").to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"summary.csv cannot be read .*lacks \['T'\]"):
        load_ucr_uea("Toy", "test", folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X_test": np.zeros((4, 2, 5), object)}, r"X_test has shape \(4, 2, 5\) and type object"),
        ({"X_test": np.full((4, 2, 5), 1e300)}, "it has 40 values that are infinite or beyond the range of float32"),
        ({"X_test": np.zeros((4, 10))}, r"X_test has shape \(4, 10\).*published are shape \(any, any, any\)"),
        ({"X_test": np.zeros((3, 2, 5))}, r"it has 4 labels and series of shape \(3, 2, 5\)"),
        ({"y_train": np.array([1.0, np.nan, 1.0]), "y_test": np.ones(4)}, "the label 'nan', which names no class"),
        ({"y_train": np.array([1.0, np.inf, 1.0]), "y_test": np.ones(4)}, "the label 'inf', which names no class"),
        ({"y_train": np.array([1.0, 1e300, 1.0]), "y_test": np.ones(4)}, r"the label '1e\+300', which names no class"),
        ({"y_train": np.array(["1", "01", "1"])}, "'1' and '01'|'01' and '1' are one number"),
        ({"y_train": np.array([1, 2, 1])}, "its labels are of two types, int64 and <U1"),
        ({"y_train": np.array([1j, 2, 3])}, "y_train has shape .*complex128; published are .*integers"),
    ],
)
def test_a_wrong_npz_is_refused(folder, change, message):
    (folder / "uea" / "summary.csv").unlink()
    path = folder / "uea" / "Toy.npz"
    with np.load(path) as arrays:
        np.savez(path, **{**arrays, **change})
    with pytest.raises(ValueError, match=rf"Toy.npz cannot be read as .*{message}"):
        load_ucr_uea("Toy", "test", folder)


def test_labels_of_an_npz_are_integers_where_all_are(folder):
    (folder / "uea" / "summary.csv").unlink()
    path = folder / "uea" / "Toy.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    for y_train, y_test, read in [
        (["1", "3", "1"], ["1", "-2", "1", "3"], [1, 3, 1]),
        (["10", "9.0", "10"], ["-2", "9.0", "-2", "0"], [10, 9, 10]),
        (["1", "3", "1"], ["1", "x", "1", "3"], ["1", "3", "1"]),
        (np.array([1, 3, 1], ">i4"), [1, 2, 1, 2], [1, 3, 1]),
    ]:
        np.savez(path, **{**arrays, "y_train": np.array(y_train), "y_test": np.array(y_test)})
        y = load_ucr_uea("Toy", "train", folder)[1]
        assert y.tolist() == read
        assert y.dtype.isnative


def test_every_file_is_bounded(folder):
    with pytest.raises(ValueError, match=r"Toy.npz cannot be read .*more than max_bytes=100 allows"):
        load_ucr_uea("Toy", "test", folder, max_bytes=100)
    for suffix, content in (("ts", TS), ("tsv", "1\t2\n" * 60)):
        _write(folder / f"Text/Text_TRAIN.{suffix}", content)
        with pytest.raises(ValueError, match=rf"Text_TRAIN.{suffix} cannot be read .*more than max_bytes=100 allows"):
            load_ucr_uea("Text", "train", folder, max_bytes=100)
        (folder / f"Text/Text_TRAIN.{suffix}").unlink()
    with pytest.raises(ValueError, match=r"max_bytes must be a whole number, at least 1; got 0\.5"):
        load_ucr_uea("Toy", "test", folder, max_bytes=0.5)


@pytest.mark.parametrize("place", ["", "ucr/"])
def test_ts_with_missing_values_and_unequal_lengths(tmp_path, place):
    _write(tmp_path / f"{place}Toy/Toy_TRAIN.ts", TS)
    X, y = load_ucr_uea("Toy", "train", tmp_path)
    nan = np.nan
    np.testing.assert_array_equal(X, np.float32([[[1, 2, 3], [4, 5, 6]], [[7, nan, nan], [8, 9, nan]]]))
    assert X.dtype == np.float32
    assert y.tolist() == [1, 2]


def test_tsv(tmp_path):
    _write(tmp_path / "ucr/Toy/Toy_TEST.tsv", "-1\t0.5\t1.5\tNaN\n1\t2\t3\t4\n")
    X, y = load_ucr_uea("Toy", "test", tmp_path)
    np.testing.assert_array_equal(X, np.float32([[[0.5, 1.5, np.nan]], [[2, 3, 4]]]))
    assert y.tolist() == [-1, 1]


def test_published_counts_are_known_without_a_summary(tmp_path):
    _write(tmp_path / "Coffee/Coffee_TRAIN.tsv", "0\t1\t2\n1\t3\t4\n")
    with pytest.raises(ValueError, match=r"holds train cases, .* \(2, 1, 2\); published are .* \(28, 1, 286\)"):
        load_ucr_uea("Coffee", "train", tmp_path)


@pytest.mark.parametrize(("suffix", "text"), [("ts", "@data\n"), ("ts", ""), ("tsv", "1\tx\n"), ("tsv", "")])
def test_a_broken_file_is_named(tmp_path, suffix, text):
    path = _write(tmp_path / f"Toy/Toy_TRAIN.{suffix}", text)
    with pytest.raises(ValueError, match=rf"{path.name} cannot be read"):
        load_ucr_uea("Toy", "train", tmp_path)


@pytest.mark.parametrize("label", ["NaN", "nan", "inf", "-inf", "1e300", "?", "", "99999999999999999999"])
def test_labels_that_name_no_class_are_refused_with_their_line(tmp_path, label):
    _write(tmp_path / "Toy/Toy_TRAIN.tsv", f"1\t2\n{label}\t3\n")
    with pytest.raises(ValueError, match=rf"Toy_TRAIN.tsv .*: line 2 has the label '{label.replace('?', '.')}', which"):
        load_ucr_uea("Toy", "train", tmp_path)


@pytest.mark.parametrize(
    ("labels", "read"),
    [(["1", "-2"], [1, -2]), (["1.0", "2.0"], [1, 2]), (["01", "02"], ["01", "02"]), (["a", "1"], ["a", "1"])],
)
def test_labels_are_integers_or_as_they_are_written(tmp_path, labels, read):
    _write(tmp_path / "Toy/Toy_TRAIN.tsv", "".join(f"{label}\t3\n" for label in labels))
    assert load_ucr_uea("Toy", "train", tmp_path)[1].tolist() == read


@pytest.mark.parametrize("other", ["01", "1.0", "1e0", "+1"])
def test_labels_that_are_one_number_are_refused(tmp_path, other):
    _write(tmp_path / "Toy/Toy_TRAIN.tsv", f"1\t2\n{other}\t3\n")
    with pytest.raises(ValueError, match=r"Toy_TRAIN.tsv .* are one number, written in two ways"):
        load_ucr_uea("Toy", "train", tmp_path)


def test_lines_of_a_tsv_are_equally_long(tmp_path):
    _write(tmp_path / "Toy/Toy_TRAIN.tsv", "1\t2\t3\n1\t2\n")
    with pytest.raises(ValueError, match=r"Toy_TRAIN.tsv .*: line 2 has 1 values, the first 2"):
        load_ucr_uea("Toy", "train", tmp_path)


def test_what_is_absent_or_unknown_is_said(folder):
    with pytest.raises(FileNotFoundError, match=r"Expected the set as Trace.npz, Trace/Trace_TRAIN.ts"):
        load_ucr_uea("Trace", "train", folder)
    _write(folder / "Half/Half_TRAIN.tsv", "1\t2\n")
    with pytest.raises(FileNotFoundError, match=r"Half_TEST.ts"):
        load_ucr_uea("Half", "test", folder)
    with pytest.raises(ValueError, match=r"split must be one of \('train', 'test'\); got 'all'"):
        load_ucr_uea("Toy", "all", folder)


def test_download_asks_sktime_for_what_is_not_there(tmp_path, monkeypatch):
    def fetched(name, split, extract_path):
        _write(Path(extract_path) / f"{name}/{name}_{split.upper()}.ts", TS)
        assert Path(extract_path).parent == tmp_path

    monkeypatch.setattr(archives, "load_UCR_UEA_dataset", fetched)
    assert load_ucr_uea("Toy", "train", tmp_path, download=True)[0].shape == (2, 2, 3)
    monkeypatch.delattr(archives, "load_UCR_UEA_dataset")
    load_ucr_uea("Toy", "train", tmp_path, download=True)  # it is there now


def test_a_failed_download_names_the_folder(tmp_path, monkeypatch):
    def fails(name, split, extract_path):
        raise RuntimeError("no mirror answers")

    monkeypatch.setattr(archives, "load_UCR_UEA_dataset", fails)
    with pytest.raises(ValueError, match=rf"^sktime could not fetch Toy into {tmp_path}: .*no mirror answers. Check"):
        load_ucr_uea("Toy", "train", tmp_path, download=True)
    assert not list(tmp_path.iterdir())
