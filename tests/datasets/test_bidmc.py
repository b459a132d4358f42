import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import load_bidmc


@pytest.fixture
def folder(tmp_path):
    """Three recordings of two patients, the second patient a test one; window 1 of record 2 has no RR."""
    (tmp_path / "bidmc").mkdir()
    rng = np.random.default_rng(0)
    for record in (1, 2, 3):
        codes = {name: rng.integers(0, 5, 5000).astype(np.uint8) for name in ("pleth", "ii")}
        levels = {f"{name}_levels": np.arange(5, dtype=np.float32) * record for name in codes}
        np.savez(tmp_path / "bidmc" / f"bidmc_{record:02d}.npz", **codes, **levels)
    records = pd.DataFrame({"record": [1, 2, 3], "patient": [1, 1, 2], "split": ["train", "train", "test"]})
    records.to_csv(tmp_path / "bidmc" / "records.csv", index=False)
    windows = pd.DataFrame({"record": np.repeat([1, 2, 3], 4), "start": np.tile([0, 100, 375, 1000], 3)})
    windows = windows.assign(HR=60.0 + windows.index, RR=12.0, SpO2=97.0)
    windows.loc[5, "RR"] = np.nan
    windows.to_csv(tmp_path / "bidmc" / "windows.csv.gz", index=False)
    return tmp_path


def test_windows_are_cut_from_their_recording(folder):
    X, y, groups = load_bidmc("train", folder, target="HR")
    assert X.shape == (8, 2, 4000)
    assert X.dtype == np.float32
    assert y.tolist() == [60.0 + i for i in range(8)]
    assert groups.tolist() == [1] * 8
    with np.load(folder / "bidmc" / "bidmc_02.npz") as arrays:
        assert np.array_equal(X[6], 2.0 * np.stack([arrays["pleth"], arrays["ii"]])[:, 375:4375])


def test_windows_without_the_target_are_left_out(folder):
    assert len(load_bidmc("train", folder, target="RR")[1]) == 7
    assert load_bidmc("train", folder)[1].shape == (7, 3)
    assert len(load_bidmc("train", folder, target="SpO2")[1]) == 8


def test_protocols(folder):
    assert set(load_bidmc("train", folder)[2]) == {1}
    assert set(load_bidmc("test", folder)[2]) == {2}
    train, test = (load_bidmc(split, folder, target="HR", protocol="shuffled")[1] for split in ("train", "test"))
    assert len(train) == 8
    assert sorted([*train, *test]) == [60.0 + i for i in range(12)]
    assert np.array_equal(load_bidmc("train", folder, target="HR", protocol="shuffled")[1], train)


@pytest.mark.parametrize("option", ["split", "target", "protocol"])
def test_unknown_options(folder, option):
    with pytest.raises(ValueError, match=f"{option} must be one of .*; got 'other'"):
        load_bidmc(**{"split": "train", "data_dir": folder, option: "other"})


def test_no_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Expected <data_dir>/bidmc/ with records.csv"):
        load_bidmc("train", tmp_path)
