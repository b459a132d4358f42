"""Loss against epoch."""

from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes


def plot_learning_curve(estimator: Any, ax: Axes | None = None) -> Axes:
    """Draw the losses of a fitted estimator, an epoch at a time.

    Parameters
    ----------
    estimator : fitted deep estimator
    ax : Axes or None, default=None
        Where to draw; ``None`` makes a new figure.

    Returns
    -------
    Axes
    """
    ax = plt.subplots(layout="constrained")[1] if ax is None else ax
    rows = list(estimator.history_)
    epochs = [row["epoch"] for row in rows]
    for name, label in (("train_loss", "training"), ("valid_loss", "validation")):
        if name in rows[-1]:
            ax.plot(epochs, [row[name] for row in rows], label=label)
    ax.set(xlabel="epoch", ylabel="loss", yscale="log", title=type(estimator).__name__)
    ax.legend()
    return ax
