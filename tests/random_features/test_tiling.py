"""How a transform is cut up: windows that do not depend on the company of a case, memory that is kept to."""

import subprocess
import sys

import pytest
import torch

from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features.fit import Plan
from ssm_estimators.random_features.tiling import Tiling, chunks_of, grain_of, window_length

LENGTHS = [1, 3, 4, 5, 17, 33, 80, 127, 128, 129, 1000]


@pytest.mark.parametrize("n_windows", [1, 2, 4, 5])
@pytest.mark.parametrize("n_timepoints", LENGTHS)
def test_windows_are_whole_chunks_that_cover_the_series(n_timepoints, n_windows):
    chunk, n_chunks = chunks_of(n_timepoints, n_windows)
    assert n_chunks % n_windows == 0
    assert n_timepoints <= chunk * n_chunks < n_timepoints + n_chunks
    assert chunk <= 32


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("max_memory", [2.0, 0.1, 0.004])
def test_what_a_tiling_holds_is_within_the_memory(max_memory, device):
    grain = grain_of(torch.device(device))
    for n_timepoints in LENGTHS:
        tiling = Tiling.of(n_timepoints, 2, 4, n_states=4, group_size=8, max_memory=max_memory, grain=grain)
        responses = 2 * tiling.bundle * tiling.chunk * tiling.n_chunks * tiling.n_cases
        assert 4 * responses < tiling.n_bytes <= max_memory * 1e9
        assert tiling.span % tiling.bundle == tiling.bundle % 8 == 0
        assert max_memory < 2 or 2 * tiling.n_cases * tiling.n_chunks > grain.columns or tiling.n_chunks > grain.columns


@pytest.mark.parametrize("n_windows", range(1, 40))
def test_no_window_is_empty_at_the_length_of_the_fit(n_windows):
    for n_timepoints in LENGTHS:
        plan = Plan.of(StateSpaceFeatures(n_windows=n_windows), n_timepoints, n_cases=100)
        assert plan.n_windows <= max(1, n_timepoints // 4)
        for part in plan.parts:
            n = n_timepoints - part.n_differences
            assert (
                (plan.n_windows - 1) * window_length(n, plan.n_windows)
                < n
                <= plan.n_windows * window_length(n, plan.n_windows)
            )


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts the peak in kilobytes")
@pytest.mark.parametrize(
    ("shape", "lengths"),
    [((4, 1, 100_000), None), ((3, 4, 60_000), None), ((4, 1, 20_000), [20_000, 18_000, 15_000, 10_000])],
    ids=["long", "channels", "unequal"],
)
def test_a_transform_takes_no_more_than_it_may(shape, lengths):
    """In a process of its own: what stays reserved from earlier work would hide the peak."""
    code = f"""
import resource, numpy as np
from ssm_estimators.random_features import StateSpaceFeatures
X = np.random.default_rng(0).standard_normal({shape}).astype(np.float32)
cases = [x[:, :n] for x, n in zip(X, {lengths})] if {lengths} else X
features = StateSpaceFeatures(n_kernels=192, random_state=0, n_jobs=2, max_memory=0.2).fit(X[:1, :, :1000])
features.transform(X[:1, :, :1000])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
features.transform(cases)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.2
