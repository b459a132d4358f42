"""What the papers prove of the layers: HiPPO-LegS at the start, stability, and kernels to more digits than theirs."""

import math

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.hippo import hippo_legs
from ssm_estimators.functional.systems.quasiseparable import (
    bilinear_quasiseparable,
    legs_quasiseparable,
)
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4

DTS = [1e-3, 1e-2, 1e-1]


def _spectral_radius(layer):
    """Of each feature's discrete transition."""
    system = layer.discrete_system(1.0)
    eigenvalues = torch.linalg.eigvals(system.A_bar) if isinstance(system, DenseSystem) else system.A_bar
    return eigenvalues.abs().amax(-1)


@pytest.mark.parametrize("dt", DTS)
@pytest.mark.parametrize("N", [8, 64])
def test_s4_starts_at_legs(N, dt, relative_error):
    """Its kernel for the readout B, which is the same in every unitary basis."""
    layer = S4(1, N, dt_min=dt * 0.999, dt_max=dt).double()
    with torch.no_grad():
        layer.log_dt.fill_(math.log(dt))
        layer.C.copy_((layer.B * torch.tensor([1.0, -1.0]))[None])
    A_bar, B_bar = reference.bilinear_dense(*hippo_legs(N), dt)
    expected = reference.dense_kernel(A_bar[None], B_bar[None], hippo_legs(N)[1][None, None], 500)[0]
    assert relative_error(layer.kernel(500), expected) <= 1e-5  # parameters start in float32


@pytest.mark.parametrize("dt", DTS)
@pytest.mark.parametrize("N", [8, 64])
def test_lssl_starts_at_legs(N, dt, relative_error):
    layer = LSSL(2, N, n_channels=3, dt_min=dt * 0.999, dt_max=dt).double()
    with torch.no_grad():
        layer.log_dt.fill_(math.log(dt))
    A_bar, B_bar = reference.bilinear_dense(*hippo_legs(N), dt)
    expected = reference.dense_kernel(A_bar.expand(2, N, N), B_bar.expand(2, N), layer.C[0], 500)
    assert relative_error(layer.kernel(500), expected.flatten(0, 1)) <= 1e-5  # parameters start in float32


@pytest.mark.parametrize(
    "build",
    [
        lambda n: S4D(n, 8),
        lambda n: S4D(n, 8, init="inv", discretization="bilinear"),
        lambda n: S4(n, 8),
        lambda n: LSSL(n, 8),
        lambda n: LSSL(n, 8, shared=False),
        lambda n: LiquidS4(n, 8),
    ],
    ids=["s4d", "s4d-bilinear", "s4", "lssl", "lssl-each", "liquid"],
)
def test_500_wild_draws_are_stable(build):
    one_a_feature = build(1).log_dt.shape == build(1).B.shape[:1]
    for n_systems in [500] if one_a_feature else [1] * 500:
        layer = build(n_systems)
        with torch.no_grad():
            for name in layer.ssm_parameters():
                parameter = layer.get_parameter(name)
                parameter.add_(3 * torch.randn(parameter.shape))
            layer.log_dt.uniform_(math.log(1e-4), math.log(10))
        assert (_spectral_radius(layer) < 1).all()


def test_200_steps_with_a_large_learning_rate_leave_it_stable(make):
    layer = make()
    u, target = torch.randn(3, 4, 40), torch.randn(layer.d_output, 4, 40)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.3)
    start = [parameter.detach().clone() for parameter in layer.parameters()]
    for _ in range(200):
        optimizer.zero_grad()
        (layer(u) - target).square().mean().backward()
        optimizer.step()
    assert all((now != before).any() for now, before in zip(layer.parameters(), start, strict=True))
    assert all(parameter.isfinite().all() for parameter in layer.parameters())
    assert (_spectral_radius(layer) < 1).all()


def _vandermonde(layer, L):
    """The textbook kernels in the parameters' own float32, as the papers compute them; the C of S4 is theirs."""
    A = torch.complex(-layer.log_A_real.exp(), layer.A_imag)
    B, C = torch.view_as_complex(layer.B), torch.view_as_complex(layer.C[0])
    return reference.vandermonde_kernel(A, B, C, layer.log_dt.exp(), L)


def _cauchy(layer, L):
    system = layer.discrete_system(1.0)
    N = layer.d_state
    truncated = system.C[0] @ (torch.eye(N).double() - torch.linalg.matrix_power(system.A_bar, L))
    C_tilde = torch.view_as_complex(truncated.unflatten(-1, (N // 2, 2))[:, 0]).conj().to(torch.complex64) / 2
    Lambda = torch.complex(-layer.log_A_real.exp(), layer.A_imag)
    P, B = torch.view_as_complex(layer.P), torch.view_as_complex(layer.B)
    return reference.cauchy_kernel(Lambda, P, B, C_tilde, layer.log_dt.exp(), L)


def _krylov(layer, L):
    start = (value.float() for value in legs_quasiseparable(layer.d_state))
    A_bar, B_bar = bilinear_quasiseparable(*start, layer.log_dt.exp())
    return reference.krylov_kernel(A_bar, B_bar, layer.C[0], L)[:, 0]


@pytest.mark.parametrize("L", [1024, 16_384])
@pytest.mark.parametrize(("build", "textbook"), [(S4D, _vandermonde), (S4, _cauchy), (LSSL, _krylov)])
def test_float32_is_never_less_accurate_than_the_textbook(build, textbook, L, relative_error):
    """N = 64, a feature a step: kernel and FFT convolution in float32 against the scan, both against float64.

    Each feature's output, and the gradients of the parameters.
    """
    layer = build(len(DTS), 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        layer.log_dt.copy_(torch.tensor(DTS).log())
        layer.D.zero_()
    exact = build(len(DTS), 64).double()
    exact.load_state_dict(layer.state_dict())
    u, weights = torch.randn(2, len(DTS), 1, L)
    convolved = reference.fft_convolution(textbook(layer, L), u)
    expected = exact(u.double())
    for ours, theirs, truth in zip(layer(u), convolved, expected, strict=True):
        assert relative_error(ours, truth) <= min(1e-6, relative_error(theirs, truth))
    names = {S4D: ("log_dt", "A_imag", "B", "C"), S4: ("log_dt", "A_imag", "P", "B", "C"), LSSL: ("log_dt", "C")}[build]
    gradients = [
        torch.autograd.grad((y * weights).sum(), [model.get_parameter(name) for name in names])
        for model, y in ((layer, layer(u)), (layer, convolved), (exact, expected))
    ]
    for ours, theirs, truth in zip(*gradients, strict=True):
        assert relative_error(ours, truth) <= min(1e-5, relative_error(theirs, truth))


@pytest.mark.parametrize("cls", [S4D, LiquidS4])
def test_a_bandlimit_leaves_out_higher_frequencies(cls):
    def share_above_half(bandlimit):
        layer = cls(4, 64, dt_min=0.02, dt_max=0.03, bandlimit=bandlimit, generator=torch.Generator().manual_seed(0))
        power = torch.fft.rfft(layer.kernel(1000)).abs().square().sum(0)
        return (power[260:].sum() / power.sum()).item()

    assert share_above_half(0.5) < 0.01
    assert share_above_half(None) > 0.2
