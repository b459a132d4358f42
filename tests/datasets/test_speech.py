"""Spoken words, from tiny recordings in the published layouts."""

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


def test_digits_as_files(tmp_path):
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
    _write(folder / "1_theo_2.wav", 10, 16_000)
    with pytest.raises(ValueError, match=r"1_theo_2.wav holds \(16000, .*published are \(8000"):
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
    np.savez(path, **arrays, index=index, speaker=np.full(900, "theo"), fs=16_000)
    with pytest.raises(ValueError, match=r"\(900, 16000\); published are \(900, 8000\)"):
        load_spoken_digits("test", tmp_path)


@pytest.mark.parametrize("place", ["speech_commands", "SpeechCommands/speech_commands_v0.02"])
def test_commands(tmp_path, place, monkeypatch):
    monkeypatch.setattr(speech, "N_COMMANDS", 11)
    _commands(tmp_path / place, [*speech.TEN_COMMANDS, "wow"])
    X, y = load_speech_commands("train", tmp_path)
    assert X.shape == (11, 1, 16_000)
    assert set(y) == {*speech.TEN_COMMANDS, "wow"}
    X, y = load_speech_commands("test", tmp_path, ten=True, rate=2)
    assert X.shape == (10, 1, 6000)
    assert "wow" not in y
    assert len(load_speech_commands("validation", tmp_path)[1]) == 11
    (tmp_path / place / "validation_list.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"validation_list.txt"):
        load_speech_commands("train", tmp_path)


def test_commands_that_lack_words(tmp_path):
    _commands(tmp_path / "speech_commands", ["yes", "no"])
    with pytest.raises(ValueError, match="holds 2 words; published are 35 words"):
        load_speech_commands("train", tmp_path)
    with pytest.raises(ValueError, match=r"lacks the words \['down', 'go'"):
        load_speech_commands("train", tmp_path, ten=True)


@pytest.mark.parametrize("load", [load_spoken_digits, load_speech_commands])
def test_empty_folders_and_unknown_options(tmp_path, load):
    with pytest.raises(FileNotFoundError, match="Expected"):
        load("train", tmp_path)
    with pytest.raises(ValueError, match="split must be one of"):
        load("all", tmp_path)
    with pytest.raises(ValueError, match="rate must be a whole number"):
        load("train", tmp_path, rate=0)
