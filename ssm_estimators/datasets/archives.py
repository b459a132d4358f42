"""The UCR and UEA classification archives, in the layouts that are in use."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from sktime.datasets import load_UCR_UEA_dataset

from ssm_estimators.datasets.files import as_labels, check_counts, check_options, read_ts, require, sha256


def load_ucr_uea(
    name: str, split: str, data_dir: str | Path, *, download: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """One part of a classification set of the UCR or UEA archive.

    Parameters
    ----------
    name : str
        Name of the set in the archive, such as ``"Trace"``.
    split : {"train", "test"}
        The archive's own split.
    data_dir : path
        Folder that holds the set, or ``ucr/`` or ``uea/`` with it, in one of three layouts, the first that is there:
        ``<name>.npz`` with ``X_train``, ``y_train``, ``X_test``, ``y_test``, and perhaps ``summary.csv`` beside it
        (columns name, n_train, n_test, T, classes, channels, sha256); ``<name>/<name>_TRAIN.ts`` and ``_TEST.ts``, the
        text format of sktime; ``<name>/<name>_TRAIN.tsv`` and ``_TEST.tsv``, that of the UCR archive of 2018.
    download : bool, default=False
        Let sktime fetch a set that is not there, into ``data_dir``, from https://www.timeseriesclassification.com.

    Returns
    -------
    X : ndarray of shape (n_cases, n_channels, n_timepoints), float32
        NaN where a value is missing and past the end of shorter series.
    y : ndarray of shape (n_cases,)
        Labels as in the archive, integers where all are.

    Raises
    ------
    FileNotFoundError
        If the set is not in ``data_dir``.
    ValueError
        If ``split`` is unknown, or if a file cannot be read, is not the one whose hash the summary has, or holds other
        counts than were published.
    """
    check_options(split=(split, ("train", "test")))
    root = Path(data_dir)
    folders = [root, root / "ucr", root / "uea"]
    stem = f"{name}/{name}_{split.upper()}"
    paths = [folder / file for file in (f"{name}.npz", f"{stem}.ts", f"{stem}.tsv") for folder in folders]
    expected = (
        f"the set as {name}.npz, {stem}.ts or {stem}.tsv. The archives are at "
        "https://www.timeseriesclassification.com; download=True lets sktime fetch the set."
    )
    path = require(
        paths, expected, (lambda: load_UCR_UEA_dataset(name, split, extract_path=str(root))) if download else None
    )
    X, y, n_classes = READERS[path.suffix](path, split)
    _check(path, name, split, X, n_classes)
    return X, y


def _read_npz(path: Path, split: str) -> tuple[np.ndarray, np.ndarray, int]:
    summary = _summary(path.parent)
    if "sha256" in summary and path.stem in summary.index:
        check_counts(path, f"sha256 {sha256(path)}", f"sha256 {summary.loc[path.stem, 'sha256']}")
    with np.load(path) as arrays:
        n_classes = len(np.unique(np.concatenate([arrays["y_train"], arrays["y_test"]])))
        return arrays[f"X_{split}"], arrays[f"y_{split}"], n_classes


def _read_ts(path: Path, split: str) -> tuple[np.ndarray, np.ndarray, int]:
    X, y = read_ts(path)
    return X, y, len(np.unique(y))


def _read_tsv(path: Path, split: str) -> tuple[np.ndarray, np.ndarray, int]:
    try:
        table = pd.read_csv(path, sep="\t", header=None, dtype=np.float64).to_numpy()
    except ValueError as error:  # pandas' own are among them
        raise ValueError(f"{path} cannot be read as a label and the values of a series a line: {error}") from error
    y = as_labels(table[:, 0])
    return table[:, None, 1:].astype(np.float32), y, len(np.unique(y))


READERS = {".npz": _read_npz, ".ts": _read_ts, ".tsv": _read_tsv}


def _summary(folder: Path) -> pd.DataFrame:
    """The folder's table of its sets; empty if there is none."""
    path = folder / "summary.csv"
    return pd.read_csv(path).set_index("name") if path.is_file() else pd.DataFrame()


def _published(path: Path, name: str) -> pd.Series | None:
    """Published counts of a set, or those of the summary beside its file."""
    table = pd.read_csv(files("ssm_estimators.datasets") / "archive_counts.csv").set_index("name")
    if name in table.index:
        return table.loc[name]
    summary = _summary(path.parent).rename(
        columns={"T": "n_timepoints", "classes": "n_classes", "channels": "n_channels"}
    )
    return summary.loc[name] if name in summary.index else None


def _check(path: Path, name: str, split: str, X: np.ndarray, n_classes: int) -> None:
    counts = _published(path, name)
    if counts is None:
        return
    n_timepoints = counts["n_timepoints"]
    found = {"cases": len(X), "channels": X.shape[1], "time points": X.shape[2], "classes": n_classes}
    expected = {
        "cases": int(counts[f"n_{split}"]),
        "channels": int(counts.get("n_channels", 1)),
        "time points": X.shape[2] if np.isnan(n_timepoints) else int(n_timepoints),
        "classes": int(counts["n_classes"]),
    }
    if path.suffix != ".npz" and n_classes < expected["classes"]:  # a part need not have them all
        expected["classes"] = n_classes
    check_counts(path, f"{split} {found}", f"{split} {expected}")
