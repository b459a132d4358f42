"""Block matrices, powers and Toeplitz matrices: their gradients, and what they are."""

import torch

from ssm_estimators.functional.block_matrices import _Toeplitz, both_directions, toeplitz
from ssm_estimators.functional.systems.diagonal import DiagonalSystem, complex_powers


def test_gradcheck_of_the_blocks(system):
    if isinstance(system, DiagonalSystem):
        assert torch.autograd.gradcheck(lambda a: complex_powers(a, 5), system.A_bar)
    leaves = [leaf.detach().requires_grad_() for leaf in (system.A_bar, system.B_bar, system.C, system.D)]
    for T in (1, 2, 5, 8):
        u = torch.zeros(1, dtype=torch.float64)

        def outputs(*tensors, T=T, u=u):
            blocks = type(system)(*tensors).blocks(T, u)
            kernels = type(system)(*tensors).kernels(T, u)
            return [*blocks.toeplitz, *blocks.into_state, *blocks.from_state, blocks.transition, *kernels]

        assert torch.autograd.gradcheck(outputs, leaves)
    lags = torch.randn(2, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(_Toeplitz.apply, lags)


def test_powers_are_powers(diagonal):
    A_bar = diagonal.A_bar
    for n in (1, 2, 5, 8):
        expected = torch.stack([A_bar**k for k in range(n + 1)], dim=-1)
        torch.testing.assert_close(complex_powers(A_bar, n), expected, rtol=1e-12, atol=0)


def test_toeplitz_of_two_directions():
    forward, backward = torch.tensor([[[1.0, 2.0, 3.0]]]), torch.tensor([[[10.0, 20.0, 30.0]]])
    assert toeplitz(both_directions(forward, backward))[0].tolist() == [[11, 2, 3], [20, 11, 2], [30, 20, 11]]
