"""The fast lane on the workers of dask, and searches by dask and ray."""

import os
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import dask.array as da
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from ssm_estimators import StateSpaceRidgeClassifier, StateSpaceRidgeRegressor

LITTLE = {"n_kernels": 96, "max_memory": 0.006, "n_jobs": 1, "random_state": 0}


@pytest.fixture(scope="module")
def cluster():
    """Two local workers."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        yield cluster


@pytest.fixture(scope="module")
def waves():
    """1,500 cases of 60 points, and how their frequency differs."""
    rng = np.random.default_rng(0)
    frequency = rng.uniform(0.2, 0.6, 1500)
    X = np.sin(frequency[:, None] * np.arange(60) + rng.uniform(0, 6, (1500, 1)))
    return X + 0.3 * rng.standard_normal(X.shape), frequency


@pytest.fixture(scope="module")
def here(waves):
    """Fitted in this process."""
    X, y = waves
    reg = StateSpaceRidgeRegressor(**LITTLE).fit(X, y)
    assert len(reg.left_out_cases_) < 1500  # so from sums
    return reg


def assert_same(here, there, X):
    assert np.array_equal(here.left_out_cases_, there.left_out_cases_)
    np.testing.assert_allclose(there.predict(X), here.predict(X), rtol=1e-9, atol=1e-9)
    for key, ridge in here.ridges_.items():
        scale = np.abs(ridge.coef).max()
        np.testing.assert_allclose(there.ridges_[key].coef, ridge.coef, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize("chunks", [(400, 60), (1500, 25)])
def test_sums_of_two_workers_are_those_of_one_process(cluster, waves, here, chunks):
    X, y = waves
    there = StateSpaceRidgeRegressor(**LITTLE).fit(da.from_array(X, chunks=chunks), da.from_array(y, chunks=500))
    assert_same(here, there, X[:50])
    np.testing.assert_allclose(there.predict(da.from_array(X[:50], chunks=20)), here.predict(X[:50]), rtol=1e-9)


def test_what_fits_is_computed_here(cluster, waves):
    X, y = waves
    params = {"n_kernels": 48, "random_state": 0}
    one, other = (StateSpaceRidgeRegressor(**params).fit(data, y[:300]) for data in (X[:300], da.from_array(X[:300])))
    assert np.array_equal(one.predict(X[:9]), other.predict(X[:9]))


def test_gaps_lengths_and_weights(cluster, waves):
    X, y = waves
    X = X.copy()
    X[::3, 50:] = X[7, 3:5] = np.nan
    weight = np.arange(1500) % 2 + (np.arange(1500) < 900)
    labels = np.where(y > 0.4, "fast", "slow")
    params = {**LITTLE, "missing": "mask", "class_weight": {"fast": 2, "slow": 1}}
    one, other = (
        StateSpaceRidgeClassifier(**params).fit(data, labels, sample_weight=weight)
        for data in (X, da.from_array(X, chunks=(350, 60)))
    )
    np.testing.assert_allclose(other.predict_proba(X[:50]), one.predict_proba(X[:50]), rtol=1e-8)


def test_a_worker_that_dies_changes_nothing(waves, here):
    X, y = waves
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster):
        first = cluster.workers[0]
        pid, killed = first.pid, []

        def kill():
            time.sleep(1)
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            killed.append(pid)

        blocks = da.from_array(X, chunks=(100, 60)).map_blocks(slowly)
        killer = threading.Thread(target=kill)
        killer.start()
        there = StateSpaceRidgeRegressor(**LITTLE).fit(blocks, y)
        killer.join()
    assert killed
    assert_same(here, there, X[:50])


def slowly(block):
    time.sleep(0.02)
    return block


def test_what_is_wrong_with_a_dask_array_is_said(cluster, waves):
    X, y = waves
    reg = StateSpaceRidgeRegressor(**LITTLE)
    unknown = da.from_array(X, chunks=(500, 60))
    with pytest.raises(ValueError, match=r"known shape.*compute_chunk_sizes"):
        reg.fit(unknown[da.from_array(y > 0.4, chunks=500)], y)
    with pytest.raises(ValueError, match="one target for each case; X has 1500 cases and y has 3"):
        reg.fit(unknown, y[:3])
    spoilt = X.copy()
    spoilt[1300, 7] = np.nan
    with pytest.raises(ValueError, match="NaN at case 1300, channel 0, time point 7"):
        reg.fit(da.from_array(spoilt, chunks=(400, 60)), y)


def search(X, labels):
    clf = StateSpaceRidgeClassifier(n_kernels=48, random_state=0)
    return GridSearchCV(clf, {"n_windows": [1, 2]}, cv=2, n_jobs=2).fit(X, labels).cv_results_["mean_test_score"]


def test_a_search_on_dask(cluster, waves):
    X, labels = waves[0][:80], waves[1][:80] > 0.4
    alone = search(X, labels)
    with parallel_config(backend="dask"):
        np.testing.assert_array_equal(search(X, labels), alone)


ON_RAY = """
import sys
import numpy as np
import ray
from joblib import parallel_config
from ray.util.joblib import register_ray
from sklearn.model_selection import GridSearchCV
from ssm_estimators import StateSpaceRidgeClassifier

with np.load(sys.argv[1]) as file:
    X, labels = file["X"], file["labels"]
ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", object_store_memory=10**8)
register_ray()
clf = StateSpaceRidgeClassifier(n_kernels=48, random_state=0)
with parallel_config(backend="ray"):
    search = GridSearchCV(clf, {"n_windows": [1, 2]}, cv=2, n_jobs=2).fit(X, labels)
np.save(sys.argv[2], search.cv_results_["mean_test_score"])
"""


@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
def test_a_search_on_ray(waves, tmp_path):
    X, labels = waves[0][:80], waves[1][:80] > 0.4
    np.savez(tmp_path / "cases.npz", X=X, labels=labels)
    (tmp_path / "script.py").write_text(ON_RAY)
    command = [sys.executable, *(str(tmp_path / name) for name in ("script.py", "cases.npz", "scores.npy"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), search(X, labels))
