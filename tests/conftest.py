"""Shared by all tests: one thread a worker, and no test may move global random state."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before scikit-learn is imported; else it skips a check

import numpy as np
import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _fixed_global_state():
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture
def relative_error():
    """Relative L2 error over a whole tensor, in float64."""

    def measure(value, expected):
        value, expected = value.detach().to(expected.dtype), expected.detach()
        return ((value - expected).norm() / expected.norm()).item()

    return measure
