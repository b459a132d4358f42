"""Parts of a network on activations ``(features, batch, n_timepoints)``; none draws from global random state."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssm_estimators.functional.fused.gated_mixing import gated_mixing
from ssm_estimators.functional.fused.layer_norm import layer_norm
from ssm_estimators.layers import SSMLayer
from ssm_estimators.layers.base import observed


class FeatureLinear(nn.Module):
    """Linear map of the features at each time point.

    Parameters
    ----------
    n_in, n_out : int
    generator : torch.Generator or None
        Source of the start values, uniform within 1 / sqrt(n_in).
    """

    def __init__(self, n_in: int, n_out: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        bound = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(bound * (2 * torch.rand(n_out, n_in, generator=generator, dtype=torch.float32) - 1))
        self.bias = nn.Parameter(bound * (2 * torch.rand(n_out, generator=generator, dtype=torch.float32) - 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n_in, batch, n_timepoints) or (n_in, batch) to the same with n_out."""
        y = torch.addmm(self.bias[:, None], self.weight, x.reshape(len(x), -1))
        return y.view(-1, *x.shape[1:])


class LayerNorm(nn.Module):
    """Normalise the features of each case at each time point."""

    def __init__(self, n_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(n_features, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Same shape; ``lengths`` is not needed, time points are independent."""
        return layer_norm(x, self.weight, self.bias, self.eps)

    def pointwise(self) -> Callable[[Tensor], Tensor]:
        """The norm as it now is, of single time points (n_features, batch)."""
        return lambda x: F.layer_norm(x.T, self.weight.shape, self.weight, self.bias, self.eps).T


class BatchNorm(nn.Module):
    """Normalise each feature over cases and observed time points; by running statistics outside training.

    Running statistics are the plain average over the first updates and an exponential one later, so that short
    trainings are not biased to the start values.

    Attributes
    ----------
    total : callable or None
        From sums over the cases here to sums over those of all processes that train together; None: there is one.
    """

    def __init__(self, n_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(n_features, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(n_features, dtype=torch.float32))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.n_updates = 0  # as far as they matter
        self.total: Callable[[Tensor], Tensor] | None = None
        self.register_buffer("running_mean", torch.zeros(n_features, dtype=torch.float32))
        self.register_buffer("running_var", torch.ones(n_features, dtype=torch.float32))

    def get_extra_state(self) -> int:
        """What ``state_dict`` holds beside tensors."""
        return self.n_updates

    def set_extra_state(self, state: int) -> None:
        """Inverse of ``get_extra_state``."""
        self.n_updates = state

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Same shape; what lies past ``lengths`` does not enter the statistics."""
        flat = x.reshape(1, len(x), -1)
        if not self.training:
            y = F.batch_norm(flat, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
            return y.view_as(x)
        self.n_updates = min(self.n_updates + 1, math.ceil(1 / self.momentum))
        momentum = max(self.momentum, 1 / self.n_updates)
        if lengths is None and flat.shape[-1] > 1 and self.total is None:
            y = F.batch_norm(
                flat, self.running_mean, self.running_var, self.weight, self.bias, True, momentum, self.eps
            )
            return y.view_as(x)
        return self._masked(x, lengths, momentum)

    def pointwise(self) -> Callable[[Tensor], Tensor]:
        """The norm outside training as it now is, of single time points (n_features, batch)."""
        scale = (self.weight * torch.rsqrt(self.running_var + self.eps))[:, None]
        shift = self.bias[:, None] - self.running_mean[:, None] * scale
        return lambda x: torch.addcmul(shift, x, scale)

    def _masked(self, x: Tensor, lengths: Tensor | None, momentum: float) -> Tensor:
        inside = x.new_ones(x.shape[1:]) if lengths is None else observed(x.shape[-1], lengths).to(x)
        total = self.total or _as_it_is
        count = total(inside.sum())
        mean = total((x * inside).sum((1, 2))) / count
        centred = x - mean[:, None, None]
        variance = total((centred.square() * inside).sum((1, 2))) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean.to(self.running_mean), momentum)
            self.running_var.lerp_((variance * count / (count - 1).clamp(min=1)).to(self.running_var), momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return centred * scale[:, None, None] + self.bias[:, None, None]


def _as_it_is(sums: Tensor) -> Tensor:
    return sums


class TiedDropout(nn.Module):
    """Drop whole features of a case, the same at all its time points.

    Parameters
    ----------
    p : float
        Share of the features dropped.

    Attributes
    ----------
    uniform : callable
        Makes the random numbers of a mask while training, uniform in [0, 1), of the shape that it is called with; at
        first ``torch.rand``.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.uniform: Callable[..., Tensor] = torch.rand

    def gain(self, n_features: int, like: Tensor) -> Tensor | None:
        """What to multiply features of the cases of ``like`` by, (n_features, batch, 1); None: nothing is dropped."""
        if not self.training or self.p == 0:
            return None
        kept = self.uniform(n_features, like.shape[1], 1) >= self.p
        return kept.to(like) / (1 - self.p)


NORMS: dict[str, type[BatchNorm] | type[LayerNorm]] = {"batch": BatchNorm, "layer": LayerNorm}


class ResidualBlock(nn.Module):
    """[norm, state-space layer, GELU, dropout, linear map and gate, dropout] beside an identity.

    Parameters
    ----------
    layer : SSMLayer
    norm : {"batch", "layer"}
    prenorm : bool
        Normalise before the layer, else after the sum.
    dropout : float
    generator : torch.Generator or None
    """

    def __init__(
        self, layer: SSMLayer, norm: str, prenorm: bool, dropout: float, generator: torch.Generator | None
    ) -> None:
        super().__init__()
        d_model = layer.d_model
        self.layer, self.prenorm = layer, prenorm
        self.norm = NORMS[norm](d_model)
        self.dropout = TiedDropout(dropout)
        self.mixing = FeatureLinear(layer.d_output, 2 * d_model, generator)

    def forward(self, x: Tensor, lengths: Tensor | None, rate: float) -> Tensor:
        """(d_model, batch, n_timepoints) to the same."""
        y = self.norm(x, lengths) if self.prenorm else x
        y = self.layer(y, lengths=lengths, rate=rate)
        gains = self.dropout.gain(len(y), x), self.dropout.gain(len(x), x)
        x = gated_mixing(y, x, self.mixing.weight, self.mixing.bias, *gains)
        return x if self.prenorm else self.norm(x, lengths)

    def stepper(self, n_streams: int, rate: float, start: int) -> Callable[[Tensor], Tensor]:
        """The block in evaluation, a time point (d_model, n_streams) a call; ``rate``, ``start`` as of the layer's."""
        layer, norm = self.layer.stepper(n_streams, rate=rate, start=start), self.norm.pointwise()

        def step(x: Tensor) -> Tensor:
            y = layer.step(norm(x) if self.prenorm else x)
            value, gate = self.mixing(F.gelu(y)).chunk(2)
            x = torch.addcmul(x, value, gate.sigmoid_())
            return x if self.prenorm else norm(x)

        return step
