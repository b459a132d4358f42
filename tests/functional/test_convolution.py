"""Responses of short series by their kernels alone, against their definition."""

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.scan.convolution import _FourierConvolution, convolve
from ssm_estimators.functional.systems.diagonal import _Lags

H = 3


def _random(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("M", [1, 3])
@pytest.mark.parametrize("L", [1, 6, 37])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("by_matrix", [True, False])
def test_convolution_is_its_definition_in_value_and_gradient(L, by_matrix, M, batch):
    inputs, lags = [_random(H, batch, L) for _ in range(2)], [_random(H, M, 2 * L - 1) for _ in range(2)]
    y = convolve(inputs, lags, by_matrix)
    expected = sum(reference.two_sided_convolution(k, u) for k, u in zip(lags, inputs, strict=True))
    torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-10)
    weights, leaves = torch.randn_like(expected), [*inputs, *lags]
    fast, slow = (torch.autograd.grad(value, leaves, weights) for value in (y, expected))
    torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("L", [1, 2, 5])
def test_gradcheck_of_lags(n_directions, L):
    """Three inputs, of which a second direction's are up to two time points early."""
    kernels = _random(3 * n_directions, 2, L)
    assert torch.autograd.gradcheck(lambda *tensors: _Lags.apply(*tensors, 3), [kernels, _random(2)])


@pytest.mark.parametrize("M", [1, 2])
def test_gradcheck_of_the_fourier_convolution(M):
    tensors = [_random(H, 2, 5), _random(H, 2, 5), _random(H, M, 9), _random(H, M, 9)]
    assert torch.autograd.gradcheck(lambda *tensors: _FourierConvolution.apply(2, *tensors), tensors)
