import math

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.systems.hippo import SPECTRA, hippo_legs, legs_dplr, s4d_legs


@pytest.mark.parametrize("N", [1, 2, 16])
def test_hippo_legs_is_its_definition(N):
    for fast, slow in zip(hippo_legs(N), reference.hippo_legs(N), strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-14, atol=0)


@pytest.mark.parametrize("N", [2, 16, 64])
def test_normal_part_has_the_eigenvalues_of_legs_without_its_rank_one_part(N):
    A, _ = hippo_legs(N)
    P = torch.sqrt(torch.arange(N, dtype=torch.float64) + 0.5)
    expected = torch.linalg.eigvals(A + torch.outer(P, P))
    Lambda, _, _ = legs_dplr(N)
    both = torch.cat([Lambda.conj().flip(0), Lambda])
    torch.testing.assert_close(both, expected[expected.imag.argsort()], rtol=1e-8, atol=1e-8)


def test_normal_part_has_the_impulse_response_of_legs_without_its_rank_one_part():
    N, time = 16, 0.3
    A, B = hippo_legs(N)
    P = torch.sqrt(torch.arange(N, dtype=torch.float64) + 0.5)
    dense = B @ torch.linalg.matrix_exp((A + torch.outer(P, P)) * time) @ B
    Lambda, _, V_B = legs_dplr(N)
    torch.testing.assert_close(2 * (V_B.conj() * torch.exp(Lambda * time) * V_B).sum().real, dense)


def test_s4d_legs_approaches_legs_as_the_state_grows():
    """Step response of the zeroth state, 1 - exp(-t) in HiPPO-LegS: theorem 3 of arXiv:2206.11893, factor 1/2."""
    time = torch.linspace(0.5, 3, 50, dtype=torch.float64)
    errors = []
    for N in (16, 64, 256):
        A, B = hippo_legs(N)
        P = torch.sqrt(torch.arange(N, dtype=torch.float64) + 0.5)
        skew = A + torch.outer(P, P) + torch.eye(N, dtype=torch.float64) / 2
        frequency, V = torch.linalg.eigh(-1j * skew)
        half_B = V.mH @ (B / 2).to(V.dtype)
        Lambda = torch.complex(torch.full_like(frequency, -0.5), frequency)
        response = ((V[0] * half_B / Lambda) * (torch.exp(Lambda * time[:, None]) - 1)).sum(-1).real
        errors.append((response - (1 - torch.exp(-time))).abs().max().item())
        _, ours = s4d_legs(N)
        torch.testing.assert_close(ours.real.sort().values, half_B[N // 2 :].abs().sort().values)
    assert errors[2] < errors[1] / 2 < errors[0] / 4
    assert errors[2] < 0.01


@pytest.mark.parametrize("name", SPECTRA)
def test_spectra_are_stable_with_frequencies_of_one_sign(name):
    Lambda, B = SPECTRA[name](32)
    assert Lambda.shape == B.shape == (16,)
    assert (Lambda.real == -0.5).all()
    assert (Lambda.imag >= 0).all()


def test_inverse_and_linear_spectra_have_their_closed_forms():
    N = 8
    inv, lin = SPECTRA["inv"](N)[0].imag, SPECTRA["lin"](N)[0].imag
    assert inv[0].item() == pytest.approx(N / math.pi * (N - 1))
    assert inv[3].item() == pytest.approx(N / math.pi * (N / 7 - 1))
    assert lin.tolist() == pytest.approx([0, math.pi, 2 * math.pi, 3 * math.pi])
