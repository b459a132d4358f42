"""Series that stay in maps, files and zarr arrays give what the same series give in memory."""

import numpy as np
import pytest
import zarr

from ssm_estimators import StateSpaceRidgeClassifier, StateSpaceRidgeRegressor
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features import thresholds as thresholds_module
from ssm_estimators.random_features import views as views_module
from ssm_estimators.random_features.thresholds import sorted_cases
from ssm_estimators.series import stored as stored_module
from ssm_estimators.series.stored import StoredSeries

SMALL = {"n_kernels": 48, "random_state": 0}


@pytest.fixture
def cases():
    """70 cases of two channels and 40 points, and two classes."""
    rng, y = np.random.default_rng(0), np.arange(70) % 2
    X = np.sin((0.3 + 0.2 * y[:, None, None]) * np.arange(40) + rng.uniform(0, 6, (70, 2, 1)))
    return (X + rng.standard_normal(X.shape)).astype(np.float32), y


def a_map(X, folder):
    np.save(folder / "all.npy", X)
    return np.load(folder / "all.npy", mmap_mode="r")


def a_file(X, folder):
    a_map(X, folder)
    return str(folder / "all.npy")


def a_folder(X, folder):
    for number, part in enumerate(np.array_split(X, [13, 50])):
        np.save(folder / f"part {number}.npy", part)
    return folder


def files(X, folder):
    return sorted(a_folder(X, folder).glob("*.npy"))


def a_zarr_array(X, folder):
    array = zarr.create_array(folder / "X.zarr", shape=X.shape, chunks=(16, *X.shape[1:]), dtype=X.dtype)
    array[:] = X
    return array


def a_zarr_path(X, folder):
    a_zarr_array(X, folder)
    return folder / "X.zarr"


FORMS = [a_map, a_file, a_folder, files, a_zarr_array, a_zarr_path]


@pytest.mark.parametrize("form", FORMS)
def test_stored_series_are_predicted_as_those_in_memory(cases, form, tmp_path):
    X, y = cases
    stored = form(X, tmp_path)
    in_memory, from_store = (StateSpaceRidgeClassifier(**SMALL).fit(data, y) for data in (X, stored))
    assert np.array_equal(in_memory.predict_proba(X), from_store.predict_proba(stored))
    assert from_store.n_features_in_ == from_store.n_channels_in_ == 2


def test_two_dimensional_and_weightless_cases(cases, tmp_path):
    X, y = cases
    stored, weight = a_map(X[:, 0], tmp_path), np.arange(70) % 3
    in_memory, from_store = (
        StateSpaceRidgeRegressor(**SMALL).fit(data, y, sample_weight=weight) for data in (X[:, 0], stored)
    )
    assert np.array_equal(in_memory.predict(X[:, 0]), from_store.predict(stored))
    assert from_store.n_timepoints_in_ == from_store.n_features_in_ == 40


@pytest.mark.parametrize("standardize", ["channel", "series"])
def test_gaps_and_unequal_lengths(cases, tmp_path, standardize):
    X, y = cases
    X = X.copy()
    X[3, :, 30:] = X[5, 0, 7:9] = X[::2, :, 36:] = np.nan
    stored, params = a_folder(X, tmp_path), {**SMALL, "missing": "mask", "standardize": standardize}
    in_memory, from_store = (StateSpaceRidgeClassifier(**params).fit(data, y) for data in (X, stored))
    assert np.array_equal(in_memory.predict_proba(X), from_store.predict_proba(stored))


def test_sums_of_stored_series(cases, tmp_path):
    X, y = np.repeat(cases[0], 20, 0), np.repeat(cases[1], 20)
    X = X + np.random.default_rng(1).standard_normal(X.shape).astype(np.float32)
    params = {"n_kernels": 96, "max_memory": 0.006, "n_jobs": 1, "random_state": 0}
    in_memory, from_store = (StateSpaceRidgeClassifier(**params).fit(data, y) for data in (X, a_folder(X, tmp_path)))
    assert len(from_store.left_out_cases_) < len(X)
    assert np.array_equal(in_memory.predict_proba(X[:50]), from_store.predict_proba(X[:50]))


def test_no_more_is_read_at_a_time_than_there_is_room_for(cases, tmp_path, monkeypatch):
    X, y = np.repeat(cases[0], 20, 0), np.repeat(cases[1], 20)
    read, whole = [], StoredSeries.values
    monkeypatch.setattr(StoredSeries, "values", lambda self, rows: (read.append(len(rows)), whole(self, rows))[1])
    for module, name in ((stored_module, "READ"), (thresholds_module, "COMPARED"), (views_module, "NUMBERS")):
        monkeypatch.setattr(module, name, 100 * X[0].size)
    params = {"n_kernels": 96, "max_memory": 0.006, "n_jobs": 1, "random_state": 0}
    reg = StateSpaceRidgeRegressor(**params).fit(a_map(X, tmp_path), y)
    assert sum(read) > 6 * len(X)
    assert max(read) <= max(100, len(reg.left_out_cases_)) < len(X) / 1.5


@pytest.mark.parametrize("form", [a_map, a_zarr_array])
def test_the_transformer_reads_them_too(cases, form, tmp_path):
    X, _ = cases
    stored = form(X, tmp_path)
    tables = [StateSpaceFeatures(**SMALL).fit(data).transform(data) for data in (X, stored)]
    assert np.array_equal(*tables)


def test_the_order_of_cases_is_that_of_all_their_values(monkeypatch, tmp_path):
    """However few values are compared at a time."""
    X = np.random.default_rng(0).integers(0, 2, (200, 1, 9)).astype(np.float64)
    expected = np.lexsort(X[:, 0, ::-1].T)
    for n_values in (1, 200 * 5, 2**22):
        monkeypatch.setattr(thresholds_module, "COMPARED", n_values)
        assert sorted_cases(StoredSeries.of([X])).tolist() == expected.tolist()


def test_what_is_wrong_with_stored_series_is_said(cases, tmp_path):
    X, y = cases
    clf = StateSpaceRidgeClassifier(**SMALL)
    with pytest.raises(ValueError, match=r"nothing.npy to be an npy file, a zarr array or a folder.*does not exist"):
        clf.fit(str(tmp_path / "nothing.npy"), y)
    with pytest.raises(ValueError, match="folder of npy files; there is none"):
        clf.fit(tmp_path, y)
    with pytest.raises(ValueError, match="one target for each case; X has 70 cases and y has 3"):
        clf.fit(a_map(X, tmp_path), y[:3])
    np.save(tmp_path / "other.npy", X[:5, :, :39])
    with pytest.raises(ValueError, match=r"array 0 has shape \(70, 2, 40\), array 1 has \(5, 2, 39\)"):
        clf.fit(tmp_path, y)
    X[60, 1, 7] = np.nan
    with pytest.raises(ValueError, match="NaN at case 60, channel 1, time point 7"):
        clf.fit(a_map(X, tmp_path), y)
    np.save(tmp_path / "text.npy", np.array([["a", "b"]]))
    with pytest.raises(ValueError, match=r"shape \(1, 2\) and dtype <U1"):
        clf.fit(tmp_path / "text.npy", y)
    assert not hasattr(clf, "ridges_")


def test_channels_and_lengths_are_held_against_the_fit(cases, tmp_path):
    X, y = cases
    clf = StateSpaceRidgeClassifier(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match="fitted on 2 channels; X has 1 as two-dim"):
        clf.predict(a_map(X[:, 0], tmp_path))
    assert clf.predict(a_map(X[:, :, :30], tmp_path)).shape == (70,)
