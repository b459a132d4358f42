"""Loss against epoch, and the epoch whose weights were kept."""

from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes


def plot_learning_curve(estimator: Any, ax: Axes | None = None) -> Axes:
    """Draw the losses of a fitted estimator, and mark the epoch whose weights it kept.

    Parameters
    ----------
    estimator : fitted deep estimator
    ax : Axes or None, default=None
        Where to draw; ``None`` makes a new figure.

    Returns
    -------
    Axes

    Notes
    -----
    An estimator keeps the weights of the epoch with the lowest validation loss, or with the lowest training loss if no
    cases were held out. A loss jumps from epoch to epoch while the learning rate is high. The bold line is therefore
    the lowest loss so far, which is the loss of the weights that would be kept if training ended there.
    """
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    rows = [row for row in estimator.history_ if "train_loss" in row]  # an epoch that was broken off has no loss
    epochs = np.array([row["epoch"] for row in rows])
    losses = {
        label: np.array([row[name] for row in rows], dtype=float)
        for name, label in (("train_loss", "training"), ("valid_loss", "validation"))
        if rows and name in rows[-1]
    }
    for label, values in losses.items():
        ax.plot(epochs, values, label=label, linewidth=1, alpha=0.6)
    if losses:
        label, values = list(losses.items())[-1]
        best = int(np.argmin(values))
        color = ax.get_lines()[-1].get_color()
        lowest = np.minimum.accumulate(values)
        ax.plot(epochs, lowest, drawstyle="steps-post", color=color, linewidth=2, label=f"{label}, lowest so far")
        kept = f"weights kept: epoch {epochs[best]}"
        ax.scatter(epochs[best], values[best], marker="*", s=160, color="black", zorder=3, label=kept)
        ax.legend()
    ax.set(xlabel="epoch", ylabel="loss", yscale="log", title=type(estimator).__name__)
    return ax
