"""Generated paths: what the dots say is what is drawn."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label

from ssm_estimators.datasets import load_pathfinder


@pytest.mark.parametrize("difficulty", ["baseline", "hard"])
def test_images_are_reproducible_and_balanced(difficulty):
    X, y = load_pathfinder("train", n_cases=8, difficulty=difficulty)
    assert X.shape == (8, 1, 1024)
    assert X.min() == 0
    assert X.max() == 1
    assert sorted(y) == [0] * 4 + [1] * 4
    again, labels = load_pathfinder("train", n_cases=8, difficulty=difficulty)
    np.testing.assert_array_equal(again, X)
    np.testing.assert_array_equal(labels, y)
    assert not np.array_equal(load_pathfinder("test", n_cases=8, difficulty=difficulty)[0], X)


def test_dots_are_joined_by_a_path_where_the_label_says_so():
    """Dashes with the gaps between them closed are one piece a path; what is left of thick places are the dots."""
    size = 640
    X, y = load_pathfinder("train", n_cases=16, resolution=size, difficulty="baseline")
    for image, joined in zip(X.reshape(-1, size, size), y, strict=True):
        inside = image > 0.5
        dots, n_dots = label(distance_transform_edt(inside) > size / 40)
        assert n_dots == 2
        pieces, _ = label(distance_transform_edt(~inside) <= size / 80)  # half a gap; dots keep further from others
        first, second = (pieces[dots == k][0] for k in (1, 2))
        assert (first == second) == bool(joined)


def test_options():
    with pytest.raises(ValueError, match="resolution must be at least 24"):
        load_pathfinder("train", resolution=16)
    with pytest.raises(ValueError, match="difficulty must be one of"):
        load_pathfinder("train", difficulty="easy")
