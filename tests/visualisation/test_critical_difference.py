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


def test_methods_stand_with_their_average_ranks(scores):
    texts = [text.get_text() for text in plot_critical_difference(scores).texts]
    assert {"a", "b", "c", "d"} <= set(texts)
    ranks = scores.rank(axis=1, ascending=False).mean()
    assert ranks.idxmin() == "a"
    assert f"{ranks['a']:.4f}" in texts


def test_what_cannot_be_compared(scores):
    with pytest.raises(ValueError, match=r"at least 2 sets \(rows\) and 3 methods \(columns\); got \(20, 2\)"):
        plot_critical_difference(scores[["a", "b"]])
    scores.loc["set 3", "c"] = np.nan
    with pytest.raises(ValueError, match=r"c has no score on \['set 3'\]: leave these sets out"):
        plot_critical_difference(scores)
