"""A network stepped through time against itself on all points so far."""

import pytest
import torch

from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4
from ssm_estimators.networks import NetworkStepper, SequenceNetwork


def _trained(layer=S4D, **kw):
    """A network whose norms and inputs have seen data."""
    network = SequenceNetwork(layer, {"d_state": 4}, 2, 3, 8, 3, **{"seed": 0, **kw})
    X = 2 + torch.randn(6, 2, 30)
    network.inputs.set_statistics(X, None)
    network(X)
    return network.eval()


def _agree(network, X, rate=1.0):
    stepper = NetworkStepper(network, len(X), rate=rate)
    for k in range(X.shape[-1]):
        y = stepper.step(X[..., k])
        assert not y.requires_grad
        torch.testing.assert_close(y, network(X[..., : k + 1], rate=rate), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("prenorm", [True, False])
@pytest.mark.parametrize("pooling", ["mean", "max", "last"])
def test_steps_are_the_network_on_all_points_so_far(norm, prenorm, pooling):
    _agree(_trained(norm=norm, prenorm=prenorm, pooling=pooling, dropout=0.1), torch.randn(4, 2, 40))


@pytest.mark.parametrize("layer", [S4, LSSL, LiquidS4])
def test_any_layer(layer):
    _agree(_trained(layer), torch.randn(1, 2, 40))


@pytest.mark.parametrize("rate", [1.0, 2.0])
def test_differences_missing_values_and_rates(rate):
    X = torch.randn(2, 2, 20)
    X[0, 1, 3:6] = torch.nan
    _agree(_trained(differences=True, missing="mask"), X, rate)


def test_steppers_do_not_touch_each_other_or_the_network():
    network, X = _trained(), torch.randn(3, 2, 20)
    first, second = NetworkStepper(network, 3), NetworkStepper(network, 3)
    expected = [first.step(X_k) for X_k in X.unbind(-1)]
    network(torch.randn(1, 2, 9))
    for X_k, y in zip(X.unbind(-1), expected, strict=True):
        assert torch.equal(second.step(X_k), y)


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="eval"):
        NetworkStepper(_trained().train(), 1)
    for standardize in ("series", "timepoint"):
        with pytest.raises(ValueError, match=f"does so by {standardize}, .* standardize='channel'"):
            NetworkStepper(_trained(standardize=standardize), 1)
    with pytest.raises(ValueError, match="bidirectional=False"):
        NetworkStepper(SequenceNetwork(S4D, {"d_state": 4, "bidirectional": True}, 2, 3, 8, 1).eval(), 1)
    with pytest.raises(ValueError, match="rate must be positive"):
        NetworkStepper(_trained(), 1, rate=0.0)
    with pytest.raises(ValueError, match="n_streams must be at least 1"):
        NetworkStepper(_trained(), 0)


@pytest.mark.parametrize("shape", [(3, 2), (4, 1), (4, 3), (4,), (1, 2), (4, 2, 1)])
def test_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match="4 streams"):
        NetworkStepper(_trained(), 4).step(torch.randn(shape))
