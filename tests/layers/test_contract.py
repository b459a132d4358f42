"""One contract for every layer: built here, compared with its slow definition, whatever its inside."""

import math

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.systems.dense import DenseSystem

H, BATCH = 3, 2


def _slow(layer, u, direction=0, rate=1.0, skip=True):
    """The layer's definition, one direction of it, from its own discrete system."""
    system = layer.discrete_system(rate)
    D = system.D * skip
    if isinstance(system, DenseSystem):
        return reference.dense_recurrence(system.A_bar, system.B_bar, system.C[direction], D, u)[0]
    discrete = system.A_bar, system.B_bar[0], system.C[direction], D
    match getattr(layer, "liquid", None):
        case None:
            return reference.recurrence(*discrete, u)[0]
        case "kb":
            return reference.liquid_kb(*discrete, u, layer.liquid_degree, rate)
        case "pb":
            return reference.liquid_pb(*discrete, u, layer.liquid_degree, layer.discrete_system(1.0).B_bar[0])
        case "degree":
            return reference.liquid_degree(*discrete, u, layer.liquid_degree)
        case "exact":
            return reference.liquid_exact(*discrete, u, layer.guard)


def _gradients(y, layer, u, weights):
    return torch.autograd.grad((y * weights).sum(), [u, *layer.parameters()])


@pytest.mark.parametrize("L", [1, 2, 5, 64, 65, 150])
def test_forward_is_the_definition_in_value_and_gradient(make, L, relative_error):
    layer = make().double()
    u = torch.randn(H, BATCH, L, dtype=torch.float64, requires_grad=True)
    y, expected = layer(u), _slow(layer, u)
    weights = torch.randn_like(expected)
    assert relative_error(y, expected) <= 1e-10
    pairs = zip(_gradients(y, layer, u, weights), _gradients(expected, layer, u, weights), strict=True)
    assert max(relative_error(fast, slow) for fast, slow in pairs) <= 1e-10


def test_step_is_forward_in_value_and_gradient(make, relative_error):
    layer = make().double()
    u = torch.randn(H, BATCH, 70, dtype=torch.float64, requires_grad=True)
    state, outputs = layer.initial_state(BATCH), []
    for u_k in u.unbind(-1):
        y_k, state = layer.step(u_k, state)
        outputs.append(y_k)
    stepped, (y, end) = torch.stack(outputs, dim=-1), layer(u, return_state=True)
    assert relative_error(stepped, y) <= 1e-10
    assert relative_error(state, end) <= 1e-10
    weights = torch.randn_like(y)
    pairs = zip(_gradients(stepped, layer, u, weights), _gradients(y, layer, u, weights), strict=True)
    assert max(relative_error(one, other) for one, other in pairs) <= 1e-10


@pytest.mark.parametrize("start", [0, 5, 24])
@pytest.mark.parametrize("rate", [1.0, 2.5])
def test_stepper_is_forward(make, start, rate, relative_error):
    layer = make().double()
    u = torch.randn(H, BATCH, 70, dtype=torch.float64)
    stepper = layer.stepper(BATCH, rate=rate, start=start)
    stepped = torch.stack([stepper.step(u_k) for u_k in u.unbind(-1)], dim=-1)
    assert not stepped.requires_grad
    assert relative_error(stepped, layer(u, rate=rate)) <= 1e-10


def test_stepper_refuses_what_would_broadcast(make):
    stepper = make().stepper(BATCH)
    for shape in [(H, 1), (1, BATCH), (BATCH,), (H, BATCH, 1)]:
        with pytest.raises(ValueError, match="n_streams"):
            stepper.step(torch.randn(shape))


@pytest.mark.parametrize(("first", "second"), [(1, 1), (64, 64), (50, 33), (7, 130)])
def test_two_halves_with_the_state_between_are_the_whole(make, first, second, relative_error):
    layer = make().double()
    u = torch.randn(H, BATCH, first + second, dtype=torch.float64, requires_grad=True)
    whole, end = layer(u, return_state=True)
    early, state = layer(u[..., :first], return_state=True)
    late, end_of_halves = layer(u[..., first:], state=state, return_state=True)
    halves = torch.cat([early, late], dim=-1)
    assert relative_error(halves, whole) <= 1e-10
    assert relative_error(end_of_halves, end) <= 1e-10
    weights = torch.randn_like(whole)
    pairs = zip(_gradients(halves, layer, u, weights), _gradients(whole, layer, u, weights), strict=True)
    assert max(relative_error(one, other) for one, other in pairs) <= 1e-10


def test_bidirectional_is_two_causal_layers(make, relative_error):
    both = make(bidirectional=True).double()
    u = torch.randn(H, BATCH, 150, dtype=torch.float64)
    u.requires_grad_()
    y, expected = both(u), _slow(both, u) + _slow(both, u.flip(-1), direction=1, skip=False).flip(-1)
    assert relative_error(y, expected) <= 1e-10
    weights = torch.randn_like(y)
    pairs = zip(_gradients(y, both, u, weights), _gradients(expected, both, u, weights), strict=True)
    assert max(relative_error(fast, slow) for fast, slow in pairs) <= 1e-10

    causal = [make().double() for _ in range(2)]
    for direction, layer in enumerate(causal):
        weights = {**both.state_dict(), "C": both.C.detach()[direction : direction + 1]}
        layer.load_state_dict(weights)
    causal[1].D.data.zero_()
    two = causal[0](u) + causal[1](u.flip(-1)).flip(-1)
    assert relative_error(both(u), two) <= 1e-10


def test_no_output_depends_on_a_later_input(make):
    layer = make()
    u = torch.randn(H, BATCH, 100, requires_grad=True)
    for k in (0, 49, 50, 98):
        (gradient,) = torch.autograd.grad(layer(u)[..., k].sum(), u)
        assert (gradient[..., k + 1 :] == 0).all()
        assert (gradient[..., k] != 0).all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_what_lies_past_the_end_never_reaches_what_lies_before(make, bidirectional):
    layer = make(bidirectional=bidirectional)
    lengths = torch.tensor([70, 1, 64])
    u = torch.randn(H, 3, 90)
    u[:, torch.arange(90) >= lengths[:, None]] = float("nan")
    u.requires_grad_()
    y = layer(u, lengths=lengths)
    for i, n in enumerate(lengths.tolist()):
        torch.testing.assert_close(y[:, i, :n], layer(u[:, i : i + 1, :n])[:, 0], rtol=1e-5, atol=2e-5)
    (gradient,) = torch.autograd.grad(sum(y[:, i, :n].sum() for i, n in enumerate(lengths)), u)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_of_padded_cases_are_those_of_each_alone(make, bidirectional, relative_error):
    layer = make(bidirectional=bidirectional).double()
    lengths = torch.tensor([70, 1, 64])
    u = torch.randn(H, 3, 90, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(layer.d_output, 3, 90, dtype=torch.float64)
    weights = torch.where(torch.arange(90) < lengths[:, None], weights, 0)
    alone = torch.zeros_like(weights)
    for i, n in enumerate(lengths.tolist()):
        padded = torch.nn.functional.pad(layer(u[:, i : i + 1, :n]), (0, 90 - n))
        alone = alone + torch.nn.functional.pad(padded, (0, 0, i, 2 - i))
    pairs = zip(
        _gradients(layer(u, lengths=lengths), layer, u, weights), _gradients(alone, layer, u, weights), strict=True
    )
    assert max(relative_error(one, other) for one, other in pairs) <= 1e-10


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_rate_is_a_longer_step_in_value_and_gradient(make, rate, relative_error):
    layer = make().double()
    u = torch.randn(H, BATCH, 70, dtype=torch.float64, requires_grad=True)
    y, expected = layer(u, rate=rate), _slow(layer, u, rate=rate)
    weights = torch.randn_like(y)
    assert relative_error(y, expected) <= 1e-10
    pairs = zip(_gradients(y, layer, u, weights), _gradients(expected, layer, u, weights), strict=True)
    assert max(relative_error(fast, slow) for fast, slow in pairs) <= 1e-10
    state = layer.initial_state(BATCH)
    for k in range(3):
        y_k, state = layer.step(u[..., k], state, rate=rate)
        torch.testing.assert_close(y_k, y[..., k])


def test_state_of_each_case_is_that_at_its_end(make):
    layer = make().double()
    lengths = torch.tensor([70, 1, 64, 90, 0])
    u = torch.randn(H, 5, 90, dtype=torch.float64, requires_grad=True)
    start = torch.randn_like(layer.initial_state(5)).requires_grad_()
    _, state = layer(u, lengths=lengths, state=start, return_state=True)
    ends = [
        layer(u[:, i : i + 1, :n], state=start[:, i : i + 1], return_state=True)[1] if n else start[:, i : i + 1]
        for i, n in enumerate(lengths.tolist())
    ]
    alone, weights = torch.cat(ends, dim=1), torch.randn_like(start)
    torch.testing.assert_close(state, alone, rtol=1e-10, atol=1e-10)
    gradients = (torch.autograd.grad((value * weights).sum(), [u, start]) for value in (state, alone))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_kernel_is_the_impulse_response_and_does_not_depend_on_its_length(make):
    layer = make(bidirectional=True).double()
    system = layer.discrete_system(1.0)
    kernels = layer.kernel(100)
    assert kernels.shape == (2, layer.d_output, 100)
    for kernel, C in zip(kernels, system.C, strict=True):
        if isinstance(system, DenseSystem):
            expected = reference.dense_kernel(system.A_bar, system.B_bar, C, 100).flatten(0, 1)
        else:
            expected = reference.kernel(system.A_bar, system.B_bar[0], C, 100)
        torch.testing.assert_close(kernel, expected)
    causal = make().double()
    torch.testing.assert_close(causal.kernel(100)[:, :30], causal.kernel(30))


def _linear_part(layer, u, rate):
    return reference.fft_convolution(layer.kernel(u.shape[-1], rate=rate), u)


def _at_two_rates(layer, period, part=None):
    """Response to a sine with a smooth start, at rate 2 and averaged at rate 1; without its linear part if wanted."""
    time = torch.arange(8192, dtype=torch.float64)
    u = 0.5 * torch.sin(2 * math.pi * time / period) * (1 - torch.exp(-((time / period) ** 2)))
    u = u.expand(H, 1, -1)
    fine, coarse = layer(u), layer(u[..., ::2], rate=2.0)
    if part == "liquid":
        fine, coarse = fine - _linear_part(layer, u, 1.0), coarse - _linear_part(layer, u[..., ::2], 2.0)
    return coarse, (fine[..., ::2] + fine[..., 1::2]) / 2


@pytest.mark.parametrize("dt", [1e-3, 1e-2])
def test_rate_2_on_every_second_sample_agrees_with_rate_1(make, dt, relative_error):
    layer = make(dt_min=dt * 0.999, dt_max=dt).double()
    layer.D.data.zero_()
    assert relative_error(*_at_two_rates(layer, period=200)) <= 0.03
    if not hasattr(layer, "liquid"):
        return
    # alone, the liquid part is not hidden by the linear one: products of neighbours in pb lie half a step apart, and
    # those of all inputs lack the squares, whose share depends on the rate unless signals are slow beside the memory
    period = {"kb": 200, "pb": 400, "degree": 4 / dt, "exact": 4 / dt}[layer.liquid]
    assert relative_error(*_at_two_rates(layer, period, part="liquid")) <= 0.03
