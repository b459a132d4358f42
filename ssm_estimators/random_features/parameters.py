"""The parameters that the transformer and the estimators on top of it share."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Annotated, Any, Literal

import numpy as np
import torch
from sklearn.utils._param_validation import Options, StrOptions

from ssm_estimators.declaration import POSITIVE, Doc, at_least, parameters
from ssm_estimators.random_features.pooling import POOLINGS
from ssm_estimators.random_features.views import REPRESENTATIONS


@parameters
class FeatureParameters:
    """Constructor parameters of :class:`~ssm_estimators.random_features.StateSpaceFeatures`."""

    n_kernels: Annotated[
        int,
        at_least(1),
        Doc(
            "Responses in all, shared out evenly among representations, directions and longest time constants, and "
            "rounded up to whole groups there. Short series get fewer: at most 64 per time point in each "
            "representation and direction."
        ),
    ] = 8000
    max_memory: Annotated[
        float,
        POSITIVE,
        Doc("Gigabytes for what is computed on the way, all threads together; series and features come on top."),
    ] = 2.0
    n_jobs: Annotated[
        int | None,
        at_least(1),
        Options(Integral, {-1}),
        Doc(
            "Threads, each with cases of its own; the features do not depend on it. None takes as many as PyTorch "
            "uses, so one in joblib's worker processes; -1 takes one per core."
        ),
    ] = None
    random_state: Annotated[
        Any,
        "random_state",
        Doc(
            "Source of the kernels and of their thresholds. None draws anew each time; no global random state is read "
            "or changed.",
            kind="int, RandomState instance or None",
        ),
    ] = None
    missing: Annotated[
        Literal["error", "mask"],
        Doc(
            'With ``"error"``, NaN is refused. With ``"mask"``, what is missing excites no state, and nothing is '
            "pooled where all channels miss."
        ),
    ] = "error"
    standardize: Annotated[
        Literal["channel", "series"],
        Doc(
            "Zero mean and unit variance: of each channel by the training set's statistics, or of each series and "
            "channel by its own, which makes level and scale irrelevant."
        ),
    ] = "channel"
    representations: Annotated[
        tuple[str, ...],
        list,
        tuple,
        Doc(
            "The series as it is and its differences, where it is long enough to have them.",
            kind="tuple of str",
        ),
    ] = REPRESENTATIONS
    pooling: Annotated[
        Any,
        StrOptions({"auto"}),
        tuple,
        list,
        Doc(
            "From a response to numbers. ``share`` is the share of time points above the kernel's threshold, and "
            "``excess`` their mean excess over it. ``max`` is the maximum, ``energy`` the logarithm of the mean "
            "square. ``wins`` and ``losses`` are what a kernel gets where it has its group's highest or lowest "
            "response: the root of the mean of such responses, and of the share of such points. ``last`` is the "
            'response at the end. ``"auto"`` takes share, excess, wins and losses, and for series of fewer than 16 '
            "points the last too.",
            kind='tuple of {"share", "excess", "max", "energy", "wins", "losses", "last"} or "auto"',
        ),
    ] = "auto"
    n_windows: Annotated[
        int,
        at_least(1),
        Doc(
            "Parts over which responses are pooled besides all time. They are equally long but for the last, which "
            "may be shorter, and fewer where they would have less than four points in the longest training series. 1 "
            "makes none."
        ),
    ] = 4
    bidirectional: Annotated[bool, Doc("Half of the kernels run backward in time.")] = True
    n_modes: Annotated[int, at_least(1), Doc("Damped modes per kernel, at most.")] = 2
    max_time_constants: Annotated[
        Any,
        StrOptions({"auto"}),
        tuple,
        list,
        Doc(
            "Longest time constants of kernels in lengths of the longest training series; the shortest is one sample. "
            'Each has kernels of its own. ``"auto"`` takes 0.05 and 0.5, and 20 samples too where there are at least '
            "500 cases of 1,000 time points.",
            kind='tuple of float or "auto"',
        ),
    ] = "auto"
    frequencies: Annotated[
        tuple[float, float],
        tuple,
        list,
        Doc(
            "Lowest and highest frequency of a mode in cycles per time constant; never above half a cycle per sample.",
            kind="(float, float)",
        ),
    ] = (0.05, 2.0)
    group_size: Annotated[
        int,
        at_least(2),
        Doc("Kernels that compete for wins and losses, and that hear the same random mixture of the channels."),
    ] = 8
    device: Annotated[str | torch.device, Doc("Where responses are computed.", kind="str or torch.device")] = "cpu"


def check_feature_parameters(estimator: Any) -> None:
    """Check types and ranges of an estimator's feature parameters, and what no type says.

    Raises
    ------
    ValueError
    """
    estimator._validate_params()
    low_high, longest = estimator.frequencies, estimator.max_time_constants
    if len(low_high) != 2 or not _positive(low_high) or not low_high[0] < low_high[1]:
        raise ValueError(f"frequencies must be (low, high) with 0 < low < high; got {low_high!r}.")
    if longest != "auto" and (not longest or not _positive(longest) or len(set(longest)) < len(longest)):
        raise ValueError(f"max_time_constants must be one or more positive numbers, each once; got {longest!r}.")
    for name, known in {"representations": REPRESENTATIONS, "pooling": POOLINGS}.items():
        chosen = getattr(estimator, name)
        if isinstance(chosen, str):  # "auto"
            continue
        unknown = [value for value in chosen if not isinstance(value, str) or value not in known]
        if not chosen or unknown or len(set(chosen)) < len(chosen):
            raise ValueError(f"{name} must be one or more of {known}, each once; got {chosen!r}.")


def _positive(values: Sequence[Any]) -> bool:
    return all(isinstance(value, Real) and 0 < float(value) < np.inf for value in values)
