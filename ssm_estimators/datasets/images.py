"""Images read as sequences, pixel by pixel and row by row."""

import gzip
from functools import partial
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import check_counts, check_options, require
from ssm_estimators.datasets.remote import fetch

SPLITS = ("train", "test")
PERMUTATION_SEED = 92916  # of several published works on permuted MNIST

MNIST_FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
MNIST_CASES = {"train": 60_000, "test": 10_000}
MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}
CIFAR_FILES = {"train": [f"data_batch_{k}.bin" for k in range(1, 6)], "test": ["test_batch.bin"]}
CIFAR_URL = "https://www.cs.toronto.edu/~kriz/"
CIFAR_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
CIFAR_CASES = 10_000  # a file
CIFAR_RECORD = 1 + 3 * 32 * 32  # bytes: a label, then red, green and blue, each row by row
GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # of red, green and blue (ITU-R BT.601)


def load_sequential_mnist(
    split: str, data_dir: str | Path, *, permuted: bool = False, download: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits as series of 784 pixels (sMNIST, pMNIST).

    Parameters
    ----------
    split : {"train", "test"}
    data_dir : path
        Folder that holds ``mnist/`` or ``MNIST/raw/`` with the four idx files, gzipped or not, or ``images/`` with
        ``mnist_10k_2k.npz``, the first 10,000 and 2,000 cases.
    permuted : bool, default=False
        Put the pixels in one fixed random order, that of ``numpy.random.RandomState(92916)``.
    download : bool, default=False
        Fetch files that are not there into ``<data_dir>/mnist``; needs pooch.

    Returns
    -------
    X : ndarray of shape (n_cases, 1, 784), float32
        Between 0 and 1.
    y : ndarray of shape (n_cases,), int64

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If ``split`` is unknown, or a file is not what it should be.
    """
    check_options(split=(split, SPLITS))
    root = Path(data_dir)
    plain = [name.removesuffix(".gz") for name in MNIST_FILES[split]]
    folders = [root / "mnist", root / "MNIST" / "raw", root]
    found = [folder / name for folder in folders for name in (MNIST_FILES[split][0], plain[0])]
    subset = root / "images" / "mnist_10k_2k.npz"

    def get() -> None:
        for name in MNIST_FILES[split]:
            fetch(MNIST_URL + name, MNIST_MD5[name], root / "mnist")

    expected = (
        f"{MNIST_FILES[split][0]} and {MNIST_FILES[split][1]}, gzipped or not, in {root / 'mnist'}, or {subset}. The "
        f"files are at {MNIST_URL}; download=True fetches them."
    )
    path = require([*found, subset], expected, get if download else None)
    if path == subset:
        X, y = _from_npz(path, split, (28, 28))
    else:
        labels = path.name.replace("images-idx3", "labels-idx1")
        X, y = _idx(path), _idx(require([path.with_name(labels)], expected))
        n_cases = MNIST_CASES[split]
        check_counts(path, (X.shape, y.shape), ((n_cases, 28, 28), (n_cases,)))
    X = X.reshape(len(X), 1, -1)
    if permuted:
        X = X[..., np.random.RandomState(PERMUTATION_SEED).permutation(X.shape[-1])]
    return X.astype(np.float32) / 255, y.astype(np.int64)


def load_sequential_cifar(
    split: str, data_dir: str | Path, *, grayscale: bool = False, download: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """CIFAR-10 as series of 1,024 pixels (sCIFAR; grey, the task "Image" of the Long Range Arena).

    Parameters
    ----------
    split : {"train", "test"}
    data_dir : path
        Folder that holds ``cifar-10-batches-bin/`` with the binary version's ``data_batch_1.bin`` ..., or ``images/``
        with ``cifar10_gray_3k_1k.npz``: 3,000 and 1,000 grey cases from images stored as JPEG, not for comparison with
        published numbers.
    grayscale : bool, default=False
        One channel of brightness instead of red, green and blue.
    download : bool, default=False
        Fetch what is not there into ``data_dir``, 170 MB; needs pooch.

    Returns
    -------
    X : ndarray of shape (n_cases, 3 or 1, 1024), float32
        Between 0 and 1.
    y : ndarray of shape (n_cases,), int64

    Raises
    ------
    FileNotFoundError
        If the files are not there; the subset has no colours.
    ValueError
        If ``split`` is unknown, or a file is not what it should be.
    """
    check_options(split=(split, SPLITS))
    root = Path(data_dir)
    folder, subset = root / "cifar-10-batches-bin", root / "images" / "cifar10_gray_3k_1k.npz"
    candidates = [folder / CIFAR_FILES[split][0], *([subset] if grayscale else [])]
    get = partial(fetch, CIFAR_URL + "cifar-10-binary.tar.gz", CIFAR_MD5, root, unpack=True)
    expected = (
        f"the binary version of CIFAR-10 in {folder}, or, with grayscale=True, {subset}. It is at "
        f"{CIFAR_URL}cifar.html; download=True fetches it."
    )
    path = require(candidates, expected, get if download else None)
    if path == subset:
        X, y = _from_npz(path, split, (32, 32))
        return X.reshape(len(X), 1, -1).astype(np.float32) / 255, y.astype(np.int64)
    batches = [_cifar_batch(require([folder / name], expected)) for name in CIFAR_FILES[split]]
    records = np.concatenate(batches)
    X = records[:, 1:].reshape(len(records), 3, -1).astype(np.float32) / 255
    y = records[:, 0].astype(np.int64)
    return (np.einsum("c,ncl->nl", GREY, X)[:, None] if grayscale else X), y


def _from_npz(path: Path, split: str, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Images of a subset, whose name says how many thousands there are."""
    with np.load(path) as arrays:
        X, y = arrays[f"X_{split}"], arrays[f"y_{split}"]
    n_train, n_test = (1000 * int(part.removesuffix("k")) for part in path.stem.split("_")[-2:])
    n_cases = n_train if split == "train" else n_test
    check_counts(path, (X.shape, y.shape), ((n_cases, *size), (n_cases,)))
    return X, y


def _idx(path: Path) -> np.ndarray:
    """Array of a file in the idx format: two zeros, type 8 (bytes), dimensions, their sizes as 4 bytes each, values."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read()
    n_dimensions = content[3] if content[:3] == b"\0\0\x08" and len(content) > 3 else 0
    shape = [int.from_bytes(content[4 * k : 4 * k + 4], "big") for k in range(1, n_dimensions + 1)]
    values = np.frombuffer(content[4 + 4 * n_dimensions :], dtype=np.uint8)
    if n_dimensions == 0 or len(values) != np.prod(shape):
        raise ValueError(f"{path} is not a complete file of bytes in the idx format. Get it again.")
    return values.reshape(shape)


def _cifar_batch(path: Path) -> np.ndarray:
    """Records of a file, (n_cases, 3073)."""
    content = np.fromfile(path, dtype=np.uint8)
    check_counts(path, f"{content.size} bytes", f"{CIFAR_CASES * CIFAR_RECORD} bytes")
    return content.reshape(-1, CIFAR_RECORD)
