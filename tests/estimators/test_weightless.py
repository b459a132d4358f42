"""Cases and classes without weight are as if they were not there."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

import ssm_estimators

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


def test_a_splitter_counts_all_cases_that_were_given(make_deep_classifier, panel):
    X, y = panel
    weight = np.where(np.arange(24) < 6, 0.0, 1.0)
    fold = np.where((np.arange(24) >= 12) & (np.arange(24) < 18), 0, -1)
    seen = _trained_on(make_deep_classifier(validation=PredefinedSplit(fold), max_epochs=1), X, y, None, weight)
    assert len(seen) == 12
    _, positions = np.unique(y, return_inverse=True)
    assert sorted(seen) == sorted(positions[[*range(6, 12), *range(18, 24)]])


def test_a_splitter_with_an_empty_part_is_refused(make_deep, panel, target):
    weight = np.where(np.arange(24) < 6, 0.0, 1.0)
    with pytest.raises(ValueError, match=r"splits 18 cases into 18 and 0\. Expected some in both parts"):
        make_deep(validation=PredefinedSplit(np.where(np.arange(24) < 6, 0, -1))).fit(
            panel[0], target, sample_weight=weight
        )


def test_no_validation_without_a_word(make_deep_classifier, panel):
    """Each class is one group, so that none can be held out."""
    X, y = panel
    with pytest.warns(UserWarning, match="trained without validation"):
        make_deep_classifier(validation=0.3, max_epochs=1).fit(X, y, groups=y)


def test_an_ensemble_of_a_member_that_gives_a_class_no_weight(panel, small):
    X, y = panel
    y = np.where(np.arange(24) % 3 == 0, "other", y)
    features = ssm_estimators.StateSpaceRidgeClassifier(n_kernels=64)
    deep = ssm_estimators.S4DClassifier(**{**small, "class_weight": {"other": 0}})
    ensemble = ssm_estimators.StateSpaceEnsembleClassifier(features=features, deep=deep, cv=2, random_state=0)
    proba = ensemble.fit(X, y).predict_proba(X)
    assert proba.shape == (24, 3)
    expected = (1 - ensemble.deep_weight_) * ensemble.features_.predict_proba(X)
    np.testing.assert_allclose(proba[:, 1], expected[:, 1])


@pytest.mark.parametrize("name", ["sample_weight", "groups"])
def test_masked_weights_and_groups_are_refused(make, panel, target, name):
    values = np.ma.masked_array(np.arange(24) % 4 + 1.0, mask=np.arange(24) == 3)
    with pytest.raises(ValueError, match=f"in {name}; that of some cases is masked"):
        make().fit(panel[0], target, **{name: values})


@pytest.mark.parametrize("groups", [None, np.arange(24) % 5])
def test_weights_that_no_sum_can_hold(any_class, make, panel, target, groups):
    weight = np.full(24, 1e308)
    weight[0] = 1e290
    if "n_kernels" in make().get_params() or any_class is ssm_estimators.StateSpaceEnsembleClassifier:
        with pytest.raises(ValueError, match=r"Expected sample weights of 0, or from 1e-09 to 1e\+09"):
            make().fit(panel[0], target, sample_weight=weight, groups=groups)
    else:
        fit = make().fit(panel[0], target, sample_weight=weight, groups=groups)
        assert (fit.predict(panel[0]) == fit.predict(panel[0])).all()  # no NaN


def _trained_on(clf, X, y, groups, sample_weight=None):
    from skorch.callbacks import Callback

    seen = []

    class Watch(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            seen.extend(X.y.tolist())

    clf.set_params(callbacks=[Watch()]).fit(X, y, groups=groups, sample_weight=sample_weight)
    return seen
