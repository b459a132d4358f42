"""BIDMC: heart rate, respiratory rate and oxygen saturation from 32 s of two signals."""

from pathlib import Path

import numpy as np
import pandas as pd

TARGETS = ("HR", "RR", "SpO2")
WINDOW = 4000  # samples, 32 s at 125 Hz
TRAIN_SHARE, SHUFFLE_SEED = 0.7, 0


def load_bidmc(
    split: str, data_dir: str | Path, target: str = "all", protocol: str = "by-patient"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One part of the windows of the BIDMC PPG and respiration dataset (PhysioNet, doi 10.13026/C2208R).

    Parameters
    ----------
    split : {"train", "test"}
    data_dir : path
        Folder that holds ``bidmc/`` with ``records.csv`` (record, patient, split), ``windows.csv.gz`` (record, start,
        HR, RR, SpO2) and ``bidmc_<record>.npz`` (codes ``pleth`` and ``ii`` with their levels).
    target : {"HR", "RR", "SpO2", "all"}, default="all"
        Beats a minute, breaths a minute, per cent; the mean over the window. Windows without it are left out.
    protocol : {"by-patient", "shuffled"}, default="by-patient"
        No patient in both parts, or 70 % of all windows at random, as in most published tables: windows that overlap by
        29 of their 32 s are then in both parts.

    Returns
    -------
    X : ndarray of shape (n_windows, 2, 4000), float32
        Photoplethysmogram and ECG lead II at 125 Hz, in the source's units.
    y : ndarray of shape (n_windows,), or (n_windows, 3) for all, float64
    groups : ndarray of shape (n_windows,), int64
        The patient.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If an option is unknown.
    """
    options = {"split": (split, ("train", "test")), "target": (target, (*TARGETS, "all"))}
    options["protocol"] = (protocol, ("by-patient", "shuffled"))
    for name, (value, known) in options.items():
        if value not in known:
            raise ValueError(f"{name} must be one of {known}; got {value!r}.")
    folder = Path(data_dir) / "bidmc"
    if not (folder / "windows.csv.gz").is_file():
        raise FileNotFoundError(
            f"No windows.csv.gz in {folder}. Expected <data_dir>/bidmc/ with records.csv, windows.csv.gz and "
            "bidmc_01.npz ...; the recordings themselves are at https://physionet.org/content/bidmc."
        )
    records = pd.read_csv(folder / "records.csv")[["record", "patient", "split"]]
    columns = list(TARGETS) if target == "all" else [target]
    windows = pd.read_csv(folder / "windows.csv.gz").merge(records, on="record").dropna(subset=columns)
    if protocol == "by-patient":
        windows = windows[windows["split"] == split]
    else:
        order = np.random.default_rng(SHUFFLE_SEED).permutation(len(windows))
        n_train = int(TRAIN_SHARE * len(windows))
        windows = windows.iloc[order[:n_train] if split == "train" else order[n_train:]]
    X = np.empty((len(windows), 2, WINDOW), dtype=np.float32)
    for record, of_record in windows.reset_index(drop=True).groupby("record"):
        with np.load(folder / f"bidmc_{record:02d}.npz") as arrays:
            signals = np.stack([arrays[f"{name}_levels"][arrays[name]] for name in ("pleth", "ii")])
        for row, start in zip(of_record.index, of_record["start"], strict=True):
            X[row] = signals[:, start : start + WINDOW]
    y = windows[columns].to_numpy(dtype=np.float64)
    return X, y if target == "all" else y[:, 0], windows["patient"].to_numpy()
