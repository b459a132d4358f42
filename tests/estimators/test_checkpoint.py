"""A killed training goes on as if nothing had happened."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from ssm_estimators import S4DClassifier
from ssm_estimators.training import TrainingCheckpoint
from ssm_estimators.training.callbacks import NonFiniteLossError


class Kill(Callback):
    """End the process, as far as training sees it, before a step."""

    def __init__(self, n_steps, error=SystemExit):
        self.n_steps, self.error = n_steps, error

    def on_train_begin(self, net, **kwargs):
        self.done_ = 0

    def on_batch_begin(self, net, training=False, **kwargs):
        if training and self.done_ == self.n_steps:
            raise self.error
        self.done_ += training


@pytest.fixture
def labels(panel):
    return panel[1]


class Count(Callback):
    def __init__(self):
        self.steps = 0

    def on_batch_end(self, net, training=False, **kwargs):
        self.steps += training


def _ends_as_undisturbed(fit, X, output, path, kills):
    """Kill, and kill again, and compare with a fit that nobody disturbs."""
    expected = fit()
    for n_steps in kills:
        with pytest.raises(SystemExit):
            fit(TrainingCheckpoint(path, seconds=0), Kill(n_steps))
    count = Count()
    resumed = fit(TrainingCheckpoint(path, seconds=0), count)
    np.testing.assert_array_equal(output(resumed, X), output(expected, X))
    rows = [[{**row, "dur": 0} for row in estimator.history_] for estimator in (resumed, expected)]
    assert rows[0] == rows[1]
    return count.steps + sum(kills)


@pytest.mark.parametrize(
    "kills",
    [[4], [3], [1], [7, 1, 3]],
    ids=["within an epoch", "at its end", "after a step", "again and again"],
)
@pytest.mark.parametrize("validation", [None, 0.25])
def test_every_model(make_deep, panel, target, output, tmp_path, kills, validation):
    X, _ = panel

    def fit(*callbacks):
        estimator = make_deep(max_epochs=4, dropout=0.2, validation=validation, callbacks=list(callbacks))
        return estimator.fit(X, target)

    n_batches = -(-len(X) * (1 if validation is None else 3) // (1 if validation is None else 4) // 8)
    assert _ends_as_undisturbed(fit, X, output, tmp_path / "run.pt", kills) == 4 * n_batches


def test_series_of_unequal_lengths_and_weights(panel, labels, output, tmp_path):
    X = [x[:, : 20 + i % 7] for i, x in enumerate(panel[0])]

    def fit(*callbacks):
        estimator = S4DClassifier(d_model=8, max_epochs=4, batch_size=4, random_state=0, callbacks=list(callbacks))
        return estimator.fit(X, labels, sample_weight=np.linspace(1, 2, len(labels)))

    _ends_as_undisturbed(fit, X, output, tmp_path / "run.pt", [3, 2])


def test_early_stopping_counts_on(panel, labels, output, tmp_path):
    X, _ = panel

    def fit(*callbacks):
        estimator = S4DClassifier(
            d_model=8, max_epochs=60, batch_size=8, lr=0.05, early_stopping=True, patience=4, random_state=0,
            callbacks=list(callbacks),
        )  # fmt: skip
        return estimator.fit(X, labels)

    _ends_as_undisturbed(fit, X, output, tmp_path / "run.pt", [8, 5])
    count = Count()
    again = fit(TrainingCheckpoint(tmp_path / "run.pt"), count)
    assert count.steps == 0
    assert again.n_iter_ < 60


def test_an_ended_training_is_only_read(panel, labels, output, tmp_path):
    X, _ = panel
    count = Count()
    checkpoint = TrainingCheckpoint(tmp_path / "folder" / "run.pt")
    fit = S4DClassifier(d_model=8, max_epochs=3, random_state=0, callbacks=[checkpoint, count])
    first = output(fit.fit(X, labels), X)
    steps = count.steps
    assert np.array_equal(output(fit.fit(X, labels), X), first)
    assert count.steps == steps
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["run.pt"]


def test_a_damaged_file_is_refused_and_leaves_the_estimator_unfitted(make_deep, panel, target, tmp_path):
    path = tmp_path / "run.pt"
    path.write_bytes(b"no checkpoint")
    estimator = make_deep(callbacks=[TrainingCheckpoint(path)])
    with pytest.raises(ValueError, match=f"Expected a checkpoint of this version in {path}.* Delete it to train anew"):
        estimator.fit(panel[0], target)
    with pytest.raises(NotFittedError):
        estimator.predict(panel[0])


def test_an_interruption_keeps_what_was_last_written(panel, labels, output, tmp_path):
    X, _ = panel

    def fit(*callbacks):
        params = {"d_model": 8, "max_epochs": 4, "batch_size": 8, "random_state": 0}
        return S4DClassifier(**params, callbacks=list(callbacks)).fit(X, labels)

    checkpoint = TrainingCheckpoint(tmp_path / "run.pt", seconds=0)
    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        fit(checkpoint, Kill(5, KeyboardInterrupt))
    np.testing.assert_array_equal(output(fit(checkpoint), X), output(fit(), X))


def test_a_training_that_diverged_is_not_kept_as_ended(panel, labels, tmp_path):
    X, _ = panel
    checkpoint = TrainingCheckpoint(tmp_path / "run.pt", seconds=0)
    wild = S4DClassifier(
        d_model=8, max_epochs=9, batch_size=8, lr=1e10, ssm_lr=1e10, gradient_clip=None, warmup=0.0, random_state=0,
        callbacks=[checkpoint],
    )  # fmt: skip
    for _ in range(2):
        with pytest.raises(NonFiniteLossError):
            wild.fit(X, labels)
