"""What scikit-learn's checks never try: three-dimensional X, lists of series, and its meta-estimators over them."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (makes HalvingGridSearchCV importable)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, HalvingGridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.exceptions import DeviceWarning


def test_fit_learns_and_keeps_what_it_says(make_deep, panel, target):
    X, _ = panel
    estimator = make_deep(max_epochs=40)
    assert estimator.fit(X, target) is estimator
    assert estimator.score(X, target) > 0.8
    assert estimator.n_features_in_ == estimator.n_channels_in_ == 2
    assert estimator.n_iter_ == len(estimator.history_) == 40
    assert estimator.device_ == torch.device("cpu")
    assert all({"epoch", "train_loss", "dur"} <= set(row) for row in estimator.history_)


def test_clone_is_unfitted_with_the_same_parameters(make_deep, panel, target):
    estimator = make_deep(differences=False, dropout=0.3)
    copy = clone(estimator.fit(panel[0], target))
    assert not hasattr(copy, "net_")
    assert copy.get_params() == estimator.get_params()


def test_pickle_is_small_and_predicts_the_same(make_deep, panel, target, output):
    X, _ = panel
    estimator = make_deep(max_epochs=30, early_stopping=True, d_model=32).fit(X, target)
    stored = pickle.dumps(estimator)
    weights = sum(p.numel() * p.element_size() for p in estimator.net_.module_.parameters())
    assert len(stored) < 3 * weights + 20_000
    assert np.array_equal(output(pickle.loads(stored), X), output(estimator, X))


def test_pickle_of_a_gpu_loads_on_a_cpu(make_deep, panel, target, output):
    X, _ = panel
    estimator = make_deep().fit(X, target)
    expected = output(estimator, X)
    estimator.net_.device = "cuda"  # as the state of a net fitted there says
    stored = pickle.dumps(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeviceWarning)
        loaded = pickle.loads(stored)
    assert loaded.device_.type == "cpu" or torch.cuda.is_available()
    np.testing.assert_allclose(output(loaded, X), expected, rtol=1e-4, atol=1e-5)


def test_pipeline_and_grid_search_in_two_processes(make, panel, target):
    X, _ = panel
    pipeline = make_pipeline(FunctionTransformer(np.asarray), make())
    name = pipeline.steps[-1][0]
    search = GridSearchCV(pipeline, {f"{name}__random_state": [0, 1]}, cv=2, n_jobs=2, error_score="raise")
    assert search.fit(X, target).predict(X).shape == (24,)
    serial = clone(search).set_params(n_jobs=1).fit(X, target)
    np.testing.assert_allclose(
        serial.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"], rtol=1e-3, atol=1e-3
    )


def test_halving_grid_search_over_epochs(make_deep, panel, target):
    search = HalvingGridSearchCV(
        make_deep(), {"lr": [1e-3, 1e-2]}, resource="max_epochs", max_resources=4, min_resources=1, factor=2, cv=2,
        random_state=0, error_score="raise",
    )  # fmt: skip
    assert search.fit(panel[0], target).best_params_["max_epochs"] > 1


def test_cross_val_score(make, panel, target):
    scores = cross_val_score(make(), panel[0], target, cv=2, error_score="raise")
    assert np.isfinite(scores).all()


def test_cross_val_score_of_a_list_of_series(make, panel, target):
    X = [x[:, : 10 + i % 10] for i, x in enumerate(panel[0])]
    assert np.isfinite(cross_val_score(make(), X, target, cv=2, error_score="raise")).all()


def test_calibrated_classifier(make_classifier, panel):
    X, y = panel
    proba = CalibratedClassifierCV(make_classifier(), cv=2).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(proba.sum(1), 1)


def test_voting_and_stacking_classifiers(make_classifier, panel):
    X, y = panel
    members = [("a", make_classifier()), ("b", make_classifier(random_state=1))]
    assert set(VotingClassifier(members, voting="soft").fit(X, y).predict(X)) <= {"slow", "fast"}
    stacked = StackingClassifier(members, LogisticRegression(), cv=2).fit(X, y)
    assert set(stacked.predict(X)) <= {"slow", "fast"}


def test_voting_and_stacking_regressors(make_regressor, panel):
    X, y = panel[0], panel[0].mean((1, 2))
    members = [("a", make_regressor()), ("b", make_regressor(random_state=1))]
    assert VotingRegressor(members).fit(X, y).predict(X).shape == (24,)
    assert StackingRegressor(members, Ridge(), cv=2).fit(X, y).predict(X).shape == (24,)


def test_metadata_routing_of_weights_and_groups(make, panel, target):
    X, _ = panel
    groups = np.repeat(np.arange(8), 3)
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = make().set_fit_request(sample_weight=True, groups=True).set_score_request(sample_weight=True)
        search = GridSearchCV(estimator, {"random_state": [0]}, cv=GroupKFold(2), error_score="raise")
        search.fit(X, target, sample_weight=np.ones(24), groups=groups)
    assert np.isfinite(search.best_score_)


def test_score_takes_weights(make, panel, target):
    X, _ = panel
    estimator = make().fit(X, target)
    weight = np.r_[np.ones(12), np.zeros(12)]
    assert estimator.score(X, target, sample_weight=weight) == pytest.approx(estimator.score(X[:12], target[:12]))


@pytest.mark.parametrize("labels", [["b", "a"], [True, False], [10, -3], [2.0, 1.0]])
def test_labels_of_any_type_come_back_as_they_were(make_classifier, panel, labels):
    X, y = panel
    y = np.array(labels)[(y == "slow").astype(int)]
    predicted = make_classifier().fit(X, y).predict(X)
    assert predicted.dtype == y.dtype
    assert set(predicted) <= set(y)


def test_labels_of_python_and_pandas(make_classifier, panel):
    X, y = panel
    expected = make_classifier().fit(X, y).predict(X)
    for form in (list(y), y.astype(object), pd.Series(y), pd.Series(y, index=range(100, 124))):
        assert (make_classifier().fit(X, form).predict(X) == expected).all()


def test_probabilities_follow_the_order_of_classes(make_classifier, panel):
    X, y = panel
    clf = make_classifier().fit(X, y)
    proba = clf.predict_proba(X)
    assert clf.classes_.tolist() == ["fast", "slow"]
    assert proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-12)
    assert (clf.classes_[proba.argmax(1)] == clf.predict(X)).all()


def test_weight_0_is_absence_and_weight_2_counts_twice_in_the_loss(make_deep, panel, target):
    """Full batches, layer norm, no dropout: then only the loss sees the weights."""
    X, _ = panel
    settings = {"batch_size": 100, "norm": "layer", "dropout": 0.0, "standardize": None, "differences": False}
    weight = np.arange(24) % 3
    repeated = np.repeat(np.arange(24), weight)
    weighted = make_deep(**settings).fit(X, target, sample_weight=weight)
    copies = make_deep(**settings).fit(X[repeated], target[repeated])
    np.testing.assert_allclose(weighted.predict_proba(X) if hasattr(weighted, "predict_proba") else weighted.predict(X),
                               copies.predict_proba(X) if hasattr(copies, "predict_proba") else copies.predict(X),
                               rtol=1e-3, atol=1e-3)  # fmt: skip


@pytest.mark.parametrize("batch_size", [2, 8, 20])
def test_weights_count_across_batches(make_deep_classifier, batch_size):
    """Constant cases: the probability of a class is its share of the weights."""
    X, y, weight = np.ones((20, 1, 5)), np.arange(20) % 2, np.ones(20)
    weight[y == 1] = 4
    params = {"batch_size": batch_size, "max_epochs": 60, "lr": 0.01, "dropout": 0.0, "norm": "layer"}
    clf = make_deep_classifier(**params).fit(X, y, sample_weight=weight)
    assert clf.predict_proba(X[:1])[0, 1] == pytest.approx(0.8, abs=0.08)


def test_class_weight_is_a_sample_weight(make_deep_classifier, panel):
    X, y = panel
    by_class = make_deep_classifier(class_weight={"slow": 3, "fast": 0.5}).fit(X, y)
    by_case = make_deep_classifier().fit(X, y, sample_weight=np.where(y == "slow", 3.0, 0.5))
    np.testing.assert_allclose(by_class.predict_proba(X), by_case.predict_proba(X))
    counts = np.r_[0:24:2, 1:7:2]  # 12 slow, 3 fast
    balanced = make_deep_classifier(class_weight="balanced").fit(X[counts], y[counts])
    by_case = make_deep_classifier().fit(
        X[counts], y[counts], sample_weight=np.where(y[counts] == "slow", 15 / 24, 15 / 6)
    )
    np.testing.assert_allclose(balanced.predict_proba(X), by_case.predict_proba(X), rtol=1e-5)


def test_one_case_and_one_time_point(make, panel, target, output):
    X, _ = panel
    estimator = make().fit(X, target)
    np.testing.assert_allclose(output(estimator, X[:1]), output(estimator, X)[:1], rtol=1e-5, atol=1e-6)
    assert np.isfinite(output(make().fit(X[..., :1], target), X[..., :1])).all()


def test_regression_on_a_single_case(make_regressor):
    X = np.arange(10.0).reshape(1, 1, 10)
    assert make_regressor().fit(X, [3.0]).predict(X).tolist() == pytest.approx([3.0], abs=1.0)


def test_other_lengths_at_predict(make, panel, target, output):
    X, _ = panel
    estimator = make().fit(X, target)
    for longer in (X[..., :7], np.concatenate([X, X], axis=2)):
        assert np.isfinite(output(estimator, longer)).all()


def test_a_list_is_the_same_as_padded_input(make, panel, target, output):
    X, _ = panel
    series = [x[:, : 8 + i % 13] for i, x in enumerate(X)]
    padded = np.full_like(X, np.nan)
    for row, x in zip(padded, series, strict=True):
        row[:, : x.shape[1]] = x
    estimator = make(missing="mask").fit(series, target)
    again = make(missing="mask").fit(padded, target)
    assert np.array_equal(output(estimator, series), output(again, padded))
    alone = np.concatenate([output(estimator, [x]) for x in series])
    np.testing.assert_allclose(alone, output(estimator, series), rtol=1e-4, atol=1e-5)


def test_a_list_of_equal_lengths_is_an_array(make, panel, target, output):
    X, _ = panel
    assert np.array_equal(output(make().fit(list(X), target), list(X)), output(make().fit(X, target), X))
    one_channel = make().fit(list(X[:, 0]), target)
    assert np.array_equal(output(one_channel, list(X[:, 0])), output(make().fit(X[:, :1], target), X[:, :1]))


def test_two_and_three_dimensions_of_one_channel_are_interchangeable(make, panel, target, output):
    X = panel[0][:, :1]
    flat, deep = make().fit(X[:, 0], target), make().fit(X, target)
    assert flat.n_features_in_ == 20
    assert deep.n_features_in_ == 1
    expected = output(flat, X[:, 0])
    for estimator, form in ((flat, X), (deep, X), (deep, X[:, 0]), (flat, pd.DataFrame(X[:, 0]).to_numpy())):
        assert np.array_equal(output(estimator, form), expected)


def test_data_frames_keep_their_names(make, panel, target, output):
    frame = pd.DataFrame(panel[0][:, 0], columns=[f"t{i}" for i in range(20)])
    estimator = make().fit(frame, target)
    assert estimator.feature_names_in_.tolist() == frame.columns.tolist()
    assert np.array_equal(output(estimator, frame), output(make().fit(frame.to_numpy(), target), frame.to_numpy()))


def test_lists_of_frames_and_tensors(make, panel, target, output):
    X, _ = panel
    expected = output(make().fit(X, target), X)
    for form in ([pd.DataFrame(x.T) for x in X], torch.from_numpy(X), list(torch.from_numpy(X)), tuple(X)):
        assert np.array_equal(output(make().fit(form, target), form), expected)


def test_missing_values_are_masked_not_guessed(make, panel, target, output):
    X = panel[0].copy()
    X[::3, 0, 4:7] = np.nan
    estimator = make(missing="mask").fit(X, target)
    assert np.isfinite(output(estimator, X)).all()
    moved = np.where(np.isnan(X), np.nan, X)
    assert np.array_equal(output(estimator, moved), output(estimator, X))
    assert not np.array_equal(output(estimator, np.nan_to_num(X)), output(estimator, X))


def test_targets_of_two_dimensions(make_regressor, panel):
    X, _ = panel
    Y = np.stack([X.mean((1, 2)), 100 * X[:, 0, 0]], axis=1)
    predicted = make_regressor().fit(X, Y).predict(X)
    assert predicted.shape == (24, 2)
    assert make_regressor().fit(X, Y[:, :1]).predict(X).shape == (24, 1)


def test_scale_of_the_target_does_not_matter(make_regressor, panel):
    X, y = panel[0], panel[0].mean((1, 2))
    plain = make_regressor().fit(X, y).predict(X)
    np.testing.assert_allclose(make_regressor().fit(X, 1e6 * y + 1e7).predict(X), 1e6 * plain + 1e7, rtol=1e-4)
