"""Many methods on many sets: mean ranks, and which methods do not differ significantly."""

import pandas as pd
import scikit_posthocs
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from scipy.stats import friedmanchisquare

HEIGHT = 0.22  # inches between two labels


def plot_critical_difference(scores: pd.DataFrame, alpha: float = 0.05) -> Axes:
    """Draw mean ranks on a line, and a bar over methods that do not differ (tests of Friedman and Nemenyi) [1]_.

    Parameters
    ----------
    scores : DataFrame of shape (n_sets, n_methods)
        Higher is better; columns are the methods. Leave out the sets that a method lacks.
    alpha : float, default=0.05
        Level of significance, between 0 and 1.

    Returns
    -------
    Axes
        Of a figure of its own. Its horizontal axis has the mean ranks, and its bars have the label ``"bar"``.

    Raises
    ------
    ValueError
        If there are fewer than three methods or two sets, or a score is missing.

    Notes
    -----
    A bar covers ranks that lie within the critical difference of each other. Two methods under no common bar differ
    significantly. If Friedman's test finds no difference at all, one bar covers every method.

    References
    ----------
    .. [1] Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.
    """
    if scores.shape[0] < 2 or scores.shape[1] < 3:
        raise ValueError(f"Expected at least 2 sets (rows) and 3 methods (columns); got {scores.shape}.")
    if scores.isna().any(axis=None):
        name = scores.columns[scores.isna().any()][0]
        raise ValueError(f"{name} has no score on {scores.index[scores[name].isna()].tolist()}: leave these sets out.")
    if not 0 < alpha < 1:
        raise ValueError(f"Expected alpha between 0 and 1; got {alpha}.")
    ranks = scores.rank(axis=1, ascending=False).mean()
    p_values = scikit_posthocs.posthoc_nemenyi_friedman(scores)
    if friedmanchisquare(*(scores[name] for name in scores)).pvalue >= alpha:
        p_values[:] = 1.0
    ax: Axes = plt.subplots(figsize=(9, 1.2 + HEIGHT * len(ranks)), layout="constrained")[1]
    scikit_posthocs.critical_difference_diagram(
        ranks,
        p_values,
        alpha=alpha,
        ax=ax,
        label_fmt_left="{label} ({rank:.2f})",
        label_fmt_right="{label} ({rank:.2f})",
        elbow_props={"color": "black", "linewidth": 0.8},
        marker_props={"color": "black", "s": 12},
        crossbar_props={"linewidth": 4, "label": "bar"},
        text_h_margin=0.05,
    )
    ax.set_title(f"mean rank, 1 is best ({len(scores)} sets, alpha {alpha:g})", fontsize=10)
    return ax
