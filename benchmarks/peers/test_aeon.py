"""Run in this folder's own environment (make aeon): our estimators, as they are, among aeon's tools."""

import numpy as np
import pytest
import sklearn.pipeline
from aeon.benchmarking.resampling import stratified_resample_data
from aeon.classification.compose import ClassifierEnsemble
from aeon.classification.convolution_based import MiniRocketClassifier
from aeon.datasets import load_basic_motions, load_covid_3month, load_gunpoint, load_unit_test
from aeon.pipeline import make_pipeline
from aeon.transformations.collection import Normalizer, PeriodogramTransformer
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score

from ssm_estimators import S4DClassifier, S4DRegressor, StateSpaceRidgeClassifier, StateSpaceRidgeRegressor
from ssm_estimators.random_features import StateSpaceFeatures

CLASSIFIERS = [
    StateSpaceRidgeClassifier(n_kernels=500, random_state=0),
    S4DClassifier(d_model=16, n_layers=1, max_epochs=30, random_state=0),
]
REGRESSORS = [
    StateSpaceRidgeRegressor(n_kernels=500, random_state=0),
    S4DRegressor(d_model=16, n_layers=1, max_epochs=10, random_state=0),
]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda e: type(e).__name__)
def test_last_of_a_pipeline(classifier):
    X, y = load_gunpoint("train")
    X_test, y_test = load_gunpoint("test")
    pipeline = make_pipeline(Normalizer(), classifier).fit(X, y)
    assert accuracy_score(y_test, pipeline.predict(X_test)) > 0.85
    assert pipeline.predict_proba(X_test).shape == (150, 2)
    together = make_pipeline(PeriodogramTransformer(), classifier)
    assert cross_val_score(together, X, y, cv=2, error_score="raise").mean() > 0.6


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda e: type(e).__name__)
def test_several_channels_after_aeons_transformer(classifier):
    """In scikit-learn's pipeline: aeon's takes several channels only where every step has its tags."""
    X, y = load_basic_motions("train")
    X_test, y_test = load_basic_motions("test")
    assert sklearn.pipeline.make_pipeline(Normalizer(), classifier).fit(X, y).score(X_test, y_test) > 0.85


@pytest.mark.parametrize("regressor", REGRESSORS, ids=lambda e: type(e).__name__)
def test_regressors(regressor):
    X, y = load_covid_3month("train")
    X_test, y_test = load_covid_3month("test")
    predicted = make_pipeline(Normalizer(), regressor).fit(X, y).predict(X_test)
    assert np.sqrt(np.mean((predicted - y_test) ** 2)) < 0.06


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda e: type(e).__name__)
def test_cross_validation_and_search_on_resamples(classifier):
    train, test = load_unit_test("train"), load_unit_test("test")
    X, y, X_test, y_test = stratified_resample_data(*train, *test, random_state=1)
    assert cross_val_score(classifier, X, y, cv=3, error_score="raise").mean() > 0.6
    grid = {"n_kernels": [100, 300]} if hasattr(classifier, "n_kernels") else {"norm": ["batch", "layer"]}
    search = GridSearchCV(classifier, grid, cv=2, error_score="raise").fit(X, y)
    assert search.score(X_test, y_test) > 0.6


def test_features_before_aeons_classifier_and_beside_one():
    X, y = load_unit_test("train")
    X_test, y_test = load_unit_test("test")
    features = StateSpaceFeatures(n_kernels=100, random_state=0)
    assert features.fit_transform(X).shape[0] == len(X)
    members = [("ours", CLASSIFIERS[0]), ("aeon's", MiniRocketClassifier(random_state=0))]
    ensemble = ClassifierEnsemble(members).fit(X, y)
    assert accuracy_score(y_test, ensemble.predict(X_test)) > 0.7
