"""Each pooling against its definition, one kernel, case and time point at a time."""

import math

import numpy as np
import pytest
import torch

from ssm_estimators.random_features.pooling import POOLINGS, SILENT, finish, pool

GROUP = 4


def define(y, threshold, rivals, observed):
    """Poolings of one response (L,) of one case, among those of its group (group, L)."""
    seen = [t for t in range(len(y)) if observed[t]]
    if not seen:
        return dict.fromkeys(POOLINGS, 0.0) | {"energy": math.log(1e-6)}
    n, above = len(seen), [t for t in seen if y[t] > threshold]
    highest = [t for t in seen if y[t] == rivals[:, t].max() and y[t] >= SILENT]
    lowest = [t for t in seen if y[t] == rivals[:, t].min() and y[t] <= -SILENT]
    return {
        "share": len(above) / n,
        "excess": sum(y[t] - threshold for t in above) / max(len(above), 1),
        "max": max(y[t] for t in seen),
        "energy": math.log(sum(y[t] ** 2 for t in seen) / n + 1e-6),
        "wins": math.sqrt(sum(y[t] for t in highest) / n),
        "losses": math.sqrt(len(lowest) / n),
        "last": y[seen[-1]],
    }


@pytest.mark.parametrize("kind", ["complete", "ends early", "gaps", "nothing observed"])
def test_poolings_follow_their_definitions(kind):
    rng = np.random.default_rng(0)
    n_kernels, T, n_chunks, n_cases = 8, 5, 3, 2
    y = rng.standard_normal((n_kernels, n_cases, n_chunks * T)).astype(np.float32)
    y[:, 0, 3] = 0  # silence
    observed = np.ones((n_cases, n_chunks * T), bool)
    if kind == "ends early":
        observed[1, 11:] = False
    elif kind == "gaps":
        observed[0, 2:6] = observed[1, ::2] = False
    elif kind == "nothing observed":
        observed[1] = False
    thresholds = rng.standard_normal(n_kernels).astype(np.float32)

    def chunked(values):  # (..., n_cases, L) to (..., T, n_chunks, n_cases)
        return torch.from_numpy(np.moveaxis(values.reshape(*values.shape[:-1], n_chunks, T), (-1, -2), (-3, -2)).copy())

    def pooled(windows=1):
        sums = pool(chunked(y), torch.from_numpy(thresholds), seen, GROUP, POOLINGS, windows)
        return finish(sums, seen, POOLINGS, windows)

    def check(pooled, parts):
        """Each window's poolings against those of its part of the time points."""
        assert pooled.shape[:3] == (n_cases, len(parts), n_kernels)
        for case, window, kernel in np.ndindex(*pooled.shape[:3]):
            group, inside = kernel // GROUP * GROUP, parts[window][case]
            expected = define(
                y[kernel, case, inside],
                thresholds[kernel],
                y[group : group + GROUP, case][:, inside],
                observed[case, inside],
            )
            names = POOLINGS[: pooled.shape[3]]
            got = dict(zip(names, pooled[case, window, kernel].tolist(), strict=True))
            assert got == pytest.approx({name: expected[name] for name in names}, rel=1e-5, abs=1e-6)

    everywhere = [[slice(None)] * n_cases]
    seen = chunked(observed.astype(np.float32))
    (whole,) = pooled()
    check(whole, everywhere)
    assert POOLINGS[-1] == "last"
    whole, parts = pooled(3)
    check(whole, everywhere)
    check(parts, [[slice(start, start + 5)] * n_cases for start in (0, 5, 10)])


def test_the_order_asked_for_is_the_order_given():
    y, thresholds, seen = torch.randn(4, 5, 2, 3), torch.zeros(4), torch.ones(5, 2, 3)
    one, other = (
        finish(pool(y.clone(), thresholds, seen, GROUP, names), seen, names)[0]
        for names in (("max", "share"), ("share", "max"))
    )
    assert torch.equal(one.flip(-1), other)
