"""Digits, dtypes, states of a layer as a module, and errors of wrong use."""

import math
import pickle
from contextlib import nullcontext

import pytest
import torch

from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4

H, N = 3, 8


@pytest.mark.parametrize("dt", [1e-3, 1e-2, 1e-1])
@pytest.mark.parametrize("L", [1024, 16_384])
def test_float32_keeps_its_digits_at_any_length(make, L, dt, relative_error):
    """Against the same parameters in float64, forward and step: design's bounds are 1e-5 and 1e-4."""
    layer = make()
    with torch.no_grad():
        layer.log_dt.fill_(math.log(dt))
    exact = make().double()
    exact.load_state_dict(layer.state_dict())
    u, weights = torch.randn(H, 1, L), torch.randn(layer.d_output, 1, L)
    y, expected = layer(u), exact(u.double())
    assert relative_error(y, expected) <= 1e-5
    gradients = torch.autograd.grad((y * weights).sum(), layer.parameters())
    slow = torch.autograd.grad((expected * weights).sum(), exact.parameters())
    assert max(relative_error(g, e) for g, e in zip(gradients, slow, strict=True)) <= 1e-4


def test_an_lssl_that_is_not_trained_discretises_once(monkeypatch, relative_error):
    layer, u = LSSL(H, N, trainable="none"), torch.randn(H, 2, 500)
    made, discretize = [], layer._discretize
    monkeypatch.setattr(layer, "_discretize", lambda rate: made.append(rate) or discretize(rate))
    for _ in range(3):
        with torch.no_grad():
            layer.C.add_(0.1)
        y = layer(u)
        y.sum().backward()
    assert made == [1.0]
    trained = LSSL(H, N)
    trained.load_state_dict(layer.state_dict())
    assert relative_error(y, trained(u)) <= 1e-6
    layer(u, rate=2.0)
    with torch.inference_mode():
        layer(u, rate=2.0)
    layer(u, rate=2.0).sum().backward()  # not with what inference made
    monkeypatch.undo()
    assert pickle.loads(pickle.dumps(layer))._made._made == {}
    with torch.no_grad():
        layer.log_dt += 1
    assert relative_error(layer(u), y) > 1e-3


@pytest.mark.parametrize("degree", [2, 3, 4, 8])
@pytest.mark.parametrize("dt", [1e-2, 5e-1])
def test_many_products_keep_their_digits_too(degree, dt, relative_error):
    """Inputs with an offset, the largest dt of an estimator: symmetric sums of a whole chunk would cancel."""
    layer = LiquidS4(H, 16, liquid="degree", liquid_degree=degree, dt_min=dt * 0.999, dt_max=dt)
    exact = LiquidS4(H, 16, liquid="degree", liquid_degree=degree).double()
    exact.load_state_dict(layer.state_dict())
    for u in (1 + torch.randn(H, 1, 1024), torch.full((H, 1, 1024), 2.0)):
        weights = torch.randn(H, 1, 1024)
        y, expected = layer(u), exact(u.double())
        assert relative_error(y, expected) <= 1e-5
        gradients = torch.autograd.grad((y * weights).sum(), layer.parameters())
        slow = torch.autograd.grad((expected * weights).sum(), exact.parameters())
        assert max(relative_error(g, e) for g, e in zip(gradients, slow, strict=True)) <= 1e-4


@pytest.mark.parametrize("at_once", [False, True])
def test_float32_steps_keep_their_digits_over_a_long_stream(make, at_once, relative_error):
    """Features of all time scales, stepped 16,384 times: each within 1e-4 of the same parameters in float64."""
    layer = make()
    with torch.no_grad():
        layer.log_dt.copy_(torch.tensor([1e-3, 1e-2, 1e-1]).log())
    exact = make().double()
    exact.load_state_dict(layer.state_dict())
    u, state, outputs = torch.randn(H, 1, 16_384), layer.initial_state(1), []
    stepper = layer.stepper(1)
    with torch.no_grad():
        for u_k in u.unbind(-1):
            y_k, state = (stepper.step(u_k), None) if at_once else layer.step(u_k, state)
            outputs.append(y_k)
        expected = exact(u.double())
    for stepped, feature in zip(torch.stack(outputs, dim=-1), expected, strict=True):
        assert relative_error(stepped, feature) <= 1e-4


def test_dtype_is_kept(make):
    assert make()(torch.randn(H, 1, 9)).dtype == torch.float32
    assert make().double()(torch.randn(H, 1, 9).double()).dtype == torch.float64


def test_states_of_another_dtype_or_layout_are_taken(make):
    layer, u = make(), torch.randn(H, 2, 9)
    start = torch.randn_like(layer.initial_state(2))
    expected, _ = layer(u, state=start, return_state=True)
    y, end = layer(u.double(), state=start, return_state=True)
    assert y.dtype == end.dtype == torch.float64
    torch.testing.assert_close(y, expected.double(), rtol=1e-5, atol=1e-5)
    scattered = start.mT.contiguous().mT
    torch.testing.assert_close(layer(u, state=scattered), expected)
    torch.testing.assert_close(layer.step(u[..., 0], scattered)[0], expected[..., 0], rtol=1e-5, atol=1e-5)


def test_nothing_is_made_on_another_device(make, monkeypatch):
    monkeypatch.setattr(torch, "autocast", lambda *args, **kwargs: nullcontext())  # which knows no meta device
    layer = make(bidirectional=True).to("meta").eval()
    if getattr(layer, "liquid", None) == "exact":
        pytest.skip("reads how many cases end in a chunk, which the meta device cannot say")
    lengths = torch.tensor([150, 7], device="meta")
    y = layer(torch.randn(H, 2, 150, device="meta"), lengths=lengths)
    assert y.shape == (layer.d_output, 2, 150)
    y.sum().backward()


def test_half_precision_input_runs_in_float32(make):
    layer, u = make(bidirectional=True), torch.randn(H, 1, 150)
    y = layer(u.bfloat16())
    assert y.dtype == torch.float32
    assert torch.equal(y, layer(u.bfloat16().float()))


def test_autocast_leaves_a_layer_in_float32(make):
    layer, u = make(bidirectional=True), torch.randn(H, 1, 150)
    expected = layer(u)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(u)
    assert y.dtype == torch.float32
    assert torch.equal(y, expected)


def test_same_generator_same_layer_and_global_state_untouched(make):
    before = torch.get_rng_state()
    one, other = make(), make()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert torch.equal(before, torch.get_rng_state())


def test_blocks_are_made_once_in_evaluation(make, monkeypatch):
    layer, u = make().eval(), torch.randn(3, 2, 500)
    made, discretized = [], layer._discretized
    monkeypatch.setattr(layer, "_discretized", lambda rate: made.append(rate) or discretized(rate))

    def count(changed=u, **kw):
        before = len(made)
        with torch.no_grad():
            y = layer(changed, **kw)
        return y, len(made) - before

    if isinstance(layer, LiquidS4):
        pytest.skip("the forms make systems of their own")
    first, n_made = count()
    again, n_again = count()
    assert (n_made, n_again) == (1, 0)
    assert torch.equal(first, again)
    assert count(rate=2.0)[1] == 1
    assert count()[1] == 1
    assert count(u.double())[0].dtype == torch.float64  # blocks are of the input's type
    with torch.no_grad():
        layer.C.mul_(2)
    changed, n_changed = count()
    assert n_changed == 1
    assert not torch.equal(changed, first)
    torch.testing.assert_close(changed, layer(u).detach(), rtol=1e-4, atol=1e-5)  # with gradients: made anew
    monkeypatch.undo()
    assert pickle.loads(pickle.dumps(layer))._made._made == {}
    count()
    assert "system" in layer._made._made
    layer.train()(u)
    assert "system" not in layer._made._made  # nor the memory that it takes


def test_state_dict_holds_everything(make):
    layer, other = make(), make()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(1.1)
    layer.load_state_dict(other.state_dict())
    u = torch.randn(H, 1, 30)
    assert torch.equal(layer(u), other(u))


def test_every_parameter_is_trained_and_the_systems_are_named(make):
    layer = make()
    gradients = torch.autograd.grad(layer(torch.randn(H, 1, 30)).square().sum(), layer.parameters())
    assert all((gradient != 0).any() for gradient in gradients)
    names = dict(layer.named_parameters())
    assert set(layer.ssm_parameters()) == set(names) - {"C", "D"}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("L", [20, 90, 1100])
def test_gradients_may_be_asked_for_inside_autocast(make, bidirectional, L):
    layer = make(bidirectional=bidirectional)

    def gradients(inside):
        u = torch.randn(H, 2, L, generator=torch.Generator().manual_seed(3)).requires_grad_()
        parameters = [p for p in layer.parameters() if p.requires_grad]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=inside):
            return torch.autograd.grad(layer(u).square().mean(), [u, *parameters], allow_unused=True)

    for one, other in zip(gradients(True), gradients(False), strict=True):
        if other is not None:
            assert (one - other).norm() <= 0.02 * other.norm() + 1e-6  # plain products run in bfloat16 there


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda layer: layer(torch.randn(H + 1, 1, 5)), r"Expected an input of shape \(d_model=3.*got \(4, 1, 5\)"),
        (lambda layer: layer(torch.randn(H, 5)), r"got \(3, 5\)"),
        (lambda layer: layer(torch.randn(H, 1, 0)), r"n_timepoints >= 1\); got \(3, 1, 0\)"),
        (lambda layer: layer(torch.randn(H, 0, 5)), r"batch >= 1, .*got \(3, 0, 5\)"),
        (lambda layer: layer.kernel(0), "L must be at least 1; got 0"),
        (lambda layer: layer.kernel(5, rate=-1.0), r"rate must be positive and finite; got -1\.0"),
        (lambda layer: layer.stepper(1).step(torch.randn(H, 1).cfloat()), "Expected real numbers"),
        (lambda layer: layer.step(torch.randn(H, 1), layer.initial_state(1).cfloat()), "Expected real numbers"),
        (lambda layer: layer(torch.randn(H, 1, 5), rate=0.0), r"rate must be positive and finite; got 0\.0"),
        (lambda layer: layer(torch.randn(H, 1, 5), rate=torch.inf), "rate must be positive and finite; got inf"),
        (lambda layer: layer(torch.randn(H, 1, 5), rate=torch.nan), "rate must be positive and finite; got nan"),
        (lambda layer: layer(torch.randn(H, 1, 5).cfloat()), "Expected real numbers; got torch.complex64"),
        (lambda layer: layer.step(torch.randn(H, 1).cfloat(), layer.initial_state(1)), "Expected real numbers"),
        (lambda layer: layer.step(torch.randn(H, 1), layer.initial_state(1), rate=-1.0), "rate must be positive"),
        (lambda layer: layer.step(torch.randn(H + 1, 1), layer.initial_state(1)), r"Expected an input of shape"),
        (lambda layer: layer(torch.randn(H, 1, 5), state=layer.initial_state(1)[..., 1:]), "Expected a state of shape"),
        (lambda layer: layer.step(torch.randn(H, 1), torch.zeros(H, 1, 1)), r"Expected a state.*got \(3, 1, 1\)"),
    ],
)
def test_wrong_use_is_refused(make, use, message):
    with pytest.raises(ValueError, match=message):
        use(make())


@pytest.mark.parametrize(
    "use",
    [
        lambda layer: layer(torch.randn(H, 1, 5), return_state=True),
        lambda layer: layer(torch.randn(H, 1, 5), state=torch.zeros(H, 1, N)),
        lambda layer: layer.step(torch.randn(H, 1), torch.zeros(H, 1, N)),
        lambda layer: layer.initial_state(1),
    ],
)
def test_a_bidirectional_layer_has_no_state(make, use):
    with pytest.raises(ValueError, match="bidirectional=False"):
        use(make(bidirectional=True))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: S4D(2, 7), "d_state must be even and at least 2.*got 7"),
        (lambda: S4D(2, 8, dt_min=0.1, dt_max=0.1), "dt_min must be positive and below dt_max; got"),
        (lambda: S4D(2, 8, init="fourier"), r"init must be one of \['inv', 'legs', 'lin'\]; got 'fourier'"),
        (lambda: S4D(2, 8, discretization="euler"), "discretization must be one of"),
        (
            lambda: S4D(2, 8, bandlimit=0),
            "bandlimit must be positive, a share of half the sampling rate, or None; got 0",
        ),
        (lambda: LiquidS4(2, 8, liquid_degree=1), "liquid_degree must be at least 2.*got 1"),
        (lambda: LiquidS4(2, 8, liquid="PB"), r"liquid must be one of \['degree', 'exact', 'kb', 'pb'\]; got 'PB'"),
        (lambda: S4(2, 7), "d_state must be even and at least 2.*got 7"),
        (lambda: LSSL(2, 1), "d_state must be at least 2 and n_channels at least 1; got d_state=1, n_channels=1"),
        (lambda: LSSL(2, 8, trainable="B"), r"trainable must be one of \['A', 'all', 'dt', 'none'\]; got 'B'"),
    ],
)
def test_wrong_settings_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
