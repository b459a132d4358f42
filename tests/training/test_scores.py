"""Scores of each epoch, and the forms in which callbacks come."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, r2_score, roc_auc_score
from sklearn.model_selection import ShuffleSplit
from skorch.callbacks import BatchScoring, Callback, EpochScoring

from ssm_estimators import S4DClassifier, S4DRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 1, 20)) + np.sin(np.arange(20) * (1 + np.arange(40)[:, None, None] % 2))
Y = np.array(["no", "yes"])[np.arange(40) % 2]
TARGET = np.c_[X.mean((1, 2)), X[:, 0, 3]]
WEIGHT = np.linspace(0.1, 3, 40)
SPLIT = ShuffleSplit(1, test_size=12, random_state=0)
HELD_OUT = next(SPLIT.split(X))[1]
RAGGED = [x[:, : 8 + 3 * i % 13] for i, x in enumerate(X)]


def _make(cls=S4DClassifier, *callbacks, **params):
    small = {"d_model": 4, "n_layers": 1, "max_epochs": 1, "batch_size": 5, "random_state": 0, "device": "cpu"}
    return cls(**{**small, "validation": SPLIT, "callbacks": list(callbacks), **params})


def _held_out(series):
    return [series[i] for i in HELD_OUT] if isinstance(series, list) else series[HELD_OUT]


@pytest.mark.parametrize("series", [X, RAGGED], ids=["equal", "unequal"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_history_has_the_score_of_the_held_out_cases(series, weight):
    known = None if weight is None else weight[HELD_OUT]
    classifier = _make().fit(series, Y, sample_weight=weight)
    expected = accuracy_score(Y[HELD_OUT], classifier.predict(_held_out(series)), sample_weight=known)
    assert classifier.history_[-1, "valid_accuracy"] == pytest.approx(expected)
    regressor = _make(S4DRegressor).fit(series, TARGET, sample_weight=weight)
    expected = r2_score(TARGET[HELD_OUT], regressor.predict(_held_out(series)), sample_weight=known)
    assert regressor.history_[-1, "valid_r2"] == pytest.approx(expected, rel=1e-4)


def test_without_held_out_cases_there_is_none():
    assert not {"valid_accuracy", "valid_r2"} & set(_make(validation=None).fit(X, Y).history_[-1])


def test_of_one_number_there_is_no_r2_and_no_warning(recwarn):
    one = {"validation": (X[:1], TARGET[:1])}
    assert "valid_r2" not in _make(S4DRegressor, **one).fit(X, TARGET).history_[-1]
    assert "valid_accuracy" in _make(validation=(X[:1], Y[:1])).fit(X, Y).history_[-1]
    assert not recwarn


@pytest.mark.parametrize("series", [X, RAGGED], ids=["equal", "unequal"])
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_scores_of_scikit_learn(series, precision):
    names = ("accuracy", "balanced_accuracy", "roc_auc", "neg_log_loss", None)
    scores = [EpochScoring(name, lower_is_better=False) for name in names]
    classifier = _make(S4DClassifier, *scores, precision=precision).fit(series, Y)
    predicted, proba = classifier.predict(_held_out(series)), classifier.predict_proba(_held_out(series))
    expected = {
        "accuracy": accuracy_score(Y[HELD_OUT], predicted),
        "score": accuracy_score(Y[HELD_OUT], predicted),
        "balanced_accuracy": balanced_accuracy_score(Y[HELD_OUT], predicted),
        "roc_auc": roc_auc_score(Y[HELD_OUT], proba[:, 1]),
        "neg_log_loss": -log_loss(Y[HELD_OUT], proba),
    }
    row = classifier.history_[-1]
    assert {name: row[name] for name in expected} == pytest.approx(
        expected, abs=1e-5 if precision == "float32" else 0.1
    )


def test_scores_of_regressors_and_metric_functions():
    scores = [EpochScoring("r2"), EpochScoring(r2_score, name="own"), EpochScoring("neg_mean_squared_error")]
    row = _make(S4DRegressor, *scores).fit(X, TARGET).history_[-1]
    assert row["r2"] == row["own"] == row["valid_r2"]
    assert row["neg_mean_squared_error"] == pytest.approx(-row["valid_loss"], rel=1e-5)


def test_scores_of_batches_and_of_training_cases():
    scores = [BatchScoring("accuracy"), BatchScoring("accuracy", name="again", use_caching=False)]
    row = _make(S4DClassifier, *scores, EpochScoring("accuracy", name="train", on_train=True)).fit(X, Y).history_[-1]
    assert row["accuracy"] == pytest.approx(row["valid_accuracy"])
    assert row["again"] == row["accuracy"]
    assert 0 <= row["train"] <= 1


@pytest.mark.parametrize("use_caching", [True, False])
def test_functions_see_cases_targets_and_outputs_in_one_order(use_caching):
    seen = []

    def own(net, data, y):
        seen.append((data.y.numpy(), y, net.predict(data), net.classes_))
        return 0.0

    classifier = _make(S4DClassifier, EpochScoring(own, use_caching=use_caching)).fit(RAGGED, Y)
    targets, y, predicted, classes = seen[0]
    assert (y is None) != use_caching
    assert y is None or np.array_equal(targets, y)
    assert classes.tolist() == [0, 1]
    assert (targets == predicted).mean() == pytest.approx(classifier.history_[-1, "valid_accuracy"])


def test_a_net_predicts_in_the_order_of_the_cases():
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, net, dataset_train=None, **kwargs):
            seen.append((net.predict_proba(dataset_train), dataset_train))

    classifier = _make(S4DClassifier, Watch, validation=None).fit(RAGGED, Y)
    np.testing.assert_allclose(seen[0][0], classifier.predict_proba(RAGGED), rtol=1e-5)


class Count(Callback):
    """How often training began."""

    seen: list = []

    def on_train_begin(self, net, **kwargs):
        self.seen.append(next(name for name, callback in net.callbacks_ if callback is self))


def test_callbacks_are_instances_classes_and_pairs():
    Count.seen.clear()
    _make(S4DClassifier, Count(), Count, ("mine", Count()), ["own", Count]).fit(X, Y)
    assert Count.seen == ["Count_0", "Count_1", "mine", "own"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            print,
            r"Expected callbacks as skorch\.callbacks\.Callback instances.* got <built-in.*goes into .*EpochScoring",
        ),
        ((1, Count()), r"instances, classes, or \(name, instance\) pairs; got \(1, "),
        (dict, r"instances, classes, or \(name, instance\) pairs; got <class 'dict'>"),
        (EpochScoring, "callback class EpochScoring cannot be made without arguments; give an instance of it"),
        (("best", Count()), r"each callback under a name of its own; \['best'\] are taken\. Choose other names"),
        (EpochScoring("f1", use_caching=False), r"EpochScoring\('f1', use_caching=False\) sees no labels\. Leave"),
    ],
)
def test_other_forms_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        _make(S4DClassifier, given).fit(X, Y)
