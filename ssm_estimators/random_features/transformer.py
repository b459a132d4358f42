"""The transformer: random kernels drawn in ``fit``, pooled responses in ``transform``."""

from typing import Any, ClassVar

import numpy as np
import torch
from joblib import cpu_count
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ssm_estimators.bases import TransformerMixin
from ssm_estimators.declaration import parameters
from ssm_estimators.environment import resolve_device, shielded
from ssm_estimators.estimator import Estimator
from ssm_estimators.random_features.filter_bank import FilterBank, Resources
from ssm_estimators.random_features.fit import draw_filter_bank
from ssm_estimators.random_features.parameters import FeatureParameters, check_feature_parameters
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.sources import Series
from ssm_estimators.series.validation import check_stored_series


@parameters
class StateSpaceFeatures(TransformerMixin, FeatureParameters, Estimator):
    """Pooled responses of random state-space kernels.

    A kernel is the impulse response of an untrained diagonal state-space system: a sum of a few damped modes with
    random time constants, frequencies, phases and amplitudes. Unlike a dilated random filter it has a time scale and
    reaches any distance at the same cost. What is pooled from its responses was found useful with random convolution
    kernels: the share above a threshold [1]_ and competition within groups [2]_; over all time, and over windows of it.

    Parameters
    ----------
    n_kernels : int, default=8000
        Responses in all, shared out evenly among representations, directions and longest time constants, and rounded up
        to whole groups there. Short series get fewer: at most 64 per time point in each representation and direction.
    max_memory : float, default=2.0
        Gigabytes for what is computed on the way, all threads together; series and features come on top.
    n_jobs : int or None, default=None
        Threads, each with cases of its own; the features do not depend on it. None takes as many as PyTorch uses, so
        one in joblib's worker processes; -1 takes one per core.
    random_state : int, RandomState instance or None, default=None
        Source of the kernels and of their thresholds. None draws anew each time; no global random state is read or
        changed.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, what is missing excites no state, and nothing is pooled where
        all channels miss.
    standardize : {"channel", "series"}, default="channel"
        Zero mean and unit variance: of each channel by the training set's statistics, or of each series and channel by
        its own, which makes level and scale irrelevant.
    representations : tuple of str, default=("raw", "difference", "second difference")
        The series as it is and its differences, where it is long enough to have them.
    pooling : tuple of {"share", "excess", "max", "energy", "wins", "losses", "last"} or "auto", default="auto"
        From a response to numbers. ``share`` is the share of time points above the kernel's threshold, and ``excess``
        their mean excess over it. ``max`` is the maximum, ``energy`` the logarithm of the mean square. ``wins`` and
        ``losses`` are what a kernel gets where it has its group's highest or lowest response: the root of the mean of
        such responses, and of the share of such points. ``last`` is the response at the end. ``"auto"`` takes share,
        excess, wins and losses, and for series of fewer than 16 points the last too.
    n_windows : int, default=4
        Parts over which responses are pooled besides all time. They are equally long but for the last, which may be
        shorter, and fewer where they would have less than four points in the longest training series. 1 makes none.
    bidirectional : bool, default=True
        Half of the kernels run backward in time.
    n_modes : int, default=2
        Damped modes per kernel, at most.
    max_time_constants : tuple of float or "auto", default="auto"
        Longest time constants of kernels in lengths of the longest training series; the shortest is one sample. Each
        has kernels of its own. ``"auto"`` takes 0.05 and 0.5, and 20 samples too where there are at least 500 cases of
        1,000 time points.
    frequencies : (float, float), default=(0.05, 2.0)
        Lowest and highest frequency of a mode in cycles per time constant; never above half a cycle per sample.
    group_size : int, default=8
        Kernels that compete for wins and losses, and that hear the same random mixture of the channels.
    device : str or torch.device, default="cpu"
        Where responses are computed.

    Attributes
    ----------
    filter_bank_ : FilterBank
        The kernels, with how they are heard and pooled.
    n_features_out_ : int
        Numbers per case.
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be transformed.

    References
    ----------
    .. [1] "ROCKET: exceptionally fast and accurate time series classification using random convolutional kernels",
       arXiv:1910.13051.
    .. [2] "Hydra: competing convolutional kernels for fast and accurate time series classification", arXiv:2203.13652.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((10, 3, 50))  # 10 cases of 3 channels and 50 time points
    >>> features = StateSpaceFeatures(n_kernels=64, random_state=0)
    >>> features.fit_transform(X).shape
    (10, 1920)
    >>> features.get_feature_names_out()[1]
    'raw_forward_0.05_0_excess'
    """

    _attributes_doc: ClassVar[str] = """filter_bank_ : FilterBank
        The kernels, with how they are heard and pooled.
    n_features_out_ : int
        Numbers per case.
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be transformed."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @shielded()
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> "StateSpaceFeatures":
        """Draw kernels, and a threshold for each from the response to a random case.

        Parameters
        ----------
        X : array-like of shape (n_cases, n_channels, n_timepoints) or (n_cases, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
            Series that are stored stay there: a memory map, a zarr array, a path of an npy file, of a zarr array or of
            a folder of npy files, or a list of paths, each holding an array of shape (n_cases, n_channels,
            n_timepoints).
        y : None
            Not used.
        sample_weight : array-like of shape (n_cases,) or None, default=None
            How often each case counts.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter or X is not as stated.
        """
        with unchanged_if_refused(self):
            check_feature_parameters(self)
            data = check_stored_series(self, X, self.missing, reset=True)
            weight = np.ones(len(data))
            if sample_weight is not None:
                weight = _check_sample_weight(sample_weight, data, dtype=np.float64, ensure_non_negative=True)
            self._fit_checked(data.kept(weight > 0), weight[weight > 0])
        return self

    @shielded()
    def transform(self, X: Any) -> np.ndarray:
        """Features of series.

        Parameters
        ----------
        X : as in ``fit``
            Other lengths than in ``fit`` are allowed, unless that was on two-dimensional X.

        Returns
        -------
        ndarray of shape (n_cases, n_features_out_), float32

        Raises
        ------
        ValueError
            If X is not as stated, or ``max_memory`` is too small for one case.
        """
        check_is_fitted(self, "filter_bank_")
        self._validate_again("n_jobs", "device", "max_memory")
        data = check_stored_series(self, X, self.missing_, reset=False)
        return self.filter_bank_.transform(data, self._resources())

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Representation, direction, longest time constant, number of the kernel, pooling and window of each feature.

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self, "filter_bank_")
        return np.array(self.filter_bank_.names(), dtype=object)

    @property
    def n_features_out_(self) -> int:
        """Numbers per case."""
        return self.filter_bank_.n_features

    def _fit_checked(self, data: Series, weight: np.ndarray) -> None:
        """Like ``fit``, on what it has checked.

        Parameters
        ----------
        data : SeriesData, StoredSeries or DaskSeries
        weight : ndarray of shape (n_cases,)
            Above zero.
        """
        random = np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)
        self.missing_ = self.missing
        self.filter_bank_: FilterBank = draw_filter_bank(data, weight, self, random, self._resources())

    def _resources(self) -> Resources:
        """What ``device``, ``n_jobs`` and ``max_memory`` allow."""
        device = resolve_device(self.device)
        n_threads = (
            torch.get_num_threads() if self.n_jobs is None else cpu_count() if self.n_jobs == -1 else self.n_jobs
        )
        return Resources(device, int(n_threads) if device.type == "cpu" else 1, self.max_memory)
