import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.fused import slices as slicing
from ssm_estimators.functional.fused.gated_mixing import gated_mixing
from ssm_estimators.functional.fused.layer_norm import layer_norm


@pytest.fixture(params=["one slice", "slices of cases", "slices of time"])
def shape(request, monkeypatch):
    monkeypatch.setattr(
        slicing, "SLICE", {"one slice": 8192, "slices of cases": 20, "slices of time": 4}[request.param]
    )
    return 3, 5, 9


@pytest.mark.parametrize("L", [1, 3, 40, 700, 1000, 8192, 9000])
@pytest.mark.parametrize("batch", [1, 3, 8, 10, 16, 21])
def test_slices_are_all_points_once_and_one_slice_if_they_are_few(batch, L):
    seen, x = torch.zeros(1, batch, L), torch.empty(1, batch, L)
    for here in slicing.slices(x):
        assert seen[here].numel() <= slicing.SLICE
        seen[here] += 1
    assert (seen == 1).all()
    assert slicing.is_small(x) == (len(list(slicing.slices(x))) == 1)


@pytest.mark.parametrize("batch", [8, 10, 11, 12])
def test_batches_about_the_size_of_a_slice(batch):
    arguments, gains = _mixing_arguments((2, batch, 700), dropout=True)
    _agree(gated_mixing(*arguments, *gains), reference.gated_mixing(*arguments, *gains), arguments)


def _mixing_arguments(shape, dropout, n_in=4):
    H, batch, _ = shape
    y = torch.randn(n_in, *shape[1:], dtype=torch.float64, requires_grad=True)
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2 * H, n_in, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2 * H, dtype=torch.float64, requires_grad=True)
    gains = [torch.rand(n, batch, 1, dtype=torch.float64) if dropout else None for n in (n_in, H)]
    return (y, x, weight, bias), gains


def _norm_arguments(shape):
    return (
        torch.randn(shape, dtype=torch.float64, requires_grad=True),
        torch.randn(shape[0], dtype=torch.float64, requires_grad=True),
        torch.randn(shape[0], dtype=torch.float64, requires_grad=True),
    )


def _agree(value, expected, arguments):
    torch.testing.assert_close(value, expected)
    along = torch.randn_like(expected)
    gradients = [torch.autograd.grad(out, arguments, along) for out in (value, expected)]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("dropout", [True, False])
def test_gated_mixing_is_its_definition(shape, dropout):
    arguments, gains = _mixing_arguments(shape, dropout)
    ones = [torch.ones(()) if gain is None else gain for gain in gains]
    _agree(gated_mixing(*arguments, *gains), reference.gated_mixing(*arguments, *ones), arguments)


def test_gated_mixing_has_right_gradients(shape):
    arguments, gains = _mixing_arguments(shape, True)
    assert torch.autograd.gradcheck(lambda *tensors: gated_mixing(*tensors, *gains), arguments)


def test_layer_norm_is_its_definition(shape):
    arguments = _norm_arguments(shape)
    _agree(layer_norm(*arguments, 1e-3), reference.layer_norm(*arguments, 1e-3), arguments)


def test_layer_norm_has_right_gradients(shape):
    arguments = _norm_arguments(shape)
    assert torch.autograd.gradcheck(lambda *tensors: layer_norm(*tensors, 1e-3), arguments)


def test_strided_arguments_are_taken_as_they_are():
    arguments, gains = _mixing_arguments((3, 5, 9), True)
    strided = [t.detach().mT.contiguous().mT.requires_grad_() if t.ndim == 3 else t for t in arguments]
    _agree(gated_mixing(*strided, *gains), reference.gated_mixing(*strided, *gains), strided)
    x, weight, bias = _norm_arguments((3, 5, 9))
    x = x.detach().transpose(0, 1).contiguous().transpose(0, 1).requires_grad_()
    _agree(layer_norm(x, weight, bias, 1e-3), reference.layer_norm(x, weight, bias, 1e-3), (x, weight, bias))


def test_a_second_backward_gives_the_same():
    arguments, gains = _mixing_arguments((3, 5, 9), True)
    y = gated_mixing(*arguments, *gains).sum()
    first = torch.autograd.grad(y, arguments, retain_graph=True)
    torch.testing.assert_close(torch.autograd.grad(y, arguments), first)


def test_under_autocast_only_the_products_are_rounded():
    H = 8
    arguments, gains = _mixing_arguments((H, 2, 50), True, n_in=H)
    single = [t.detach().float().requires_grad_() for t in arguments]
    gains = [gain.float() for gain in gains]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = gated_mixing(*single, *gains)
    exact = gated_mixing(*single, *gains)
    assert rounded.dtype == torch.float32
    assert 0 < (rounded - exact).abs().max() < 0.1
    gradients = torch.autograd.grad(rounded.sum(), single)
    assert all(gradient.dtype == torch.float32 for gradient in gradients)
