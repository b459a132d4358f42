"""Bad input gets a clear error before any training."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import PredefinedSplit

from ssm_estimators.networks import SequenceNetwork


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X[0, 0], r"Expected X of shape \(n_cases, n_channels, n_timepoints\).*got 1 dimensions.*Reshape"),
        (lambda X: X[None], r"Expected X of shape.*got 4 dimensions"),
        (lambda X: X.astype(str), "Expected numbers in X; got strings"),
        (lambda X: [x.astype(str) for x in X], "Expected numbers in X; case 0 has dtype"),
        (lambda X: _with(X, np.nan), "X contains NaN at case 3, channel 1, time point 5.*missing='mask'"),
        (lambda X: _with(X, -np.inf), "X contains inf.*at case 3, channel 1, time point 5"),
        (lambda X: _with(X, 1e300), "a value too large for float32 at case 3, channel 1, time point 5"),
        (lambda X: list(_with(X, np.nan)), "X contains NaN at case 3, channel 1, time point 5"),
        (lambda X: X[..., :0], r"got an empty array of shape \(24, 2, 0\)"),
        (lambda X: [*X[:23], X[23, :, :0]], r"n_timepoints >= 1\); case 23 has shape \(2, 0\)"),
        (lambda X: [*X[:23], X[23, :1]], r"n_channels=2, n_timepoints >= 1\); case 23 has shape \(1, 20\)"),
        (lambda X: None, "Expected X of shape.*got None"),
        (lambda X: {"X": X}, "Expected X of shape.*got an object of type dict"),
        (lambda X: (x for x in X), "Expected X of shape.*got an object of type generator"),
        (lambda X: "series.csv", "Expected X of shape.*got an object of type str"),
        (lambda X: [np.ones((0, 5))] * 24, r"n_timepoints >= 1\); case 0 has shape \(0, 5\)"),
        (lambda X: [np.array([["a", None]], dtype=object)] * 24, "Expected numbers in X; case 0 holds other objects"),
        (lambda X: X[:, 0].astype([("a", float)]), "got an array of records"),
        (lambda X: _frames(X, stamps=[0, 1, 2, *range(4, 21)]), "in case 0 a step of 1 is followed by one of 2"),
        (lambda X: _frames(X, stamps=range(20, 0, -1)[::-1][::-1]), "in case 0 the first step is -1"),
        (lambda X: _frames(X, other={3: ["hr", "rr"]}), r"case 3 has \['hr', 'rr'\]: it lacks \['spo2'\]"),
        (lambda X: _frames(X, other={3: ["hr", "hr"]}), "once in every frame; case 3"),
        (lambda X: _multiindex(X).iloc[::-1], "looks like sktime's format 'pd-multiindex', but is not"),
        (lambda X: [x[0, : 5 + i % 5].tolist() for i, x in enumerate(X)], "got lists of unequal length"),
        (lambda X: [], r"Expected X of shape.*got 1 dimensions"),
        (lambda X: X[:, 0].astype(str).tolist(), "Expected numbers in X; got strings"),
        (lambda X: X[:, 0].astype(str).astype(object), "Expected numbers in X; got strings"),
        (lambda X: pd.DataFrame(X[:, 0]).astype(str), "Expected numbers in X; got strings"),
        (lambda X: X[:, 0].astype("datetime64[s]"), "Expected numbers in X; got strings or times"),
    ],
)
def test_spoilt_x_at_fit(make, panel, target, spoil, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make().fit(spoil(panel[0]), target)


def _frames(X, stamps=None, other=None):
    index = pd.RangeIndex(20) if stamps is None else pd.Index(list(stamps))
    return [pd.DataFrame(x.T, index, (other or {}).get(i, ["hr", "spo2"])) for i, x in enumerate(X)]


def _multiindex(X):
    return pd.concat(dict(enumerate(_frames(X))))


def _with(X, value):
    X = X.copy()
    X[3, 1, 5] = value
    return X


def test_a_case_without_any_value(make, panel, target):
    X = panel[0].copy()
    X[7] = np.nan
    with pytest.raises(ValueError, match="Case 7 of X has no value"):
        make(missing="mask").fit(X, target)


def test_y_of_another_length(make, panel, target):
    for X in (panel[0], list(panel[0])):
        with pytest.raises(ValueError, match="one target for each case; X has 24 cases and y has 23"):
            make().fit(X, target[:23])


@pytest.mark.parametrize("unknown", [None, np.nan, pd.NA])
def test_labels_that_are_missing(make_classifier, panel, unknown):
    y = panel[1].astype(object)
    y[5] = unknown
    with pytest.raises(ValueError, match="Expected a label for each case; case 5 has"):
        make_classifier().fit(panel[0], y)


def test_labels_of_several_kinds(make_classifier, panel):
    y = panel[1].astype(object)
    y[5] = 3
    with pytest.raises(ValueError, match="Expected labels of one kind in y; got str and numbers"):
        make_classifier().fit(panel[0], y)
    with pytest.raises(ValueError, match="Expected labels of one kind"):
        make_classifier().fit(panel[0], [("a", 1) if i % 2 else "b" for i in range(24)])


@pytest.mark.parametrize("value", [1e101, -1e300])
def test_targets_beyond_all_scales(make_regressor, panel, value):
    y = panel[0].mean((1, 2))
    y[3] = value
    with pytest.raises(ValueError, match=r"targets of at most 1e\+100 in size"):
        make_regressor().fit(panel[0], y)


def test_targets_that_do_not_vary(make_regressor, panel):
    for value in (1e-6, -3.0, 1e90):
        predicted = make_regressor().fit(panel[0], np.full(24, value)).predict(panel[0])
        np.testing.assert_allclose(predicted, value, rtol=1e-9)


@pytest.mark.parametrize("rate", [np.inf, np.nan, 0, -1.0, "2"])
def test_rates_that_are_none(make_deep, panel, target, rate):
    estimator = make_deep().fit(*_few(panel, target))
    error = TypeError if isinstance(rate, str) else ValueError
    with pytest.raises(error, match="rate must be a positive, finite number; got"):
        estimator.predict(panel[0], rate=rate)


@pytest.mark.parametrize(
    ("net_params", "message"),
    [
        ({"optimizer": "sgd"}, r"net_params\['optimizer'\] must be a class.*got 'sgd'"),
        ({"no_such": 1}, "do not make a net of skorch: .*no_such"),
        ({"module__no_such": 1}, "do not make a net of skorch: .*no_such"),
    ],
)
def test_net_params_that_make_no_net(make_deep, panel, target, net_params, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make_deep(net_params=net_params).fit(*_few(panel, target))


def _few(panel, target):
    return panel[0][:8], target[:8]


def test_one_class(make_classifier, panel):
    with pytest.raises(ValueError, match="at least two classes in y; got 1 class"):
        make_classifier().fit(panel[0], np.zeros(24))


def test_y_that_is_no_number(make_regressor, panel):
    with pytest.raises(ValueError, match="NaN"):
        make_regressor().fit(panel[0], np.r_[np.nan, np.zeros(23)])
    with pytest.raises(ValueError, match=r"Expected y of shape \(n_cases,\) or \(n_cases, n_targets\)"):
        make_regressor().fit(panel[0], np.zeros((24, 1, 1)))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: X[:, :1], "was fitted on 2 channels; X has 1"),
        (lambda X: np.concatenate([X, X], axis=1), "was fitted on 2 channels; X has 4"),
        (lambda X: X[:, 0, :2], "was fitted on 2 channels; X has 1 as two-dimensional input"),
        (lambda X: X[:, 0], "was fitted on 2 channels; X has 1 as two-dimensional input"),
        (lambda X: [x[:1] for x in X], "was fitted on 2 channels; X has 1"),
        (lambda X: _with(X, np.nan), "X contains NaN at case 3"),
    ],
)
def test_predict_on_what_does_not_fit(make, panel, target, spoil, message):
    estimator = make().fit(panel[0], target)
    with pytest.raises(ValueError, match=message):
        estimator.predict(spoil(panel[0]))


def test_a_two_dimensional_fit_fixes_the_length(make, panel, target):
    X = panel[0][:, 0]
    estimator = make().fit(X, target)
    with pytest.raises(ValueError, match=r"7 features.* expecting 20"):
        estimator.predict(X[:, :7])
    with pytest.raises(ValueError, match=r"two-dimensional X with 20 features.*Fit on \(n_cases, 1, n_timepoints\)"):
        estimator.predict(X[:, None, :7])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"norm": "group"}, r"The 'norm' parameter of .* must be a str among \{.*'batch'.*\}. Got 'group'"),
        ({"pooling": "sum"}, "The 'pooling' parameter .* must be a str among"),
        ({"schedule": "step"}, "The 'schedule' parameter .* must be a str among"),
        ({"standardize": "minmax"}, "The 'standardize' parameter .* must be None or a str among"),
        ({"missing": "impute"}, "The 'missing' parameter .* must be a str among"),
        ({"precision": "fp8"}, "The 'precision' parameter .* must be a str among"),
        ({"d_model": 0}, r"The 'd_model' parameter .* must be an int in the range \[1, inf\)"),
        ({"dropout": 1.0}, r"The 'dropout' parameter .* must be a float in the range \[0.0, 1.0\)"),
        ({"lr": -1.0}, "The 'lr' parameter"),
        ({"validation": 1.5}, "The 'validation' parameter"),
        ({"d_state": 1}, r"The 'd_state' parameter .* must be an int in the range \[2, inf\)"),
        ({"dt_min": 0.1, "dt_max": 0.1}, "dt_min must be below dt_max; got dt_min=0.1 and dt_max=0.1"),
        ({"dt_min": 0.9}, r"dt_min must be below dt_max; got dt_min=0.9 and dt_max=0.5 \('auto'\)"),
        ({"device": "tpu9"}, "device must be 'auto' or a device of PyTorch"),
        ({"device": "cuda:99"}, r"device='cuda:99' is not available here; available: \['cpu'"),
        ({"device": "cpu", "precision": "tf32"}, "precision='tf32' needs a CUDA device"),
        ({"validation": (1, 2, 3)}, r"validation as a tuple must be \(X, y\); got 3 elements"),
    ],
)
def test_unknown_parameter_values(make_deep, panel, target, params, message):
    with pytest.raises(ValueError, match=message):
        make_deep(**params).fit(panel[0], target)


def test_nothing_is_fitted_by_a_refused_fit(make_deep, panel, target):
    estimator = make_deep()
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit(_with(panel[0], np.nan), target)
    assert not hasattr(estimator, "net_")


def test_validation_labels_that_training_does_not_have(make_deep_classifier, panel):
    X, y = panel
    with pytest.raises(ValueError, match=r"In validation=\(X, y\): The label 'new' is not in the training data"):
        make_deep_classifier(validation=(X[:2], ["slow", "new"])).fit(X, y)


def test_negative_class_weights(make_classifier, panel):
    with pytest.raises(ValueError, match="not negative; got -1 for 'slow'"):
        make_classifier(class_weight={"slow": -1}).fit(*panel)
    with pytest.raises(ValueError, match="all sample or class weights are zero"):
        make_classifier(class_weight={"slow": 0, "fast": 0}).fit(*panel)


def test_a_splitter_without_a_split(make_deep, panel, target):
    with pytest.raises(ValueError, match=r"(?s)validation=PredefinedSplit.* yields no split"):
        make_deep(validation=PredefinedSplit([-1] * 24)).fit(panel[0], target)


def test_values_far_from_training_are_no_prediction(make, panel, target):
    estimator = make().fit(panel[0], target)
    with pytest.raises(ValueError, match="output for case 3 is not finite"):
        estimator.predict(_with(panel[0], 3e38))


def test_missing_is_what_the_network_was_fitted_for(make_deep, panel, target):
    estimator = make_deep().fit(panel[0], target).set_params(missing="mask")
    with pytest.raises(ValueError, match="X contains NaN at case 3"):
        estimator.predict(_with(panel[0], np.nan))


def test_negative_weights(make, panel, target):
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        make().fit(panel[0], target, sample_weight=-np.ones(24))


@pytest.mark.parametrize("params", [{"predict_batch_size": 0}, {"n_threads": -1}, {"n_jobs": 0}, {"max_memory": "a"}])
def test_parameters_that_predictions_use_are_checked_again(make, panel, target, params):
    estimator = make().fit(panel[0], target)
    if not params.keys() <= estimator.get_params(deep=False).keys():
        pytest.skip("has no such parameter")
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter of"):
        estimator.set_params(**params).predict(panel[0])


def test_targets_and_weights_that_have_gradients(make_regressor, panel):
    y = torch.arange(1.0, 25.0, requires_grad=True)
    values = np.arange(1.0, 25.0)
    expected = make_regressor().fit(panel[0], values, sample_weight=values).predict(panel[0])
    np.testing.assert_array_equal(make_regressor().fit(panel[0], y, sample_weight=y).predict(panel[0]), expected)


def test_apple_s_devices_are_refused(make, panel, target):
    if "device" not in make().get_params(deep=False):
        pytest.skip("has no device")
    with pytest.raises(ValueError, match="'mps' has no float64"):
        make(device="mps").fit(panel[0], target)


def test_one_long_series_makes_no_short_one_longer(make_deep, panel, target, monkeypatch):
    X = [*panel[0], np.tile(panel[0][0], 50)]
    estimator = make_deep().fit(panel[0], target)
    read, forward = [], SequenceNetwork.forward
    monkeypatch.setattr(
        SequenceNetwork, "forward", lambda self, X, *args, **kw: read.append(X.numel()) or forward(self, X, *args, **kw)
    )
    estimator.predict(X)
    assert sum(read) == sum(x.size for x in X)
