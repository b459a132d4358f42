import math
from fractions import Fraction

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.systems.discretize import bilinear, zoh

A = torch.tensor([[-0.5 + 3j, -1 + 0.2j, -0.1 + 9j]], dtype=torch.complex128)
B = torch.tensor([[1 + 0.5j, -2 + 0j, 0.3 - 1j]], dtype=torch.complex128)


@pytest.mark.parametrize("dt", [1e-3, 0.1, 1.0])
@pytest.mark.parametrize(
    ("fast", "slow"), [(zoh, reference.zoh_dense), (bilinear, reference.bilinear_dense)], ids=["zoh", "bilinear"]
)
def test_diagonal_rule_is_the_dense_one(fast, slow, dt):
    A_bar, B_bar = fast(A, B, torch.tensor([dt], dtype=torch.float64))
    dense_A, dense_B = slow(torch.diag(A[0]), B[0], dt)
    torch.testing.assert_close(torch.diag(A_bar[0]), dense_A)
    torch.testing.assert_close(B_bar[0], dense_B)


@pytest.mark.parametrize("alpha", [0.5, 0.8, 1.0])
def test_generalised_bilinear_is_the_dense_one_and_stable(alpha):
    A_bar, B_bar = bilinear(A, B, torch.tensor([0.7], dtype=torch.float64), alpha)
    dense_A, dense_B = reference.bilinear_dense(torch.diag(A[0]), B[0], 0.7, alpha)
    torch.testing.assert_close(torch.diag(A_bar[0]), dense_A)
    torch.testing.assert_close(B_bar[0], dense_B)
    assert (A_bar.abs() < 1).all()


@pytest.mark.parametrize("alpha", [0.0, 0.49, 1.01])
def test_alpha_that_breaks_stability_is_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must lie in \[0.5, 1\].*got"):
        bilinear(A, B, torch.ones(1), alpha)


def test_zoh_near_zero_is_an_integrator_with_finite_gradients():
    near_zero = torch.tensor([[0.0, -1e-12, -1e-3]], dtype=torch.complex128, requires_grad=True)
    _, B_bar = zoh(near_zero, torch.ones_like(near_zero), torch.tensor([0.1], dtype=torch.float64))
    expected = torch.special.expm1(near_zero.real * 0.1) / near_zero.real
    torch.testing.assert_close(B_bar.real[:, 1:], expected[:, 1:], rtol=1e-3, atol=0)
    assert B_bar[0, 0].real.item() == pytest.approx(0.1)
    (gradient,) = torch.autograd.grad(B_bar.real.sum(), near_zero)
    torch.testing.assert_close(gradient.real[0, :2], torch.full((2,), 0.1**2 / 2, dtype=torch.float64))


@pytest.mark.parametrize("z", [-9.9e-4, -1.01e-3, -1e-2, -3.0])
def test_zoh_and_its_slope_match_high_precision_on_both_sides_of_the_series(z):
    A = torch.tensor([[z + 0j]], dtype=torch.complex128, requires_grad=True)
    _, B_bar = zoh(A, torch.ones_like(A), torch.ones(1, dtype=torch.float64))
    exact = Fraction(z)
    terms = [exact**k / math.factorial(k + 1) for k in range(60)]
    slopes = [k * exact ** (k - 1) / math.factorial(k + 1) for k in range(1, 60)]
    assert B_bar.real.item() == pytest.approx(float(sum(terms)), rel=1e-14)
    (slope,) = torch.autograd.grad(B_bar.real.sum(), A)
    assert slope.real.item() == pytest.approx(float(sum(slopes)), rel=1e-12)


def test_gradcheck_of_zoh():
    A, B = torch.randn(2, 2, 3, dtype=torch.complex128)
    A[0, 0], A[1, 2] = 0, 1e-4j
    leaves = [A, B, torch.tensor([0.1, 2.0], dtype=torch.float64)]
    assert torch.autograd.gradcheck(zoh, [leaf.detach().requires_grad_() for leaf in leaves])


def _response(rule, dt, sample):
    """State at t = 1 of x' = A x + B sin(3 t) from the rule, and its exact value."""
    steps = round(1 / dt)
    A_bar, B_bar = rule(A, B, torch.tensor([dt], dtype=torch.float64))
    x = torch.zeros_like(A)
    for k in range(steps):
        x = A_bar * x + B_bar * math.sin(3 * (k + sample) * dt)
    exact = B * (3 * torch.exp(A) - A * math.sin(3) - 3 * math.cos(3)) / (A**2 + 9)
    return (x - exact).abs().max().item()


@pytest.mark.parametrize(
    ("rule", "sample", "order"),
    [(bilinear, 0.5, 2), (bilinear, 1.0, 1), (zoh, 0.5, 2), (zoh, 1.0, 1)],
    ids=["bilinear-midpoints", "bilinear-ends", "zoh-midpoints", "zoh-ends"],
)
def test_order_of_convergence(rule, sample, order):
    coarse, fine = _response(rule, 1 / 200, sample), _response(rule, 1 / 400, sample)
    assert math.log2(coarse / fine) == pytest.approx(order, abs=0.1)


def test_zoh_is_exact_for_an_input_held_within_each_step():
    dt, values = 0.2, [0.3, -1.0, 2.0]
    A_bar, B_bar = zoh(A, B, torch.tensor([dt], dtype=torch.float64))
    x, exact = torch.zeros_like(A), torch.zeros_like(A)
    for u in values:
        x = A_bar * x + B_bar * u  # read at the end of the step
        exact = torch.exp(A * dt) * exact + u * B * (torch.exp(A * dt) - 1) / A  # variation of constants
    torch.testing.assert_close(x, exact, rtol=1e-12, atol=0)
