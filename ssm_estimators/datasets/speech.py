"""Spoken words as raw sound."""

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

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
)
from ssm_estimators.datasets.formats import read_npz, read_sound, split_at
from ssm_estimators.datasets.remote import fetch

DIGITS_RATE, COMMANDS_RATE = 8_000, 16_000  # Hz
DIGITS_LONGEST = 5 * DIGITS_RATE  # samples; the longest published recording has less than half
DIGITS_CASES, DIGITS_SUBSET_CASES = {"train": 2700, "test": 300}, {"train": 600, "test": 300}
COMMANDS_URL = "https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
COMMANDS_MD5 = "6b74f3901214cb2c2934e98196829835"
TEN_COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
N_COMMANDS = 35
COMMANDS_CASES = {"train": 84_843, "validation": 9_981, "test": 11_005}  # of all words
FULL_SCALE = 2**15  # of 16 bits
LIST_BYTES = 2**22  # most of a list; the published ones have less than a tenth


def load_spoken_digits(
    split: str, data_dir: str | Path, *, rate: int = 1, max_bytes: int = MAX_BYTES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Digits 0 to 9 spoken by six people, at 8 kHz (Free Spoken Digit Dataset).

    Parameters
    ----------
    split : {"train", "test"}
        Recordings 0 to 4 of each digit and speaker are the test part.
    data_dir : path
        Folder that holds ``free-spoken-digit-dataset/recordings/`` with ``<digit>_<speaker>_<index>.wav``; or
        ``speech/`` with ``fsdd_900.npz``, recordings 0 to 14.
    rate : int, default=1
        Keep every ``rate``-th sample, without a filter.
    max_bytes : int, default=2**32
        A file, unpacked, or X may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

    Returns
    -------
    X : ndarray of shape (n_cases, 1, longest), float32
        Between -1 and 1; NaN past the end.
    y : ndarray of shape (n_cases,), int64
    speaker : ndarray of shape (n_cases,)
        Names: for splits by speaker.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If an option is unknown, recordings are missing, or a file is damaged, too large or not what it should be.
        A recording may last five seconds at most.
    """
    check_options(split=(split, ("train", "test")))
    check_whole(rate=rate, max_bytes=max_bytes)
    root = Path(data_dir)
    folder, subset = root / "free-spoken-digit-dataset" / "recordings", root / "speech" / "fsdd_900.npz"
    expected = (
        f"recordings as {folder}/<digit>_<speaker>_<index>.wav, or {subset}. They are at "
        "https://github.com/Jakobovski/free-spoken-digit-dataset."
    )
    if require([folder, subset], expected) == subset:
        return _digits_subset(subset, split, rate, max_bytes)
    named = [(path, re.fullmatch(r"([0-9])_(\w+)_([0-9]+)", path.stem)) for path in sorted(folder.glob("*.wav"))]
    found = [(path, match) for path, match in named if match and (int(match[3]) < 5) == (split == "test")]
    check_counts(folder, *(f"{n} recordings of the {split} part" for n in (len(found), DIGITS_CASES[split])))
    X = _padded(folder, (read_sound(path, DIGITS_RATE, DIGITS_LONGEST) for path, _ in found), rate, max_bytes)
    return X, np.array([int(match[1]) for _, match in found]), np.array([match[2] for _, match in found])


def _digits_subset(path: Path, split: str, rate: int, max_bytes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = sum(DIGITS_SUBSET_CASES.values())
    kinds = {"fs": "iu", "digit": "iu", "index": "iu", "speaker": "U", "offsets": "iu", "audio": "i"}
    shapes = {"fs": (), "offsets": (n + 1,), "audio": (None,)}
    arrays = read_npz(path, {name: (kind, shapes.get(name, (n,))) for name, kind in kinds.items()}, max_bytes)
    with reading(path, f"{n} recordings of digits at {DIGITS_RATE} Hz"):
        digits, wanted = arrays["digit"], (arrays["index"] < 5) == (split == "test")
        if arrays["fs"] != DIGITS_RATE or arrays["audio"].dtype != np.int16 or not np.isin(digits, range(10)).all():
            raise ValueError(
                f"it has {arrays['fs']} Hz, samples of type {arrays['audio'].dtype} and the digits {np.unique(digits)}"
            )
        sounds = split_at(arrays["audio"], arrays["offsets"])
        if (longest := max(map(len, sounds))) > DIGITS_LONGEST:
            raise ValueError(f"it has a recording of {longest} samples; expected at most {DIGITS_LONGEST}")
    check_counts(path, *(f"{n} recordings of the {split} part" for n in (wanted.sum(), DIGITS_SUBSET_CASES[split])))
    kept = (sound for sound, want in zip(sounds, wanted, strict=True) if want)
    return _padded(path, kept, rate, max_bytes), digits[wanted].astype(int), arrays["speaker"][wanted]


def load_speech_commands(
    split: str,
    data_dir: str | Path,
    *,
    ten: bool = False,
    rate: int = 1,
    download: bool = False,
    max_bytes: int = 4 * MAX_BYTES,
) -> tuple[np.ndarray, np.ndarray]:
    """35 spoken words, or ten of them, one second at 16 kHz (Speech Commands, version 0.02; SC35, SC10).

    Parameters
    ----------
    split : {"train", "validation", "test"}
        By the lists that come with the set; speakers are in one part only.
    data_dir : path
        Folder that holds ``speech_commands/`` or ``SpeechCommands/speech_commands_v0.02/`` with a folder of wav files a
        word, ``validation_list.txt`` and ``testing_list.txt``.
    ten : bool, default=False
        Only yes, no, up, down, left, right, on, off, stop and go.
    rate : int, default=1
        Keep every ``rate``-th sample, without a filter, as in published tests at half the rate.
    download : bool, default=False
        Fetch what is not there into ``<data_dir>/speech_commands``, 2.3 GB; needs pooch.
    max_bytes : int, default=2**34
        X may take this many bytes at most; more is refused.
        Reading takes more memory than that, a few times as much.

    Returns
    -------
    X : ndarray of shape (n_cases, 1, 16000 / rate), float32
        Between -1 and 1; NaN past the end of recordings that are shorter than a second.
    y : ndarray of shape (n_cases,)
        Words.

    Raises
    ------
    FileNotFoundError
        If the files are not there.
    ValueError
        If an option is unknown, words or recordings are missing, or a file is damaged or not what it should be. A
        recording may last one second at most.

    References
    ----------
    .. [1] "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209.
    """
    check_options(split=(split, ("train", "validation", "test")))
    check_whole(rate=rate, max_bytes=max_bytes)
    root = Path(data_dir)
    folders = [root / "speech_commands", root / "SpeechCommands" / "speech_commands_v0.02"]
    get = partial(fetch, COMMANDS_URL, COMMANDS_MD5, root, "speech_commands", unpack=True)
    expected = (
        f"testing_list.txt, validation_list.txt and a folder a word in {folders[0]} or {folders[1]}. The set is at "
        f"{COMMANDS_URL}; download=True fetches it."
    )
    lists = [folder / "testing_list.txt" for folder in folders]
    folder = require(lists, expected, get if download else None).parent
    listed = {
        part: {*read_lines(require([folder / f"{name}_list.txt"], expected), "a recording a line", LIST_BYTES)}
        for part, name in (("test", "testing"), ("validation", "validation"))
    }
    with reading(folder, "a folder a word"):
        words = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_"))
    if not ten:
        check_counts(folder, f"{len(words)} words", f"{N_COMMANDS} words")
    elif missing := set(TEN_COMMANDS) - set(words):
        raise ValueError(f"{folder} lacks the words {sorted(missing)}. Expected {expected}")
    kept = TEN_COMMANDS if ten else words
    names = [f"{word}/{path.name}" for word in kept for path in sorted((folder / word).glob("*.wav"))]
    if lost := sorted(
        name for name in (listed["test"] | listed["validation"]) - {*names} if name.split("/")[0] in kept
    ):
        raise FileError(f"{folder} lacks {len(lost)} listed recordings, such as {lost[0]}. Expected {expected}")
    wanted = listed[split] if split in listed else {*names} - listed["test"] - listed["validation"]
    found = [name for name in names if name in wanted]
    if not ten:
        check_counts(folder, *(f"{n} recordings of the {split} part" for n in (len(found), COMMANDS_CASES[split])))
    X = _padded(folder, (read_sound(folder / name, COMMANDS_RATE, COMMANDS_RATE) for name in found), rate, max_bytes)
    return X, np.array([name.split("/")[0] for name in found])


def _padded(path: Path, sounds: Iterable[np.ndarray], rate: int, max_bytes: int) -> np.ndarray:
    """Every ``rate``-th sample of each, scaled, NaN past the end."""
    kept = (sound[::rate] for sound in sounds)
    with reading(path, "recordings"):
        return padded(kept, np.nan, np.float32, max_bytes, lambda sound: sound.astype(np.float32) / FULL_SCALE)[:, None]
