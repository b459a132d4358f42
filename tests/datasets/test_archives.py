import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import load_ucr_uea


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "uea").mkdir()
    arrays = {f"X_{split}": np.zeros((n, 2, 5), np.float32) for split, n in (("train", 3), ("test", 4))}
    arrays |= {"y_train": np.array(["a", "b", "a"]), "y_test": np.array(["a", "b", "a", "b"])}
    np.savez(tmp_path / "uea" / "Toy.npz", **arrays)
    summary = {"name": "Toy", "n_train": 3, "n_test": 4, "channels": 2, "T": 5, "classes": 2}
    pd.DataFrame([summary]).to_csv(tmp_path / "uea" / "summary.csv", index=False)
    return tmp_path


def test_a_set_is_read_as_stored(folder):
    X, y = load_ucr_uea("Toy", "test", folder)
    assert X.shape == (4, 2, 5)
    assert y.tolist() == ["a", "b", "a", "b"]


def test_counts_are_checked(folder):
    summary = pd.read_csv(folder / "uea" / "summary.csv").assign(n_test=5)
    summary.to_csv(folder / "uea" / "summary.csv", index=False)
    with pytest.raises(ValueError, match=r"Toy \(test\) has shape \(4, 2, 5\).*the summary says \(5, 2, 5\)"):
        load_ucr_uea("Toy", "test", folder)


def test_what_is_absent_or_unknown_is_said(folder):
    with pytest.raises(FileNotFoundError, match=r"No Trace.npz in .*Expected <data_dir>/ucr/<name>.npz"):
        load_ucr_uea("Trace", "train", folder)
    with pytest.raises(ValueError, match="split must be 'train' or 'test'; got 'all'"):
        load_ucr_uea("Toy", "all", folder)
