"""The classifiers and regressors with sktime's interface: what their tags promise, in sktime and in scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_html_repr
from skorch.callbacks import Callback
from sktime.classification.base import BaseClassifier
from sktime.datasets import load_japanese_vowels
from sktime.datatypes import convert_to
from sktime.exceptions import NotFittedError
from sktime.transformations.panel.padder import PaddingTransformer
from sktime.transformations.series.exponent import ExponentTransformer
from sktime.utils.estimator_checks import check_estimator

import ssm_estimators
import ssm_estimators.sktime

ALL = [getattr(ssm_estimators.sktime, name) for name in dir(ssm_estimators.sktime) if name.endswith(("fier", "ssor"))]
CLASSIFIERS = [cls for cls in ALL if issubclass(cls, BaseClassifier)]
MTYPES = ["numpy3D", "df-list", "nested_univ", "pd-multiindex", "numpyflat"]


def build(cls, **params):
    return cls(**{**cls.get_test_params()[0], **params})


def panel(n_channels=1, n_cases=12, n_timepoints=20, seed=0):
    """Slow waves of class or target 0 and fast ones of 1, in turn."""
    y = np.arange(n_cases) % 2
    noise = 0.1 * np.random.default_rng(seed).standard_normal((n_cases, n_channels, n_timepoints))
    return np.sin((0.3 + 0.6 * y[:, None, None]) * np.arange(n_timepoints)) + noise, y.astype(float)


@pytest.fixture(params=ALL, ids=lambda cls: cls.__name__)
def any_class(request):
    return request.param


@pytest.fixture(params=CLASSIFIERS, ids=lambda cls: cls.__name__)
def a_classifier(request):
    return request.param


def test_all_ten_are_there():
    assert len(ALL) == 10
    assert len(CLASSIFIERS) == 5


def test_checks_of_sktime(any_class):
    results = check_estimator(any_class, verbose=False)
    assert {name: result for name, result in results.items() if result != "PASSED"} == {}
    assert len(results) >= (200 if any_class in CLASSIFIERS else 105)


def test_parameters_are_those_of_the_estimator(any_class):
    ours = getattr(ssm_estimators, any_class.__name__)
    assert any_class().get_params() == {k: v for k, v in ours().get_params().items() if k != "warm_start"}
    for name in any_class.get_param_names():
        assert name in any_class.__doc__
    with pytest.raises(TypeError, match="no_such_parameter"):
        any_class(no_such_parameter=1)


def test_predicts_what_the_estimator_predicts(any_class):
    X, y = panel()
    ours = getattr(ssm_estimators, any_class.__name__)(**any_class.get_test_params()[0]).fit(X, y)
    np.testing.assert_array_equal(build(any_class).fit(X, y).predict(X), ours.predict(X))


def test_all_forms_of_panels_give_the_same(any_class):
    X, y = panel()
    expected = build(any_class).fit(X, y).predict(X)
    for mtype in MTYPES:
        form = convert_to(X, mtype, as_scitype="Panel")
        np.testing.assert_array_equal(build(any_class).fit(form, y).predict(form), expected)


def test_multivariate_series(any_class):
    X, y = panel(n_channels=3)
    assert any_class.get_class_tag("capability:multivariate")
    estimator = build(any_class).fit(X, y)
    changed = X.copy()
    changed[:, 2] = 5
    assert not np.array_equal(_outputs(estimator, changed), _outputs(estimator, X))


def test_series_of_unequal_length(any_class):
    X, y = panel(n_channels=2)
    ragged = [pd.DataFrame(case[:, : 20 - i % 5].T) for i, case in enumerate(X)]
    assert any_class.get_class_tag("capability:unequal_length")
    estimator = build(any_class).fit(ragged, y)
    by_hand = getattr(ssm_estimators, any_class.__name__)(**any_class.get_test_params()[0])
    by_hand.fit([frame.to_numpy().T for frame in ragged], y)
    np.testing.assert_array_equal(estimator.predict(ragged), by_hand.predict([f.to_numpy().T for f in ragged]))
    nested = convert_to(ragged, "nested_univ")
    np.testing.assert_array_equal(estimator.predict(nested), estimator.predict(ragged))


def test_missing_values(any_class):
    X, y = panel()
    X[::3, :, 5:9] = np.nan
    assert any_class.get_class_tag("capability:missing_values")
    estimator = build(any_class, missing="mask").fit(X, y)
    assert np.isfinite(_outputs(estimator, X)).all()
    assert not build(any_class).get_tag("capability:missing_values")
    with pytest.raises(ValueError, match=r"X contains NaN.* missing='mask' accepts"):
        build(any_class).fit(X, y)


@pytest.mark.parametrize("mtype", ["df-list", "pd-multiindex"])
def test_irregular_stamps_are_refused(any_class, mtype):
    X, y = panel()
    frames = [pd.DataFrame(case.T, index=np.arange(20), columns=["a"]) for case in X]
    frames[3].index = np.r_[np.arange(19), 25]
    form = frames if mtype == "df-list" else pd.concat(dict(enumerate(frames)), names=["case", "time"])
    with pytest.raises(ValueError, match=r"equal steps; in case 3 a step of 1 is followed by one of 7"):
        build(any_class).fit(form, y)
    regular = [frame.set_axis(2 * np.arange(20), axis=0) for frame in frames]
    expected = build(any_class).fit(X, y).predict(X)
    np.testing.assert_array_equal(build(any_class).fit(regular, y).predict(regular), expected)


def test_channels_are_matched_by_name(any_class):
    X, y = panel(n_channels=2)
    frames = [pd.DataFrame(case.T, columns=["a", "b"]) for case in X]
    swapped = [frame[["b", "a"]] for frame in frames]
    estimator = build(any_class).fit(frames, y)
    np.testing.assert_array_equal(_outputs(estimator, swapped), _outputs(estimator, frames))
    table = pd.concat(dict(enumerate(swapped)), names=["case", "time"])
    np.testing.assert_array_equal(_outputs(estimator, table), _outputs(estimator, frames))
    mixed = [frame[["b", "a"]] if i % 2 else frame for i, frame in enumerate(frames)]
    np.testing.assert_array_equal(_outputs(build(any_class).fit(mixed, y), X), _outputs(estimator, X))


def test_neighbours_change_nothing(any_class):
    X, y = panel(n_channels=2, n_timepoints=50)
    estimator = build(any_class).fit(X, y)
    together = _outputs(estimator, X)
    alone = np.concatenate([_outputs(estimator, X[i : i + 1]) for i in range(len(X))])
    assert np.abs(together - alone).max() <= 1e-9 * np.abs(together).max()


def test_random_state(any_class):
    X, y = panel()
    first, same, other = (_outputs(build(any_class, random_state=seed).fit(X, y), X) for seed in (0, 0, 1))
    assert any_class.get_class_tag("capability:random_state")
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_probabilities_and_class_weights(a_classifier):
    X, y = panel()
    assert a_classifier.get_class_tag("capability:predict_proba")
    assert a_classifier.get_class_tag("capability:class_weight")
    many = {} if "n_kernels" in a_classifier().get_params() else {"max_epochs": 20}
    of_one, of_other = (
        build(a_classifier, class_weight=weights, **many).fit(X, y).predict_proba(X)
        for weights in ({0.0: 1e-3, 1.0: 1.0}, {0.0: 1.0, 1.0: 1e-3})
    )
    np.testing.assert_allclose(of_one.sum(axis=1), 1, rtol=1e-6)
    assert of_one[:, 1].mean() > of_other[:, 1].mean() + 0.1


@pytest.mark.parametrize("dtype", [bool, int, str])
def test_labels_keep_their_type(a_classifier, dtype):
    X, y = panel()
    labels = y.astype(int).astype(dtype)
    predicted = build(a_classifier).fit(X, labels).predict(X)
    assert predicted.dtype.kind == labels.dtype.kind
    assert set(predicted) <= set(labels)


def test_pipeline_of_sktime(any_class):
    X, y = panel()
    ragged = [pd.DataFrame(case[:, : 20 - i % 5].T) for i, case in enumerate(X)]
    pipeline = PaddingTransformer() * ExponentTransformer(1) * build(any_class)
    assert pipeline.fit(ragged, y).predict(ragged).shape == (12,)


def test_in_scikit_learn(any_class):
    X, y = panel()
    estimator = build(any_class)
    assert is_classifier(estimator) == (any_class in CLASSIFIERS)
    assert is_regressor(estimator) == (any_class not in CLASSIFIERS)
    assert np.isfinite(cross_val_score(estimator, X, y, cv=2, error_score="raise")).all()
    search = GridSearchCV(estimator, {"random_state": [0, 1]}, cv=2, error_score="raise").fit(X, y)
    np.testing.assert_array_equal(search.predict(X), search.best_estimator_.predict(X))
    pipeline = make_pipeline(FunctionTransformer(), estimator).fit(X, y)
    np.testing.assert_array_equal(pipeline.predict(X), build(any_class).fit(X, y).predict(X))
    over_pipeline = GridSearchCV(pipeline, {f"{any_class.__name__.lower()}__random_state": [0, 1]}, cv=2)
    assert over_pipeline.set_params(error_score="raise").fit(X, y).best_score_ > -np.inf
    assert any_class.__name__ in estimator_html_repr(pipeline)


def test_calibration_of_scikit_learn(a_classifier):
    X, y = panel()
    calibrated = CalibratedClassifierCV(build(a_classifier), cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


class Interrupting(Callback):
    """Interrupts the training after two epochs."""

    def on_epoch_end(self, net, **_):
        if len(net.history) == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["S4DClassifier", "S4DRegressor"])
def test_an_interrupted_training_leaves_a_fitted_estimator(name):
    X, y = panel()
    ours, sktimes = (
        getattr(module, name)(**ssm_estimators.sktime.S4DClassifier.get_test_params()[0])
        for module in (ssm_estimators, ssm_estimators.sktime)
    )
    for estimator in (ours, sktimes):
        estimator.set_params(max_epochs=5, callbacks=[Interrupting()])
        with pytest.raises(KeyboardInterrupt, match="after 2 full epochs"):
            estimator.fit(X, y)
    np.testing.assert_array_equal(_outputs(sktimes, X), _outputs(ours, X))


def test_a_refused_refit_leaves_an_unfitted_estimator():
    X, y = panel()
    clf = build(ssm_estimators.sktime.S4DClassifier).fit(X, y)
    with pytest.raises(ValueError, match="max_epochs"):
        clf.set_params(max_epochs=-1).fit(X, y)
    assert not clf.is_fitted
    assert not hasattr(clf, "estimator_")
    with pytest.raises(NotFittedError, match="has not been fitted yet"):
        clf.predict(X)


def test_a_file_of_a_fitted_estimator_holds_no_validation_data():
    X, y = panel()
    estimator = build(ssm_estimators.sktime.S4DClassifier, validation=panel(seed=1))
    assert estimator.validation[0].tobytes() in pickle.dumps(estimator)
    stored = pickle.dumps(estimator.fit(X, y))
    assert estimator.validation[0].tobytes() not in stored
    np.testing.assert_array_equal(pickle.loads(stored).predict_proba(X), estimator.predict_proba(X))


def test_unequal_lengths_of_bundled_data():
    X, y = load_japanese_vowels("train")
    X_test, y_test = load_japanese_vowels("test")
    clf = ssm_estimators.sktime.StateSpaceRidgeClassifier(n_kernels=200, random_state=0).fit(X, y)
    assert clf.score(X_test, y_test) > 0.95


def _outputs(estimator, X):
    return estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X)
