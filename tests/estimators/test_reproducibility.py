"""Equal seeds give equal results, alone or in threads, and nothing global moves."""

import warnings

import joblib
import numpy as np
import pytest
import torch


def test_equal_seeds_give_equal_results(make, panel, target, output):
    X, _ = panel
    expected = output(make().fit(X, target), X)
    assert np.array_equal(output(make().fit(X, target), X), expected)
    assert not np.array_equal(output(make(random_state=1).fit(X, target), X), expected)
    state = np.random.RandomState(3)
    first, second = (output(make(random_state=state).fit(X, target), X) for _ in range(2))
    assert not np.array_equal(first, second)


def test_fits_in_threads_are_the_fits_alone(make, panel, target, output):
    X, _ = panel
    expected = [output(make(random_state=seed).fit(X, target), X) for seed in range(4)]
    fits = (joblib.delayed(make(random_state=seed).fit)(X, target) for seed in range(4))
    together = joblib.Parallel(n_jobs=4, backend="threading")(fits)
    for estimator, alone in zip(together, expected, strict=True):
        assert np.array_equal(output(estimator, X), alone)


@pytest.mark.parametrize(("n_threads", "random_state"), [(None, 0), (2, None)])
def test_global_state_is_left_alone(make_deep, panel, target, n_threads, random_state):
    X, _ = panel
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()
    threads, filters = torch.get_num_threads(), list(warnings.filters)
    make_deep(n_threads=n_threads, random_state=random_state, early_stopping=True).fit(X, target).predict(X)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), numpy_state, strict=True))
    assert torch.get_num_threads() == threads
    assert warnings.filters == filters


def test_input_is_not_written_to(make, panel, target):
    X = panel[0].astype(np.float32)
    copy = X.copy()
    X.flags.writeable = False
    make().fit(X, target).predict(X)
    assert np.array_equal(X, copy)
