"""Regressions from sums against those with all features at hand."""

import numpy as np
import pytest
import torch

from ssm_estimators.random_features.fit import draw_filter_bank
from ssm_estimators.random_features.ridge import fit_members
from ssm_estimators.random_features.scaling import Scaling
from ssm_estimators.random_features.spectrum import Problem, Sums
from ssm_estimators.random_features.sums import TableSums
from ssm_estimators.random_features.transformer import StateSpaceFeatures
from ssm_estimators.series.data import SeriesData


@pytest.fixture
def features():
    return np.random.default_rng(0).standard_normal((60, 24)).astype(np.float32)


@pytest.fixture
def problem(features):
    noise = np.random.default_rng(1).standard_normal((60, 2))
    counts = np.arange(60) % 3 + 1.0
    return Problem(features[:, :2] ** 2 + 0.1 * noise, counts, np.ones(60), shared=False)


def from_sums(features, problem, sampled, landmarks, n_batch, tables=None, members=("linear", "gaussian")):
    tables = {"all time": slice(None)} if tables is None else tables
    few = np.arange(len(sampled)), landmarks
    sample = problem.select(sampled, problem.weight[sampled])
    wanted = {table: members for table in tables}
    sums = TableSums(features[sampled], tables, wanted, sample, few)
    left_out = {table: sums.scaled(features[sampled], table) for table in tables}
    total = sums.zero()
    for first in range(0, len(features), n_batch):
        rows = slice(first, first + n_batch)
        sums.add(total, features[rows], problem.Y[rows], problem.weight[rows])
    return sums.scalings, sums.solve(total, left_out, sample)


@pytest.mark.parametrize("n_batch", [60, 7])
@pytest.mark.parametrize("groups", [None, np.arange(60) // 10])
def test_with_all_cases_as_sample_nothing_is_lost(features, problem, n_batch, groups):
    problem = Problem(problem.Y, problem.weight, problem.copy_weight, groups, shared=False)
    every, landmarks = np.arange(60), np.arange(0, 60, 2)
    scalings, ridges = from_sums(features, problem, every, landmarks, n_batch)
    scaling = Scaling.of(features.copy(), problem.weight)
    Z = scaling.apply(features.copy())
    np.testing.assert_array_equal(scalings["all time"].factor, scaling.factor)
    expected = fit_members(Z.copy(), problem, ["linear"], every, landmarks)
    expected |= fit_members(Z.copy(), problem, ["gaussian"], every, landmarks)
    assert ridges["all time", "gaussian"].width == expected["gaussian"].width
    for member, tolerance in {"linear": 1e-9, "gaussian": 1e-2}.items():  # features of the other are rounded
        found = ridges["all time", member]
        np.testing.assert_allclose(found.predict(Z), expected[member].predict(Z), atol=tolerance)
        np.testing.assert_allclose(found.left_out, expected[member].left_out, atol=tolerance)


def test_coefficients_know_all_cases_and_errors_those_of_the_sample(features, problem):
    sampled = np.arange(0, 60, 2)
    scalings, ridges = from_sums(features, problem, sampled, np.arange(10), 16, members=("linear",))
    found = ridges["all time", "linear"]
    Z = scalings["all time"].apply(features.copy()).astype(np.float64)
    center, mean = (problem.weight @ part / problem.weight.sum() for part in (Z, problem.Y))
    for target in range(2):
        gram = (Z - center).T @ (problem.weight[:, None] * (Z - center))
        gram += found.penalty[target] * np.eye(24)
        coef = np.linalg.solve(gram, (Z - center).T @ (problem.weight * (problem.Y - mean)[:, target]))
        np.testing.assert_allclose(found.coef[:, target], coef, rtol=1e-8, atol=1e-9)
    assert found.left_out.shape == (30, 2)


def test_a_batch_may_be_added_in_pieces(features, problem):
    Z = features.astype(np.float64)
    whole, pieces = Sums(24, 2), Sums(24, 2)
    whole.add(Z, problem.Y, problem.weight)
    for rows in (slice(0, 5), slice(5, 31), slice(31, 60)):
        pieces.add(Z[rows], problem.Y[rows], problem.weight[rows])
    expected = np.triu(Z.T @ (problem.weight[:, None] * Z))
    np.testing.assert_allclose(np.triu(whole.square), expected, rtol=1e-12, atol=1e-12)
    merged, other = Sums(24, 2), Sums(24, 2)
    merged.add(Z[:17], problem.Y[:17], problem.weight[:17])
    other.add(Z[17:], problem.Y[17:], problem.weight[17:])
    merged = merged + other
    for name in ("weight", "feature", "target", "square", "moment"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-12, atol=1e-12)


def test_windows_one_by_one_are_the_columns_with_their_names():
    data = SeriesData(torch.randn(6, 1, 40, generator=torch.Generator().manual_seed(0)))
    transformer = StateSpaceFeatures(n_kernels=96)
    random = np.random.RandomState(0)
    bank = draw_filter_bank(data, np.ones(6), transformer, random, transformer._resources())
    table = bank.transform(data, transformer._resources())
    whole = {name: table[:, i] for i, name in enumerate(bank.names())}
    for part in bank.parts:
        own = bank.transform(data, transformer._resources(), part)
        columns = bank.columns_by_window(part)
        assert sum(own[:, where].shape[1] for where in columns.values()) == own.shape[1]
        prefix = part.representation.replace(" ", "_") + "_"
        for window in range(bank.n_windows):
            names = [
                name
                for name in whole
                if name.startswith(
                    (f"{prefix}forward_{part.max_time_constant}_", f"{prefix}backward_{part.max_time_constant}_")
                )
                and name.endswith(f"_window_{window}")
            ]
            np.testing.assert_array_equal(own[:, columns[f"window {window}"]], np.stack([whole[n] for n in names], 1))
