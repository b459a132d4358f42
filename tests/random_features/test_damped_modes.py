"""Closed forms of kernels' sums and energies, and many systems that hear one input."""

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.random_features.damped_modes import (
    geometric_sum,
    kernel_energy,
    kernel_sum,
    unit_energy,
    without_sum,
)
from ssm_estimators.random_features.shared_input import SharedInput, in_chunks

L = 40


@pytest.fixture
def modes():
    torch.manual_seed(0)
    A_bar = torch.polar(0.5 + 0.5 * torch.rand(6, 3).double(), 3 * torch.rand(6, 3).double())
    A_bar[0, 0] = 1 - 1e-14  # hardly decays
    return A_bar, torch.randn(6, 3, dtype=torch.complex128)


@pytest.fixture
def kernels(modes):
    return reference.kernel(modes[0], torch.ones_like(modes[0]), modes[1], L)


def test_sums_are_those_of_the_terms(modes, kernels):
    torch.testing.assert_close(kernel_sum(*modes, L), kernels.sum(1))
    torch.testing.assert_close(kernel_energy(*modes, L), kernels.square().sum(1))
    powers = torch.stack([modes[0] ** lag for lag in range(L)]).sum(0)
    torch.testing.assert_close(geometric_sum(modes[0], L), powers)


@pytest.mark.parametrize("length", [2, 3, 40, 10_000])
def test_kernels_without_sum_have_none_and_unit_energy(modes, length):
    envelope = torch.linspace(0.3, 0.99, 6).double()
    system = unit_energy(*without_sum(*modes, envelope, length), length)
    kernel = reference.kernel(system.A_bar, system.B_bar[0], system.C[0], length)
    assert kernel.sum(1).abs().max() < 1e-9 * length
    torch.testing.assert_close(kernel.square().sum(1), torch.ones(6).double())


def test_without_sum_changes_a_kernel_by_its_envelope_only(modes, kernels):
    envelope = torch.linspace(0.3, 0.9, 6).double()
    A_bar, C = without_sum(*modes, envelope, L)
    difference = kernels - reference.kernel(A_bar, torch.ones_like(A_bar), C, L)
    decay = envelope[:, None] ** torch.arange(L)
    torch.testing.assert_close(difference, difference[:, :1] * decay)


@pytest.mark.parametrize("n_inputs", [1, 2, 6])
@pytest.mark.parametrize("T", [1, 7, 16, 40, 64])
def test_responses_are_convolutions(modes, kernels, n_inputs, T):
    torch.manual_seed(1)
    u = torch.randn(n_inputs, 3, L).double()
    system = unit_energy(*modes, L)
    kernels = kernels / kernels.norm(dim=1, keepdim=True)
    bank, chunks = SharedInput.of(system, T, u), in_chunks(u, T)
    y = bank.respond(chunks, bank.states(chunks))
    y = y.permute(0, 3, 2, 1).flatten(2)[..., :L]
    torch.testing.assert_close(y, reference.convolution(kernels, u.repeat_interleave(6 // n_inputs, 0)))


def test_a_part_of_the_systems_responds_as_in_the_whole(modes):
    u = torch.randn(2, 3, L).double()
    bank, chunks = SharedInput.of(unit_energy(*modes, L), 16, u), in_chunks(u, 16)
    whole = bank.respond(chunks, bank.states(chunks))
    part = bank.select(3, 6)
    torch.testing.assert_close(part.respond(chunks[1:], part.states(chunks[1:])), whole[3:])


def test_float32_is_accurate_over_long_series(modes):
    torch.manual_seed(2)
    u = torch.randn(1, 1, 20_000).double()
    system = unit_energy(*modes, 20_000)
    results = []
    for like in (u, u.float()):
        bank, chunks = SharedInput.of(system, 32, like), in_chunks(u.to(like), 32)
        results.append(bank.respond(chunks, bank.states(chunks)).double())
    assert ((results[1] - results[0]).norm() / results[0].norm()).item() < 2e-6
