"""Many methods on many sets: mean ranks, and which methods do not differ significantly."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, studentized_range

ROW = 0.24  # inches between two labels, and
BAR = 0.14  # between two bars
SCALE, MARGIN = 5.0, 2.6  # inches: width of the scale, and of the room for labels on either side


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
        Of a figure of its own. Its unit is an inch, and its bars have the label ``"bar"``.

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
    ranks = scores.rank(axis=1, ascending=False).mean().sort_values(kind="stable")
    differ = friedmanchisquare(*(scores[name] for name in scores)).pvalue < alpha
    critical = critical_difference(len(scores), len(ranks), alpha)
    groups = _groups(ranks.to_numpy(), critical) if differ else [(0, len(ranks) - 1)]
    return _draw(ranks, groups, f"critical difference {critical:.2f} ({len(scores)} sets, alpha {alpha:g})")


def critical_difference(n_sets: int, n_methods: int, alpha: float) -> float:
    """How far mean ranks must lie apart to differ significantly, by Nemenyi's test.

    Examples
    --------
    >>> round(critical_difference(14, 4, 0.05), 2)  # the paper's example gives 1.25
    1.25
    """
    quantile = float(studentized_range.ppf(1 - alpha, n_methods, np.inf)) / np.sqrt(2)
    return float(quantile * np.sqrt(n_methods * (n_methods + 1) / (6 * n_sets)))


def _groups(ranks: NDArray[np.float64], critical: float) -> list[tuple[int, int]]:
    """First and last position of each largest group of sorted ranks that lie within the critical difference."""
    last = np.searchsorted(ranks, ranks + critical, side="right") - 1
    return [(i, int(j)) for i, j in enumerate(last) if j > i and (i == 0 or j > last[i - 1])]


def _draw(ranks: pd.Series, groups: list[tuple[int, int]], title: str) -> Axes:
    """The scale above, bars below it, and one labelled line per method: the better half left, the others right."""
    n, half = len(ranks), (len(ranks) + 1) // 2
    below = 0.2 + BAR * len(groups)
    size = (SCALE + 2 * MARGIN, 0.75 + below + ROW * half)
    figure = plt.figure(figsize=size)
    ax: Axes = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, size[0]), ylim=(0.75 - size[1], 0.75))
    ax.axis("off")
    place = MARGIN + SCALE * (ranks.to_numpy() - 1) / (n - 1)
    ax.plot([MARGIN, MARGIN + SCALE], [0, 0], color="black", linewidth=1.2)
    for rank in range(1, n + 1):
        x = MARGIN + SCALE * (rank - 1) / (n - 1)
        ax.plot([x, x], [0, 0.1], color="black", linewidth=1.2)
        ax.text(x, 0.14, str(rank), ha="center", va="bottom")
    ax.text(MARGIN + SCALE / 2, 0.45, f"mean rank, 1 is best; {title}", ha="center", va="bottom", fontsize=9)
    for i, (name, rank) in enumerate(ranks.items()):
        left = i < half
        y = -below - ROW * (i if left else n - 1 - i)
        end = MARGIN - 0.1 if left else MARGIN + SCALE + 0.1
        ax.plot([place[i], place[i], end], [0, y, y], color="black", linewidth=0.8)
        ax.text(end + (-0.06 if left else 0.06), y, f"{name} ({rank:.2f})", ha="right" if left else "left", va="center")
    for i, (first, last) in enumerate(groups):
        ends = [place[first] - 0.05, place[last] + 0.05]
        ax.plot(ends, 2 * [-0.16 - BAR * i], color="black", linewidth=4, solid_capstyle="butt", label="bar")
    return ax
