"""What a checkpoint belongs to, what it does where it cannot be written, and what it keeps of other callbacks."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from ssm_estimators import S4DClassifier
from ssm_estimators.training import TrainingCheckpoint, checkpoint

X = np.random.default_rng(0).normal(size=(24, 1, 20))
Y = np.arange(24) % 2
SMALL = {"d_model": 4, "n_layers": 1, "max_epochs": 3, "batch_size": 8, "random_state": 0, "device": "cpu"}


def _make(*callbacks, **params):
    return S4DClassifier(**{**SMALL, **params}, callbacks=list(callbacks))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.pt"


class Call(Callback):
    """Do something before a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_train_begin(self, net, **kwargs):
        self.n_steps_ = 0

    def on_batch_begin(self, net, training=False, **kwargs):
        if training and self.n_steps_ == self.step:
            self.action()
        self.n_steps_ += training


def _kill():
    raise SystemExit


class Average(Callback):
    """A mean of the weights, which goes on."""

    def on_train_begin(self, net, **kwargs):
        self.n_, self.sum_ = 0, torch.zeros(())

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.n_, self.sum_ = self.n_ + 1, self.sum_ + net.module_.head.weight.detach()

    def state_dict(self):
        return {"n": self.n_, "sum": self.sum_}

    def load_state_dict(self, state):
        self.n_, self.sum_ = state["n"], state["sum"]


OTHER_BETAS = {"optimizer__betas": (0.8, 0.99)}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lr": 0.1}, "lr"),
        ({"random_state": 1}, "seed"),
        ({"d_model": 8}, "d_model"),
        ({"dropout": 0.3}, "dropout"),
        ({"dt_min": 0.02}, "layer_params"),
        ({"warmup": 0.3}, "warmup"),
        ({"schedule": "constant"}, "cosine"),
        ({"gradient_clip": 3.0}, "gradient_clip"),
        ({"batch_size": 4}, "batch_size"),
        ({"max_epochs": 9}, "max_epochs"),
        ({"early_stopping": True, "validation": None, "patience": 2}, "patience"),
        ({"net_params": {"optimizer": torch.optim.RMSprop}}, "optimizer"),
        ({"net_params": OTHER_BETAS}, "optimizer"),
        ({"net_params": {"criterion__label_smoothing": 0.1}}, "criterion_params"),
        ({"validation": (X[:6], Y[:6])}, "validation"),
        ({"callbacks": [Average()]}, "callbacks"),
    ],
)
def test_a_file_of_another_training_is_refused(path, change, named):
    _make(TrainingCheckpoint(path)).fit(X, Y)
    other = S4DClassifier(**{**SMALL, **change})
    other.callbacks = [TrainingCheckpoint(path), *(other.callbacks or [])]
    with pytest.raises(ValueError, match=rf"is of another training: it differs in \[.*'{named}'.*delete the file"):
        other.fit(X, Y)


def test_other_data_are_refused(path):
    estimator = _make(TrainingCheckpoint(path), standardize=None).fit(X, Y)
    for others in ((X + 1, Y), (X, 1 - Y), (X[::-1].copy(), Y)):
        with pytest.raises(ValueError, match=r"differs in \['data'"):
            estimator.fit(*others)
    with pytest.raises(ValueError, match=r"differs in \['data'"):
        estimator.fit(X, Y, sample_weight=1 + np.arange(24))


def test_other_validation_data_are_refused(path):
    _make(TrainingCheckpoint(path), validation=(X[:6], Y[:6])).fit(X, Y)
    for others in ((X[:6] + 1, Y[:6]), (X[:6], 1 - Y[:6]), (X[:5], Y[:5])):
        with pytest.raises(ValueError, match=r"differs in \['validation'\]"):
            _make(TrainingCheckpoint(path), validation=others).fit(X, Y)


def test_other_start_weights_are_refused(path):
    warm = _make(warm_start=True).fit(X, Y)
    warm.set_params(callbacks=[TrainingCheckpoint(path)]).fit(X, Y)
    with pytest.raises(ValueError, match=r"differs in \['start_weights'\]"):
        warm.fit(X, Y)


def test_another_version_is_refused(path, monkeypatch):
    _make(TrainingCheckpoint(path)).fit(X, Y)
    monkeypatch.setattr(checkpoint, "__version__", "99")
    with pytest.raises(ValueError, match=r"differs in \['version'\]"):
        _make(TrainingCheckpoint(path)).fit(X, Y)


def test_the_file_of_a_finished_fit_is_never_written(path, monkeypatch, recwarn):
    first = _make(TrainingCheckpoint(path)).fit(X, Y)
    before = path.stat()

    def refuse(state, path):
        raise OSError("Read-only file system")

    monkeypatch.setattr(checkpoint, "write", refuse)
    again = _make(TrainingCheckpoint(path, seconds=0)).fit(X, Y)
    assert np.array_equal(again.predict_proba(X), first.predict_proba(X))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not recwarn


def test_where_nothing_can_be_written_the_fit_goes_on_and_says_so_once(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "run.pt"
    said = rf"The checkpoint {path} could not be written: .*\. Training goes on, .* every 0 seconds and at the end\."
    with pytest.warns(UserWarning, match=said) as warned:
        estimator = _make(TrainingCheckpoint(path, seconds=0)).fit(X, Y)
    assert len(warned) == 1
    assert np.array_equal(estimator.predict_proba(X), _make().fit(X, Y).predict_proba(X))


def test_writing_is_tried_again(tmp_path):
    blocked = tmp_path / "folder"
    blocked.touch()
    kept = TrainingCheckpoint(blocked / "run.pt", seconds=0)
    with pytest.warns(UserWarning, match="could not be written"), pytest.raises(SystemExit):
        _make(kept, Call(2, blocked.unlink), Call(5, _kill)).fit(X, Y)
    assert (blocked / "run.pt").exists()
    (blocked / "run.pt").unlink()
    blocked.rmdir()
    blocked.touch()
    with pytest.warns(UserWarning, match="could not be written"):
        _make(TrainingCheckpoint(blocked / "run.pt", seconds=0), Call(8, blocked.unlink)).fit(X, Y)
    assert (blocked / "run.pt").exists()


@pytest.mark.parametrize("order", [1, -1], ids=["before", "after"])
@pytest.mark.parametrize("step", [1, 3, 5])
def test_callbacks_with_state_go_on(path, order, step):
    undisturbed, resumed = Average(), Average()
    _make(undisturbed).fit(X, Y)
    kept = TrainingCheckpoint(path, seconds=0)
    with pytest.raises(SystemExit):
        _make(*[Average(), kept][::order], Call(step, _kill)).fit(X, Y)
    _make(*[resumed, kept][::order]).fit(X, Y)
    assert resumed.n_ == undisturbed.n_ == 9
    assert torch.equal(resumed.sum_, undisturbed.sum_)


def test_scores_know_their_best(path):
    def scores():
        return [EpochScoring("accuracy", lower_is_better=False), EpochScoring("neg_log_loss", lower_is_better=False)]

    split = {"validation": 0.4, "max_epochs": 8, "lr": 0.05}
    undisturbed = _make(*scores(), **split).fit(X, Y)
    kept = TrainingCheckpoint(path, seconds=0)
    for step in (3, 6):
        with pytest.raises(SystemExit):
            _make(*scores(), kept, Call(step, _kill), **split).fit(X, Y)
    resumed = _make(*scores(), kept, **split).fit(X, Y)
    rows = [[{**row, "dur": 0} for row in estimator.history_] for estimator in (resumed, undisturbed)]
    assert rows[0] == rows[1]
    assert len({row["accuracy_best"] for row in rows[0]}) == 2


def test_a_fit_that_the_users_early_stopping_ends_is_finished(path):
    def fit():
        stop = EarlyStopping("train_loss", patience=1, threshold=10, threshold_mode="abs", sink=str)
        return _make(stop, TrainingCheckpoint(path)).fit(X, Y)

    assert fit().n_iter_ == 2
    before = path.stat().st_mtime_ns
    assert fit().n_iter_ == 2
    assert path.stat().st_mtime_ns == before


class Note(Callback):
    """Put a value into each epoch's row of the history."""

    def __init__(self, value):
        self.value = value

    def on_epoch_end(self, net, **kwargs):
        net.history.record("note", self.value)


@pytest.mark.parametrize("value", [np.float32(0.5), np.arange(3), torch.tensor(2), np.bool_(True)])
def test_numbers_and_arrays_in_the_history_are_kept(path, recwarn, value):
    _make(Note(value), TrainingCheckpoint(path)).fit(X, Y)
    assert not recwarn
    assert _make(Note(value), TrainingCheckpoint(path)).fit(X, Y).history_[-1, "note"] == value.tolist()


class Odd(Average):
    """A state that no checkpoint can hold."""

    def __init__(self, state):
        self.state = state

    def state_dict(self):
        return self.state


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (Note(object()), "expected numbers, strings, lists and dicts in the history; got object"),
        (Odd({"score": np.float32(1)}), r"expected tensors, numbers, .* only; got .*numpy"),
        (Odd({"function": lambda: 0}), "lambda"),
    ],
)
def test_what_cannot_be_kept_is_a_warning(path, callback, message):
    with pytest.warns(UserWarning, match=f"could not be written: .*{message}"):
        _make(callback, TrainingCheckpoint(path)).fit(X, Y)
    assert not path.exists()
