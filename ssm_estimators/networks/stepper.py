"""A network run forward, one time point a call."""

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor

from ssm_estimators.networks.modules import ResidualBlock
from ssm_estimators.networks.network import SequenceNetwork
from ssm_estimators.networks.tokens import TokenInputs

# pooled outputs of the points before, those of the n-th point, n -> pooled outputs
POOLED_SO_FAR: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "mean": lambda pooled, x, n: pooled + (x - pooled) / n,
    "max": lambda pooled, x, n: torch.maximum(pooled, x),
    "last": lambda pooled, x, n: x,
}


class NetworkStepper:
    """Streams of a network in evaluation, all at the same time point; a step gives the outputs for all points so far.

    Parameters
    ----------
    network : SequenceNetwork
        Causal, in evaluation; used as it now is.
    n_streams : int
    rate : float, default=1.0
        How many times coarser than at training the streams are sampled.

    Raises
    ------
    ValueError
        If the network is in training, runs in both directions, standardises by whole series or time points, or reads
        tokens; if there is no stream or ``rate`` is not positive.

    Notes
    -----
    Slow twin: the network itself, on all points so far.

    Examples
    --------
    >>> from ssm_estimators.layers import S4D
    >>> network = SequenceNetwork(S4D, {"d_state": 8}, n_channels=2, n_outputs=3, d_model=8, n_layers=1).eval()
    >>> stepper, X = NetworkStepper(network, n_streams=5), torch.randn(5, 2, 40)
    >>> outputs = [stepper.step(X_k) for X_k in X.unbind(-1)]
    >>> torch.allclose(outputs[-1], network(X), atol=1e-4)
    True
    """

    def __init__(self, network: SequenceNetwork, n_streams: int, *, rate: float = 1.0) -> None:
        if network.training:
            raise ValueError("The network is in training, where its outputs depend on chance; call its eval() first.")
        if isinstance(network.inputs, TokenInputs):
            raise ValueError("Expected a network of values; this one reads whole texts of tokens.")
        if network.inputs.standardize in ("series", "timepoint"):
            raise ValueError(
                "Expected a network that standardises by its channels or not at all; this one does so by "
                f"{network.inputs.standardize}, and a stream is no series of a known length. Train it with "
                "standardize='channel' or standardize=None."
            )
        with torch.no_grad():
            blocks = cast("Iterable[ResidualBlock]", network.blocks)
            self._blocks = [block.stepper(n_streams, rate, start=i) for i, block in enumerate(blocks)]
            self._norm = None if network.norm is None else network.norm.pointwise()
        self.network, self.n_streams, self.rate = network, n_streams, rate
        self._shape = n_streams, network.inputs.n_channels
        self._n_points = 0
        self._before: Tensor | None = None
        self._pooled: Tensor | None = None

    @torch.no_grad()
    def step(self, X: Tensor) -> Tensor:
        """Next time point of all streams.

        Parameters
        ----------
        X : Tensor of shape (n_streams, n_channels)

        Returns
        -------
        Tensor of shape (n_streams, n_outputs)

        Raises
        ------
        ValueError
            If X has another number of streams or channels.
        """
        if X.shape != self._shape:
            raise ValueError(
                f"Expected one time point of {self.n_streams} streams, shape (n_streams, n_channels) = {self._shape}; "
                f"got {tuple(X.shape)}."
            )
        network, self._n_points = self.network, self._n_points + 1
        window = X[..., None] if self._before is None else torch.stack([self._before, X], dim=-1)
        self._before = X if network.inputs.differences else None
        x = network.encode(window, rate=self.rate)[..., -1]
        for block in self._blocks:
            x = block(x)
        x = x if self._norm is None else self._norm(x)
        self._pooled = x if self._pooled is None else POOLED_SO_FAR[network.pooling](self._pooled, x, self._n_points)
        outputs: Tensor = network.head(self._pooled)
        return outputs.T
