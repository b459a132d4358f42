"""HiPPO-LegS, its normal plus low-rank and its diagonal plus low-rank form are one system; the DPLR system's kernel."""

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.block_matrices import as_pairs
from ssm_estimators.functional.scan import chunked_scan
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.dplr import bilinear_dplr, readout, real_form
from ssm_estimators.functional.systems.hippo import hippo_legs, legs_dplr, legs_nplr

H, P = 3, 4


@pytest.fixture
def system():
    """Lambda, P, B, C and steps of stable systems."""
    real, imag = torch.rand(2, H, P, dtype=torch.float64)
    others = torch.randn(3, H, P, dtype=torch.complex128)
    dt = torch.tensor([1e-3, 1e-2, 1e-1], dtype=torch.float64)
    return [value.requires_grad_() for value in (torch.complex(-real, 10 * imag), *others, dt)]


def _krylov_products(A, B, L):
    """Inner products of B, A B, ... A^(L-1) B: the same in every orthonormal basis."""
    columns = [B]
    for _ in range(L - 1):
        columns.append(A @ columns[-1])
    K = torch.stack(columns)
    return K @ K.T


@pytest.mark.parametrize("N", [2, 16, 64])
def test_nplr_is_legs_with_a_normal_part(N):
    S, P = legs_nplr(N)
    torch.testing.assert_close(S, reference.legs_normal_part(N), rtol=1e-13, atol=1e-12)
    torch.testing.assert_close(P**2, torch.arange(N, dtype=torch.float64) + 0.5, rtol=1e-14, atol=0)
    torch.testing.assert_close(S @ S.T, S.T @ S, rtol=1e-11, atol=1e-9)
    torch.testing.assert_close(S + S.T, -torch.eye(N, dtype=torch.float64), rtol=0, atol=1e-11)


@pytest.mark.parametrize("N", [2, 16, 64])
@pytest.mark.parametrize("dt", [1e-3, 1e-2, 1e-1])
def test_dplr_is_legs(N, dt, relative_error):
    """The real form of the half spectrum against the dense system: kernels of every readout, by inner products."""
    Lambda, P, B = (value[None] for value in legs_dplr(N))
    A_bar, B_bar = bilinear_dplr(Lambda, P, B, torch.tensor([dt], dtype=torch.float64))
    dense = reference.bilinear_dense(*hippo_legs(N), dt)
    scale = 2**0.5  # a pair stands for two entries of equal size
    assert relative_error(_krylov_products(A_bar[0], scale * B_bar[0], 100), _krylov_products(*dense, 100)) <= 1e-9


@pytest.mark.parametrize("N", [2, 16, 64])
def test_kernels_of_the_three_forms_agree(N, relative_error):
    """Readout B itself, which in every unitary basis is the conjugate of the input vector."""
    A, B = hippo_legs(N)
    S, P = reference.legs_normal_part(N), torch.sqrt(torch.arange(N, dtype=torch.float64) + 0.5)
    Lambda, P_half, B_half = legs_dplr(N)
    dt = 1e-2
    expected = reference.dense_kernel(*(x[None] for x in reference.bilinear_dense(A, B, dt)), B[None, None], 200)
    nplr = reference.bilinear_dense(S - torch.outer(P, P), B, dt)
    assert relative_error(reference.dense_kernel(*(x[None] for x in nplr), B[None, None], 200), expected) <= 1e-9
    discrete = bilinear_dplr(Lambda[None], P_half[None], B_half[None], torch.tensor([dt], dtype=torch.float64))
    dplr = DenseSystem(*discrete, readout(B_half.conj())[None, None, None], torch.zeros(1, 1).double())
    impulse = torch.eye(1, 200, dtype=torch.float64)[None]
    y, _ = chunked_scan(impulse, dplr.blocks(64, impulse))
    assert relative_error(y, expected) <= 1e-9


@pytest.mark.parametrize("N", [2, 6])
def test_real_form_has_the_eigenvalues_of_legs(N):
    Lambda, P, B = legs_dplr(N)
    eigenvalues = torch.linalg.eigvals(real_form(Lambda, P, B, B)[0])
    torch.testing.assert_close(eigenvalues.imag, torch.zeros(N, dtype=torch.float64), rtol=0, atol=1e-8)
    torch.testing.assert_close(eigenvalues.real.sort().values, -torch.arange(N, 0.0, -1).double(), rtol=1e-8, atol=0)


def test_real_form_is_the_complex_system(system):
    """x' = (Lambda - P P*) x + B u over all pairs and their conjugates."""
    full = [torch.cat([value, value.conj()], dim=-1) for value in system[:4]]
    Lambda, P_full, B, C = full
    A = torch.diag_embed(Lambda) - P_full[..., :, None] * P_full.conj()[..., None, :]
    real_A, real_B, real_C = real_form(*system[:4])
    x, real_x = B, real_B
    for _ in range(4):
        torch.testing.assert_close((C * x).sum(-1).real, (real_C * real_x).sum(-1))
        x, real_x = (A @ x[..., None])[..., 0], (real_A @ real_x[..., None])[..., 0]


def test_woodbury_is_the_bilinear_rule_in_value_and_gradient(system):
    Lambda, P, B, _, dt = system
    A, B_real, _ = real_form(Lambda, P, B, B)
    slow = [torch.stack(x) for x in zip(*map(reference.bilinear_dense, A, B_real, dt), strict=True)]
    fast = bilinear_dplr(Lambda, P, B, dt)
    weights = [torch.randn_like(value) for value in slow]
    leaves = [Lambda, P, B, dt]
    gradients = []
    for values in (fast, slow):
        gradients.append(torch.autograd.grad(sum((w * v).sum() for w, v in zip(weights, values, strict=True)), leaves))
    for one, other in zip((*fast, *gradients[0]), (*slow, *gradients[1]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_bilinear_is_a_contraction_wherever_lambda_decays():
    for scale in (0.1, 1, 10, 100):
        Lambda = torch.complex(-torch.rand(50, P).double() * scale, torch.randn(50, P).double() * scale)
        vectors = torch.randn(2, 50, P, dtype=torch.complex128) * scale
        A_bar, _ = bilinear_dplr(Lambda, *vectors, torch.rand(50, dtype=torch.float64))
        assert (torch.linalg.matrix_norm(A_bar, 2) <= 1 + 1e-12).all()
        assert (torch.linalg.eigvals(A_bar).abs() < 1).all()


@pytest.mark.parametrize("L", [16, 100, 101])
def test_kernel_is_that_of_cauchy_products_and_woodbury(system, L, relative_error):
    """The S4 paper's way: the truncated generating function at the roots of unity, inverse FFT."""
    Lambda, P, B, C, dt = system
    A_bar, B_bar = bilinear_dplr(Lambda, P, B, dt)
    row = readout(C)[:, None]
    truncated = row @ (torch.eye(A_bar.shape[-1]).double() - torch.linalg.matrix_power(A_bar, L))
    C_tilde = as_pairs(truncated[:, 0].contiguous()).conj() / 2
    cauchy = reference.cauchy_kernel(Lambda, P, B, C_tilde, dt, L)
    assert relative_error(cauchy, reference.dense_kernel(A_bar, B_bar, row, L)[:, 0]) <= 1e-9
