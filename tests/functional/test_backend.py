"""Where Triton's kernels run, without a GPU: what stands in for one says that it is."""

import contextlib
import warnings
from types import SimpleNamespace

import pytest
import torch

from ssm_estimators.functional import backend
from ssm_estimators.functional.block_matrices import Sizes
from ssm_estimators.functional.scan import set_backend
from ssm_estimators.functional.triton import sizes as triton_sizes


@pytest.fixture
def like():
    """What asks, of a GPU."""
    backend._can_compile.cache_clear()
    yield SimpleNamespace(dtype=torch.float32, is_cuda=True)
    backend._can_compile.cache_clear()


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match=r"must be one of \('auto', 'torch', 'triton'\); got 'cuda'"):
        set_backend("cuda")


def test_a_missing_compiler_is_told_once(monkeypatch, like):
    runtime = pytest.importorskip("triton.runtime")  # on Linux only

    class Driver:
        @property
        def active(self):
            raise RuntimeError("Failed to find C compiler.")

    monkeypatch.setattr(runtime, "driver", Driver())
    with pytest.warns(UserWarning, match=r"Failed to find C compiler.* PyTorch's own operators .*Python's headers"):
        assert not backend.takes_triton(like)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not backend.takes_triton(like)


def test_a_compiler_that_is_there_is_used(monkeypatch, like):
    runtime = pytest.importorskip("triton.runtime")  # on Linux only
    active = SimpleNamespace(get_current_target=lambda: None)
    monkeypatch.setattr(runtime, "driver", SimpleNamespace(active=active))
    assert backend.takes_triton(like)
    like.dtype = torch.float64
    assert not backend.takes_triton(like)


def test_a_kernel_runs_on_the_device_of_its_tensors(monkeypatch):
    pytest.importorskip("triton")  # on Linux only
    from ssm_estimators.functional.triton.launch import launch

    events = []

    @contextlib.contextmanager
    def device_of(tensor):
        events.append(tensor)
        yield
        events.append("left")

    monkeypatch.setattr(torch.cuda, "device_of", device_of)
    kernel, tensor = {(4, 2): lambda *args, **options: events.append((args, options))}, torch.zeros(1)
    launch(kernel, (4, 2), 7, tensor, num_warps=8)
    assert events == [tensor, ((7, tensor), {"num_warps": 8}), "left"]


def test_chunks_shorten_where_memory_is_small_and_end_where_there_is_none(monkeypatch):
    sizes, device = Sizes(n_inputs=1, n_outputs=1, n_states=128, is_diagonal=False), torch.device("cpu")
    chosen = []
    for memory in (232_448, 166_912, 101_376):
        monkeypatch.setattr(triton_sizes, "LARGEST_SHARED_MEMORY", memory)
        chosen.append(triton_sizes.chunk_that_fits(sizes, 1000, device))
    assert chosen[0] is not None
    assert chosen == sorted(chosen, key=lambda T: T or 0, reverse=True)
    assert chosen[-1] is None


@pytest.mark.parametrize(("n_timepoints", "expected"), [(1, 16), (16, 16), (17, 32), (40, 64), (10_000, 64)])
def test_a_chunk_is_no_longer_than_its_series_needs(n_timepoints, expected):
    sizes = Sizes(n_inputs=1, n_outputs=1, n_states=8, is_diagonal=True)
    assert triton_sizes.chunk_that_fits(sizes, n_timepoints, torch.device("cpu")) == expected
