"""BIDMC: heart rate, respiratory rate and oxygen saturation from 32 s of two signals."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ssm_estimators.datasets.files import (
    MAX_BYTES,
    FileError,
    check_counts,
    check_options,
    check_whole,
    reading,
    require,
)
from ssm_estimators.datasets.formats import as_float32, as_integers, as_numbers, read_npz, read_table
from ssm_estimators.datasets.physionet import N_SAMPLES, N_WINDOWS, RATE, RECORDS, SECONDS, read_signals, read_windows
from ssm_estimators.datasets.ts import read_ts

TARGETS = ("HR", "RR", "SpO2")
WINDOW = SECONDS * RATE  # samples
TRAIN_SHARE, SHUFFLE_SEED = 0.7, 0
PUBLISHED = "bidmc-ppg-and-respiration-dataset-1.0.0"


def load_bidmc(
    split: str,
    data_dir: str | Path,
    target: str = "all",
    protocol: str = "by-patient",
    *,
    max_bytes: int = MAX_BYTES,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """One part of the windows of the BIDMC PPG and respiration dataset (PhysioNet, doi 10.13026/C2208R).

    Parameters
    ----------
    split : {"train", "test"}
    data_dir : path
        Folder that holds the recordings as published, ``bidmc-ppg-and-respiration-dataset-1.0.0/bidmc_csv/`` or
        ``bidmc/bidmc_csv/`` with ``bidmc_01_Signals.csv`` and ``bidmc_01_Numerics.csv`` ...; or ``bidmc/`` with
        ``records.csv`` (record, patient, split), ``windows.csv.gz`` (record, start, HR, RR, SpO2) and
        ``bidmc_<record>.npz`` (codes ``pleth`` and ``ii`` with their levels); or, for the protocol ``"archive"``,
        ``BIDMC32HR/BIDMC32HR_TRAIN.ts`` ... of the regression archive (TSER).
    target : {"HR", "RR", "SpO2", "all"}, default="all"
        Beats a minute, breaths a minute, per cent; the mean over the window. Windows without it are left out.
    protocol : {"by-patient", "shuffled", "archive"}, default="by-patient"
        No patient in both parts; or 70 % of all windows at random, as in most published tables: windows that overlap by
        29 of their 32 s are then in both parts; or the regression archive's own parts, one target at a time.
    max_bytes : int, default=2**32
        A file, unpacked, or X of the archive may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

    Returns
    -------
    X : ndarray of shape (n_windows, 2, 4000), float32
        Photoplethysmogram and ECG lead II at 125 Hz, in the source's units.
    y : ndarray of shape (n_windows,), or (n_windows, 3) for all, float64
    groups : ndarray of shape (n_windows,), int64, or None
        The patient; None with the protocol ``"archive"``, which does not say.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If an option is unknown, or a file is damaged, too large, or not what was published or its own header says.
    """
    check_options(
        split=(split, ("train", "test")),
        target=(target, (*TARGETS, "all")),
        protocol=(protocol, ("by-patient", "shuffled", "archive")),
    )
    check_whole(max_bytes=max_bytes)
    if protocol == "archive":
        return _read_archive(Path(data_dir), split, target, max_bytes)
    windows, signals = _read_recordings(Path(data_dir), max_bytes)
    columns = list(TARGETS) if target == "all" else [target]
    windows = windows.dropna(subset=columns)
    if protocol == "by-patient":
        windows = windows[windows["split"] == split]
    else:
        order = np.random.default_rng(SHUFFLE_SEED).permutation(len(windows))
        n_train = int(TRAIN_SHARE * len(windows))
        windows = windows.iloc[order[:n_train] if split == "train" else order[n_train:]]
    if windows.empty:
        raise FileError(f"{data_dir} holds no window of the {split} part with {' and '.join(columns)}. Get it again.")
    X = np.empty((len(windows), 2, WINDOW), dtype=np.float32)
    for record, of_record in windows.reset_index(drop=True).groupby("record"):
        recording = signals(int(record))
        for row, start in zip(of_record.index, of_record["start"], strict=True):
            X[row] = recording[:, start : start + WINDOW]
    y = windows[columns].to_numpy(dtype=np.float64, copy=True)
    return X, y if target == "all" else y[:, 0], windows["patient"].to_numpy(copy=True)


def _read_recordings(root: Path, max_bytes: int) -> tuple[pd.DataFrame, Callable[[int], np.ndarray]]:
    """Windows with their targets, patient and part; and the signals of a recording."""
    compact = root / "bidmc"
    published = [root / PUBLISHED / "bidmc_csv", compact / "bidmc_csv"]
    expected = (
        f"{compact} with records.csv, windows.csv.gz and bidmc_01.npz ..., or the text files as published, "
        f"{published[0]}/bidmc_01_Signals.csv ..., from https://physionet.org/content/bidmc."
    )
    found = require([compact / "windows.csv.gz", *(folder / "bidmc_01_Signals.csv" for folder in published)], expected)
    if found.parent != compact:
        return read_windows(found.parent, max_bytes), partial(read_signals, found.parent, max_bytes=max_bytes)
    windows = _compact_windows(require([compact / "records.csv"], expected), found, max_bytes)
    return windows, lambda record: _compact_signals(require([compact / f"bidmc_{record:02d}.npz"], expected), max_bytes)


def _compact_windows(records_path: Path, path: Path, max_bytes: int) -> pd.DataFrame:
    contents = "a table of recordings, each once, with patient and split"
    records = read_table(records_path, contents, ("record", "patient", "split"), max_bytes)
    with reading(records_path, contents):
        records = as_integers(records[["record", "patient"]]).assign(split=records["split"])
        if sorted(records["record"]) != [*RECORDS] or not records["split"].isin(("train", "test")).all():
            raise ValueError(f"it has the recordings {records['record'].tolist()} and splits {set(records['split'])}")
        if (n_splits := records.groupby("patient")["split"].nunique()).max() > 1:
            raise ValueError(f"patient {n_splits.idxmax()} is in both splits")
    contents = "a table of windows with their targets"
    windows = read_table(path, contents, ("record", "start", *TARGETS), max_bytes)
    check_counts(path, f"{len(windows)} windows", f"{len(RECORDS) * N_WINDOWS} windows")
    with reading(path, contents):
        places = as_integers(windows[["record", "start"]])
        wrong = ~places["record"].isin(RECORDS) | ~places["start"].between(0, N_SAMPLES - WINDOW)
        if wrong.any():
            row = int(wrong.argmax())
            record, start = places.loc[row]
            raise ValueError(f"line {row + 2}: recording {record} has no {WINDOW} samples from {start} on")
        if (again := places.duplicated()).any():
            raise ValueError(f"line {int(again.argmax()) + 2} has the same recording and start as an earlier one")
        windows = places.join(as_numbers(windows[list(TARGETS)], missing=True))
    return windows.merge(records, on="record")


def _compact_signals(path: Path, max_bytes: int) -> np.ndarray:
    """Photoplethysmogram and ECG lead II, from codes and the levels that they stand for."""
    names = ("pleth", "ii")
    arrays = {name: ("u", (N_SAMPLES,)) for name in names} | {f"{name}_levels": ("f", (None,)) for name in names}
    found = read_npz(path, arrays, max_bytes)
    with reading(path, "codes of two signals and their finite levels"):
        signals = as_float32(np.stack([found[f"{name}_levels"][found[name]] for name in names]))
        if np.isnan(signals).any():
            raise ValueError("a level is NaN")
        return signals


def _read_archive(root: Path, split: str, target: str, max_bytes: int) -> tuple[np.ndarray, np.ndarray, None]:
    """The regression archive's own cases."""
    if target == "all":
        raise ValueError(f"The archive has one set per target; target must be one of {TARGETS}; got 'all'.")
    name = f"BIDMC32{target}"
    file = f"{name}/{name}_{split.upper()}.ts"
    expected = f"<data_dir>/{file}, of the regression archive at http://tseregression.org."
    path = require([root / file, root / "tser" / file], expected)
    X, y = read_ts(path, labels="targetlabel", max_bytes=max_bytes)
    check_counts(path, f"{X.shape[1]} channels of {X.shape[2]} points", f"2 channels of {WINDOW} points")
    return X, y, None
