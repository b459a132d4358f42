"""Generated paths: what the dots say is what is drawn."""

import numpy as np
import pytest
from scipy.ndimage import label

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
    """Dashes closed up by a little blur are one piece a path; the dots are the brightest neighbourhoods."""
    X, y = load_pathfinder("train", n_cases=20, resolution=160, difficulty="baseline")
    right = 0
    for image, joined in zip(X.reshape(-1, 160, 160), y, strict=True):
        inside = image > 0.5
        core = inside.copy()
        for _ in range(4):  # dots are thicker than dashes
            core &= np.roll(core, 1, 0) & np.roll(core, -1, 0) & np.roll(core, 1, 1) & np.roll(core, -1, 1)
        dots, n_dots = label(core)
        assert n_dots == 2
        grown = inside.copy()
        for _ in range(3):
            grown = grown | np.roll(grown, 1, 0) | np.roll(grown, -1, 0) | np.roll(grown, 1, 1) | np.roll(grown, -1, 1)
        pieces, _ = label(grown)
        first, second = (pieces[dots == k][0] for k in (1, 2))
        right += (first == second) == bool(joined)
    assert right == 20


def test_options():
    with pytest.raises(ValueError, match="resolution must be at least 24"):
        load_pathfinder("train", resolution=16)
    with pytest.raises(ValueError, match="difficulty must be one of"):
        load_pathfinder("train", difficulty="easy")
