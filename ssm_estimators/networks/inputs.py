"""From series as the user has them to the channels that the encoder reads."""

import torch
from torch import Tensor, nn

from ssm_estimators.series.moments import known, mean_and_scale


class InputChannels(nn.Module):
    """Scale the channels, add their differences, and mask missing values; the result is feature-first.

    Parameters
    ----------
    n_channels : int
    standardize : {"channel", "series", None}
        Zero mean and unit variance by the training set's statistics a channel (``set_statistics``), by each series'
        own, or not at all.
    differences : bool
        Add the first difference of each channel as a further channel, scaled by the training set's statistics.
    missing : {"error", "mask"}
        With ``"mask"``, NaN becomes the mean and each channel gets one more that says what was observed.

    Attributes
    ----------
    n_out : int
        Channels that ``forward`` returns.
    """

    def __init__(self, n_channels: int, standardize: str | None, differences: bool, missing: str) -> None:
        super().__init__()
        self.n_channels = n_channels
        self.standardize, self.differences, self.missing = standardize, differences, missing
        n_values = n_channels * (1 + differences)
        self.n_out = n_values + (n_channels if missing == "mask" else 0)
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(n_values))
        self.register_buffer("scale", torch.ones(n_values))

    @torch.no_grad()
    def set_statistics(self, X: Tensor, lengths: Tensor | None) -> None:
        """Take mean and standard deviation of every channel over the observed values of a training set.

        Parameters
        ----------
        X : Tensor of shape (n_cases, n_channels, n_timepoints)
        lengths : Tensor of shape (n_cases,) or None
            Both on the CPU.
        """
        values = self._values(X, lengths)
        mean, scale = mean_and_scale(values.double(), known(values, lengths), (0, 2))
        n_channels = X.shape[1]
        if self.standardize != "channel":
            mean[:, :n_channels], scale[:, :n_channels] = 0, 1
        self.mean.copy_(mean[0, :, 0])
        self.scale.copy_(scale[0, :, 0])

    def forward(self, X: Tensor, lengths: Tensor | None = None, rate: float = 1.0) -> Tensor:
        """(batch, n_channels, n_timepoints), NaN where missing, to (n_out, batch, n_timepoints)."""
        values = (self._values(X, lengths, rate) - self.mean[:, None]) / self.scale[:, None]
        if self.missing == "mask":
            values = torch.cat([values.nan_to_num(nan=0.0), (~X.isnan()).to(values)], dim=1)
        return values.transpose(0, 1)

    def lengths(self, X: Tensor, lengths: Tensor | None) -> Tensor | None:
        """Points of each case that goes on from here; ``None``: all."""
        return lengths

    def _values(self, X: Tensor, lengths: Tensor | None, rate: float = 1.0) -> Tensor:
        if self.standardize == "series":
            mean, scale = mean_and_scale(X, known(X, lengths), (2,))
            X = (X - mean) / scale
        if not self.differences:
            return X
        # a difference is one a unit of time, not one a sample
        return torch.cat([X, torch.diff(X, dim=-1, prepend=X[..., :1]) / rate], dim=1)
