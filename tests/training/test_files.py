"""A file is as it was written, or refused by an error that names it."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from ssm_estimators.training import files
from ssm_estimators.training.files import read, write

STATE = {"weights": torch.arange(3.0), "names": ["a", None], "loss": 0.5}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "folder" / "run.pt"
    write(STATE, path)
    return path


def _is_alone(path):
    return [found.name for found in path.parent.iterdir()] == [path.name]


def test_what_is_written_is_read(path):
    state = read(path, "cpu")
    assert torch.equal(state.pop("weights"), STATE["weights"])
    assert state == {"names": ["a", None], "loss": 0.5}
    assert _is_alone(path)
    assert read(path.with_name("other.pt"), "cpu") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole + b"\0",
        lambda whole: whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        lambda whole: whole[: len(files.MAGIC)],
        lambda whole: whole[: len(files.MAGIC) + 64].upper() + whole[len(files.MAGIC) + 64 :],
    ],
    ids=["cut", "longer", "a bit", "no content", "the checksum"],
)
def test_damage_is_noticed(path, damage):
    damaged = damage(path.read_bytes())
    path.write_bytes(files.MAGIC + damaged[len(files.MAGIC) :])
    with pytest.raises(
        ValueError, match=rf"The checkpoint {path} is damaged: .* checksum .*\. Delete it to train anew"
    ):
        read(path, "cpu")


@pytest.mark.parametrize("kind", ["empty", "text", "PyTorch's"])
def test_other_files_are_refused(path, kind):
    path.write_bytes(b"" if kind == "empty" else b"epoch,loss\n1,.5\n")
    if kind == "PyTorch's":
        torch.save(STATE, path)
    with pytest.raises(ValueError, match=rf"Expected a checkpoint of this version in {path}; found .* begins with b'"):
        read(path, "cpu")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_folders_and_pipes_are_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        with pytest.raises(
            ValueError, match=rf"Expected a checkpoint at {path}; found a folder, pipe or device\. Give"
        ):
            read(path, "cpu")


def test_a_file_that_may_not_be_read_is_named(path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(ValueError, match=rf"{path} cannot be read: .*Permission denied\. Give another path"):
        read(path, "cpu")


def test_a_link_is_replaced_and_not_written_through(path):
    own = path.with_name("own.txt")
    own.write_text("mine")
    path.unlink()
    path.symlink_to(own)
    write(STATE, path)
    assert own.read_text() == "mine"
    assert not path.is_symlink()
    assert read(path, "cpu")["loss"] == 0.5


def test_what_lies_beside_is_not_written_through_either(path, monkeypatch):
    monkeypatch.setattr(files, "token_hex", lambda n: "beside")
    own = path.with_name("own.txt")
    own.write_text("mine")
    path.with_name("run.pt.beside").symlink_to(own)
    with pytest.raises(FileExistsError):
        write(STATE, path)
    assert own.read_text() == "mine"
    assert path.with_name("run.pt.beside").is_symlink()


def test_a_failed_writing_leaves_the_file_as_it_was_and_nothing_beside(path, monkeypatch):
    before = path.read_bytes()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write({}, path)
    assert path.read_bytes() == before
    assert _is_alone(path)


def test_what_could_not_be_read_is_not_written(path):
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"expected tensors, numbers, strings, lists and dicts only; got .*numpy"):
        write({"score": np.float32(1)}, path)
    assert path.read_bytes() == before


def test_types_that_were_allowed_elsewhere_are_named(path):
    with torch.serialization.safe_globals([Path, type(path)]):
        write({"path": path}, path)
    with pytest.raises(ValueError, match=rf"{path} holds more than tensors.* Allow them here too, or delete it"):
        read(path, "cpu")


def test_a_file_has_the_permissions_of_any_new_one(path):
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode
