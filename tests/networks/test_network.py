from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ssm_estimators.layers import S4D
from ssm_estimators.networks import SequenceNetwork
from ssm_estimators.networks.inputs import InputChannels
from ssm_estimators.networks.modules import BatchNorm, FeatureLinear, LayerNorm, TiedDropout
from ssm_estimators.networks.network import POOLINGS

LENGTHS = torch.tensor([9, 4, 1])


def _ragged(n_features=3, n_timepoints=9):
    x = torch.randn(n_features, len(LENGTHS), n_timepoints)
    return torch.where(torch.arange(n_timepoints) < LENGTHS[:, None], x, 1e3), [
        x[:, i, :n] for i, n in enumerate(LENGTHS)
    ]


def test_linear_is_pytorchs_over_the_first_axis():
    linear, x = FeatureLinear(3, 5), torch.randn(3, 2, 7)
    expected = F.linear(x.permute(1, 2, 0), linear.weight, linear.bias).permute(2, 0, 1)
    torch.testing.assert_close(linear(x), expected)
    assert linear(x[..., 0]).shape == (5, 2)


def test_layer_norm_is_pytorchs_over_the_first_axis():
    x = torch.randn(3, 2, 7)
    expected = F.layer_norm(x.permute(1, 2, 0), (3,)).permute(2, 0, 1)
    torch.testing.assert_close(LayerNorm(3)(x), expected)


def test_batch_norm_of_full_cases_is_pytorchs():
    x, norm = torch.randn(3, 2, 7), BatchNorm(3)
    torch.testing.assert_close(norm(x), F.batch_norm(x.transpose(0, 1), None, None, training=True).transpose(0, 1))


def test_batch_norm_does_not_see_past_the_end():
    x, cases = _ragged()
    norm, joined = BatchNorm(3), torch.cat(cases, dim=1)
    y = norm(x, LENGTHS)
    expected = F.batch_norm(joined.T, None, None, training=True).T
    torch.testing.assert_close(torch.cat([y[:, i, :n] for i, n in enumerate(LENGTHS)], dim=1), expected)
    torch.testing.assert_close(norm.running_mean, joined.mean(1))
    torch.testing.assert_close(norm.running_var, joined.var(1))


def test_batch_norm_starts_with_plain_averages_and_is_fixed_outside_training():
    norm = BatchNorm(2)
    batches = [torch.randn(2, 3, 5) for _ in range(4)]
    for x in batches:
        norm(x)
    torch.testing.assert_close(norm.running_mean, torch.stack([x.mean((1, 2)) for x in batches]).mean(0))
    norm.eval()
    one, all_cases = norm(batches[0][:, :1]), norm(batches[0])
    torch.testing.assert_close(one, all_cases[:, :1])


def test_batch_norm_of_a_single_value():
    assert BatchNorm(2)(torch.randn(2, 1, 1)).abs().max() == 0


def test_tied_dropout_drops_whole_features_and_keeps_the_mean():
    dropout, x = TiedDropout(0.4), torch.ones(50, 200, 3)
    dropout.uniform = partial(torch.rand, generator=torch.Generator().manual_seed(0))
    before = torch.get_rng_state()
    y = x * dropout.gain(50, x)
    assert ((y == 0).all(-1) | (y == 1 / 0.6).all(-1)).all()
    assert y.mean().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(before, torch.get_rng_state())
    assert dropout.eval().gain(50, x) is None


@pytest.mark.parametrize("name", POOLINGS)
def test_pooling_does_not_see_past_the_end(name):
    x, cases = _ragged()
    expected = torch.stack([POOLINGS[name](case[:, None], None)[:, 0] for case in cases], dim=1)
    torch.testing.assert_close(POOLINGS[name](x, LENGTHS), expected)


def test_channels_are_standardised_by_training_statistics():
    X = torch.randn(5, 2, 9).double() * 7 + 3
    inputs = InputChannels(2, "channel", differences=False, missing="error")
    inputs.set_statistics(X, None)
    y = inputs(X)
    assert y.shape == (2, 5, 9)
    torch.testing.assert_close(y.mean((1, 2)), torch.zeros(2).double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std((1, 2), correction=0), torch.ones(2).double())


def test_time_points_are_standardised_each_by_its_own():
    X = torch.randn(6, 2, 9).double() * torch.logspace(-3, 3, 9) + torch.linspace(-50, 50, 9)
    inputs = InputChannels(2, "timepoint", differences=True, missing="error")
    inputs.set_statistics(X, None)
    y = inputs(X)
    torch.testing.assert_close(y.mean(1), torch.zeros(4, 9).double(), atol=1e-2, rtol=0)
    spread = torch.ones(4, 9).double()
    spread[2:, 0] = 0  # nothing comes before the first point to differ from
    torch.testing.assert_close(y.std(1, correction=0), spread, rtol=1e-2, atol=1e-6)
    torch.testing.assert_close(inputs(X[..., :5]), y[..., :5])
    for series, rate in ((torch.cat([X, X], -1), 1.0), (X, 2.0)):
        with pytest.raises(ValueError, match=r"of 9 time points; got .* standardize='channel'"):
            inputs(series, rate=rate)


def test_statistics_ignore_what_is_missing_or_past_the_end():
    X = torch.randn(3, 1, 9).double()
    seen = torch.cat([X[i, 0, :n] for i, n in enumerate(LENGTHS)])[1:]
    spoilt = torch.where(torch.arange(9) < LENGTHS[:, None, None], X, 1e6)
    spoilt[0, 0, 0] = torch.nan
    inputs = InputChannels(1, "channel", differences=False, missing="mask")
    inputs.set_statistics(spoilt, LENGTHS)
    torch.testing.assert_close(inputs.mean, seen.mean()[None, None])
    torch.testing.assert_close(inputs.scale, seen.std(correction=0)[None, None])
    values, observed = inputs(spoilt)
    assert values[0, 0] == 0
    assert observed[0].tolist() == [0] + [1] * 8


def test_series_are_standardised_each_by_its_own():
    X = torch.randn(4, 2, 9).double() * torch.tensor([1.0, 10, 100, 0])[:, None, None] + 5
    inputs = InputChannels(2, "series", differences=False, missing="error")
    y = inputs(X)
    torch.testing.assert_close(y[:, :3].std(-1, correction=0), torch.ones(2, 3).double(), rtol=1e-4, atol=0)
    assert (y[:, 3] == 0).all()


def test_differences_are_a_channel_of_unit_variance():
    X = torch.randn(4, 1, 9).double().cumsum(-1)
    inputs = InputChannels(1, None, differences=True, missing="error")
    inputs.set_statistics(X, None)
    raw, steps = inputs(X)
    torch.testing.assert_close(raw, X[:, 0])
    difference = torch.diff(X[:, 0], prepend=X[:, 0, :1])
    torch.testing.assert_close(steps, (difference - difference.mean()) / difference.std(correction=0))


def test_a_network_with_differences_reads_a_coarser_series_at_its_rate():
    time = torch.arange(2000) / 200
    X = torch.sin(2 * torch.pi * time).reshape(1, 1, -1)
    params = {"d_state": 8, "dt_min": 1e-3, "dt_max": 1e-2}
    network = SequenceNetwork(S4D, params, 1, 4, 8, 2, norm="layer", differences=True, seed=0)
    network.inputs.set_statistics(X, None)
    torch.testing.assert_close(network(X[..., ::2], rate=2.0), network(X), rtol=0.05, atol=0.02)


def test_a_constant_channel_is_centred_and_finite():
    inputs = InputChannels(1, "channel", differences=True, missing="error")
    X = torch.full((3, 1, 5), 1e4)
    inputs.set_statistics(X, None)
    assert (inputs(X) == 0).all()


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("prenorm", [True, False])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_changes_nothing(norm, prenorm, pooling):
    network = SequenceNetwork(
        S4D, {"d_state": 4, "bidirectional": True}, 2, 3, 8, 2, norm=norm, prenorm=prenorm, pooling=pooling, seed=0
    ).eval()
    X = torch.randn(3, 2, 30)
    lengths = torch.tensor([30, 11, 1])
    padded = torch.where(torch.arange(30) < lengths[:, None, None], X, 77.0)
    together = network(padded, lengths)
    alone = torch.cat([network(X[i : i + 1, :, :n]) for i, n in enumerate(lengths)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_seed_decides_everything_and_leaves_the_global_state():
    def build(seed):
        return SequenceNetwork(S4D, {"d_state": 4}, 1, 2, 8, 1, seed=seed)

    before = torch.get_rng_state()
    one, same, other = build(3), build(3), build(4)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.encoder.weight, other.encoder.weight)


def test_activations_of_a_deep_network_keep_their_size():
    X = torch.from_numpy(np.random.default_rng(0).standard_normal((8, 1, 200)).astype(np.float32))
    network = SequenceNetwork(S4D, {"d_state": 16, "dt_min": 0.005, "dt_max": 0.5}, 1, 2, 32, 8, seed=0)
    assert 0.01 < network(X).std().item() < 10
