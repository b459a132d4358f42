"""A deep state-space network from series to one vector per case."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ssm_estimators.functional.checks import check_real
from ssm_estimators.layers import SSMLayer
from ssm_estimators.layers.base import mask_past_end, observed
from ssm_estimators.networks.inputs import InputChannels
from ssm_estimators.networks.modules import (
    NORMS,
    BatchNorm,
    FeatureLinear,
    LayerNorm,
    ResidualBlock,
    TiedDropout,
)
from ssm_estimators.networks.tokens import Embedding, PairHead, TokenInputs


class SequenceNetwork(nn.Module):
    """Inputs, linear encoder, residual blocks, norm, pooling over time, linear head.

    Parameters
    ----------
    layer : callable
        Makes a state-space layer: ``layer(d_model, generator=..., **layer_params)``.
    layer_params : dict
    n_channels, n_outputs : int
    d_model, n_layers : int
        Features, blocks.
    dropout : float
        Share of the features dropped in each block, the same at all time points of a case.
    norm : {"batch", "layer"}
    prenorm : bool
    pooling : {"mean", "max", "last"}
    standardize, differences, missing
        As in :class:`~ssm_estimators.networks.inputs.InputChannels`.
    n_tokens : int or None, default=None
        Read tokens from 1 to this, 0 past a text's end, and embed them; of two texts per case, its two channels, the
        outputs are made together. ``None``: read values.
    seed : int or None, default=None
        Of the start values; ``None`` draws them from PyTorch's global generator.

    Examples
    --------
    >>> from ssm_estimators.layers import S4D
    >>> network = SequenceNetwork(S4D, {"d_state": 8}, n_channels=2, n_outputs=3, d_model=8, n_layers=1)
    >>> network(torch.randn(5, 2, 40)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        layer: Callable[..., SSMLayer],
        layer_params: dict[str, Any],
        n_channels: int,
        n_outputs: int,
        d_model: int,
        n_layers: int,
        dropout: float = 0.0,
        norm: str = "batch",
        prenorm: bool = True,
        pooling: str = "mean",
        standardize: str | None = "channel",
        differences: bool = False,
        missing: str = "error",
        n_tokens: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        self.n_tokens = n_tokens
        self.inputs: InputChannels | TokenInputs
        self.encoder: FeatureLinear | Embedding
        if n_tokens is None:
            self.inputs = InputChannels(n_channels, standardize, differences, missing)
            self.encoder = FeatureLinear(self.inputs.n_out, d_model, generator)
        else:
            self.inputs = TokenInputs(n_channels)
            self.encoder = Embedding(n_tokens, d_model, generator)
        self.blocks = nn.ModuleList(
            ResidualBlock(layer(d_model, generator=generator, **layer_params), norm, prenorm, dropout, generator)
            for _ in range(n_layers)
        )
        self.norm: BatchNorm | LayerNorm | None = NORMS[norm](d_model) if prenorm else None
        self.pooling = pooling
        head = FeatureLinear if n_tokens is None or n_channels == 1 else PairHead
        self.head = head(d_model, n_outputs, generator)

    def forward(self, X: Tensor, lengths: Tensor | None = None, rate: float = 1.0) -> Tensor:
        """Outputs of whole series.

        Parameters
        ----------
        X : Tensor of shape (batch, n_channels, n_timepoints)
        lengths : Tensor of shape (batch,), integer, or None, default=None
            Observed points of each case; ``None``: all.
        rate : float, default=1.0
            How many times coarser than at training the series are sampled.

        Returns
        -------
        Tensor of shape (batch, n_outputs)
        """
        x = self.encode(X, lengths, rate)
        lengths = self.inputs.lengths(X) if isinstance(self.inputs, TokenInputs) else lengths
        for block in self.blocks:
            x = block(x, lengths, rate)
        if self.norm is not None:
            x = self.norm(x, lengths)
        outputs: Tensor = self.head(POOLINGS[self.pooling](x, lengths))
        return outputs.T

    def encode(self, X: Tensor, lengths: Tensor | None = None, rate: float = 1.0) -> Tensor:
        """What the first block reads, (d_model, batch, n_timepoints); arguments as of ``forward``."""
        check_real(X)
        inputs = self.inputs(X, lengths, rate)
        features: Tensor = self.encoder(inputs.to(self.encoder.weight.dtype) if inputs.is_floating_point() else inputs)
        return features

    def set_uniform(self, uniform: Callable[..., Tensor]) -> None:
        """What makes the random numbers of dropout, called with a shape, in the order of the layers."""
        for module in self.modules():
            if isinstance(module, TiedDropout):
                module.uniform = uniform

    def set_total(self, total: Callable[[Tensor], Tensor] | None) -> None:
        """What makes sums over the cases here sums over those of all processes; for the statistics of batches."""
        for module in self.modules():
            if isinstance(module, BatchNorm):
                module.total = total

    def parameter_groups(self) -> dict[str, list[nn.Parameter]]:
        """Parameters by how they want to be trained.

        Returns
        -------
        dict
            ``"ssm"``: the layers' systems (own learning rate, no decay); ``"decay"``: the linear maps' weights;
            ``"no_decay"``: biases, norms, readouts and gains.
        """
        ssm = {id(p) for p in self._ssm_parameters()}
        weights = {id(m.weight) for m in self.modules() if isinstance(m, FeatureLinear)}
        groups: dict[str, list[nn.Parameter]] = {"ssm": [], "decay": [], "no_decay": []}
        for parameter in self.parameters():
            key = "ssm" if id(parameter) in ssm else "decay" if id(parameter) in weights else "no_decay"
            groups[key].append(parameter)
        return groups

    def warnings(self) -> list[str]:
        """What the layers have to say of the training passes so far."""
        messages = (module.warning() for module in self.modules() if isinstance(module, SSMLayer))
        return [message for message in messages if message is not None]

    @property
    def capturable(self) -> bool:
        """Whether all layers' training passes may be captured in a CUDA graph."""
        return all(module.capturable for module in self.modules() if isinstance(module, SSMLayer))

    def _ssm_parameters(self) -> list[nn.Parameter]:
        layers = [module for module in self.modules() if isinstance(module, SSMLayer)]
        return [layer.get_parameter(name) for layer in layers for name in layer.ssm_parameters()]


def pool_mean(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Mean over the observed time points: (features, batch)."""
    if lengths is None:
        return x.mean(-1)
    return mask_past_end(x, lengths).sum(-1) / lengths


def pool_max(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Maximum over the observed time points: (features, batch)."""
    return (x if lengths is None else torch.where(observed(x.shape[-1], lengths), x, -torch.inf)).amax(-1)


def pool_last(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Value at the last observed time point: (features, batch)."""
    if lengths is None:
        return x[..., -1]
    return x.gather(-1, (lengths - 1)[:, None].expand(*x.shape[:2], 1))[..., 0]


POOLINGS = {"mean": pool_mean, "max": pool_max, "last": pool_last}
