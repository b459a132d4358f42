"""Texts in place of values: tokens to features, and two texts to one output."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssm_estimators.networks.modules import FeatureLinear


class TokenInputs(nn.Module):
    """Texts of each case beside each other; in the place of :class:`~ssm_estimators.networks.inputs.InputChannels`.

    Parameters
    ----------
    n_channels : int
        Texts a case, one or two.
    """

    standardize, differences, missing = None, False, "error"

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        if n_channels not in (1, 2):
            raise ValueError(f"Expected one text per case, or two to compare; got n_channels={n_channels}.")
        self.n_channels = n_channels

    def forward(self, X: Tensor, lengths: Tensor | None = None, rate: float = 1.0) -> Tensor:
        """Tokens (batch, n_channels, n_timepoints), 0 past the end, to (batch * n_channels, n_timepoints), int64."""
        if rate != 1:
            raise ValueError(f"Tokens have no sampling rate; got rate={rate}.")
        return X.flatten(0, 1).long()

    def lengths(self, X: Tensor) -> Tensor:
        """Tokens of each text, (batch * n_channels,); 1 of one without any, which only fills up a batch."""
        return (X.flatten(0, 1) != 0).sum(-1).clamp(min=1)


class Embedding(nn.Module):
    """A vector of features for each token.

    Parameters
    ----------
    n_tokens : int
        Tokens are 1 to this; 0 is what lies past the end of a text.
    n_features : int
    generator : torch.Generator or None
        Source of the start values, standard normal.
    """

    def __init__(self, n_tokens: int, n_features: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_tokens + 1, n_features, generator=generator, dtype=torch.float32))

    def forward(self, tokens: Tensor) -> Tensor:
        """(n_texts, n_timepoints) to (n_features, n_texts, n_timepoints)."""
        return F.embedding(tokens, self.weight).permute(2, 0, 1).contiguous()


class PairHead(nn.Module):
    r"""From two texts' features a and b to outputs: a hidden layer of :math:`[a, b, a \odot b, a - b]`.

    Parameters
    ----------
    n_features, n_outputs : int
    generator : torch.Generator or None

    References
    ----------
    .. [1] "Long Range Arena: A Benchmark for Efficient Transformers", arXiv:2011.04006, section 2.3.
    """

    def __init__(self, n_features: int, n_outputs: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.hidden = FeatureLinear(4 * n_features, n_features, generator)
        self.output = FeatureLinear(n_features, n_outputs, generator)

    def forward(self, x: Tensor) -> Tensor:
        """(n_features, 2 * batch), the two of a case beside each other, to (n_outputs, batch)."""
        a, b = x.unflatten(1, (-1, 2)).unbind(2)
        outputs: Tensor = self.output(F.gelu(self.hidden(torch.cat([a, b, a * b, a - b]))))
        return outputs
