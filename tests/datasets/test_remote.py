"""Files fetched from a server on this machine."""

import functools
import hashlib
import sys
import tarfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ssm_estimators.datasets.remote import fetch


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """Address of a folder with a text and an archive that holds it."""
    folder = tmp_path / "published"
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "a.txt").write_text("hello")
    with tarfile.open(folder / "set.tar.gz", "w:gz") as archive:
        archive.add(folder / "set", "set")
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_file_is_fetched_once_and_its_hash_checked(server, tmp_path):
    md5 = hashlib.md5(b"hello").hexdigest()
    fetch(f"{server}/set/a.txt", md5, tmp_path / "here")
    assert (tmp_path / "here" / "a.txt").read_text() == "hello"
    fetch("http://127.0.0.1:9/set/a.txt", md5, tmp_path / "here")  # nobody answers there
    with pytest.raises(ValueError, match="hash"):
        fetch(f"{server}/set/a.txt", "0" * 32, tmp_path / "elsewhere")


@pytest.mark.parametrize("relative", [False, True])
def test_an_archive_is_unpacked(server, tmp_path, relative, monkeypatch):
    monkeypatch.chdir(tmp_path)
    md5 = hashlib.md5((tmp_path / "published" / "set.tar.gz").read_bytes()).hexdigest()
    fetch(f"{server}/set.tar.gz", md5, Path("here") if relative else tmp_path / "here", unpack=True)
    assert (tmp_path / "here" / "set" / "a.txt").read_text() == "hello"


def test_without_pooch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match="pip install 'ssm_estimators"):
        fetch("http://127.0.0.1:9/a", None, tmp_path)
