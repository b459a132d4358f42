"""What a large fit will take, said before it begins."""

import time
from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh

from ssm_estimators.estimators.ridge_memory import Plan
from ssm_estimators.random_features.filter_bank import FilterBank, Resources
from ssm_estimators.random_features.spectrum import Sums
from ssm_estimators.series.sources import Series

LARGE = 20.0  # seconds: a shorter fit is not worth a word
TRIED, SIDE, ROWS = 32, 512, 512  # cases and sides of matrices that are timed


def describe(bank: FilterBank, resources: Resources, data: Series, plan: Plan, max_memory: float) -> str:
    """Minutes and memory of a fit, from the times of small pieces of it; empty if it is short.

    Predictions take a share of the time of the features, which is said too.
    """
    features, rest = estimate(bank, resources, data, plan)
    n_passes = plan.n_passes(bank.n_windows)
    seconds = features * (n_passes + plan.n_sample * n_passes / len(data)) + rest
    if seconds < LARGE:
        return ""
    whole = 4e-9 * len(data) * bank.n_features
    how = "at once, part by part" if plan.n_sample == 0 else f"from sums, in {n_passes} passes for each part"
    return (
        f"{len(data)} cases of {bank.n_features} features, which are {whole:.3g} GB, are fitted {how}, within "
        f"max_memory={max_memory:g} GB. About {_minutes(seconds)}, of which features take "
        f"{_minutes(seconds - rest)}; predicting as many cases takes about {_minutes(features)}."
    )


def estimate(bank: FilterBank, resources: Resources, data: Series, plan: Plan) -> tuple[float, float]:
    """Seconds of the features of all cases, once, and of the regressions."""
    n_cases = len(data)
    few = data.select(np.unique(np.linspace(0, n_cases - 1, TRIED).astype(int)))
    features = sum(_seconds(bank.transform, few, resources, part) for part in bank.parts)
    rows, sums = np.random.RandomState(0).standard_normal((ROWS, SIDE)), Sums(SIDE, 1)
    adding = _seconds(sums.add, rows, rows[:, :1], np.ones(ROWS)) / (ROWS * SIDE**2)
    solving = _seconds(eigh, rows.T @ rows) / SIDE**3
    rest = 0.0
    for part in bank.parts:
        tables = bank.columns_by_window(part) if plan.n_sample else bank.columns(part)
        for columns in tables.values():
            n_features = columns.stop - columns.start if isinstance(columns, slice) else len(columns)
            side = min(n_features, n_cases)
            rest += adding * n_cases * n_features * side + solving * side**3
        if (n_landmarks := min(plan.n_landmarks, n_cases)) > 0:
            rest += 2 * adding * n_cases * n_features * n_landmarks + solving * n_landmarks**3
    return features * n_cases / len(few), rest


def _seconds(function: Callable[..., object], *args: object) -> float:
    function(*args)  # the first call of all is slower
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
