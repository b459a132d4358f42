"""The archives' sets in the three layouts that are read."""

import hashlib

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
    with pytest.raises(ValueError, match=r"Toy.npz holds test {'cases': 4, .*published are test {'cases': 5"):
        load_ucr_uea("Toy", "test", folder)


def test_the_hash_of_the_summary_is_checked(folder):
    _change_summary(folder, sha256="f" * 64)
    with pytest.raises(ValueError, match="published are sha256 fff"):
        load_ucr_uea("Toy", "test", folder)


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
    with pytest.raises(ValueError, match=r"'cases': 2, .*'cases': 28, .*'time points': 286"):
        load_ucr_uea("Coffee", "train", tmp_path)


@pytest.mark.parametrize(("suffix", "text"), [("ts", "@data\n"), ("ts", ""), ("tsv", "1\tx\n"), ("tsv", "")])
def test_a_broken_file_is_named(tmp_path, suffix, text):
    path = _write(tmp_path / f"Toy/Toy_TRAIN.{suffix}", text)
    with pytest.raises(ValueError, match=rf"{path.name} cannot be read"):
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
        _write(tmp_path / f"{name}/{name}_{split.upper()}.ts", TS)
        assert extract_path == str(tmp_path)

    monkeypatch.setattr(archives, "load_UCR_UEA_dataset", fetched)
    assert load_ucr_uea("Toy", "train", tmp_path, download=True)[0].shape == (2, 2, 3)
    monkeypatch.delattr(archives, "load_UCR_UEA_dataset")
    load_ucr_uea("Toy", "train", tmp_path, download=True)  # it is there now
