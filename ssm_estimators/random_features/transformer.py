"""The transformer: random kernels drawn in ``fit``, pooled responses in ``transform``."""

from typing import Any

import numpy as np
import torch
from joblib import cpu_count
from sklearn.base import TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ssm_estimators.declaration import parameters
from ssm_estimators.environment import resolve_device, shielded
from ssm_estimators.random_features.filter_bank import FilterBank, Resources
from ssm_estimators.random_features.fit import draw_filter_bank
from ssm_estimators.random_features.parameters import FeatureParameters
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.validation import check_series


@parameters
class StateSpaceFeatures(TransformerMixin, FeatureParameters):
    """Pooled responses of random state-space kernels.

    A kernel is the impulse response of an untrained diagonal state-space system: a sum of a few damped modes with
    random time constants, frequencies, phases and amplitudes. Unlike a dilated random filter it has a time scale and
    reaches any distance at the same cost. What is pooled from its responses was found useful with random convolution
    kernels: the share above a threshold [1]_ and competition within groups [2]_; over all time, and over windows of it.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

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

    _attributes_doc = """filter_bank_ : FilterBank
        The kernels, with how they are heard and pooled.
    n_features_out_ : int
        Numbers a case.
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
            self._check_parameters()
            data = check_series(self, X, self.missing, reset=True)
            weight = np.ones(len(data))
            if sample_weight is not None:
                weight = _check_sample_weight(sample_weight, data.X.numpy(), dtype=np.float64, ensure_non_negative=True)
            self.fit_checked(data.kept(weight > 0), weight[weight > 0])
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
        data = check_series(self, X, self.missing_, reset=False)
        return self.filter_bank_.transform(data, self.resources())

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
        """Numbers a case."""
        return self.filter_bank_.n_features

    def fit_checked(self, data: SeriesData, weight: np.ndarray) -> None:
        """Like ``fit``, on what it has checked.

        Parameters
        ----------
        data : SeriesData
        weight : ndarray of shape (n_cases,)
            Above zero.
        """
        random = np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)
        self.missing_ = self.missing
        self.filter_bank_: FilterBank = draw_filter_bank(data, weight, self, random, self.resources())

    def resources(self) -> Resources:
        """What ``device``, ``n_jobs`` and ``max_memory`` allow."""
        device = resolve_device(self.device)
        n_threads = (
            torch.get_num_threads() if self.n_jobs is None else cpu_count() if self.n_jobs == -1 else self.n_jobs
        )
        return Resources(device, int(n_threads) if device.type == "cpu" else 1, self.max_memory)
