"""Fitting the features: random kernels of all views, each with a threshold from the response to a training case."""

from typing import NamedTuple

import numpy as np
import torch

from ssm_estimators.environment import settings
from ssm_estimators.random_features.filter_bank import FilterBank, Resources
from ssm_estimators.random_features.parameters import FeatureParameters
from ssm_estimators.random_features.pooling import windowed
from ssm_estimators.random_features.random_kernels import RandomKernels, draw_mixing, draw_system
from ssm_estimators.random_features.responses import own_responses
from ssm_estimators.random_features.shared_input import SharedInput
from ssm_estimators.random_features.thresholds import pick_cases, quantile_thresholds, sorted_cases
from ssm_estimators.random_features.tiling import Tiling, window_length
from ssm_estimators.random_features.views import Part, Standardization, View
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.sources import Series

SHORT = 16  # fewer time points are described as much by where they are as by how they change
POOLED = ("share", "excess", "wins", "losses")
KERNELS_A_POINT = 64
WINDOW = 4  # time points, at least
LONG, MANY = 1000, 499.5  # time points and cases, above which brief time constants are of use too
BRIEF = 20  # time points


class Plan(NamedTuple):
    """What parameters mean for series of one length.

    Attributes
    ----------
    parts : list of Part
    directions : list of bool
        Whether kernels run backward.
    n_groups : int
        Groups of kernels for each part and direction.
    pooling : tuple of str
    n_windows : int
    """

    parts: list[Part]
    directions: list[bool]
    n_groups: int
    pooling: tuple[str, ...]
    n_windows: int

    @classmethod
    def of(cls, parameters: FeatureParameters, n_timepoints: int, n_cases: float) -> "Plan":
        """For series of at most ``n_timepoints``; cases count by their weights.

        Raises
        ------
        ValueError
            If no representation is left of series so short.
        """
        pooling = POOLED if n_timepoints >= SHORT else (*POOLED, "last")
        if parameters.pooling != "auto":
            pooling = tuple(parameters.pooling)
        directions = [False, True] if parameters.bidirectional else [False]
        longest = parameters.max_time_constants
        if longest == "auto":
            is_brief_too = n_timepoints >= LONG and n_cases > MANY
            longest = [BRIEF / n_timepoints] * is_brief_too + [0.05, 0.5]
        parts = [Part(name, top) for name in parameters.representations for top in longest]
        parts = [part for part in parts if part.n_differences < n_timepoints]
        if not parts:
            raise ValueError(
                f"A series of {n_timepoints} time points has too few for any of the representations "
                f"{tuple(parameters.representations)}: add 'raw'."
            )
        lengths = [n_timepoints - part.n_differences for part in parts]
        n_windows = min(parameters.n_windows, max(1, min(lengths) // WINDOW)) if windowed(pooling) else 1
        while any((n_windows - 1) * window_length(n, n_windows) >= n for n in lengths):  # the last would be empty
            n_windows -= 1
        n_kernels = min(
            -(-parameters.n_kernels // (len(parts) * len(directions))),
            max(1, KERNELS_A_POINT * n_timepoints // len(longest)),
        )
        return cls(parts, directions, -(-n_kernels // parameters.group_size), pooling, n_windows)


def draw_filter_bank(
    data: Series,
    weight: np.ndarray,
    parameters: FeatureParameters,
    random: np.random.RandomState,
    resources: Resources,
) -> FilterBank:
    """Draw kernels and thresholds for training cases, of which those of more weight are heard more often.

    Raises
    ------
    ValueError
        If no representation is left of series so short, or ``max_memory`` is too small for one case.
    """
    plan = Plan.of(parameters, data.n_timepoints, float(weight.sum()))
    by_channel = parameters.standardize == "channel"
    standardization = Standardization.by_channel(data, weight) if by_channel else Standardization()
    views = [View(part, reverse) for part in plan.parts for reverse in plan.directions]
    shares = random.uniform(size=(len(views), plan.n_groups))
    picked = pick_cases(sorted_cases(data), weight, shares)
    if not isinstance(data, SeriesData):  # these cases are brought here once
        heard, place = np.unique(picked, return_inverse=True)
        data, picked = data.select(heard), place.reshape(picked.shape)
    with settings("float32", 1, torch.device("cpu")):  # more would cut products up in other ways, and change digits
        kernels = {
            view: _draw_kernels(data, cases, view, parameters, plan.n_windows, standardization, random, resources)
            for view, cases in zip(views, picked, strict=True)
        }
    return FilterBank(kernels, parameters.group_size, plan.pooling, plan.n_windows, standardization)


def _draw_kernels(
    data: SeriesData,
    cases: np.ndarray,
    view: View,
    parameters: FeatureParameters,
    n_windows: int,
    standardization: Standardization,
    random: np.random.RandomState,
    resources: Resources,
) -> RandomKernels:
    """Kernels, with thresholds from the response to one case a group."""
    n_groups, group_size = len(cases), parameters.group_size
    n_timepoints = data.n_timepoints - view.part.n_differences
    system = draw_system(
        n_groups * group_size,
        parameters.n_modes,
        n_timepoints,
        view.part.max_time_constant,
        parameters.frequencies,
        random,
    )
    mixing = draw_mixing(n_groups, data.n_channels, random)
    thresholds = torch.empty(n_groups * group_size, dtype=torch.float32)
    quantiles = torch.from_numpy(random.uniform(0.05, 0.95, len(thresholds)))
    kernels = RandomKernels(system, mixing, thresholds)
    tiling = Tiling.of(
        n_timepoints, data.n_channels, n_windows, kernels.n_states, group_size, resources.max_memory
    )  # the transform's, so that what it cannot do is refused here
    bank = SharedInput.of(system, tiling.chunk, thresholds)
    step = max(1, min(tiling.n_cases, tiling.bundle // (3 * group_size)))  # sorting takes copies
    for first in range(0, n_groups, step):
        groups = slice(first, first + step)
        mine = slice(first * group_size, min(first + step, n_groups) * group_size)
        X, observed = standardization.represent(data.select(cases[groups]), slice(None), view)
        own_mixing = None if mixing is None else mixing[groups]
        y = own_responses(X, own_mixing, bank.select(mine.start, mine.stop), tiling.chunk)
        seen = observed.any(1).repeat_interleave(group_size, 0)
        thresholds[mine] = quantile_thresholds(y, seen, quantiles[mine])
    return kernels
