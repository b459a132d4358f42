"""Leaving out in closed form against really leaving out."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from ssm_estimators.random_features.ridge import PENALTIES, Scaling, fit_ridge


def leave_out(X, Y, weight, unit, groups):
    """Refit without each unit, or group, for every penalty: the best one and what it predicts."""
    Z = Scaling.of(X, weight).apply(X.copy()).astype(np.float64)
    best = None
    for penalty in PENALTIES:
        left_out = np.zeros_like(Y)
        for i in range(len(Z)):
            rest = weight.copy()
            if groups is None:
                rest[i] -= min(unit[i], rest[i])
            else:
                rest[groups == groups[i]] = 0
            center, mean = rest @ Z / rest.sum(), rest @ Y / rest.sum()
            S = Z - center
            gram = S.T @ (rest[:, None] * S) + penalty * np.eye(S.shape[1])
            left_out[i] = S[i] @ np.linalg.solve(gram, S.T @ (rest[:, None] * (Y - mean))) + mean
        loss = (weight @ (Y - left_out) ** 2).sum()
        if best is None or loss < best[0]:
            best = loss, penalty, left_out
    return best[1:]


@pytest.fixture(params=[(12, 30), (30, 12)], ids=["dual", "primal"])
def data(request):
    n_cases, n_features = request.param
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_cases, n_features)).astype(np.float32)
    return X, X[:, :2] + rng.standard_normal((n_cases, 2))


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weights", ["ones", "counts", "any", "importance"])
def test_left_out_predictions_and_penalty_are_those_of_refits(data, weights, grouped):
    X, Y = data
    rng, n = np.random.default_rng(1), len(X)
    unit = rng.uniform(0.5, 2, n) if weights == "importance" else np.ones(n)
    counts = {"counts": rng.integers(1, 4, n).astype(float), "any": rng.uniform(0.2, 3, n)}.get(weights, np.ones(n))
    groups = np.arange(n) % 4 if grouped else None
    ridge = fit_ridge(X.copy(), Y, counts * unit, unit, groups)
    penalty, left_out = leave_out(X, Y, counts * unit, unit, groups)
    assert ridge.penalty == pytest.approx([penalty] * 2)
    np.testing.assert_allclose(ridge.left_out, left_out, rtol=1e-7, atol=1e-8)


def test_a_weight_is_a_count(data):
    X, Y = data
    counts = np.arange(len(X)) % 3 + 1
    weighted = fit_ridge(X.copy(), Y, counts.astype(float))
    repeated = fit_ridge(np.repeat(X, counts, 0), np.repeat(Y, counts, 0), np.ones(counts.sum()))
    np.testing.assert_allclose(np.repeat(weighted.left_out, counts, 0), repeated.left_out, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(weighted.predict(X.copy()), repeated.predict(X.copy()), rtol=1e-7, atol=1e-8)


def test_it_is_ridge_regression(data):
    X, Y = data
    ridge = fit_ridge(X.copy(), Y, np.ones(len(X)), shared=False)
    Z = ridge.scaling.apply(X.copy()).astype(np.float64)
    other = RidgeCV(PENALTIES, alpha_per_target=True).fit(Z, Y)
    np.testing.assert_allclose(ridge.penalty, other.alpha_)
    np.testing.assert_allclose(ridge.predict(X.copy()), other.predict(Z), rtol=1e-6, atol=1e-7)


def test_features_that_do_not_vary_count_nothing(data):
    X, Y = data
    spoilt = np.concatenate([X, np.full((len(X), 3), 1e4, np.float32)], axis=1)
    np.testing.assert_allclose(
        fit_ridge(spoilt.copy(), Y, np.ones(len(X))).predict(spoilt.copy()),
        fit_ridge(X.copy(), Y, np.ones(len(X))).predict(X.copy()),
        rtol=1e-6,
        atol=1e-7,
    )


def test_targets_without_spread_are_predicted(data):
    X, _ = data
    ridge = fit_ridge(X.copy(), np.full((len(X), 1), 3.0), np.ones(len(X)))
    np.testing.assert_allclose(ridge.predict(X.copy()), 3.0)
    assert ridge.penalty == PENALTIES.max()
