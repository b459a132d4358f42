"""What ``"auto"`` means to the deep estimators."""

import numpy as np

from ssm_estimators.series.data import SeriesData

LEAST_STEPS = 700  # of the training
LEAST_STEP = 0.01  # of a system in time
LEAST_DEVIATION = 0.01  # of the variance


def default_batches(n_cases: int, batch_size: int | None = None) -> tuple[int, int]:
    """Cases per batch for a training set of this size, unless given, and epochs.

    There are 30 to 60 epochs, or more for a least number of steps.
    """
    size = int(np.clip(2 ** np.round(np.log2(n_cases / 16)), 8, 64)) if batch_size is None else batch_size
    n_batches = -(-n_cases // size)
    return size, max(int(np.clip(60_000 / n_cases, 30, 60)), -(-LEAST_STEPS // n_batches))


def default_dt_range(n_timepoints: int) -> tuple[float, float]:
    """Steps whose time constants, 2 / dt, reach from a few samples to twice the series, or to 200 samples."""
    return max(1 / max(n_timepoints, 4), LEAST_STEP), 0.5


def default_standardize(data: SeriesData) -> str:
    """``"timepoint"`` for series that all but share one course, as spectra do, and so differ at given places only."""
    if data.lengths is not None or data.X.isnan().any():
        return "channel"
    deviation = data.X.var(0, correction=0).mean(-1) / data.X.var((0, 2), correction=0)
    return "timepoint" if ((deviation > 0) & (deviation < LEAST_DEVIATION)).all() else "channel"
