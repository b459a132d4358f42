"""Systems to scan; and which tests a process can run: kernels are interpreted, or compiled, in one of its own."""

import os

import pytest
import torch

from ssm_estimators.functional.scan import set_backend
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.diagonal import DiagonalSystem

INTERPRETED, ON_GPU = os.environ.get("TRITON_INTERPRET") == "1", os.environ.get("TEST_DEVICE") == "cuda"

collect_ignore = (
    ["test_triton_compiled.py"] if INTERPRETED else [] if ON_GPU else ["test_triton.py", "test_triton_offsets.py"]
)

H, P = 3, 4


def _diagonal():
    """Stable, with the readouts of two directions."""
    A_bar = torch.polar(0.6 + 0.39 * torch.rand(H, P).double(), 3 * torch.rand(H, P).double())
    B_bar, C = (torch.randn(n, H, P, dtype=torch.complex128) for n in (1, 2))
    return DiagonalSystem(A_bar, B_bar, C, torch.randn(H, dtype=torch.float64))


def _dense(M):
    """Stable, not normal, with the readouts of two directions and M outputs."""
    A_bar = torch.randn(H, 2 * P, 2 * P, dtype=torch.float64)
    A_bar = 0.95 * A_bar / torch.linalg.matrix_norm(A_bar, 2, keepdim=True)
    B_bar, C, D = torch.randn(H, 2 * P), torch.randn(2, H, M, 2 * P), torch.randn(H, M)
    return DenseSystem(A_bar, B_bar.double(), C.double(), D.double())


SYSTEMS = {"diagonal": _diagonal, "dense": lambda: _dense(1), "dense-3-outputs": lambda: _dense(3)}


@pytest.fixture(params=SYSTEMS)
def system(request):
    made = SYSTEMS[request.param]()
    for leaf in (made.A_bar, made.B_bar, made.C, made.D):
        leaf.requires_grad_()
    return made


@pytest.fixture
def diagonal():
    return _diagonal()


@pytest.fixture
def by_triton():
    """Scans by Triton's kernels, on the device of these tests."""
    set_backend("triton")
    with torch.device("cuda" if ON_GPU else "cpu"):
        yield
    set_backend("auto")
