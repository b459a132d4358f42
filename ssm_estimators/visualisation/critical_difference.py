"""Many methods on many sets: average ranks, and which do not differ significantly."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sktime.benchmarking.critical_difference import plot_critical_difference as draw


def plot_critical_difference(scores: pd.DataFrame, alpha: float = 0.05) -> Axes:
    """Draw average ranks on a line, with a bar over methods that do not differ (Friedman and Nemenyi tests) [1]_.

    Parameters
    ----------
    scores : DataFrame of shape (n_sets, n_methods)
        Higher is better; columns are the methods. Sets that a method lacks must have been left out.
    alpha : {0.01, 0.05, 0.1}, default=0.05
        Level of significance.

    Returns
    -------
    Axes
        Of a figure of its own.

    Raises
    ------
    ValueError
        If there are fewer than three methods or two sets, or a score is missing.

    References
    ----------
    .. [1] Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.
    """
    if scores.shape[0] < 2 or scores.shape[1] < 3:
        raise ValueError(f"Expected at least 2 sets (rows) and 3 methods (columns); got {scores.shape}.")
    if scores.isna().any(axis=None):
        name = scores.columns[scores.isna().any()][0]
        raise ValueError(f"{name} has no score on {scores.index[scores[name].isna()].tolist()}: leave these sets out.")
    best_first = scores[scores.rank(axis=1, ascending=False).mean().sort_values().index]
    ax: Axes = draw(
        np.asarray(best_first), list(map(str, best_first.columns)), is_errors=False, alpha=alpha, return_fig=True
    )[1]
    return ax
