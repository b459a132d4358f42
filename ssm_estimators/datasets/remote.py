"""Files fetched from where they are published, and nothing written through a symbolic link."""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ssm_estimators.datasets.files import FileError, open_file, reading

WRITABLE = ("a folder to write to", "Remove what is in its place, or name another folder as data_dir.")


def fetch(url: str, md5: str, root: Path, name: str = "", *, unpack: bool = False) -> None:
    """Fetch a file unless it is there, check its hash, and unpack it where it is if it is an archive.

    Parameters
    ----------
    url, md5 : str
    root : Path
        The caller's folder, which may be a symbolic link.
    name : str, default=""
        Folder inside ``root`` that takes the file. It must not be a symbolic link.
    unpack : bool, default=False

    Raises
    ------
    ImportError
        If pooch is not installed, or Python is too old to unpack safely.
    ValueError
        If the address is not https, the file has another hash, or a symbolic link is in the way.
    """
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            "download=True needs pooch: pip install 'ssm_estimators[datasets]', or pip install pooch."
        ) from error
    if not url.startswith("https://"):
        raise ValueError(f"Files are fetched over https only; got {url}. Give its https address.")
    if unpack and not hasattr(tarfile, "data_filter"):
        raise ImportError("Unpacking needs tar's filter of data: Python 3.11.4 or newer. Unpack the archive by hand.")
    folder = root / name
    target = folder / url.rsplit("/", 1)[-1]
    for path in (target, *([folder] if name else [])):
        _check_no_link(path)
    if os.path.lexists(target):
        with reading(target, "a file fetched before"):
            open_file(target, target.stat().st_size).close()
    _make(folder)
    pooch.retrieve(url, known_hash=f"md5:{md5}", fname=target.name, path=folder, progressbar=True)
    if unpack:
        contents = "a tar archive of plain files"
        with filled_later(folder) as fresh, reading(target, contents), tarfile.open(target) as archive:
            archive.extractall(fresh, filter=_plain)


@contextmanager
def filled_later(folder: Path) -> Iterator[Path]:
    """Yield a new folder. At the end its content is moved to ``folder``, so no link there is followed."""
    _make(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacked-") as fresh:
        yield Path(fresh)
        with reading(folder, *WRITABLE):
            for entry, place in [*_moves(Path(fresh), folder)]:  # all are checked before the first is moved
                os.replace(entry, place)


def _make(folder: Path) -> None:
    with reading(folder, *WRITABLE):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def _plain(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    """Tar's data filter, which here also refuses links."""
    if member.issym() or member.islnk():
        raise ValueError(f"it holds the link {member.name}")
    return tarfile.data_filter(member, path)


def _moves(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """Yield what is to be moved and its new place; raise if something else is there."""
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        _check_no_link(place)
        if entry.is_dir() and place.is_dir():
            yield from _moves(entry, place)
        elif os.path.lexists(place) and (entry.is_dir() or place.is_dir()):
            kinds = ("file", "folder") if entry.is_dir() else ("folder", "file")
            raise FileError(f"{place} is a {kinds[0]} in the place of a {kinds[1]} that was fetched. Remove it.")
        else:
            yield entry, place


def _check_no_link(path: Path) -> None:
    if path.is_symlink():
        raise FileError(
            f"{path} is a symbolic link, and nothing is written through one. Remove it, or name the folder that it "
            "points to as data_dir."
        )
