"""The door that every loader reads through: regular files, bounded, and one error that names the file."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssm_estimators.datasets import (
    load_bidmc,
    load_ett,
    load_imdb_bytes,
    load_listops,
    load_retrieval,
    load_sequential_cifar,
    load_sequential_mnist,
    load_speech_commands,
    load_spoken_digits,
    load_ucr_uea,
    load_weather,
)
from ssm_estimators.datasets.files import read_bytes, read_lines, reading
from ssm_estimators.datasets.formats import as_numbers, read_npz, read_table

LOADERS = {
    "Toy.npz": lambda root: load_ucr_uea("Toy", "train", root),
    "Toy/Toy_TRAIN.ts": lambda root: load_ucr_uea("Toy", "train", root),
    "Toy/Toy_TRAIN.tsv": lambda root: load_ucr_uea("Toy", "train", root),
    "bidmc/windows.csv.gz": lambda root: load_bidmc("train", root),
    "bidmc/bidmc_csv/bidmc_01_Signals.csv": lambda root: load_bidmc("train", root),
    "BIDMC32HR/BIDMC32HR_TRAIN.ts": lambda root: load_bidmc("train", root, "HR", "archive"),
    "forecasting/ETTh1.csv.gz": lambda root: load_ett("ETTh1", root),
    "forecasting/weather.csv.gz": load_weather,
    "mnist/train-images-idx3-ubyte.gz": lambda root: load_sequential_mnist("train", root),
    "images/mnist_10k_2k.npz": lambda root: load_sequential_mnist("train", root),
    "cifar-10-batches-bin/data_batch_1.bin": lambda root: load_sequential_cifar("train", root),
    "images/cifar10_gray_3k_1k.npz": lambda root: load_sequential_cifar("train", root, grayscale=True),
    "speech/fsdd_900.npz": lambda root: load_spoken_digits("train", root),
    "speech_commands/testing_list.txt": lambda root: load_speech_commands("train", root),
    "listops/basic_train.tsv": lambda root: load_listops("train", root),
    "text/listops_original_10k.tsv.gz": lambda root: load_listops("train", root),
    "text/imdb_bytes_2k_1k.npz": lambda root: load_imdb_bytes("train", root),
    "aan/new_aan_pairs.train.tsv": lambda root: load_retrieval("train", root),
}
BESIDE = {
    "mnist/train-images-idx3-ubyte.gz": ["mnist/train-labels-idx1-ubyte.gz"],
    "speech_commands/testing_list.txt": ["speech_commands/validation_list.txt"],
    "bidmc/windows.csv.gz": ["bidmc/records.csv"],
    "bidmc/bidmc_csv/bidmc_01_Signals.csv": ["bidmc/bidmc_csv/bidmc_01_Numerics.csv"],
}


def _placed(root, name):
    """The file's path, its folder made, and what is looked for beside it."""
    for place in (*BESIDE.get(name, []), name):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(b"")
    (root / name).unlink()
    return root / name


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("make", [getattr(os, name) for name in ("mkfifo", "mkdir") if hasattr(os, name)])
def test_no_loader_opens_what_is_no_regular_file(tmp_path, name, make):
    path = _placed(tmp_path, name)
    for place in (name, *BESIDE.get(name, [])):
        (tmp_path / place).unlink(missing_ok=True)
        make(tmp_path / place)
    message = rf"{path.parent}/.* cannot be read as .*: it is a folder, a pipe or a device, and not a regular file"
    with pytest.raises(ValueError, match=message):
        LOADERS[name](tmp_path)


def test_a_device_is_no_regular_file(tmp_path):
    (tmp_path / "Toy.npz").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=r"Toy.npz cannot be read as .*a pipe or a device"):
        load_ucr_uea("Toy", "train", tmp_path)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\xff" * 100, b"PK\5\6" + b"\0" * 18, gzip.compress(b"x", mtime=0)]
)
def test_every_loader_names_a_file_of_something_else(tmp_path, name, content):
    path = _placed(tmp_path, name)
    for place in (name, *BESIDE.get(name, [])):
        (tmp_path / place).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{path.parent}\S* (cannot be read as|holds) "):
        LOADERS[name](tmp_path)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, error, monkeypatch):
    def fails(*_):
        raise error

    (tmp_path / "a.txt").touch()
    monkeypatch.setattr(Path, "open", fails)
    with pytest.raises(
        ValueError, match=rf"a.txt cannot be read as a text: {type(error).__name__}, .*{error.strerror}"
    ):
        read_bytes(tmp_path / "a.txt", "a text")


def test_a_file_that_is_gone_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No .*a.txt. Get the file again"):
        read_bytes(tmp_path / "a.txt", "a text")


def test_bytes_are_counted_while_they_are_unpacked(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(10**6)))
    assert len(read_bytes(path, "bytes", 10**6)) == 10**6
    with pytest.raises(
        ValueError, match=r"a.gz cannot be read as bytes: it unpacks to more bytes, more than max_bytes="
    ):
        read_bytes(path, "bytes", 10**6 - 1)
    path.write_bytes(path.read_bytes() * 2)  # a gzip of two members
    assert len(read_bytes(path, "bytes", 2 * 10**6)) == 2 * 10**6


@pytest.mark.parametrize("content", [b"a\nb", b"a\nb\n", b"a\r\nb\r\n"])
def test_lines_end_as_on_any_system(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    assert [*read_lines(tmp_path / "a", "lines")] == ["a", "b"]


def _npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def test_arrays_are_read_as_stored(tmp_path):
    values = np.arange(12).reshape(3, 4)
    arrays = {"C": values, "F": np.asfortranarray(values), "big": values.astype(">f4"), "none": np.zeros((0, 3))}
    arrays |= {"scalar": np.int32(7), "text": np.array(["a", "bc"])}
    path = _npz(tmp_path / "a.npz", **arrays)
    spec = {name: ("iufU", (None,) * np.ndim(array)) for name, array in arrays.items() if name != "none"}
    for name, array in read_npz(path, spec).items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype.newbyteorder("=")
        assert array.flags.writeable


def test_arrays_of_objects_are_never_unpickled(tmp_path):
    class Told:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    path = _npz(tmp_path / "a.npz", x=np.array([Told()], dtype=object))
    with pytest.raises(ValueError, match=r"a.npz cannot be read as .*x has shape \(1,\) and type object"):
        read_npz(path, {"x": ("f", (None,))})


def test_a_bomb_is_refused_before_it_takes_memory(tmp_path):
    path = _npz(tmp_path / "a.npz", x=np.zeros(10**8, np.uint8), y=np.zeros(10))
    assert path.stat().st_size < 10**5 + 1000
    tight = {"x": ("u", (10,))}
    with pytest.raises(ValueError, match=r"x has shape \(100000000,\) .*published are shape \(10\)"):
        read_npz(path, tight)
    with pytest.raises(
        ValueError, match=r"it has 100000000 bytes, more than max_bytes=1000000 allows \(raise max_bytes"
    ):
        read_npz(path, {"x": ("u", (None,))}, 10**6)
    with pytest.raises(ValueError, match=r"with x of shape .* it has 100000080 bytes, more than"):  # both count
        read_npz(path, {"y": ("f", (None,)), "x": ("u", (None,))}, 10**8)


def _header(shape, descr="|u1"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (_header((10,)) + bytes(10**6), "x should have 10 bytes and has more"),
        (_header((10**9,)) + bytes(5), "x should have 1000000000 bytes and has 5"),
        (_header((-3,)) + bytes(3), r"x has shape \(-3,\)"),
        (_header((2,), "<U0"), "cannot be zero|buffer|itemsize"),
        (b"", "EOF"),
        (b"\x93NUMPY\3\0" + bytes(100), "KeyError"),
        (b"\x93NUMPY\1\0\x10\0{'descr': 1}     ", "Header|header"),
    ],
)
def test_a_header_that_is_untrue_is_refused(tmp_path, member, message):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", member)
    with pytest.raises(ValueError, match=rf"a.npz cannot be read as an npz file with x: .*({message})"):
        read_npz(tmp_path / "a.npz", {"x": ("uU", (None,))})


def test_a_zip_that_understates_its_size_is_refused(tmp_path):
    path = _npz(tmp_path / "a.npz", x=np.zeros(10**6, np.uint8))
    size = (10**6 + 128).to_bytes(4, "little")
    assert path.read_bytes().count(size) >= 1
    path.write_bytes(path.read_bytes().replace(size, (500).to_bytes(4, "little")))
    with pytest.raises(ValueError, match=r"a.npz cannot be read as .*"):
        read_npz(path, {"x": ("u", (None,))})


def test_every_cut_and_every_flipped_bit_of_the_values_is_found(tmp_path):
    path = _npz(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=50))
    whole = path.read_bytes()
    for i in range(0, len(whole), 7):
        path.write_bytes(whole[:i])
        with pytest.raises(ValueError, match=r"a.npz cannot be read as an npz file with x"):
            read_npz(path, {"x": ("f", (50,))})
    for i in range(200, 500, 7):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :])
        with pytest.raises(ValueError, match=r"a.npz cannot be read as an npz file with x"):
            read_npz(path, {"x": ("f", (50,))})


def test_tables(tmp_path):
    (tmp_path / "a.csv").write_text('a, b\n1, "x, y"\n2, z\n')
    table = read_table(tmp_path / "a.csv", "a table", ("a",))
    assert table["b"].tolist() == ["x, y", "z"]
    assert as_numbers(table[["a"]])["a"].tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="line 2 has 'x, y' as b; expected a finite number"):
        as_numbers(table)
    assert as_numbers(pd.DataFrame({"a": [1, np.nan]}), missing=True)["a"].isna().tolist() == [False, True]
    with pytest.raises(ValueError, match="line 2 has 'True' as a; expected a finite number"):
        as_numbers(pd.DataFrame({"a": [True]}))
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match=r"a.csv cannot be read as a table: it has no line but that of the names"):
        read_table(tmp_path / "a.csv", "a table", ("a",))
    with pytest.raises(ValueError, match="line 3 has 'True' as a; expected a finite number"):
        as_numbers(pd.DataFrame({"a": [np.nan, True]}), missing=True)


def test_advice_fits_the_error(tmp_path):
    (tmp_path / "a").write_bytes(bytes(9))
    with pytest.raises(ValueError, match=r"more than max_bytes=8 allows \(raise max_bytes if it should\)\.$"):
        read_bytes(tmp_path / "a", "bytes", 8)
    with pytest.raises(UserWarning, match="seen"), reading(tmp_path, "a folder"):
        raise UserWarning("seen")
