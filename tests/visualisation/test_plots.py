import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from ssm_estimators import LSSLClassifier
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


def test_learning_curve_has_a_point_an_epoch(classifier):
    [line] = plot_learning_curve(classifier).get_lines()
    assert list(line.get_xdata()) == [1, 2, 3]
    assert list(line.get_ydata()) == classifier.history_[:, "train_loss"]
