"""How the ensemble weighs its members."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from ssm_estimators import StateSpaceEnsembleClassifier, StateSpaceRidgeClassifier

RIDGE = StateSpaceRidgeClassifier(n_kernels=64)


@pytest.fixture
def flat(panel):
    """One channel, two-dimensional, for members that know nothing else."""
    return panel[0][:, 0], panel[1]


def test_the_better_member_gets_the_weight(flat):
    useless = DummyClassifier(strategy="uniform", random_state=0)
    assert StateSpaceEnsembleClassifier(features=RIDGE, deep=useless, random_state=0).fit(*flat).deep_weight_ < 0.3
    assert StateSpaceEnsembleClassifier(features=useless, deep=RIDGE, random_state=0).fit(*flat).deep_weight_ > 0.7


def test_probabilities_are_the_weighted_mean(flat):
    X, y = flat
    clf = StateSpaceEnsembleClassifier(features=RIDGE, deep=LogisticRegression(), random_state=0).fit(X, y)
    assert 0 <= clf.deep_weight_ <= 1
    expected = (1 - clf.deep_weight_) * clf.features_.predict_proba(X)
    expected += clf.deep_weight_ * clf.deep_.predict_proba(X)
    np.testing.assert_allclose(clf.predict_proba(X), expected)


def test_a_class_seen_once_means_equal_weights(flat):
    X, y = flat
    y = np.where(np.arange(24) == 5, "rare", y)
    clf = StateSpaceEnsembleClassifier(features=RIDGE, deep=LogisticRegression(), random_state=0).fit(X, y)
    assert clf.deep_weight_ == 0.5
    assert clf.predict_proba(X).shape == (24, 3)


def test_groups_stay_together_in_the_folds(flat):
    X, y = flat
    seen = []

    class Watching(StateSpaceRidgeClassifier):
        def fit(self, X, y, sample_weight=None, groups=None):
            seen.append(set(groups))
            return super().fit(X, y, sample_weight, groups)

    groups = np.repeat(np.arange(6), 4)
    members = {"features": Watching(n_kernels=64), "deep": RIDGE}
    StateSpaceEnsembleClassifier(**members, cv=3, random_state=0).fit(X, y, groups=groups)
    assert sorted(map(len, seen)) == [4, 4, 4, 6]


def test_members_are_not_touched_and_keep_their_own_seed(flat):
    member = StateSpaceRidgeClassifier(n_kernels=64, random_state=3)
    clf = StateSpaceEnsembleClassifier(features=member, deep=RIDGE, random_state=0).fit(*flat)
    assert clf.features_.random_state == 3
    assert clf.deep_.random_state is not None
    assert not hasattr(member, "features_")
    assert RIDGE.random_state is None
