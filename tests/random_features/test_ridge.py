"""Leaving out in closed form against really leaving out."""

import numpy as np
import pytest
from scipy.linalg import eigh
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from ssm_estimators.random_features.ridge import WIDTHS, LinearRidge, fit_members, solve_by_landmarks
from ssm_estimators.random_features.scaling import Scaling
from ssm_estimators.random_features.spectrum import PENALTIES, Problem


def problem_of(Y, weight=None, unit=None, groups=None, shared=True):
    weight = np.ones(len(Y)) if weight is None else weight
    return Problem(Y, weight, np.ones(len(Y)) if unit is None else unit, groups, shared)


def leave_out(features, problem):
    """Refit without each unit, or group, for every penalty: the least loss, and what each penalty predicts."""
    Y, weight, groups = problem.Y, problem.weight, problem.groups
    losses, predictions = [], {}
    for penalty in PENALTIES:
        left_out = np.zeros_like(Y)
        for i in range(len(Y)):
            rest = weight.copy()
            if groups is None:
                rest[i] -= min(problem.copy_weight[i], rest[i])
            else:
                rest[groups == groups[i]] = 0
            center, mean = rest @ features / rest.sum(), rest @ Y / rest.sum()
            S = features - center
            gram = S.T @ (rest[:, None] * S) + penalty * np.eye(S.shape[1])
            left_out[i] = S[i] @ np.linalg.solve(gram, S.T @ (rest[:, None] * (Y - mean))) + mean
        losses.append((weight @ (Y - left_out) ** 2).sum())
        predictions[penalty] = left_out
    return min(losses), predictions


def similarities(Z, L, width):
    """Gaussians of distances between rows of unit length."""
    return np.exp((Z.astype(float) @ L.T.astype(float) - 1) / width)


def features_of(K):
    """Features that have these products."""
    values, vectors = eigh(K)
    return vectors * np.sqrt(values.clip(0))


@pytest.fixture(params=[(12, 30), (30, 12)], ids=["dual", "primal"])
def data(request):
    n_cases, n_features = request.param
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_cases, n_features)).astype(np.float32)
    Z = Scaling.of(X, np.ones(n_cases)).apply(X.copy())
    Z[:] = Z.astype(np.float16)
    return Z, X[:, :2] + rng.standard_normal((n_cases, 2))


def fit_gaussian(Z, problem, landmarks=None):
    every = np.arange(len(Z))
    landmarks = every if landmarks is None else landmarks
    return fit_members(Z.copy(), problem, ["gaussian"], every, landmarks)["gaussian"]


@pytest.mark.parametrize("member", ["linear", "gaussian", "landmarks"])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weights", ["ones", "counts", "any", "importance"])
def test_left_out_predictions_and_penalty_are_those_of_refits(data, weights, grouped, member):
    Z, Y = data
    rng, n = np.random.default_rng(1), len(Z)
    unit = rng.uniform(0.5, 2, n) if weights == "importance" else np.ones(n)
    counts = {"counts": rng.integers(1, 4, n).astype(float), "any": rng.uniform(0.2, 3, n)}.get(weights, np.ones(n))
    problem = problem_of(Y, counts * unit, unit, np.arange(n) % 4 if grouped else None)
    if member == "linear":
        ridge, features = LinearRidge.fit(Z, problem), Z.astype(np.float64)
    else:
        landmarks = np.arange(n) if member == "gaussian" else np.arange(0, n, 2)
        ridge = fit_gaussian(Z, problem, landmarks)
        K = similarities(Z, Z[landmarks], ridge.width)
        features = K @ np.linalg.inv(features_of(K[landmarks])).T
    least, predictions = leave_out(features, problem)
    assert ridge.penalty[0] == ridge.penalty[1]
    np.testing.assert_allclose(ridge.left_out, predictions[ridge.penalty[0]], rtol=1e-5, atol=1e-6)
    assert (problem.weight @ (Y - ridge.left_out) ** 2).sum() == pytest.approx(least, rel=1e-5)


@pytest.mark.parametrize("member", ["linear", "gaussian"])
def test_a_weight_is_a_count(data, member):
    Z, Y = data
    counts = np.arange(len(Z)) % 3 + 1
    repeated = [np.repeat(part, counts, 0) for part in (Z, Y)]
    fits = [
        fit_members(X.copy(), problem, [member], every, every)[member]
        for X, problem, every in (
            (Z, problem_of(Y, counts.astype(float)), np.arange(len(Z))),
            (repeated[0], problem_of(repeated[1]), np.arange(counts.sum())),
        )
    ]
    np.testing.assert_allclose(np.repeat(fits[0].left_out, counts, 0), fits[1].left_out, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(fits[0].predict(Z), fits[1].predict(Z), rtol=1e-6, atol=1e-7)


def test_it_is_ridge_regression(data):
    Z, Y = data
    ridge = LinearRidge.fit(Z, problem_of(Y, shared=False))
    other = Ridge(ridge.penalty).fit(Z.astype(np.float64), Y)
    np.testing.assert_allclose(ridge.predict(Z), other.predict(Z.astype(np.float64)), rtol=1e-5, atol=1e-6)


def test_it_is_kernel_ridge_regression_on_centred_similarities(data):
    Z, Y = data
    ridge = fit_gaussian(Z, problem_of(Y))
    K = similarities(Z, Z, ridge.width)
    center = np.eye(len(Z)) - 1 / len(Z)
    other = KernelRidge(alpha=ridge.penalty[0], kernel="precomputed").fit(center @ K @ center, Y - Y.mean(0))
    np.testing.assert_allclose(ridge.predict(Z), other.predict(center @ K @ center) + Y.mean(0), rtol=1e-6, atol=1e-7)


def test_the_width_is_the_one_that_predicts_left_out_cases_best():
    rng = np.random.default_rng(0)
    Z = np.stack([np.cos(angle := rng.uniform(0, 6, 200)), np.sin(angle)], axis=1).astype(np.float32)
    slow, fast = (fit_gaussian(Z, problem_of(np.sin(k * angle)[:, None])).width for k in (1, 12))
    assert fast < slow
    assert {slow, fast} <= set(WIDTHS)


def test_targets_of_any_scale_choose_the_width_alike(data):
    Z, Y = data
    fits = [fit_gaussian(Z, problem_of(Y * [1, scale], shared=False)) for scale in (1, 1e6)]
    assert fits[0].width == fits[1].width
    np.testing.assert_allclose(fits[1].predict(Z), fits[0].predict(Z) * [1, 1e6], rtol=1e-6)


def test_widths_are_tried_on_few_cases_and_fitted_on_all(data):
    Z, Y = data
    every, few = np.arange(len(Z)), np.arange(0, len(Z), 3)
    ridge = fit_members(Z.copy(), problem_of(Y), ["gaussian"], few, every)["gaussian"]
    assert ridge.width == fit_gaussian(Z[few], problem_of(Y[few])).width
    assert len(ridge.coef) == len(ridge.left_out) == len(Z)


def test_all_cases_as_landmarks_are_no_approximation(data):
    Z, Y = data
    exact = fit_gaussian(Z, problem_of(Y))
    solution = solve_by_landmarks(Z, problem_of(Y), Z, exact.width)
    np.testing.assert_allclose(solution.left_out, exact.left_out, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(solution.coef, exact.coef, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("member", ["linear", "gaussian"])
def test_cases_that_coincide_are_no_trouble(member):
    """Left out with its copies, a case is far; alone it is known, whatever the penalty."""
    rng = np.random.default_rng(0)
    Z = np.repeat(Scaling.of(X := rng.standard_normal((8, 20)).astype(np.float32), np.ones(8)).apply(X), 3, axis=0)
    Y, every = np.repeat(rng.standard_normal((8, 1)), 3, axis=0), np.arange(24)
    alone = fit_members(Z.copy(), problem_of(Y), [member], every, every)[member]
    together = fit_members(Z.copy(), problem_of(Y, groups=every // 3), [member], every, every)[member]
    assert np.abs(alone.left_out - Y).max() < 1e-3
    assert np.mean((together.left_out - Y) ** 2) > 0.5 * Y.var()
    assert np.isfinite(together.left_out).all()


def test_features_that_do_not_vary_count_nothing(data):
    X, _ = data
    spoilt = np.concatenate([X, np.full((len(X), 3), 1e4, np.float32)], axis=1)
    scaled = Scaling.of(spoilt, np.ones(len(X))).apply(spoilt.copy())
    assert (scaled[:, -3:] == 0).all()
    np.testing.assert_allclose(scaled[:, :-3], Scaling.of(X, np.ones(len(X))).apply(X.copy()), rtol=1e-6)


@pytest.mark.parametrize("member", ["linear", "gaussian"])
def test_targets_without_spread_are_predicted(data, member):
    Z, _ = data
    every = np.arange(len(Z))
    ridge = fit_members(Z.copy(), problem_of(np.full((len(Z), 1), 3.0)), [member], every, every)[member]
    np.testing.assert_allclose(ridge.predict(Z), 3.0)
    assert ridge.penalty == PENALTIES.max()
