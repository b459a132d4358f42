"""Spoken words as raw sound."""

import re
from functools import partial
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from ssm_estimators.datasets.files import check_counts, check_options, padded, require
from ssm_estimators.datasets.remote import fetch

DIGITS_RATE, COMMANDS_RATE = 8_000, 16_000  # Hz
COMMANDS_URL = "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
COMMANDS_MD5 = "6b74f3901214cb2c2934e98196829835"
TEN_COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
N_COMMANDS = 35
FULL_SCALE = 2**15  # of 16 bits


def load_spoken_digits(split: str, data_dir: str | Path, *, rate: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
        If ``split`` is unknown, or a file is not what it should be.
    """
    check_options(split=(split, ("train", "test")))
    _check_rate(rate)
    root = Path(data_dir)
    folder, subset = root / "free-spoken-digit-dataset" / "recordings", root / "speech" / "fsdd_900.npz"
    expected = (
        f"recordings as {folder}/<digit>_<speaker>_<index>.wav, or {subset}. They are at "
        "https://github.com/Jakobovski/free-spoken-digit-dataset."
    )
    if require([folder, subset], expected) == subset:
        with np.load(subset) as arrays:
            check_counts(subset, (len(arrays["digit"]), int(arrays["fs"])), (900, DIGITS_RATE))
            ends, wanted = arrays["offsets"], (arrays["index"] < 5) == (split == "test")
            sounds = np.split(arrays["audio"], ends[1:-1])
            digits, speakers = arrays["digit"][wanted], arrays["speaker"][wanted]
            return (
                _padded([s for s, want in zip(sounds, wanted, strict=True) if want], rate),
                digits.astype(int),
                speakers,
            )
    named = [(path, re.fullmatch(r"(\d)_(\w+)_(\d+)", path.stem)) for path in sorted(folder.glob("*.wav"))]
    found = [(path, match) for path, match in named if match and (int(match[3]) < 5) == (split == "test")]
    if not found:
        raise ValueError(f"{folder} holds no recording of the {split} part. Expected {expected}")
    X = _padded([_sound(path, DIGITS_RATE) for path, _ in found], rate)
    return X, np.array([int(match[1]) for _, match in found]), np.array([match[2] for _, match in found])


def load_speech_commands(
    split: str, data_dir: str | Path, *, ten: bool = False, rate: int = 1, download: bool = False
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
        If ``split`` is unknown, words are missing, or a file is not what it should be.

    References
    ----------
    .. [1] "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209.
    """
    check_options(split=(split, ("train", "validation", "test")))
    _check_rate(rate)
    root = Path(data_dir)
    folders = [root / "speech_commands", root / "SpeechCommands" / "speech_commands_v0.02"]
    get = partial(fetch, COMMANDS_URL, COMMANDS_MD5, folders[0], unpack=True)
    expected = (
        f"testing_list.txt, validation_list.txt and a folder a word in {folders[0]} or {folders[1]}. The set is at "
        f"{COMMANDS_URL}; download=True fetches it."
    )
    lists = [folder / "testing_list.txt" for folder in folders]
    folder = require(lists, expected, get if download else None).parent
    listed = {
        part: set(require([folder / f"{name}_list.txt"], expected).read_text().split())
        for part, name in (("test", "testing"), ("validation", "validation"))
    }
    words = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("_"))
    if not ten:
        check_counts(folder, f"{len(words)} words", f"{N_COMMANDS} words")
    elif missing := set(TEN_COMMANDS) - set(words):
        raise ValueError(f"{folder} lacks the words {sorted(missing)}. Expected {expected}")
    names = [
        f"{word}/{path.name}"
        for word in (TEN_COMMANDS if ten else words)
        for path in sorted((folder / word).glob("*.wav"))
    ]
    wanted = listed[split] if split in listed else set(names) - listed["test"] - listed["validation"]
    found = [name for name in names if name in wanted]
    if not found:
        raise ValueError(f"{folder} holds no recording of the {split} part. Expected {expected}")
    X = _padded([_sound(folder / name, COMMANDS_RATE) for name in found], rate)
    return X, np.array([name.split("/")[0] for name in found])


def _check_rate(rate: int) -> None:
    if rate < 1 or rate != int(rate):
        raise ValueError(f"rate must be a whole number, at least 1; got {rate}.")


def _sound(path: Path, expected_rate: int) -> np.ndarray:
    """Samples of a file, 16 bits."""
    rate, samples = wavfile.read(path)
    sound: np.ndarray = samples
    check_counts(path, (rate, str(samples.dtype), samples.ndim), (expected_rate, "int16", 1))
    return sound


def _padded(sounds: list[np.ndarray], rate: int) -> np.ndarray:
    """Every ``rate``-th sample of each, scaled, NaN past the end."""
    kept = [sound[::rate].astype(np.float32) / FULL_SCALE for sound in sounds]
    return padded(kept, np.nan, np.float32)[:, None]
