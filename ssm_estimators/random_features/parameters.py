"""The parameters that the transformer and the estimators on top of it share."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ssm_estimators.declaration import at_least, parameters
from ssm_estimators.estimator import Estimator
from ssm_estimators.random_features.pooling import POOLINGS
from ssm_estimators.random_features.views import REPRESENTATIONS


@parameters
class FeatureParameters(Estimator):
    """Constructor parameters of :class:`~ssm_estimators.random_features.StateSpaceFeatures`."""

    n_kernels: int = 8000
    n_modes: int = 2
    max_time_constants: tuple[float, ...] = (0.05, 0.5)
    frequencies: tuple[float, float] = (0.05, 2.0)
    representations: tuple[str, ...] = REPRESENTATIONS
    bidirectional: bool = True
    pooling: Any = "auto"
    n_windows: int = 4
    group_size: int = 8
    standardize: str = "channel"
    missing: str = "error"
    random_state: Any = None
    n_jobs: int | None = None
    device: Any = "cpu"
    max_memory: float = 2.0

    _parameters_doc = """n_kernels : int, default=8000
        Responses in all, shared out evenly among representations, directions and longest time constants, and rounded up
        to whole groups there. Short series get fewer: at most 64 a time point in each representation and direction.
    n_modes : int, default=2
        Damped modes a kernel, at most.
    max_time_constants : tuple of float, default=(0.05, 0.5)
        Longest time constants of kernels in lengths of the longest training series; the shortest is one sample. Each
        has kernels of its own.
    frequencies : (float, float), default=(0.05, 2.0)
        Lowest and highest frequency of a mode in cycles a time constant; never above half a cycle a sample.
    representations : tuple of {"raw", "difference", "second difference"}, default: all
        The series and its differences, where it is long enough to have them.
    bidirectional : bool, default=True
        Half of the kernels run backward in time.
    pooling : tuple of {"share", "excess", "max", "energy", "wins", "losses", "last"} or "auto", default="auto"
        From a response to numbers: the share of time points above the kernel's threshold and their mean excess over it,
        the maximum, the logarithm of the mean square; what a kernel gets where it has its group's highest or lowest
        response: the root of the mean of such responses, and of the share of such points; and the response at the end.
        ``"auto"``: share, excess, wins and losses, of series of fewer than 16 points the last too.
    n_windows : int, default=4
        Parts over which responses are pooled besides all time, equally long but for the last, which may be shorter;
        fewer where they would have less than four points in the longest training series. 1: none.
    group_size : int, default=8
        Kernels that compete for wins and losses, and that hear the same random mixture of the channels.
    standardize : {"channel", "series"}, default="channel"
        Zero mean and unit variance of each channel by the training set's statistics, or of each series and channel by
        its own, which makes level and scale irrelevant.
    missing : {"error", "mask"}, default="error"
        Refuse NaN, or neither excite a state with what is missing nor pool where all channels miss.
    random_state : int, RandomState instance or None, default=None
        The kernels and their thresholds. ``None`` draws anew each time; no global random state is read or changed.
    n_jobs : int or None, default=None
        Threads, each with cases of its own; the features do not depend on it. ``None``: as many as PyTorch uses, so one
        in joblib's worker processes; -1: one a core.
    device : str or torch.device, default="cpu"
    max_memory : float, default=2.0
        Gigabytes for what is computed on the way, all threads together; series and features come on top."""
    _constraints = {
        "n_kernels": [at_least(1)],
        "n_modes": [at_least(1)],
        "max_time_constants": [tuple, list],
        "frequencies": [tuple, list],
        "representations": [tuple, list],
        "bidirectional": ["boolean"],
        "pooling": [StrOptions({"auto"}), tuple, list],
        "n_windows": [at_least(1)],
        "group_size": [at_least(2)],
        "standardize": [StrOptions({"channel", "series"})],
        "missing": [StrOptions({"error", "mask"})],
        "random_state": ["random_state"],
        "n_jobs": [None, at_least(1), Options(Integral, {-1})],
        "device": [str, torch.device],
        "max_memory": [Interval(Real, 0, None, closed="neither")],
    }

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        return tags

    def _check_parameters(self) -> None:
        """Check types and ranges, and what no type says.

        Raises
        ------
        ValueError
        """
        self._validate_params()
        low_high, longest = self.frequencies, self.max_time_constants
        if len(low_high) != 2 or not _positive(low_high) or not low_high[0] < low_high[1]:
            raise ValueError(f"frequencies must be (low, high) with 0 < low < high; got {low_high!r}.")
        if not longest or not _positive(longest) or len(set(longest)) < len(longest):
            raise ValueError(f"max_time_constants must be one or more positive numbers, each once; got {longest!r}.")
        for name, known in {"representations": REPRESENTATIONS, "pooling": POOLINGS}.items():
            chosen = getattr(self, name)
            if isinstance(chosen, str):  # "auto"
                continue
            unknown = [value for value in chosen if not isinstance(value, str) or value not in known]
            if not chosen or unknown or len(set(chosen)) < len(chosen):
                raise ValueError(f"{name} must be one or more of {known}, each once; got {chosen!r}.")


def _positive(values: Sequence[Any]) -> bool:
    return all(isinstance(value, Real) and 0 < float(value) < np.inf for value in values)
