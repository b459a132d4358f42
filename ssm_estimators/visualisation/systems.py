"""What the state-space layers of a network have become."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes


def plot_kernels(estimator: Any, length: int, features: int = 4, axes: Sequence[Axes] | None = None) -> Sequence[Axes]:
    """Draw the impulse responses of some features, one axis per layer.

    Parameters
    ----------
    estimator : fitted deep estimator
    length : int
        Lags to draw, in samples.
    features : int, default=4
        Features per layer, spread over the time scales. If a system has several outputs, the first one is drawn.
    axes : sequence of Axes or None, default=None
        One per layer; ``None`` makes a new figure.

    Returns
    -------
    sequence of Axes
        Forward kernels are at positive lags. Those of the second direction, where there is one, are at negative lags.
        A legend gives the time scale of each feature, which is ``1 / dt`` in samples: large ones remember for long.
    """
    layers = [block.layer for block in estimator.net_.module_.blocks]
    if axes is None:
        size = (4 * len(layers), 3.6)
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
            scale = float(np.exp(-layer.log_dt[feature].item()))
            ax.plot(lags, response / np.abs(response).max(), linewidth=1, label=f"{scale:.3g}")
        ax.set(xlabel="lag (samples)", title=f"layer {i + 1}")
        ax.legend(title="time scale (samples)", ncols=features, loc="upper center", bbox_to_anchor=(0.5, -0.2),
                  fontsize="small", title_fontsize="small", columnspacing=1, handlelength=1, frameon=False)  # fmt: skip
    axes[0].set_ylabel("response to an impulse, scaled to 1")
    return axes
