"""The matrices that LSSL trains: LegS among them, stable for every value of the parameters."""

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.systems.hippo import hippo_legs
from ssm_estimators.functional.systems.quasiseparable import (
    bilinear_quasiseparable,
    legs_quasiseparable,
    quasiseparable,
    tridiagonal_contraction,
)

H, N = 3, 8


def _draws(scale, shape=(H,)):
    """Gain, shift, E and B, far from LegS where the scale is large."""
    gain, shift = (scale * torch.randn(2, *shape, N, dtype=torch.float64)).exp()
    lower, upper = scale * torch.randn(2, *shape, N - 1, dtype=torch.float64)
    diagonal, B = scale * torch.randn(2, *shape, N, dtype=torch.float64)
    return gain, shift, tridiagonal_contraction(lower, diagonal, upper), B


@pytest.mark.parametrize("n", [2, 16, 64])
def test_legs_is_one_of_them(n):
    gain, shift, E, B = legs_quasiseparable(n)
    A, B_legs = hippo_legs(n)
    torch.testing.assert_close(quasiseparable(gain, shift, E), A, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(B, B_legs, rtol=1e-14, atol=0)


def test_legs_in_the_form_of_the_paper():
    """-P (D + T^-1) Q with P = Q = diag sqrt(2n + 1), D = diag(-n / (2n + 1)), T bidiagonal."""
    n = torch.arange(16, dtype=torch.float64)
    P, D = torch.diag(torch.sqrt(2 * n + 1)), torch.diag(-n / (2 * n + 1))
    T = torch.eye(16, dtype=torch.float64) - torch.diag(torch.ones(15, dtype=torch.float64), -1)
    torch.testing.assert_close(-P @ (D + torch.linalg.inv(T)) @ P, hippo_legs(16)[0], rtol=1e-12, atol=1e-12)
    gain, shift, E, _ = legs_quasiseparable(16)
    torch.testing.assert_close(torch.diag(gain), P)
    torch.testing.assert_close(torch.diag(shift - 0.5), D)
    torch.testing.assert_close(torch.eye(16).double() - E, T)


def test_contraction_leaves_small_matrices_and_bounds_large_ones():
    lower, upper, diagonal = torch.tensor([0.2, 0.1]), torch.tensor([0.3, 0.2]), torch.tensor([0.1, -0.2, 0.0])
    E = tridiagonal_contraction(lower, diagonal, upper)
    assert torch.equal(E, torch.diag(lower, -1) + torch.diag(diagonal) + torch.diag(upper, 1))
    for scale in (1, 10, 1000):
        E = _draws(scale, (200,))[2]
        assert (torch.linalg.matrix_norm(E, 2) <= 1 + 1e-12).all()


@pytest.mark.parametrize("shape", [(), (H,)], ids=["shared", "each"])
def test_bilinear_is_its_definition_in_value_and_gradient(shape):
    gain, shift, E, B = (value.detach().requires_grad_() for value in _draws(0.5, shape))
    dt = torch.tensor([1e-3, 1e-2, 1e-1], dtype=torch.float64, requires_grad=True)
    A = quasiseparable(gain, shift, E).expand(H, N, N)
    slow = [torch.stack(x) for x in zip(*map(reference.bilinear_dense, A, B.expand(H, N), dt), strict=True)]
    fast = bilinear_quasiseparable(gain, shift, E, B, dt)
    weights, gradients = [torch.randn_like(value) for value in slow], []
    for values in (fast, slow):
        loss = sum((w * v).sum() for w, v in zip(weights, values, strict=True))
        gradients.append(torch.autograd.grad(loss, [gain, shift, E, B, dt]))
    for one, other in zip((*fast, *gradients[0]), (*slow, *gradients[1]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("scale", [0.3, 1, 3])
def test_every_draw_is_stable(scale):
    gain, shift, E, B = _draws(scale, (500,))
    A = quasiseparable(gain, shift, E)
    assert (torch.linalg.eigvalsh(A + A.mT) < 0).all()
    A_bar, _ = bilinear_quasiseparable(gain, shift, E, B, torch.rand(500, dtype=torch.float64))
    assert (torch.linalg.matrix_norm(A_bar, 2) <= 1 + 1e-9).all()
    assert (torch.linalg.eigvals(A_bar).abs() < 1).all()


def test_positive_gains_alone_would_not_be_stable():
    """The paper's parameters, perturbed: what the bounds on D and T are for."""
    n = torch.arange(16, dtype=torch.float64)
    unstable = 0
    for _ in range(50):
        noise = 0.3 * torch.randn(6, 16, dtype=torch.float64)
        P, Q = torch.exp(torch.log(torch.sqrt(2 * n + 1)) + noise[:2])
        T = torch.diag(1 + noise[4]) - torch.diag(1 + noise[2, 1:], -1) + torch.diag(noise[5, 1:], 1)
        A = -P[:, None] * (torch.diag(-n / (2 * n + 1) + noise[3]) + torch.linalg.inv(T)) * Q
        unstable += bool((torch.linalg.eigvals(A).real > 0).any())
    assert unstable > 25


def test_a_singular_T_is_no_trouble():
    """E with eigenvalue 1: A is infinite in one direction, the discrete system is not."""
    one = torch.ones(N, dtype=torch.float64)
    A_bar, B_bar = bilinear_quasiseparable(one, one, torch.eye(N).double(), one, torch.tensor([0.1]).double())
    torch.testing.assert_close(A_bar[0], -torch.eye(N, dtype=torch.float64))
    assert (B_bar == 0).all()


@pytest.mark.parametrize("L", [1, 63, 200])
def test_kernel_is_that_of_the_krylov_matrix(L, relative_error):
    """The LSSL paper's way: (B, A B, ..., A^(L-1) B), then C times it."""
    dt = torch.tensor([1e-3, 1e-2, 1e-1], dtype=torch.float64)
    A_bar, B_bar = bilinear_quasiseparable(*_draws(0.5), dt)
    C = torch.randn(H, 2, N, dtype=torch.float64)
    krylov = reference.krylov_kernel(A_bar, B_bar, C, L)
    assert relative_error(krylov, reference.dense_kernel(A_bar, B_bar, C, L)) <= 1e-11
