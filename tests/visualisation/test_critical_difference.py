import itertools

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from ssm_estimators.visualisation import plot_critical_difference


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    values = np.array([0.5, 0.8, 0.6, 0.7]) + rng.uniform(0, 0.1, (20, 4))
    return pd.DataFrame(values, columns=["d", "a", "c", "b"], index=[f"set {i}" for i in range(20)])


def bars(ax):
    """The ends of each bar, as ranks, and its height."""
    return [
        (line.get_xdata().min(), line.get_xdata().max(), line.get_ydata()[0])
        for line in ax.get_lines()
        if line.get_label() == "bar"
    ]


def with_ranks(*orders):
    """Scores of methods m0, m1, ... that rank in the given orders, ten sets per order."""
    ranks = pd.DataFrame(
        [order for order in orders for _ in range(10)], columns=[f"m{i}" for i in range(len(orders[0]))]
    )
    return -ranks


def test_methods_stand_with_their_average_ranks(scores):
    ax = plot_critical_difference(scores)
    texts = [text.get_text() for text in ax.texts]
    ranks = scores.rank(axis=1, ascending=False).mean()
    assert ranks.idxmin() == "a"
    assert {f"{name} ({rank:.2f})" for name, rank in ranks.items()} <= set(texts)


def test_labels_do_not_overlap(scores):
    crowded = pd.concat([scores + 1e-9 * i for i in range(3)], axis=1)
    crowded.columns = [f"a method with a rather long name, {i}" for i in range(12)]
    ax = plot_critical_difference(crowded)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize(("n_methods", "quantile"), [(3, 2.343), (4, 2.569)])  # Demsar, table 5(a)
def test_a_bar_reaches_as_far_as_the_critical_difference_of_nemenyis_table(n_methods, quantile):
    critical = quantile * np.sqrt(n_methods * (n_methods + 1) / (6 * 30))
    first, other = [1, 2, 3, 4][:n_methods], [2, 1, 3, 4][:n_methods]
    for n_first in range(20, 30):  # the first two methods' mean ranks lie further and further apart
        ax = plot_critical_difference(
            pd.concat([with_ranks(first)[:1]] * n_first + [with_ranks(other)[:1]] * (30 - n_first))
        )
        low, high = 1 + (30 - n_first) / 30, 1 + n_first / 30
        assert any(bar[0] < low + 1e-9 and high - 1e-9 < bar[1] for bar in bars(ax)) == (high - low < critical)
    assert high - low > critical


def test_overlapping_groups_have_bars_of_their_own():
    order = [1, 2, 3, 4, 5]
    ax = plot_critical_difference(with_ranks(order, order))  # 20 sets: the critical difference is 1.36
    drawn = bars(ax)
    np.testing.assert_allclose(sorted(bar[:2] for bar in drawn), [(i, i + 1) for i in (1, 2, 3, 4)])
    overlap = [a for a, b in itertools.combinations(drawn, 2) if a[2] == b[2] and a[0] <= b[1] and b[0] <= a[1]]
    assert not overlap


def test_one_bar_covers_all_where_friedmans_test_finds_nothing():
    ax = plot_critical_difference(with_ranks([1, 2, 3, 4], [4, 3, 2, 1]))
    assert len(bars(ax)) == 1
    assert len(bars(plot_critical_difference(with_ranks([1, 3, 2, 4], [2, 1, 4, 3], [1, 2, 3, 4])))) > 1


def test_no_bar_over_methods_that_all_differ():
    order = [1, 2, 3]
    assert bars(plot_critical_difference(with_ranks(*[order] * 3))) == []  # 30 sets: 0.61


def test_what_cannot_be_compared(scores):
    with pytest.raises(ValueError, match=r"at least 2 sets \(rows\) and 3 methods \(columns\); got \(20, 2\)"):
        plot_critical_difference(scores[["a", "b"]])
    with pytest.raises(ValueError, match=r"alpha between 0 and 1; got 5"):
        plot_critical_difference(scores, alpha=5)
    scores.loc["set 3", "c"] = np.nan
    with pytest.raises(ValueError, match=r"c has no score on \['set 3'\]: leave these sets out"):
        plot_critical_difference(scores)
