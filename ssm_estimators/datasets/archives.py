"""The UCR and UEA classification archives, in the layouts that are in use."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from sktime.datasets import load_UCR_UEA_dataset

from ssm_estimators.datasets.files import (
    MAX_BYTES,
    FileError,
    check_counts,
    check_options,
    check_whole,
    padded,
    read_lines,
    reading,
    require,
    sha256,
)
from ssm_estimators.datasets.formats import as_float32, as_integers, read_npz, read_table
from ssm_estimators.datasets.labels import as_labels, check_different, check_label
from ssm_estimators.datasets.remote import filled_later
from ssm_estimators.datasets.ts import channel_values, read_ts

SUMMARY_COUNTS = {"n_train": "n_train", "n_test": "n_test", "T": "n_timepoints", "classes": "n_classes"}


def load_ucr_uea(
    name: str, split: str, data_dir: str | Path, *, download: bool = False, max_bytes: int = MAX_BYTES
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
    max_bytes : int, default=2**32
        A file, unpacked, or X may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

    Returns
    -------
    X : ndarray of shape (n_cases, n_channels, n_timepoints), float32
        NaN where a value is missing and past the end of shorter series.
    y : ndarray of shape (n_cases,)
        Labels as in the archive, integers where all are. Two labels that are one number, such as 01 and 1, are refused,
        and so are empty labels, NaN and numbers beyond 2 ** 53.

    Raises
    ------
    FileNotFoundError
        If the set is not in ``data_dir``.
    ValueError
        If an option is unknown, or a file is damaged, too large, or not the one whose hash the summary has; or if it
        holds other counts than were published or than its own header says.
    """
    check_options(split=(split, ("train", "test")))
    check_whole(max_bytes=max_bytes)
    root = Path(data_dir)
    folders = [root, root / "ucr", root / "uea"]
    stem = f"{name}/{name}_{split.upper()}"
    paths = [folder / file for file in (f"{name}.npz", f"{stem}.ts", f"{stem}.tsv") for folder in folders]
    expected = (
        f"the set as {name}.npz, {stem}.ts or {stem}.tsv. The archives are at "
        "https://www.timeseriesclassification.com; download=True lets sktime fetch the set."
    )
    path = require(paths, expected, (lambda: _fetch(name, split, root)) if download else None)
    published = _published(path, name)
    if path.suffix == ".npz":
        return _read_npz(path, split, published, max_bytes)
    X, y = read_ts(path, max_bytes=max_bytes) if path.suffix == ".ts" else _read_tsv(path, max_bytes)
    shape = published.shape(split)
    known = tuple(n if expected is None else expected for n, expected in zip(X.shape, shape, strict=True))
    check_counts(path, *(f"{split} cases, channels and time points {counts}" for counts in (X.shape, known)))
    if len(np.unique(y)) > (published.n_classes or len(y)):  # a part need not have them all
        check_counts(path, f"{len(np.unique(y))} classes", f"{published.n_classes} classes")
    return X, y


def _fetch(name: str, split: str, root: Path) -> None:
    with filled_later(root) as fresh:
        try:
            load_UCR_UEA_dataset(name, split, extract_path=str(fresh))
        except Exception as error:
            came = f"{type(error).__name__}, {str(error).rstrip('.')}"
            raise FileError(
                f"sktime could not fetch {name} into {root}: {came}. Check the name and the connection."
            ) from error


@dataclass(frozen=True)
class _Published:
    """Counts of a set, each None if it is not known."""

    n_train: int | None = None
    n_test: int | None = None
    n_channels: int | None = None
    n_timepoints: int | None = None
    n_classes: int | None = None

    def shape(self, split: str) -> tuple[int | None, int | None, int | None]:
        return self.n_train if split == "train" else self.n_test, self.n_channels, self.n_timepoints


def _published(path: Path, name: str) -> _Published:
    """Published counts of a set, or those of the summary beside its file."""
    table = pd.read_csv(files("ssm_estimators.datasets") / "archive_counts.csv").set_index("name")
    if name not in table.index:
        return _summary(path.parent, name)[0]
    counts = table.loc[name]
    return _Published(**{field.name: int(n) for field in fields(_Published) if not np.isnan(n := counts[field.name])})


def _summary(folder: Path, name: str) -> tuple[_Published, str]:
    """Counts of a set, and its hash, as the folder's table of its sets has them; neither if it has none."""
    path = folder / "summary.csv"
    if not path.exists():
        return _Published(), ""
    contents = "a table of sets, each once, with their counts"
    table = read_table(path, contents, ("name", *SUMMARY_COUNTS))
    with reading(path, contents):
        row = table[table["name"].astype(str) == name]
        if row.empty:
            return _Published(), ""
        if len(row) > 1:
            raise ValueError(f"it has {name} twice")
        # series of different lengths have no one number of time points
        names = {**SUMMARY_COUNTS, "channels": "n_channels"}
        found = [name for name in names if name in row and (name != "T" or row["T"].notna().all())]
        counts = as_integers(row[found]).rename(columns=names).iloc[0]
        sha256 = str(row["sha256"].fillna("").iloc[0]) if "sha256" in row else ""
        return _Published(**{"n_channels": 1, **counts}), sha256


def _read_npz(path: Path, split: str, published: _Published, max_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    if expected := _summary(path.parent, path.stem)[1]:
        check_counts(path, f"sha256 {sha256(path, max_bytes)}", f"sha256 {expected}")
    labels = {f"y_{part}": ("iufU", published.shape(part)[:1]) for part in ("train", "test")}
    arrays = read_npz(path, {**labels, f"X_{split}": ("fiu", published.shape(split))}, max_bytes)
    with reading(path, "series and their labels"):
        X, y = as_float32(arrays[f"X_{split}"]), arrays[f"y_{split}"]
        if len(X) != len(y) or not X.size:
            raise ValueError(f"it has {len(y)} labels and series of shape {X.shape}")
        if arrays["y_train"].dtype.kind != arrays["y_test"].dtype.kind:
            raise ValueError(f"its labels are of two types, {arrays['y_train'].dtype} and {arrays['y_test'].dtype}")
        classes = sorted({str(label) for name in labels for label in arrays[name].tolist()})
        for label in classes:
            check_label(label)
        check_different(classes)
        if y.dtype.kind == "U" and (numbers := as_labels(classes)).dtype.kind == "i":
            y = numbers[np.searchsorted(classes, y)]
    check_counts(path, f"{len(classes)} classes", f"{published.n_classes or len(classes)} classes")
    return X, y


def _read_tsv(path: Path, max_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    contents = "a label and the values of a series a line, between tabs"
    classes: dict[str, int] = {}
    y: list[int] = []

    def rows() -> Iterator[np.ndarray]:
        n_timepoints = None
        for k, line in enumerate(read_lines(path, contents, max_bytes), start=1):
            label, _, text = line.partition("\t")
            check_label(label, f"line {k} has ")
            y.append(classes.setdefault(label, len(classes)))
            values = channel_values(k, text, "\t", max_bytes)
            n_timepoints = n_timepoints or len(values)
            if len(values) != n_timepoints:
                raise ValueError(f"line {k} has {len(values)} values, the first {n_timepoints}")
            yield values

    with reading(path, contents):
        X = padded(rows(), np.nan, np.float32, max_bytes)[:, None]
        check_different(classes)
        return X, as_labels([*classes])[y]
