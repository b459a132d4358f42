"""Shared by all tests: one thread a worker, and no test may move global random state."""

import os

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before scikit-learn is imported; else it skips a check

import numpy as np
import pytest
import torch

from ssm_estimators.functional.scan import set_backend

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _fixed_global_state():
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture(params=["torch", "triton"])
def host_code(request, monkeypatch):
    """A backend's name, and a list of what its kernels are given: none of them is run."""
    launched = []
    if request.param == "triton":
        jit = pytest.importorskip("triton.runtime.jit")  # Triton is there on Linux only
        monkeypatch.setattr(jit.KernelInterface, "__getitem__", lambda *_: lambda *args, **_: launched.extend(args))
    set_backend(request.param)
    yield request.param, launched
    set_backend("auto")


@pytest.fixture
def relative_error():
    """Relative L2 error over a whole tensor, in float64."""

    def measure(value, expected):
        value, expected = value.detach().to(expected.dtype), expected.detach()
        return ((value - expected).norm() / expected.norm()).item()

    return measure
