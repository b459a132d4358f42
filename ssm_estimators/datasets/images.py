"""Images read as sequences, pixel by pixel and row by row."""

from functools import partial
from pathlib import Path

import numpy as np

from ssm_estimators.datasets.files import check_options, open_file, reading, require, take, unpacked
from ssm_estimators.datasets.formats import read_npz
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
N_CLASSES = 10
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
            fetch(MNIST_URL + name, MNIST_MD5[name], root, "mnist")

    expected = (
        f"{MNIST_FILES[split][0]} and {MNIST_FILES[split][1]}, gzipped or not, in {root / 'mnist'}, or {subset}. The "
        f"files are at {MNIST_URL}; download=True fetches them."
    )
    path = require([*found, subset], expected, get if download else None)
    if path == subset:
        X, y = _from_npz(path, split, (28, 28))
    else:
        beside = path.with_name(path.name.replace("images-idx3", "labels-idx1"))
        other = beside.with_suffix("") if beside.suffix == ".gz" else beside.with_name(f"{beside.name}.gz")
        labels = require([beside, other], expected)
        X = _idx(path, (MNIST_CASES[split], 28, 28))
        y = _checked(labels, _idx(labels, (MNIST_CASES[split],)))
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
    n_train, n_test = (1000 * int(part.removesuffix("k")) for part in path.stem.split("_")[-2:])
    n_cases = n_train if split == "train" else n_test
    arrays = read_npz(path, {f"X_{split}": ("u", (n_cases, *size)), f"y_{split}": ("iu", (n_cases,))})
    return arrays[f"X_{split}"], _checked(path, arrays[f"y_{split}"])


def _idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Array of a file in the idx format: two zeros, type 8 (bytes), dimensions, their sizes as 4 bytes each, values."""
    header = bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)
    return _bytes(path, f"bytes of shape {shape} in the idx format", header, int(np.prod(shape))).reshape(shape)


def _cifar_batch(path: Path) -> np.ndarray:
    """Records of a file, (n_cases, 3073)."""
    size = CIFAR_CASES * CIFAR_RECORD
    records = _bytes(path, f"{CIFAR_CASES} records of CIFAR-10, {size} bytes", b"", size).reshape(-1, CIFAR_RECORD)
    _checked(path, records[:, 0])
    return records


def _bytes(path: Path, expected: str, header: bytes, size: int) -> np.ndarray:
    """What follows a file's header, exactly so many bytes."""
    with reading(path, expected), open_file(path) as file:
        content = take(unpacked(file, path), len(header) + size + 1)
        if content[: len(header)] != header:
            raise ValueError(f"it begins with the bytes {content[: len(header)].hex(' ')}; expected {header.hex(' ')}")
        if len(content) != len(header) + size:
            came = "more" if len(content) > len(header) + size else len(content)
            raise ValueError(f"it should have {len(header) + size} bytes and has {came}")
    return np.frombuffer(content, dtype=np.uint8)[len(header) :]


def _checked(path: Path, y: np.ndarray) -> np.ndarray:
    """Labels of ten classes."""
    with reading(path, "images and their labels, 0 to 9"):
        if (wrong := (y < 0) | (y >= N_CLASSES)).any():
            raise ValueError(f"case {int(wrong.argmax())}, counted from 0, has the label {y[wrong.argmax()]}")
    return y
