import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from ssm_estimators.visualisation import plot_critical_difference
from ssm_estimators.visualisation.critical_difference import critical_difference


@pytest.fixture
def scores():
    rng = np.random.default_rng(0)
    values = np.array([0.5, 0.8, 0.6, 0.7]) + rng.uniform(0, 0.1, (20, 4))
    return pd.DataFrame(values, columns=["d", "a", "c", "b"], index=[f"set {i}" for i in range(20)])


def bars(ax):
    """The ends of each bar, as ranks, and its height."""
    left, right = ax.get_lines()[0].get_xdata()  # the scale
    n = len(ax.texts) // 2  # one text per rank of the scale and one per method, and a title
    return [
        (*(1 + (line.get_xdata() - left) / (right - left) * (n - 1)), line.get_ydata()[0])
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


def test_the_critical_difference_is_that_of_nemenyis_table():
    for n_methods, quantile in ((3, 2.343), (4, 2.569), (10, 3.164)):  # Demsar, table 5(a)
        expected = quantile * np.sqrt(n_methods * (n_methods + 1) / (6 * 30))
        assert critical_difference(30, n_methods, 0.05) == pytest.approx(expected, abs=2e-3)


def test_a_bar_for_each_group_at_a_height_of_its_own():
    order = [1, 2, 3, 4, 5]
    ax = plot_critical_difference(with_ranks(order, order))  # 20 sets: the critical difference is 1.36
    drawn = bars(ax)
    np.testing.assert_allclose([bar[:2] for bar in drawn], [(i, i + 1) for i in (1, 2, 3, 4)], atol=0.1)
    assert len({height for *_, height in drawn}) == 4


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
