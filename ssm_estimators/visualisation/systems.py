"""What the state-space layers of a network have become."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes


def plot_kernels(estimator: Any, length: int, features: int = 4, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw the impulse responses of some features, a layer an axis.

    Parameters
    ----------
    estimator : fitted deep estimator
    length : int
        Lags to draw, in samples.
    features : int, default=4
        Features a layer, spread over the time scales; of systems with several outputs the first.
    axes : sequence of Axes or None, default=None
        One a layer; ``None`` makes a new figure.

    Returns
    -------
    sequence of Axes
        Forward kernels at positive lags; those of the second direction, where there is one, at negative lags.
    """
    layers = [block.layer for block in estimator.net_.module_.blocks]
    if axes is None:
        size = (4 * len(layers), 3)
        axes = list(np.ravel(plt.subplots(1, len(layers), figsize=size, sharex=True, layout="constrained")[1]))
    for i, (layer, ax) in enumerate(zip(layers, axes, strict=True)):
        with torch.no_grad():
            kernels = layer.kernel(length)[..., :: layer.d_output // layer.d_model, :].cpu().numpy()
            order = layer.log_dt.argsort(descending=True).cpu().numpy()
        for feature in order[np.linspace(0, len(order) - 1, features).round().astype(int)]:
            if layer.bidirectional:
                lags = np.arange(1 - length, length)
                response = np.concatenate([kernels[1, feature, :0:-1], kernels[0, feature]])
            else:
                lags, response = np.arange(length), kernels[feature]
            ax.plot(lags, response / np.abs(response).max(), linewidth=1)
        ax.set(xlabel="lag (samples)", title=f"layer {i + 1}")
    axes[0].set_ylabel("response to an impulse, scaled to 1")
    return axes
