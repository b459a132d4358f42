"""Files fetched from where they are published."""

from pathlib import Path


def fetch(url: str, md5: str | None, folder: Path, *, unpack: bool = False) -> None:
    """Fetch a file into a folder unless it is there, check its hash, and unpack it there if it is an archive.

    Raises
    ------
    ImportError
        If pooch is not installed.
    ValueError
        If the file has another hash.
    """
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            "download=True needs pooch: pip install 'ssm_estimators[datasets]', or pip install pooch."
        ) from error
    name = url.rsplit("/", 1)[-1]
    processor = pooch.Untar(extract_dir=".") if unpack else None
    known = None if md5 is None else f"md5:{md5}"
    pooch.retrieve(url, known_hash=known, fname=name, path=folder, processor=processor, progressbar=True)
