"""Cases and classes without weight are as if they were not there."""

import numpy as np
import pytest

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def with_ghosts(panel, target):
    """The panel, and among it artefacts of another scale, length and target that have no weight."""
    X, _ = panel
    ghosts = 1e6 * np.ones((5, 2, 33))
    series = [*X[:7], *ghosts, *X[7:]]
    y = np.concatenate([target[:7], target[[0] * 5] if target.dtype.kind == "U" else np.full(5, 1e9), target[7:]])
    weight = np.array([1.0] * 7 + [0.0] * 5 + [1.0] * 17)
    return series, y, weight


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_case_without_weight_changes_nothing(make, any_class, panel, target, with_ghosts, output, early_stopping):
    params = {"early_stopping": True, "validation": 0.25} if early_stopping else {}
    if early_stopping and "early_stopping" not in any_class().get_params():
        pytest.skip("holds nothing out")
    series, y, weight = with_ghosts
    groups = np.arange(29)
    fit = make(**params).fit(series, y, sample_weight=weight, groups=groups)
    expected = make(**params).fit(list(panel[0]), target, sample_weight=np.ones(24), groups=groups[weight > 0])
    np.testing.assert_allclose(output(fit, panel[0]), output(expected, panel[0]), **CLOSE)


def test_a_class_without_weight_is_no_class(make_classifier, panel):
    X, y = panel
    y = np.where(np.arange(24) % 3 == 0, "other", y)
    kept = y != "other"
    expected = make_classifier().fit(X[kept], y[kept]).predict_proba(X)
    by_case = make_classifier().fit(X, y, sample_weight=kept.astype(float))
    assert by_case.classes_.tolist() == ["fast", "slow"]
    np.testing.assert_allclose(by_case.predict_proba(X), expected, **CLOSE)
    if "class_weight" in by_case.get_params():
        by_class = make_classifier(class_weight={"fast": 1.0, "slow": 1.0, "other": 0.0}).fit(X, y)
        np.testing.assert_allclose(by_class.predict_proba(X), expected, **CLOSE)
        balanced = make_classifier(class_weight="balanced").fit(X, y, sample_weight=kept.astype(float))
        assert balanced.classes_.tolist() == ["fast", "slow"]


def test_one_class_with_weight_is_too_few(make_classifier, panel):
    X, y = panel
    with pytest.raises(ValueError, match="at least two classes"):
        make_classifier().fit(X, y, sample_weight=(y == "slow").astype(float))


@pytest.mark.parametrize("weight", [np.nan, np.inf, -1.0, "much"])
def test_class_weights_are_finite_numbers(make_classifier, panel, weight):
    if "class_weight" not in make_classifier().get_params():
        pytest.skip("has no class_weight")
    with pytest.raises(ValueError, match="Expected class_weight as finite numbers"):
        make_classifier(class_weight={"slow": weight, "fast": 1.0}).fit(*panel)


def test_weights_of_any_size(make_deep, panel, target, output):
    """Only their ratios count, also where float32 cannot hold them."""
    weight = np.arange(1.0, 25.0)
    expected = output(make_deep().fit(panel[0], target, sample_weight=weight), panel[0])
    for factor in (1e-30, 1e30):
        fit = make_deep().fit(panel[0], target, sample_weight=factor * weight)
        np.testing.assert_allclose(output(fit, panel[0]), expected, rtol=1e-4, atol=1e-5)


def test_training_keeps_every_class_where_groups_are_held_out(make_deep_classifier, panel):
    """The rare class is one group: a split by groups would take it whole."""
    X, y = panel
    y = np.where(np.arange(24) < 3, "rare", y)
    groups = np.repeat(np.arange(8), 3)
    for seed in range(12):
        clf = make_deep_classifier(validation=0.4, random_state=seed, max_epochs=1)
        seen = _trained_on(clf, X, y, groups)
        assert set(seen) == {0, 1, 2}


def test_a_splitter_that_takes_a_class_from_training_is_refused(make_deep_classifier, panel):
    X, y = panel

    class Takes:
        def split(self, X, y=None, groups=None):
            return iter([(np.flatnonzero(y == 0), np.flatnonzero(y == 1))])

        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

    with pytest.raises(ValueError, match="holds out all cases of 1 of the classes"):
        make_deep_classifier(validation=Takes()).fit(X, y)


def _trained_on(clf, X, y, groups):
    from skorch.callbacks import Callback

    seen = []

    class Watch(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            seen.extend(X.y.tolist())

    clf.set_params(callbacks=[Watch()]).fit(X, y, groups=groups)
    return seen
