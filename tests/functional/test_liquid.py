"""The form kb against the liquid recurrence itself."""

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.liquid_products import input_products, liquid_inputs

H, P, BATCH = 2, 3, 2


@pytest.fixture
def system():
    A_bar = torch.polar(0.5 + 0.4 * torch.rand(H, P).double(), torch.rand(H, P).double())
    B_bar, C = torch.randn(2, H, P, dtype=torch.complex128)
    return A_bar, 0.3 * B_bar, C, torch.zeros(H, dtype=torch.float64)


def _term(C, coefficient, u, factors):
    return (2 * (C * coefficient).sum(-1).real)[:, None] * torch.stack([u[..., k] for k in factors]).prod(0)


def test_kb_of_degree_2_is_exact_for_two_inputs(system):
    A_bar, B_bar, C, D = system
    u = torch.randn(H, BATCH, 2, dtype=torch.float64)
    torch.testing.assert_close(
        reference.liquid_kb(A_bar, B_bar, C, D, u, 2),
        reference.liquid_exact(A_bar, B_bar, C, D, u),
        rtol=1e-13,
        atol=1e-13,
    )


@pytest.mark.parametrize("degree", [2, 3])
def test_kb_misses_the_stated_terms_of_three_inputs(system, degree):
    A_bar, B_bar, C, D = system
    u = torch.randn(H, BATCH, 3, dtype=torch.float64)
    missing = reference.liquid_exact(A_bar, B_bar, C, D, u) - reference.liquid_kb(A_bar, B_bar, C, D, u, degree)
    expected = _term(C, A_bar * B_bar**2, u, (0, 2))
    if degree == 2:
        expected = expected + _term(C, B_bar**3, u, (0, 1, 2))
    torch.testing.assert_close(missing[..., 2], expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(missing[..., :2], torch.zeros_like(missing[..., :2]), rtol=0, atol=1e-13)


@pytest.mark.parametrize("degree", [2, 4])
def test_products_go_on_from_the_past(degree):
    u = torch.randn(H, BATCH, 9)
    whole = input_products(u, degree)
    tail = input_products(u[..., 5:], degree, u[..., 5 - degree + 1 : 5])
    for product, rest in zip(whole, tail, strict=True):
        assert torch.equal(product[..., 5:], rest)


def test_products_are_of_successive_inputs_and_missing_ones_are_zero():
    squares, cubes = input_products(torch.tensor([2.0, 3.0, 4.0]), 3)
    assert squares.tolist() == [0, 6, 12]
    assert cubes.tolist() == [0, 0, 24]


def test_each_degree_enters_by_a_power_scaled_with_the_rate(system):
    _, B_bar, *_ = system
    vectors = liquid_inputs(B_bar, 3, rate=2.0)
    for q, vector in enumerate(vectors, start=1):
        torch.testing.assert_close(vector, B_bar**q * 2.0 ** (1 - q))
