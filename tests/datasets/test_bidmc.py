import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import bidmc, load_bidmc
from ssm_estimators.datasets.physionet import read_signals, read_windows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three recordings of two patients, the second patient a test one; window 1 of record 2 has no RR."""
    monkeypatch.setattr(bidmc, "RECORDS", range(1, 4))
    monkeypatch.setattr(bidmc, "N_WINDOWS", 4)
    monkeypatch.setattr(bidmc, "N_SAMPLES", 5000)
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
    with pytest.raises(FileNotFoundError, match=r"Expected .*bidmc with records.csv"):
        load_bidmc("train", tmp_path)


def _published(folder, n_seconds=480):
    """The text files of the first recording; the others have the same."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    signals = pd.DataFrame({"Time [s]": np.arange(60_001) / 125, " RESP": 0.0, " PLETH": 0.5, " V": 0.0, " II": 0.25})
    signals.loc[375, " PLETH"] = 1.0
    time = np.arange(n_seconds + 1)
    numerics = pd.DataFrame({"Time [s]": time, " HR": 60.0 + time, " PULSE": 0, " RESP": 12.0, " SpO2": 97.0})
    numerics.loc[:19, " RESP"] = [0] * 10 + [np.nan] * 10  # neither 0 nor NaN counts
    numerics.loc[rng.permutation(32)[:5], " SpO2"] = np.nan
    for record in range(1, 54):
        for name, table in (("Signals", signals), ("Numerics", numerics)):
            path = folder / f"bidmc_{record:02d}_{name}.csv"
            if record == 1:
                table.to_csv(path, index=False)
            else:
                path.symlink_to(folder / f"bidmc_01_{name}.csv")


@pytest.mark.parametrize("place", ["bidmc/bidmc_csv", "bidmc-ppg-and-respiration-dataset-1.0.0/bidmc_csv"])
def test_text_files_as_published(tmp_path, place):
    _published(tmp_path / place)
    windows = read_windows(tmp_path / place)
    assert len(windows) == 53 * 150
    assert windows["patient"].nunique() == 46
    assert (windows["split"] == "test").sum() == 2550
    first = windows[windows["record"] == 1]
    assert first["start"].tolist()[:3] == [0, 375, 750]
    assert first["HR"].iloc[0] == 60 + 15.5  # the mean of 0 ... 31
    assert np.isnan(first["RR"].iloc[:2]).all()  # 12 and 15 numbers are too few
    assert first["RR"].iloc[2] == 12
    assert (first["SpO2"] == 97).all()
    assert read_signals(tmp_path / place, 1)[:, 374:376].tolist() == [[0.5, 1.0], [0.25, 0.25]]


def test_text_files_that_lack_something(tmp_path):
    folder = tmp_path / "bidmc" / "bidmc_csv"
    folder.mkdir(parents=True)
    (folder / "bidmc_01_Signals.csv").write_text("Time [s], PLETH\n0, 1\n")
    with pytest.raises(FileNotFoundError, match=r"bidmc_01_Numerics.csv"):
        load_bidmc("train", tmp_path)
    with pytest.raises(ValueError, match=r"bidmc_01_Signals.csv cannot be read .*lacks \['II'\]"):
        read_signals(folder, 1)


def test_the_archives_own_cases(tmp_path):
    (tmp_path / "BIDMC32HR").mkdir()
    header = "@problemName BIDMC32HR\n@timeStamps false\n@univariate false\n@dimensions 2\n@equalLength true\n"
    cases = [":".join(",".join(["1.5"] * n) for _ in range(2)) + ":80.25\n" for n in (4000, 4000)]
    path = tmp_path / "BIDMC32HR" / "BIDMC32HR_TEST.ts"
    path.write_text(header + "@seriesLength 4000\n@targetlabel true\n@data\n" + "".join(cases))
    X, y, groups = load_bidmc("test", tmp_path, target="HR", protocol="archive")
    assert X.shape == (2, 2, 4000)
    assert y.tolist() == [80.25, 80.25]
    assert groups is None
    with pytest.raises(FileNotFoundError, match=r"BIDMC32HR_TRAIN.ts"):
        load_bidmc("train", tmp_path, target="HR", protocol="archive")
    with pytest.raises(ValueError, match="one set per target"):
        load_bidmc("test", tmp_path, protocol="archive")
    text = path.read_text()
    path.write_text(text.replace(":80.25", ":NaN"))
    with pytest.raises(ValueError, match=r"BIDMC32HR_TEST.ts cannot be read .*: line 9 has the target 'NaN'"):
        load_bidmc("test", tmp_path, target="HR", protocol="archive")


def _change(path, **columns):
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)


@pytest.mark.parametrize(
    ("file", "columns", "message"),
    [
        ("windows.csv.gz", {"start": 1001}, "line 2: recording 1 has no 4000 samples from 1001 on"),
        ("windows.csv.gz", {"start": -1}, "line 2: recording 1 has no 4000 samples from -1 on"),
        ("windows.csv.gz", {"record": 4}, "line 2: recording 4 has no 4000 samples from 0 on"),
        ("windows.csv.gz", {"HR": "fast"}, "line 2 has 'fast' as HR; expected a finite number"),
        ("windows.csv.gz", {"HR": np.inf}, "line 2 has 'inf' as HR; expected a finite number"),
        ("records.csv", {"record": [1, 1, 2]}, r"it has the recordings \[1, 1, 2\]"),
        ("records.csv", {"record": [1, 2, 2.9]}, "line 4 has '2.9' as record; expected a whole number"),
        ("windows.csv.gz", {"start": 0.5}, "line 2 has '0.5' as start; expected a whole number"),
        ("records.csv", {"patient": 1}, "patient 1 is in both splits"),
        ("windows.csv.gz", {"start": 100}, "line 3 has the same recording and start as an earlier one"),
        ("records.csv", {"split": "all"}, r"and splits {'all'}"),
        ("records.csv", {"patient": np.nan}, "line 2 has 'nan' as patient"),
    ],
)
def test_tables_are_held_to_the_recordings(folder, file, columns, message):
    _change(folder / "bidmc" / file, **columns)
    with pytest.raises(ValueError, match=rf"{file} cannot be read as .*{message}"):
        load_bidmc("train", folder)


def test_a_part_without_windows_is_refused(folder):
    _change(folder / "bidmc" / "windows.csv.gz", RR=np.nan)
    with pytest.raises(ValueError, match=r"holds no window of the train part with RR. Get it again"):
        load_bidmc("train", folder, target="RR")


def test_windows_are_counted(folder):
    path = folder / "bidmc" / "windows.csv.gz"
    pd.read_csv(path)[:-1].to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"windows.csv.gz holds 11 windows; published are 12 windows"):
        load_bidmc("train", folder)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pleth": np.zeros(4999, np.uint8)}, r"pleth has shape \(4999,\).*published are shape \(5000\)"),
        ({"pleth": np.full(5000, 9, np.uint8)}, "IndexError, index 9 is out of bounds"),
        ({"ii_levels": np.full(5, 1e300)}, "it has 5000 values that are infinite or beyond the range of float32"),
        ({"ii_levels": np.array([0, 1, 2, 3, np.nan], np.float32)}, "a level is NaN"),
    ],
)
def test_recordings_are_held_to_their_levels(folder, arrays, message):
    path = folder / "bidmc" / "bidmc_01.npz"
    with np.load(path) as intact:
        np.savez(path, **{**intact, **arrays})
    with pytest.raises(ValueError, match=rf"bidmc_01.npz cannot be read as .*{message}"):
        load_bidmc("train", folder)


def test_every_file_is_bounded(folder):
    with pytest.raises(ValueError, match=r"windows.csv.gz cannot be read .*more than max_bytes=200 allows"):
        load_bidmc("train", folder, max_bytes=200)


def test_numbers_come_once_a_second(tmp_path):
    folder = tmp_path / "bidmc" / "bidmc_csv"
    _published(folder)
    path = folder / "bidmc_01_Numerics.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:5] + lines[6:7] + lines[5:6] + lines[7:]))
    with pytest.raises(ValueError, match=r"bidmc_01_Numerics.csv .*: line 6 is not a second after the line before"):
        read_windows(folder)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(ValueError, match="holds 480 rows; published are 481 rows"):
        read_windows(folder)
