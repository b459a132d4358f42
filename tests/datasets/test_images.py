"""Images as sequences, from tiny files in the published formats."""

import gzip

import numpy as np
import pytest

from ssm_estimators.datasets import images, load_sequential_cifar, load_sequential_mnist


def _idx(values):
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes()


@pytest.fixture
def digits(monkeypatch):
    """Three images for 60,000."""
    monkeypatch.setattr(images, "MNIST_CASES", {"train": 3, "test": 2})
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8), np.array([5, 0, 4], np.uint8)


@pytest.mark.parametrize("place", ["mnist", "MNIST/raw", ""])
@pytest.mark.parametrize("zipped", [True, False])
def test_idx_files(tmp_path, digits, place, zipped):
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, values in zip(images.MNIST_FILES["train"], digits, strict=True):
        content = _idx(values)
        path = tmp_path / place / (name if zipped else name.removesuffix(".gz"))
        path.write_bytes(gzip.compress(content) if zipped else content)
    X, y = load_sequential_mnist("train", tmp_path)
    assert X.dtype == np.float32
    np.testing.assert_allclose(X[:, 0].reshape(3, 28, 28), digits[0] / 255, rtol=1e-6)
    assert y.tolist() == [5, 0, 4]
    permuted, _ = load_sequential_mnist("train", tmp_path, permuted=True)
    assert not np.array_equal(permuted, X)
    np.testing.assert_array_equal(np.sort(permuted), np.sort(X))
    np.testing.assert_array_equal(permuted, load_sequential_mnist("train", tmp_path, permuted=True)[0])
    with pytest.raises(FileNotFoundError, match="t10k-images"):
        load_sequential_mnist("test", tmp_path)


@pytest.mark.parametrize("cut", [0, 3, 10, 100])
def test_partial_idx_files(tmp_path, digits, cut):
    (tmp_path / "mnist").mkdir()
    for name, values in zip(images.MNIST_FILES["train"], digits, strict=True):
        (tmp_path / "mnist" / name.removesuffix(".gz")).write_bytes(_idx(values)[:cut])
    with pytest.raises(
        ValueError,
        match=r"train-images.* cannot be read as bytes of shape \(3, 28, 28\) in the idx format: it (begins|should)",
    ):
        load_sequential_mnist("train", tmp_path)


def test_idx_files_of_another_size_or_without_labels(tmp_path, digits):
    (tmp_path / "mnist").mkdir()
    name, labels = (tmp_path / "mnist" / name.removesuffix(".gz") for name in images.MNIST_FILES["train"])
    name.write_bytes(_idx(digits[0]))
    with pytest.raises(FileNotFoundError, match="train-labels"):
        load_sequential_mnist("train", tmp_path)
    labels.write_bytes(_idx(digits[1] + 5))
    with pytest.raises(ValueError, match=r"train-labels.*labels, 0 to 9: case 0, counted from 0, has the label 10"):
        load_sequential_mnist("train", tmp_path)
    name.write_bytes(_idx(digits[0][:2]))
    with pytest.raises(
        ValueError, match=r"begins with the bytes 00 00 08 03 00 00 00 02 .*; expected .* 00 00 00 03 00"
    ):
        load_sequential_mnist("train", tmp_path)


def test_subsets(tmp_path):
    (tmp_path / "images").mkdir()
    X, y = np.zeros((1000, 32, 32), np.uint8), np.zeros(1000, np.int64)
    X[0, 0, 1] = 255
    np.savez(tmp_path / "images" / "cifar10_gray_3k_1k.npz", X_test=X, y_test=y, X_train=X, y_train=y)
    series, _ = load_sequential_cifar("test", tmp_path, grayscale=True)
    assert series.shape == (1000, 1, 1024)
    assert series[0, 0, :3].tolist() == [0, 1, 0]
    with pytest.raises(ValueError, match=r"X_train has shape \(1000, 32, 32\).*published are shape \(3000, 32, 32\)"):
        load_sequential_cifar("train", tmp_path, grayscale=True)
    with pytest.raises(FileNotFoundError, match="binary version of CIFAR-10"):
        load_sequential_cifar("test", tmp_path)  # the subset has no colours


def test_cifar_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "CIFAR_CASES", 2)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    record = np.zeros((2, images.CIFAR_RECORD), np.uint8)
    record[:, 0], record[0, 1], record[1, 1 + 1024] = [3, 7], 255, 255  # one red pixel, one green
    for name in images.CIFAR_FILES["train"]:
        record.tofile(folder / name)
    X, y = load_sequential_cifar("train", tmp_path)
    assert X.shape == (10, 3, 1024)
    assert y[:2].tolist() == [3, 7]
    assert X[:2, :, 0].tolist() == [[1, 0, 0], [0, 1, 0]]
    grey, _ = load_sequential_cifar("train", tmp_path, grayscale=True)
    np.testing.assert_allclose(grey[:2, 0, 0], [0.299, 0.587])
    (folder / "data_batch_3.bin").write_bytes(b"123")
    with pytest.raises(ValueError, match=r"data_batch_3.bin cannot be read .*should have 6146 bytes and has 3"):
        load_sequential_cifar("train", tmp_path)
    (folder / "data_batch_3.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"No .*data_batch_3.bin"):
        load_sequential_cifar("train", tmp_path)


@pytest.mark.parametrize("load", [load_sequential_mnist, load_sequential_cifar])
def test_empty_folders_and_unknown_splits(tmp_path, load):
    with pytest.raises(FileNotFoundError, match="download=True fetches"):
        load("train", tmp_path)
    with pytest.raises(ValueError, match="split must be one of"):
        load("all", tmp_path)


def test_a_cut_gzip_and_one_that_unpacks_to_more_are_refused(tmp_path, digits):
    path, labels = (tmp_path / name for name in images.MNIST_FILES["train"])
    labels.write_bytes(gzip.compress(_idx(digits[1])))
    path.write_bytes(gzip.compress(_idx(digits[0]))[:-20])
    with pytest.raises(ValueError, match=r"train-images.* cannot be read .*EOFError, Compressed file ended"):
        load_sequential_mnist("train", tmp_path)
    path.write_bytes(gzip.compress(_idx(digits[0]) + bytes(10**7)))
    with pytest.raises(ValueError, match=r"train-images.* should have 2368 bytes and has more"):
        load_sequential_mnist("train", tmp_path)


def test_a_subset_that_is_a_bomb_or_has_other_labels_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    path = tmp_path / "images" / "cifar10_gray_3k_1k.npz"
    np.savez_compressed(path, X_test=np.zeros((100_000, 32, 32), np.uint8), y_test=np.zeros(1000, np.int64))
    with pytest.raises(ValueError, match=r"X_test has shape \(100000, 32, 32\).*published are shape \(1000, 32, 32\)"):
        load_sequential_cifar("test", tmp_path, grayscale=True)
    np.savez_compressed(path, X_test=np.zeros((1000, 32, 32), np.uint8), y_test=np.arange(1000))
    with pytest.raises(ValueError, match=r"gray_3k_1k.npz cannot be read .*case 10, counted from 0, has the label 10"):
        load_sequential_cifar("test", tmp_path, grayscale=True)


@pytest.mark.parametrize("zipped", ["images", "labels"])
def test_one_of_two_files_may_be_gzipped(tmp_path, monkeypatch, zipped):
    monkeypatch.setitem(images.MNIST_CASES, "train", 1)
    for kind, size, values in (("images-idx3", (28, 28), bytes(784)), ("labels-idx1", (), b"\7")):
        header = bytes([0, 0, 8, 1 + len(size)]) + b"".join(n.to_bytes(4, "big") for n in (1, *size))
        is_zipped = kind.startswith(zipped)
        path = tmp_path / f"train-{kind}-ubyte{'.gz' if is_zipped else ''}"
        path.write_bytes(gzip.compress(header + values) if is_zipped else header + values)
    assert load_sequential_mnist("train", tmp_path)[1].tolist() == [7]
