"""Files fetched over https, which a server on this machine answers, and archives unpacked."""

import functools
import hashlib
import io
import os
import sys
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from ssm_estimators.datasets import images, speech, text
from ssm_estimators.datasets.remote import fetch

PUBLISHED = "https://published.example"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder with a text and an archive that holds it, as if at an https address."""
    folder = tmp_path / "published"
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "a.txt").write_text("hello")
    with tarfile.open(folder / "set.tar.gz", "w:gz") as archive:
        archive.add(folder / "set", "set")
    get = requests.get
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        here = f"http://127.0.0.1:{running.server_port}"
        monkeypatch.setattr(requests, "get", lambda url, **options: get(url.replace(PUBLISHED, here), **options))
        yield folder
        running.shutdown()


def _md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def _fetch_set(published, root, name="", members=None):
    """Fetch and unpack the archive, or one that holds these members."""
    path = published / "set.tar.gz"
    if members is not None:
        with tarfile.open(path, "w:gz") as archive:
            for member in members:
                archive.addfile(member, io.BytesIO(b"hello"))
    fetch(f"{PUBLISHED}/set.tar.gz", _md5(path), root, name, unpack=True)


def _member(name, **fields):
    member = tarfile.TarInfo(name)
    member.size = 0 if fields else 5
    for field, value in fields.items():
        setattr(member, field, value)
    return member


def test_a_file_is_fetched_once_and_its_hash_checked(published, tmp_path):
    md5 = hashlib.md5(b"hello").hexdigest()
    fetch(f"{PUBLISHED}/set/a.txt", md5, tmp_path / "here")
    assert (tmp_path / "here" / "a.txt").read_text() == "hello"
    fetch("https://127.0.0.1:9/set/a.txt", md5, tmp_path / "here")  # nobody answers there
    with pytest.raises(ValueError, match="hash"):
        fetch(f"{PUBLISHED}/set/a.txt", "0" * 32, tmp_path / "elsewhere")


@pytest.mark.parametrize("url", ["http://published.example/a", "ftp://published.example/a", "file:///etc/hostname"])
def test_only_https_is_asked(tmp_path, url):
    with pytest.raises(ValueError, match="Files are fetched over https only; got "):
        fetch(url, "0" * 32, tmp_path)


def test_all_published_addresses_are_https():
    urls = [images.MNIST_URL, images.CIFAR_URL, speech.COMMANDS_URL, text.IMDB_URL]
    assert all(url.startswith("https://") for url in urls)


@pytest.mark.parametrize("relative", [False, True])
def test_an_archive_is_unpacked(published, tmp_path, relative, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = Path("here") if relative else tmp_path / "here"
    _fetch_set(published, root)
    assert (tmp_path / "here" / "set" / "a.txt").read_text() == "hello"
    assert sorted(path.name for path in root.iterdir()) == ["set", "set.tar.gz"]
    (root / "set" / "a.txt").unlink()
    (root / "set" / "b.txt").write_text("kept")
    _fetch_set(published, root)
    assert sorted(path.name for path in (root / "set").iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (_member("../out.txt"), "OutsideDestinationError"),
        (_member("link", type=tarfile.SYMTYPE, linkname="../out"), "it holds the link link"),
        (_member("inside", type=tarfile.SYMTYPE, linkname="a.txt"), "it holds the link inside"),
        (_member("hard", type=tarfile.LNKTYPE, linkname="a.txt"), "it holds the link hard"),
        (_member("pipe", type=tarfile.FIFOTYPE), "SpecialFileError"),
    ],
)
def test_an_archive_of_more_than_plain_files_is_refused(published, tmp_path, member, message):
    with pytest.raises(ValueError, match=rf"set.tar.gz cannot be read as a tar archive of plain files: .*{message}"):
        _fetch_set(published, tmp_path / "here", members=[_member("a.txt"), member])
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["set.tar.gz"]
    assert not (tmp_path / "out.txt").exists()


def test_a_damaged_archive_is_refused(published, tmp_path):
    path = published / "set.tar.gz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"set.tar.gz cannot be read as a tar archive of plain files: EOFError"):
        _fetch_set(published, tmp_path / "here")


@pytest.mark.parametrize("place", ["here/set", "here/set/a.txt", "here/set.tar.gz"])
def test_nothing_is_written_through_a_link(published, tmp_path, place):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_text("mine")
    link = tmp_path / place
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere / "a.txt" if link.suffix else elsewhere)
    with pytest.raises(ValueError, match=rf"{link} is a symbolic link, and nothing is written through one. Remove it"):
        _fetch_set(published, tmp_path / "here")
    assert [path.name for path in elsewhere.iterdir()] == ["a.txt"]
    assert (elsewhere / "a.txt").read_text() == "mine"


def test_nothing_is_moved_if_one_place_is_taken(published, tmp_path):
    root = tmp_path / "here"
    members = [_member("a/1"), _member("b/1")]
    (root / "a").mkdir(parents=True)
    (root / "b").symlink_to(root / "a")
    with pytest.raises(ValueError, match="b is a symbolic link"):
        _fetch_set(published, root, members=members)
    (root / "b").unlink()
    (root / "b").write_text("mine")
    with pytest.raises(ValueError, match=r"b is a file in the place of a folder that was fetched\. Remove it"):
        _fetch_set(published, root, members=members)
    (root / "b").unlink()
    (root / "b/1").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"b/1 is a folder in the place of a file that was fetched\. Remove it"):
        _fetch_set(published, root, members=members)
    assert not list((root / "a").iterdir())


def test_a_file_in_the_place_of_the_folder_is_named(published, tmp_path):
    (tmp_path / "here").write_text("mine")
    with pytest.raises(ValueError, match=r"here cannot be read as a folder to write to: FileExistsError.*another"):
        _fetch_set(published, tmp_path / "here")


def test_the_callers_folder_may_be_a_link_but_no_folder_in_it(published, tmp_path):
    (tmp_path / "big").mkdir()
    (tmp_path / "here").symlink_to(tmp_path / "big")
    _fetch_set(published, tmp_path / "here")
    assert (tmp_path / "big" / "set" / "a.txt").exists()
    (tmp_path / "big" / "sub").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="sub is a symbolic link"):
        _fetch_set(published, tmp_path / "here", "sub")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_the_file_is_refused(published, tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(ValueError, match=r"a.txt cannot be read .* a pipe or a device"):
        fetch(f"{PUBLISHED}/set/a.txt", "0" * 32, tmp_path)


def test_without_pooch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match="pip install 'ssm_estimators"):
        fetch("https://127.0.0.1:9/a", "0" * 32, tmp_path)


def test_without_tars_filter(tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter")
    with pytest.raises(ImportError, match=r"Unpacking needs tar's filter of data: Python 3.11.4 or newer"):
        fetch(f"{PUBLISHED}/set.tar.gz", "0" * 32, tmp_path, unpack=True)
