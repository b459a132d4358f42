"""Which training cases kernels are held against, and at which of their values."""

import numpy as np
import torch

from ssm_estimators.random_features.pooling import SILENT
from ssm_estimators.random_features.thresholds import pick_cases, quantile_thresholds, sorted_cases
from ssm_estimators.series.data import SeriesData


def test_cases_are_sorted_by_their_values():
    values = np.array([[3, 1], [-2, 5], [-2, 4], [0.0, 7], [-0.0, 6], [np.inf, 0], [-1e-30, 0]], np.float32)
    order = sorted_cases(SeriesData(torch.from_numpy(values)[:, None]))
    assert order.tolist() == [2, 1, 6, 4, 3, 0, 5]


def test_equal_values_are_told_apart_by_length():
    X = torch.tensor([[1.0, 2, 0], [1, 2, 0], [1, 2, 0]])[:, None]
    assert sorted_cases(SeriesData(X, torch.tensor([3, 1, 2]))).tolist() == [1, 2, 0]


def test_the_order_does_not_depend_on_a_positive_scale():
    X = torch.from_numpy(np.random.default_rng(0).standard_normal((50, 1, 20)).astype(np.float32))
    assert np.array_equal(sorted_cases(SeriesData(X)), sorted_cases(SeriesData(4 * X)))


def test_a_weight_of_two_is_picked_as_often_as_two_cases():
    order, weight = np.array([2, 0, 1, 3]), np.array([1.0, 0.0, 2.0, 1.0])
    shares = (np.arange(100) + 0.5) / 100
    counts = np.bincount(pick_cases(order, weight, shares), minlength=4)
    assert counts.tolist() == [25, 0, 50, 25]


def test_thresholds_are_quantiles_of_what_was_observed():
    y = torch.randn(3, 40)
    observed = torch.ones(3, 40, dtype=bool)
    observed[1, 10:] = observed[2] = False
    quantiles = torch.tensor([0.3, 0.7, 0.5], dtype=torch.float64)
    thresholds = quantile_thresholds(y, observed, quantiles)
    expected = [np.quantile(y[0], 0.3), np.quantile(y[1, :10], 0.7), SILENT]
    np.testing.assert_allclose(thresholds, expected, rtol=1e-5)
