"""The recordings of BIDMC as published: text files of signals and of the monitor's numbers."""

from pathlib import Path

import numpy as np
import pandas as pd

from ssm_estimators.datasets.files import MAX_BYTES, check_counts, reading, require
from ssm_estimators.datasets.formats import as_float32, as_numbers, read_table

RATE, N_SAMPLES = 125, 60_001  # Hz; 8 minutes
RECORDS = range(1, 54)
SAME_PATIENT = {**dict.fromkeys(range(7, 10), 6), **dict.fromkeys(range(21, 24), 20), 39: 38}
SECONDS, HOP, N_WINDOWS = 32, 3, 150  # of a window, between two, of a recording
N_NUMERICS = 481  # one per second, both ends
FEWEST = SECONDS // 2  # numbers of which a mean is taken
NUMERICS = {"HR": "HR", "RR": "RESP", "SpO2": "SpO2"}


def read_signals(folder: Path, record: int, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Photoplethysmogram and ECG lead II of a recording, (2, 60001), float32."""
    path = _file(folder, record, "Signals")
    table = _table(path, ["PLETH", "II"], N_SAMPLES, max_bytes)
    with reading(path, "two signals"):
        return as_float32(table.to_numpy().T)


def read_windows(folder: Path, max_bytes: int = MAX_BYTES) -> pd.DataFrame:
    """Windows of all recordings: record, start (sample), HR, RR, SpO2 (means, NaN of too few), patient, split.

    A window starts every 3 seconds. A breathing rate of 0 is missing. Patients are numbered by their first recording;
    those whose number's last digit leaves 2 on division by 3 are the test part.
    """
    of_records = [mean_numerics(_numerics(_file(folder, record, "Numerics"), max_bytes)) for record in RECORDS]
    windows = pd.concat(of_records, keys=RECORDS, names=["record"]).reset_index("record").reset_index(drop=True)
    first = windows["record"].replace(SAME_PATIENT)
    windows["patient"] = pd.factorize(first)[0]
    windows["split"] = np.where(windows["patient"] % 10 % 3 == 2, "test", "train")
    return windows


def mean_numerics(numerics: pd.DataFrame) -> pd.DataFrame:
    """Means of a recording's numbers, at times in seconds, over each window."""
    values = numerics[list(NUMERICS.values())].set_axis(list(NUMERICS), axis=1)
    values = values.mask(values["RR"] == 0, values.assign(RR=np.nan))
    starts = HOP * np.arange(N_WINDOWS)
    time = numerics["Time [s]"].to_numpy()
    inside = (time >= starts[:, None]) & (time < starts[:, None] + SECONDS)
    counted = inside @ values.notna().to_numpy().astype(int)
    means = inside @ values.fillna(0).to_numpy() / np.maximum(counted, 1)
    windows = pd.DataFrame(np.where(counted >= FEWEST, means, np.nan), columns=list(NUMERICS))
    return windows.assign(start=starts * RATE)


def _file(folder: Path, record: int, kind: str) -> Path:
    path = folder / f"bidmc_{record:02d}_{kind}.csv"
    return require([path], f"53 recordings as {folder}/bidmc_01_Signals.csv and bidmc_01_Numerics.csv ...")


def _numerics(path: Path, max_bytes: int) -> pd.DataFrame:
    table = _table(path, ["Time [s]", *NUMERICS.values()], N_NUMERICS, max_bytes, missing=True)
    with reading(path, "numbers of a monitor, one per second"):
        if len(wrong := np.flatnonzero(np.diff(table["Time [s]"]) != 1)):
            raise ValueError(f"line {wrong[0] + 3} is not a second after the line before it")
    return table


def _table(path: Path, columns: list[str], n_rows: int, max_bytes: int, *, missing: bool = False) -> pd.DataFrame:
    contents = "a table of numbers"
    table = read_table(path, contents, columns, max_bytes)
    check_counts(path, f"{len(table)} rows", f"{n_rows} rows")
    with reading(path, contents):
        return as_numbers(table[columns], missing=missing)
