"""What a training shows of itself, on a terminal and in a log."""

import re
import sys

import numpy as np
import pytest
from skorch.callbacks import Callback

from ssm_estimators import S4DClassifier, S4DRegressor, StateSpaceRidgeClassifier
from ssm_estimators.training import TrainingCheckpoint

X, Y = np.random.default_rng(0).normal(size=(24, 1, 20)), np.arange(24) % 2


def _fit(cls=S4DClassifier, **params):
    small = {"d_model": 4, "n_layers": 1, "max_epochs": 2, "batch_size": 4, "random_state": 0, "device": "cpu"}
    return cls(**{**small, **params}).fit(X, Y)


class Bar(Callback):
    """Where the bar stands after each step."""

    def __init__(self, seen):
        self.seen = seen

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.seen.append(dict(net.callbacks_)["progress"].bar_.n)


class Fail(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise RuntimeError("stop")


def _on_a_terminal(monkeypatch):
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)


def test_the_bar_moves_with_every_batch(monkeypatch, capsys):
    _on_a_terminal(monkeypatch)
    for name, size in {"COLUMNS": "120", "LINES": "24"}.items():
        monkeypatch.setenv(name, size)
    seen = []
    _fit(verbose=1, callbacks=[Bar(seen)])
    assert seen == [*range(1, 13)]
    shown = capsys.readouterr().err
    assert re.search(r"training: 100%\|█+\| 12/12 \[.*batch/s, epoch=2/2, train_loss=0\.\d+\]", shown)


def test_the_bar_of_a_training_that_goes_on_begins_where_that_stood(tmp_path):
    class Kill(Callback):
        def on_batch_begin(self, net, training=False, **kwargs):
            if len(net.history) == 2 and len(net.history[-1]["batches"]) == 3:
                raise SystemExit

    checkpoint = TrainingCheckpoint(tmp_path / "run.pt", seconds=0)
    with pytest.raises(SystemExit):
        _fit(callbacks=[checkpoint, Kill()])
    seen = []
    _fit(verbose=1, callbacks=[checkpoint, Bar(seen)])
    assert seen == [9, 10, 11, 12]


@pytest.mark.parametrize(("cls", "score"), [(S4DClassifier, "valid_accuracy"), (S4DRegressor, "valid_r2")])
def test_in_a_log_the_bar_is_lines(capsys, cls, score):
    _fit(cls, verbose=1, validation=0.25)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "training: 0%, batch 0/10, 00:00 done, ? to go"
    scores = rf"train_loss=\S+, valid_loss=\S+, {score}=\S+"
    assert re.fullmatch(rf"training: 100%, batch 10/10, 00:0\d done, 00:00 to go, epoch=2/2, {scores}", lines[-1])
    assert not {"\r", "\x1b"} & set(err)


def test_the_table_has_colours_on_a_terminal_only(capsys, monkeypatch):
    _fit(verbose=2, validation=0.25)
    plain = capsys.readouterr().out
    _on_a_terminal(monkeypatch)
    _fit(verbose=2, validation=0.25)
    coloured = capsys.readouterr().out
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    for text in (plain, coloured):
        assert len([line for line in text.splitlines() if line.strip()[:1].isdigit()]) == 2
        assert "valid_accuracy" in text.splitlines()[0]


def test_nothing_is_shown_unless_asked_for(capsys):
    _fit()
    assert capsys.readouterr() == ("", "")


def test_an_error_closes_the_bar(monkeypatch, capsys):
    _on_a_terminal(monkeypatch)
    with pytest.raises(RuntimeError, match="stop") as error:
        _fit(verbose=1, callbacks=[Fail()])
    assert capsys.readouterr().err.endswith("\n")
    del error  # which keeps all that the fit held until here, as a shell does


def test_nothing_is_shown_where_there_is_no_stream(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    _fit()
    StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, Y)
