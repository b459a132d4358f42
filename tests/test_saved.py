"""What a pickle of a fitted estimator holds, and what loading it says."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone

import ssm_estimators
import ssm_estimators.estimator
from ssm_estimators import S4DClassifier
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.training.net import SeriesNet

SMALL = {"d_model": 8, "d_state": 4, "n_layers": 1, "max_epochs": 2, "device": "cpu"}
X, LABELS = np.random.default_rng(0).standard_normal((16, 2, 12)), np.array(["a", "b"] * 8)


def _estimator(name):
    cls = getattr(ssm_estimators, name)
    if "Ensemble" in name:
        return cls(features=_estimator("StateSpaceRidgeClassifier"), deep=_estimator("S4DClassifier"), cv=2)
    return cls(**({"n_kernels": 16} if "Ridge" in name else SMALL), random_state=0)


@pytest.mark.parametrize("name", [*ssm_estimators.__all__, "StateSpaceFeatures"])
def test_loading_compares_the_version(name, monkeypatch):
    if name == "StateSpaceFeatures":
        estimator = StateSpaceFeatures(n_kernels=16, random_state=0).fit(X)
    else:
        estimator = _estimator(name).fit(X, LABELS if name.endswith("Classifier") else X[:, 0, 0])
    stored = pickle.dumps(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = pickle.loads(stored)
    assert vars(loaded).keys() == vars(estimator).keys()
    monkeypatch.setattr(ssm_estimators.estimator, "__version__", "9.9")
    with pytest.warns(UserWarning, match=rf"This {name} was saved by version {ssm_estimators.__version__} .* by 9\.9"):
        pickle.loads(stored)


@pytest.mark.parametrize("name", [name for name in ssm_estimators.__all__ if "Ridge" not in name])
def test_what_was_fitted_on_a_gpu_loads_without_one(name, monkeypatch):
    """Every tensor of a network says that it lay on a GPU. All else that is fitted stays on the CPU."""
    estimator = _estimator(name).fit(X, LABELS if name.endswith("Classifier") else X[:, 0, 0])
    getstate = SeriesNet.__getstate__

    def of_a_gpu(net):
        with monkeypatch.context() as patch:
            patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
            return {**getstate(net), "device": "cuda:0"}

    monkeypatch.setattr(SeriesNet, "__getstate__", of_a_gpu)
    stored = pickle.dumps(estimator)
    assert stored.count(b"cuda:0") > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # skorch's, that there is no GPU
        loaded = pickle.loads(stored)
    np.testing.assert_array_equal(loaded.predict(X), estimator.predict(X))


def test_no_gradients_and_no_random_state():
    estimator = _estimator("S4DClassifier").fit(X, LABELS)
    network = estimator.net_.module_
    assert all(parameter.grad is None for parameter in network.parameters())
    tensors = [*network.parameters(), *network.buffers()]
    weights = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
    rest = 400 * len(tensors) + 400 * sum(1 for _ in network.modules())  # what these cost beside their numbers
    stored = len(pickle.dumps(estimator.net_))
    assert stored < weights + rest
    estimator.net_.generator_ = torch.Generator()
    assert len(pickle.dumps(estimator.net_)) > weights + rest


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_no_validation_data_of_a_fitted_estimator(protocol):
    validation = (np.random.default_rng(1).standard_normal((300, 2, 12)), np.array(["a", "b"] * 150))
    estimator = _estimator("S4DClassifier").set_params(validation=validation)
    unfitted = pickle.loads(pickle.dumps(estimator, protocol))
    np.testing.assert_array_equal(unfitted.validation[0], validation[0])  # a search's processes need them
    stored = pickle.dumps(estimator.fit(X, LABELS), protocol)
    assert len(stored) < validation[0].nbytes
    loaded = pickle.loads(stored)
    np.testing.assert_array_equal(loaded.predict_proba(X), estimator.predict_proba(X))
    assert estimator.validation is validation
    with pytest.raises(ValueError, match=r"were not saved with this estimator\. Set them again"):
        clone(loaded).fit(X, LABELS)
    for copied in (copy.copy(estimator), copy.deepcopy(estimator)):  # these hold everything
        assert isinstance(copied.fit(X, LABELS), S4DClassifier)
    assert isinstance(loaded.set_params(validation=None).fit(X, LABELS), S4DClassifier)


def test_an_ensemble_leaves_out_the_validation_data_of_its_members():
    validation = (np.random.default_rng(1).standard_normal((300, 2, 12)), np.array(["a", "b"] * 150))
    ensemble = _estimator("StateSpaceEnsembleClassifier")
    ensemble.deep.set_params(validation=validation)
    stored = pickle.dumps(ensemble.fit(X, LABELS))
    assert validation[0].tobytes() not in stored
    assert validation[0].tobytes() in pickle.dumps(clone(ensemble))
    np.testing.assert_array_equal(pickle.loads(stored).predict_proba(X), ensemble.predict_proba(X))
    assert ensemble.deep.validation is validation
