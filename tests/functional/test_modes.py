import pytest
import torch

from ssm_estimators.functional.systems.mode_powers import modes

H, P = 3, 4


def _arguments():
    A_bar = torch.polar(0.6 + 0.39 * torch.rand(H, P).double(), 3 * torch.rand(H, P).double())
    return [A_bar, *(torch.randn(n, H, P, dtype=torch.complex128) for n in (2, 1, 3))]


def _components(values):
    return torch.view_as_real(values.resolve_conj()).flatten(-2)


@pytest.mark.parametrize("T", [1, 2, 5, 16, 23])
def test_modes_are_powers_times_amplitudes(T):
    arguments = [tensor.requires_grad_() for tensor in _arguments()]
    A_bar, driven, read, summed = arguments
    powers = A_bar[:, None] ** torch.arange(T)[:, None]
    expected = (
        _components(driven[:, :, None] * powers),
        _components((read[:, :, None] * powers).conj()),
        (summed[:, :, None] * powers).sum(-1).real,
        A_bar**T,
    )
    values = modes(*arguments, T, torch.zeros(1).double())
    weights = [torch.randn_like(value) for value in expected]
    for value, right in zip(values, expected, strict=True):
        torch.testing.assert_close(value, right, rtol=1e-13, atol=1e-13)
    gradients = [
        torch.autograd.grad(sum((w * out).real.sum() for w, out in zip(weights, outs, strict=True)), arguments)
        for outs in (values, expected)
    ]
    for gradient, right in zip(*gradients, strict=True):
        torch.testing.assert_close(gradient, right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("T", [1, 6])
def test_gradcheck_of_modes(T):
    arguments = [tensor.requires_grad_() for tensor in _arguments()]
    assert torch.autograd.gradcheck(lambda *tensors: modes(*tensors, T, torch.zeros(1).double()), arguments)


def test_modes_of_single_precision_are_rounded_once_or_twice():
    arguments = _arguments()
    exact, rounded = (modes(*arguments, 500, torch.zeros(1, dtype=dtype)) for dtype in (torch.float64, torch.float32))
    for value, right in zip(rounded, exact, strict=True):
        assert (value - right).abs().max() < 4e-7 * right.abs().max()


def test_a_mode_without_memory_has_a_finite_gradient():
    A_bar, *amplitudes = _arguments()
    A_bar = torch.zeros_like(A_bar).requires_grad_()
    values = modes(A_bar, *amplitudes, 9, torch.zeros(1))
    (gradient,) = torch.autograd.grad(sum(value.abs().sum() for value in values[:3]), A_bar)
    assert gradient.isfinite().all()
