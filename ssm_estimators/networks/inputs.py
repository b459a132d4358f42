"""From series as the user has them to the channels that the encoder reads."""

import torch
from torch import Tensor, nn

from ssm_estimators.series.moments import known, mean_and_scale


class InputChannels(nn.Module):
    """Scale the channels, add their differences, and mask missing values; the result is feature-first.

    Parameters
    ----------
    n_channels : int
    standardize : {"channel", "timepoint", "series", None}
        Zero mean and unit variance by the training set's statistics of each channel, or of each channel and time point
        (``set_statistics``), by each series' own, or not at all.
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
        self.register_buffer("mean", torch.zeros(n_values, 1, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(n_values, 1, dtype=torch.float64))

    @torch.no_grad()
    def set_statistics(self, X: Tensor, lengths: Tensor | None) -> None:
        """Take mean and standard deviation of every channel, or time point, over the observed values of a training set.

        Parameters
        ----------
        X : Tensor of shape (n_cases, n_channels, n_timepoints)
        lengths : Tensor of shape (n_cases,) or None
            Both on the CPU.
        """
        values = self._values(X.double(), lengths)
        over = (0,) if self.standardize == "timepoint" else (0, 2)
        mean, scale = mean_and_scale(values, known(values, lengths), over)
        if self.standardize in ("series", None):
            mean[:, : self.n_channels], scale[:, : self.n_channels] = 0, 1
        self.mean, self.scale = mean[0].to(self.mean), scale[0].to(self.scale)

    def forward(self, X: Tensor, lengths: Tensor | None = None, rate: float = 1.0) -> Tensor:
        """(batch, n_channels, n_timepoints), NaN where missing, to (n_out, batch, n_timepoints), float64.

        Values far from zero are centred before anything is rounded to float32.
        """
        mean, scale = self._statistics(X.shape[-1], rate)
        values = (self._values(X.to(mean.dtype), lengths, rate) - mean) / scale
        if self.missing == "mask":
            values = torch.cat([values.nan_to_num(nan=0.0), (~X.isnan()).to(values)], dim=1)
        return values.transpose(0, 1)

    def _statistics(self, n_timepoints: int, rate: float) -> tuple[Tensor, Tensor]:
        if self.standardize != "timepoint":
            return self.mean, self.scale
        if n_timepoints > self.mean.shape[-1] or rate != 1:
            raise ValueError(
                f"The network scales each time point by its own statistics, of {self.mean.shape[-1]} time points; got "
                f"series of {n_timepoints}, at a rate of {rate}. Fit with standardize='channel' for series of any "
                "length and rate."
            )
        return self.mean[:, :n_timepoints], self.scale[:, :n_timepoints]

    def _values(self, X: Tensor, lengths: Tensor | None, rate: float = 1.0) -> Tensor:
        if self.standardize == "series":
            mean, scale = mean_and_scale(X, known(X, lengths), (2,))
            X = (X - mean) / scale
        if not self.differences:
            return X
        # a difference is one per unit of time, not one per sample
        return torch.cat([X, torch.diff(X, dim=-1, prepend=X[..., :1]) / rate], dim=1)
