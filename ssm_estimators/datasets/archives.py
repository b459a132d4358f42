"""The UCR and UEA classification archives, as one npz file a set."""

from pathlib import Path

import numpy as np
import pandas as pd


def load_ucr_uea(name: str, split: str, data_dir: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """One part of a classification set of the UCR or UEA archive.

    Parameters
    ----------
    name : str
        Name of the set in the archive, such as ``"Trace"``.
    split : {"train", "test"}
        The archive's own split.
    data_dir : path
        Folder that holds ``ucr/`` or ``uea/``, each with ``summary.csv`` (columns name, n_train, n_test, T, classes,
        and channels where there are several) and ``<name>.npz`` with ``X_train``, ``y_train``, ``X_test``, ``y_test``.

    Returns
    -------
    X : ndarray of shape (n_cases, n_channels, n_timepoints), float32
        NaN where a value is missing and past the end of shorter series.
    y : ndarray of shape (n_cases,)
        Labels as in the archive.

    Raises
    ------
    FileNotFoundError
        If the set is not in ``data_dir``.
    ValueError
        If ``split`` is unknown, or the file's counts are not those of the summary.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split must be 'train' or 'test'; got {split!r}.")
    root = Path(data_dir)
    found = [folder for folder in (root / "ucr", root / "uea") if (folder / f"{name}.npz").is_file()]
    if not found:
        raise FileNotFoundError(
            f"No {name}.npz in {root / 'ucr'} or {root / 'uea'}. Expected <data_dir>/ucr/<name>.npz with arrays "
            "X_train (n_cases, n_channels, n_timepoints), y_train, X_test, y_test, and summary.csv beside it; the "
            "archive itself is at https://www.timeseriesclassification.com."
        )
    summary = pd.read_csv(found[0] / "summary.csv").set_index("name")
    with np.load(found[0] / f"{name}.npz") as arrays:
        X, y = arrays[f"X_{split}"], arrays[f"y_{split}"]
        n_classes = len(np.unique(np.concatenate([arrays["y_train"], arrays["y_test"]])))
    row = summary.loc[name]
    expected = (row[f"n_{split}"], row.get("channels", 1), row["T"])
    if X.shape != expected or len(y) != len(X) or n_classes != row["classes"]:
        raise ValueError(
            f"{name} ({split}) has shape {X.shape}, {len(y)} labels and {n_classes} classes; the summary says "
            f"{tuple(map(int, expected))} and {row['classes']} classes."
        )
    return X, y
