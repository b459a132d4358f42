"""Spoken words, from tiny recordings in the published layouts."""

import os

import numpy as np
import pytest
from scipy.io import wavfile

from ssm_estimators.datasets import load_speech_commands, load_spoken_digits, speech


def _write(path, n_samples, rate, value=2**14):
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, np.full(n_samples, value, np.int16))


def _commands(folder, words):
    for word in words:
        for name in ("a_nohash_0", "b_nohash_0", "c_nohash_0"):
            _write(folder / word / f"{name}.wav", 16_000 if name[0] == "a" else 12_000, 16_000)
    (folder / "_background_noise_").mkdir()
    (folder / "testing_list.txt").write_text("".join(f"{word}/b_nohash_0.wav\n" for word in words))
    (folder / "validation_list.txt").write_text("".join(f"{word}/c_nohash_0.wav\n" for word in words))


def test_digits_as_files(tmp_path, monkeypatch):
    monkeypatch.setattr(speech, "DIGITS_CASES", {"train": 2, "test": 1})
    folder = tmp_path / "free-spoken-digit-dataset" / "recordings"
    for digit, speaker, index, n in [(3, "theo", 4, 20), (3, "theo", 5, 30), (7, "lucas", 11, 25)]:
        _write(folder / f"{digit}_{speaker}_{index}.wav", n, 8000)
    X, y, speaker = load_spoken_digits("train", tmp_path)
    assert X.shape == (2, 1, 30)
    assert y.tolist() == [3, 7]
    assert speaker.tolist() == ["theo", "lucas"]
    assert X[0, 0, 0] == 0.5
    assert np.isnan(X[1, 0, 25:]).all()
    assert load_spoken_digits("test", tmp_path, rate=2)[0].shape == (1, 1, 10)
    for content, message in [
        ((10, 16_000), "it has 1 channels, 16 bits, 16000 Hz and 10 samples"),
        ((60 * 8000, 8000), "it has 1 channels, 16 bits, 8000 Hz and 480000 samples"),
        ((0, 8000), "it has 1 channels, 16 bits, 8000 Hz and 0 samples"),
    ]:
        _write(folder / "3_theo_4.wav", *content)
        with pytest.raises(ValueError, match=rf"3_theo_4.wav .* 8000 Hz and at most 40000 samples: {message}"):
            load_spoken_digits("test", tmp_path)
    _write(folder / "1_theo_2.wav", 10, 8000)
    with pytest.raises(ValueError, match=r"holds 2 recordings of the test part; published are 1"):
        load_spoken_digits("test", tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda whole: whole[:-1], "it is cut: 19 of 20 samples"),
        (lambda whole: whole[:40], "Error, fmt chunk and/or data chunk missing"),
        (lambda whole: b"", "EOFError"),
        (lambda whole: b"RIFX" + whole[4:], "Error, file does not start with RIFF id"),
        (lambda whole: whole[:22] + b"\2" + whole[23:], "it has 2 channels, 16 bits, 8000 Hz and 10 samples"),
    ],
)
def test_a_damaged_wav_is_named(tmp_path, change, message, monkeypatch):
    path = tmp_path / "free-spoken-digit-dataset" / "recordings" / "3_theo_4.wav"
    monkeypatch.setattr(speech, "DIGITS_CASES", {"test": 1})
    _write(path, 20, 8000)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=rf"3_theo_4.wav cannot be read as a wav file .*: {message}"):
        load_spoken_digits("test", tmp_path)


def test_digits_of_the_subset(tmp_path):
    (tmp_path / "speech").mkdir()
    index = np.tile(np.arange(15), 60)
    arrays = {"audio": np.arange(900, dtype=np.int16), "offsets": np.arange(901), "digit": np.zeros(900, np.int8)}
    path = tmp_path / "speech" / "fsdd_900.npz"
    np.savez(path, **arrays, index=index, speaker=np.full(900, "theo"), fs=8000)
    X, y, _ = load_spoken_digits("test", tmp_path)
    assert X.shape == (300, 1, 1)
    assert len(y) == 300
    np.testing.assert_allclose(X[:6, 0, 0] * 2**15, [0, 1, 2, 3, 4, 15])
    arrays |= {"index": index, "speaker": np.full(900, "theo"), "fs": 8000}
    for change, message in [
        ({"fs": 16_000}, "it has 16000 Hz"),
        ({"digit": np.full(900, 10)}, r"the digits \[10\]"),
        ({"digit": np.zeros(899, np.int8)}, r"digit has shape \(899,\)"),
        ({"audio": arrays["audio"].astype(np.int32)}, "samples of type int32"),
        ({"audio": arrays["audio"][:-1]}, "offsets do not rise from 0 to 899"),
        ({"offsets": np.arange(901)[::-1]}, "offsets do not rise from 0 to 900"),
        (
            {"audio": np.zeros(10**5, np.int16), "offsets": np.array([0] * 900 + [10**5])},
            "it has a recording of 100000 samples; expected at most 40000",
        ),
    ]:
        np.savez(path, **{**arrays, **change})
        with pytest.raises(ValueError, match=rf"fsdd_900.npz cannot be read .*{message}"):
            load_spoken_digits("test", tmp_path)
    np.savez(path, **{**arrays, "index": index % 5})
    with pytest.raises(ValueError, match=r"fsdd_900.npz holds 900 recordings of the test part; published are 300"):
        load_spoken_digits("test", tmp_path)
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"fsdd_900.npz cannot be read .*more than max_bytes=1000 allows"):
        load_spoken_digits("test", tmp_path, max_bytes=1000)


@pytest.mark.parametrize("place", ["speech_commands", "SpeechCommands/speech_commands_v0.02"])
def test_commands(tmp_path, place, monkeypatch):
    monkeypatch.setattr(speech, "N_COMMANDS", 11)
    monkeypatch.setattr(speech, "COMMANDS_CASES", dict.fromkeys(("train", "validation", "test"), 11))
    _commands(tmp_path / place, [*speech.TEN_COMMANDS, "wow"])
    X, y = load_speech_commands("train", tmp_path)
    assert X.shape == (11, 1, 16_000)
    assert set(y) == {*speech.TEN_COMMANDS, "wow"}
    X, y = load_speech_commands("test", tmp_path, ten=True, rate=2)
    assert X.shape == (10, 1, 6000)
    assert "wow" not in y
    assert len(load_speech_commands("validation", tmp_path)[1]) == 11
    with pytest.raises(ValueError, match=r"as recordings: the first 1 series,.*more than max_bytes=1000 allows"):
        load_speech_commands("train", tmp_path, max_bytes=1000)
    _write(tmp_path / place / "wow" / "a_nohash_0.wav", 16_001, 16_000)
    with pytest.raises(ValueError, match=r"a_nohash_0.wav .*at most 16000 samples: .* and 16001 samples"):
        load_speech_commands("train", tmp_path)
    (tmp_path / place / "wow" / "a_nohash_0.wav").unlink()
    with pytest.raises(ValueError, match="holds 10 recordings of the train part; published are 11 recordings"):
        load_speech_commands("train", tmp_path)
    (tmp_path / place / "wow" / "b_nohash_0.wav").unlink()
    with pytest.raises(ValueError, match=r"lacks 1 listed recordings, such as wow/b_nohash_0.wav"):
        load_speech_commands("train", tmp_path)
    (tmp_path / place / "validation_list.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"validation_list.txt"):
        load_speech_commands("train", tmp_path)


def test_commands_that_lack_words(tmp_path):
    _commands(tmp_path / "speech_commands", ["yes", "no"])
    with pytest.raises(ValueError, match="holds 2 words; published are 35 words"):
        load_speech_commands("train", tmp_path)
    with pytest.raises(ValueError, match=r"lacks the words \['down', 'go'"):
        load_speech_commands("train", tmp_path, ten=True)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_recording(tmp_path, monkeypatch):
    monkeypatch.setattr(speech, "DIGITS_CASES", {"test": 1})
    folder = tmp_path / "free-spoken-digit-dataset" / "recordings"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "3_theo_4.wav")
    with pytest.raises(ValueError, match=r"3_theo_4.wav cannot be read as a wav file .*a pipe or a device"):
        load_spoken_digits("test", tmp_path)


@pytest.mark.parametrize("load", [load_spoken_digits, load_speech_commands])
def test_empty_folders_and_unknown_options(tmp_path, load):
    with pytest.raises(FileNotFoundError, match="Expected"):
        load("train", tmp_path)
    with pytest.raises(ValueError, match="split must be one of"):
        load("all", tmp_path)
    with pytest.raises(ValueError, match="rate must be a whole number"):
        load("train", tmp_path, rate=0)
