"""Texts in place of values."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from ssm_estimators import S4DClassifier, S4DRegressor
from ssm_estimators.layers import S4D
from ssm_estimators.networks import NetworkStepper, SequenceNetwork

SMALL = {"d_model": 8, "d_state": 4, "n_layers": 1, "max_epochs": 15, "batch_size": 8, "lr": 0.02, "random_state": 0}


def _texts(n_cases, n_texts=1, seed=0):
    """Texts of 8 to 20 tokens up to 9, 0 past their ends."""
    random = np.random.default_rng(seed)
    X = random.integers(1, 10, (n_cases, n_texts, 20))
    X[np.arange(20) >= random.integers(8, 21, (n_cases, n_texts, 1))] = 0
    return X


def test_texts_are_classified_by_what_they_hold():
    X = _texts(80)
    X[X == 7] = 6
    X[::2, 0, 3] = 7
    y = np.where((X == 7).any((1, 2)), "with", "without")
    clf = S4DClassifier(input="tokens", pooling="max", **SMALL).fit(X[:60], y[:60])
    assert clf.score(X[60:], y[60:]) == 1
    ragged = [text[text > 0] for text in X[:, 0]]
    np.testing.assert_allclose(clf.predict_proba([t[None] for t in ragged]), clf.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(clf)).predict_proba(X), clf.predict_proba(X))
    np.testing.assert_array_equal(clone(clf).fit(X[:60], y[:60]).predict(X), clf.predict(X))


def test_a_text_does_not_depend_on_those_beside_it():
    X, y = _texts(20), np.arange(20.0)
    reg = S4DRegressor(input="tokens", **SMALL).fit(X, y)
    alone = np.concatenate([reg.predict(X[k : k + 1]) for k in range(20)])
    np.testing.assert_allclose(alone, reg.predict(X), rtol=1e-5, atol=1e-5)


def test_two_texts_are_compared():
    X = _texts(240, n_texts=2)
    y = np.arange(240) % 2
    X[:, :, :8] = np.where(np.arange(240)[:, None, None] % 4 < 2, 2, 5)  # what the first begins with ...
    X[y == 1, 1, :8] = 7 - X[y == 1, 0, :8]  # ... the second begins with too, or not
    clf = S4DClassifier(input="tokens", **{**SMALL, "max_epochs": 25}).fit(X[:180], y[:180])
    assert clf.score(X[180:], y[180:]) >= 0.95


def test_the_network_reads_each_text_to_its_own_end():
    network = SequenceNetwork(S4D, {"d_state": 4}, 2, 3, 8, 1, n_tokens=9, seed=0).eval()
    X = torch.from_numpy(_texts(4, 2))
    outputs = network(X)
    assert outputs.shape == (4, 3)
    longer = torch.cat([X, torch.zeros_like(X)], dim=-1)
    torch.testing.assert_close(network(longer), outputs, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="tokens"):
        NetworkStepper(network, 2)
    with pytest.raises(ValueError, match="rate"):
        network(X, rate=2.0)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1, 0, 3), 0, "got 0 in case 1, channel 0, time point 3"),
        ((2, 0, 5), -1, "got -1 in case 2, channel 0, time point 5"),
        ((2, 0, 5), 1.5, r"got 1\.5 in case 2"),
        ((2, 0, slice(None)), 0, "Case 2, channel 0 of X is an empty text"),
    ],
)
def test_what_is_no_text_is_refused(place, value, message):
    X = _texts(6).astype(float)
    X[place] = value
    with pytest.raises(ValueError, match=message):
        S4DClassifier(input="tokens", **SMALL).fit(X, [0, 1] * 3)


def test_what_does_not_go_together_is_refused():
    X, y = _texts(6), [0, 1] * 3
    with pytest.raises(ValueError, match="one text per case, or two"):
        S4DClassifier(input="tokens").fit(_texts(6, 3), y)
    with pytest.raises(ValueError, match="leave missing at 'error'"):
        S4DClassifier(input="tokens", missing="mask").fit(X, y)
    with pytest.raises(ValueError, match="n_tokens=9 is for input='tokens'"):
        S4DClassifier(n_tokens=9).fit(X, y)
    with pytest.raises(ValueError, match="one text per case, or two"):
        SequenceNetwork(S4D, {"d_state": 4}, 3, 2, 8, 1, n_tokens=9)
    with pytest.raises(ValueError, match="the largest known is 5"):
        S4DClassifier(input="tokens", n_tokens=5).fit(X, y)
    clf = S4DClassifier(input="tokens", **{**SMALL, "max_epochs": 1}).fit(X, y)
    X[0, 0, 0] = 12
    with pytest.raises(ValueError, match="holds the token 12; the largest known is 9"):
        clf.predict(X)
    S4DClassifier(input="tokens", n_tokens=12, **{**SMALL, "max_epochs": 1}).fit(_texts(6), y).predict(X)
