from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from sklearn.metrics import log_loss

matplotlib.use("Agg")

from ssm_estimators import LSSLClassifier, S4DClassifier
from ssm_estimators.visualisation import plot_kernels, plot_learning_curve


@pytest.fixture(scope="module", params=[True, False], ids=["bidirectional", "causal"])
def classifier(request):
    X = np.sin(np.linspace(0.2, 1, 8)[:, None] * np.arange(20))
    clf = LSSLClassifier(
        d_model=5, d_state=4, n_layers=2, n_channels=2, max_epochs=3, random_state=0, bidirectional=request.param
    )
    return clf.fit(X, [0, 0, 0, 0, 1, 1, 1, 1])


def test_kernels_are_those_of_the_first_outputs_from_fast_to_slow(classifier):
    axes = plot_kernels(classifier, length=30, features=3)
    assert len(axes) == 2
    layer = classifier.net_.module_.blocks[0].layer
    kernels = layer.kernel(30).detach().numpy()
    fastest = int(layer.log_dt.argmax())
    expected = kernels[0, 2 * fastest] if layer.bidirectional else kernels[2 * fastest]
    drawn = axes[0].get_lines()[0].get_ydata()[-30:]
    assert len(axes[0].get_lines()) == 3
    np.testing.assert_allclose(drawn / drawn[0], expected / expected[0], rtol=1e-4)


def test_each_kernel_has_its_time_scale_in_a_legend(classifier):
    axes = plot_kernels(classifier, length=30, features=3)
    for ax, block in zip(axes, classifier.net_.module_.blocks, strict=True):
        scales = np.exp(-block.layer.log_dt.detach().numpy())
        shown = [float(text.get_text()) for text in ax.get_legend().get_texts()]
        assert shown == sorted(shown)  # from fast to slow, as the kernels
        np.testing.assert_allclose(shown, np.sort(scales)[[0, 2, 4]], rtol=5e-3)
        assert "samples" in ax.get_legend().get_title().get_text()


def test_learning_curve_has_a_point_an_epoch(classifier):
    line, lowest = plot_learning_curve(classifier).get_lines()
    assert list(line.get_xdata()) == list(lowest.get_xdata()) == [1, 2, 3]
    assert list(line.get_ydata()) == classifier.history_[:, "train_loss"]


def with_losses(**losses):
    """What a learning curve is drawn of, an epoch per loss."""
    rows = zip(*losses.values(), strict=True)
    history = [{"epoch": i + 1, **dict(zip(losses, row, strict=True))} for i, row in enumerate(rows)]
    return SimpleNamespace(history_=history)


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_learning_curve_marks_the_epoch_that_was_kept():
    ax = plot_learning_curve(with_losses(train_loss=[0.9, 0.5, 0.2, 0.3]))
    [mark] = ax.collections
    assert mark.get_offsets().tolist() == [[3, 0.2]]
    assert labels(ax) == ["training", "training, lowest so far", "weights kept: epoch 3"]


def test_learning_curve_shows_validation_whose_lowest_loss_decides():
    ax = plot_learning_curve(with_losses(train_loss=[0.9, 0.5, 0.2, 0.1], valid_loss=[0.8, 0.4, 0.6, 0.7]))
    [mark] = ax.collections
    assert mark.get_offsets().tolist() == [[2, 0.4]]
    training, validation, lowest = ax.get_lines()
    assert list(training.get_ydata()) == [0.9, 0.5, 0.2, 0.1]
    assert list(validation.get_ydata()) == [0.8, 0.4, 0.6, 0.7]
    assert list(lowest.get_ydata()) == [0.8, 0.4, 0.4, 0.4]
    assert labels(ax) == ["training", "validation", "validation, lowest so far", "weights kept: epoch 2"]


def test_the_epoch_marked_is_the_one_whose_weights_the_estimator_has():
    X = np.sin(np.linspace(0.2, 1, 8)[:, None] * np.arange(20))
    y = [0, 0, 0, 0, 1, 1, 1, 1]
    clf = S4DClassifier(
        d_model=5, d_state=4, n_layers=1, max_epochs=12, lr=0.03, dropout=0.0, validation=(X, y[::-1]), random_state=0
    ).fit(X, y)  # what is learned is wrong of the held-out cases: their loss grows
    [mark] = plot_learning_curve(clf).collections
    epoch = int(mark.get_offsets()[0, 0])
    assert epoch < 12  # the last epoch's weights would be there without a choice
    assert clf.history_[epoch - 1, "valid_loss_best"]
    kept = log_loss(y[::-1], clf.predict_proba(X))
    assert kept == pytest.approx(clf.history_[epoch - 1, "valid_loss"], rel=1e-3)


def test_learning_curve_leaves_out_an_epoch_that_was_broken_off():
    broken = with_losses(train_loss=[0.9, 0.5])
    broken.history_.append({"epoch": 3, "batches": []})
    assert list(plot_learning_curve(broken).get_lines()[0].get_xdata()) == [1, 2]
    assert plot_learning_curve(SimpleNamespace(history_=[{"epoch": 1}])).get_lines()[:] == []
