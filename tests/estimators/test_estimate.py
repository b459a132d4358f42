"""What is said before a long fit."""

import re

import numpy as np
import pytest

from ssm_estimators import StateSpaceRidgeRegressor
from ssm_estimators.estimators import ridge_estimate


@pytest.fixture
def cases():
    rng = np.random.default_rng(0)
    return rng.standard_normal((1000, 60)), rng.standard_normal(1000)


def test_a_short_fit_is_not_worth_a_word(cases, capsys):
    StateSpaceRidgeRegressor(n_kernels=48, random_state=0, verbose=1).fit(*cases)
    assert "About" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("params", "how"),
    [({}, "at once, part by part, within max_memory=2 GB"), ({"max_memory": 0.006}, "from sums, in 1 passes")],
)
def test_a_long_fit_is_announced(cases, capsys, monkeypatch, params, how):
    monkeypatch.setattr(ridge_estimate, "LARGE", 0.0)
    for n_kernels, verbose in ((96, 0), (96, 1)):
        reg = StateSpaceRidgeRegressor(n_kernels=n_kernels, n_jobs=1, random_state=0, verbose=verbose, **params)
        reg.fit(*cases)
        told = capsys.readouterr().err
        assert (how in told) == bool(verbose)
    [n_features] = re.findall(r"1000 cases of (\d+) features", told)
    assert int(n_features) == reg.features_.n_features_out_
    assert re.search(r"About \d+ (seconds|minutes), of which features take \d+", told)
