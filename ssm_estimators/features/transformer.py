"""The transformer: random kernels drawn in ``fit``, pooled responses in ``transform``."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from joblib import cpu_count
from sklearn.base import TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ssm_estimators.declaration import parameters
from ssm_estimators.environment import resolve_device, settings
from ssm_estimators.features.kernels import RandomKernels, draw_mixing, draw_system
from ssm_estimators.features.parameters import FeatureParameters
from ssm_estimators.features.representations import represent, standardize_series, with_mask
from ssm_estimators.features.responses import Tiling, own_responses, pooled_responses
from ssm_estimators.features.thresholds import pick_cases, quantile_thresholds
from ssm_estimators.functional.shared_input import SharedInput
from ssm_estimators.series.data import SeriesData
from ssm_estimators.series.validation import check_series

SHORT = 16  # fewer time points are described as much by where they are as by how they change
POOLED = ("share", "excess", "wins", "losses")
KERNELS_A_POINT = 64


class View(NamedTuple):
    """A representation and direction."""

    representation: str
    reverse: bool


@parameters
class StateSpaceFeatures(TransformerMixin, FeatureParameters):
    """Pooled responses of random state-space kernels.

    A kernel is the impulse response of an untrained diagonal state-space system: a sum of a few damped modes with
    random time constants, frequencies, phases and amplitudes. Unlike a dilated random filter it has a time scale and
    reaches any distance at the same cost. What is pooled from its responses was found useful with random convolution
    kernels: the share above a threshold [1]_ and competition within groups [2]_.

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
    (10, 256)
    >>> features.get_feature_names_out()[1]
    'raw_forward_0_excess'
    """

    _attributes_doc = """kernels_ : dict
        From representation and direction to the kernels.
    pooling_ : tuple of str
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
        self._check_parameters()
        data = check_series(self, X, self.missing, reset=True)
        weight = np.ones(len(data))
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, data.X.numpy(), dtype=np.float64, ensure_non_negative=True)
        self.fit_checked(data, weight)
        return self

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
        check_is_fitted(self, "kernels_")
        return self.transform_checked(check_series(self, X, self.missing_, reset=False))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Representation, direction, number of the kernel and pooling of each feature.

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self, "kernels_")
        return np.array(
            [
                f"{view.representation}_{'backward' if view.reverse else 'forward'}_{i}_{pooling}"
                for view, kernels in self.kernels_.items()
                for i in range(len(kernels))
                for pooling in self.pooling_
            ],
            dtype=object,
        )

    @property
    def n_features_out_(self) -> int:
        """Numbers a case."""
        return sum(map(len, self.kernels_.values())) * len(self.pooling_)

    def fit_checked(self, data: SeriesData, weight: np.ndarray) -> None:
        """Like ``fit``, on what it has checked."""
        self.__dict__.pop("kernels_", None)  # a fit that fails leaves nothing behind that looks fitted
        self.group_size_, self.standardize_, self.missing_ = self.group_size, self.standardize, self.missing
        random = np.random.RandomState() if self.random_state is None else check_random_state(self.random_state)
        n_timepoints = data.X.shape[-1]
        pooling = POOLED if n_timepoints >= SHORT else (*POOLED, "last")
        self.pooling_ = pooling if self.pooling == "auto" else tuple(self.pooling)
        self._set_channel_statistics(data, weight)
        views = [
            View(representation, reverse)
            for representation in self.representations
            for reverse in ([False, True] if self.bidirectional else [False])
            if representation == "raw" or n_timepoints > 1
        ]
        if not views:
            raise ValueError("A series of one time point has no difference: add 'raw' to representations.")
        n_kernels = min(-(-self.n_kernels // len(views)), KERNELS_A_POINT * n_timepoints)
        n_groups = -(-n_kernels // self.group_size_)
        drawn = {}
        with settings("float32", self._n_threads()):
            for view in views:
                picked = pick_cases(data, weight, random.uniform(size=n_groups))
                drawn[view] = self._draw(data.select(picked), view, random)
        self.kernels_: dict[View, RandomKernels] = drawn

    def transform_checked(self, data: SeriesData, representation: str | None = None) -> np.ndarray:
        """Like ``transform``, on what it has checked; perhaps of one representation only."""
        device = resolve_device(self.device)
        n_threads = self._n_threads() if device.type == "cpu" else 1
        views = [view for view in self.kernels_ if representation in (None, view.representation)]
        widths = [len(self.kernels_[view]) * len(self.pooling_) for view in views]
        ends = np.cumsum(widths)
        features = np.empty((len(data), ends[-1]), dtype=np.float32)
        with settings("float32", 1), ThreadPoolExecutor(n_threads) as threads:
            for view, stop, width in zip(views, ends, widths, strict=True):
                self._fill(features[:, stop - width : stop], data, view, device, threads, n_threads)
        return features

    def _fill(
        self,
        features: np.ndarray,
        data: SeriesData,
        view: View,
        device: torch.device,
        threads: ThreadPoolExecutor,
        n_threads: int,
    ) -> None:
        """Compute the features of one representation and direction, a tile of cases at a time."""
        kernels = self.kernels_[view].to(device)
        n_states = kernels.system.A_bar.shape[1] * 2
        tiling = self._tiling(data.X.shape[-1], n_states, n_threads)
        bank = SharedInput.of(kernels.system, tiling.chunk, kernels.thresholds)

        def fill(start: int) -> None:
            cases = slice(start, min(start + tiling.n_cases, len(data)))
            X, observed = (part.to(device) for part in self._represented(data, cases, view))
            pooled = pooled_responses(X, observed, kernels, bank, tiling, self.group_size_, self.pooling_)
            features[cases] = pooled.cpu().numpy()

        list(threads.map(fill, range(0, len(data), tiling.n_cases)))

    def _n_threads(self) -> int:
        if self.n_jobs is None:
            return torch.get_num_threads()
        return cpu_count() if self.n_jobs == -1 else int(self.n_jobs)

    def _set_channel_statistics(self, data: SeriesData, weight: np.ndarray) -> None:
        """Weighted mean and deviation of each channel over all observed values."""
        counts = torch.from_numpy(weight)[:, None]
        sums, squares = torch.zeros(2, data.X.shape[1], dtype=torch.float64)
        total = torch.zeros_like(sums)
        for tile in range(0, len(data), 512):
            X, observed = with_mask(data, slice(tile, tile + 512))
            count = counts[tile : tile + 512]
            total += (observed.sum(-1) * count).sum(0)
            sums += (X.sum(-1) * count).sum(0)
            squares += (X.square().sum(-1) * count).sum(0)
        mean = sums / total.clamp_min(1e-300)
        variance = (squares / total.clamp_min(1e-300) - mean.square()).clamp_min(0)
        deviation = torch.where(variance > 1e-12 * mean.square(), variance.sqrt(), 1.0)
        self.channel_mean_, self.channel_scale_ = mean[:, None], deviation[:, None]

    def _represented(self, data: SeriesData, cases: slice, view: View) -> tuple[torch.Tensor, torch.Tensor]:
        """Standardised cases in a representation and direction, float32, and where they were observed."""
        X, observed = with_mask(data, cases)
        if self.standardize_ == "series":
            X = standardize_series(X, observed)
        else:
            X = torch.where(observed, (X - self.channel_mean_) / self.channel_scale_, 0)
        return represent(X.float(), observed, *view)

    def _tiling(self, n_timepoints: int, n_states: int, n_threads: int) -> Tiling:
        """How to cut up a transform such that it fits into ``max_memory``."""
        available = self.max_memory * 1e9 / 4 / n_threads
        tiling = Tiling.of(n_timepoints, n_states, self.group_size_, available)
        needed = tiling.numbers(n_timepoints, n_states)
        if needed > available:
            raise ValueError(
                f"max_memory={self.max_memory} GB is too small for one case of {n_timepoints} time points and "
                f"{n_threads} threads: expected at least {1.01 * needed * 4 * n_threads / 1e9:.3g}."
            )
        return tiling

    def _draw(self, cases: SeriesData, view: View, random: np.random.RandomState) -> RandomKernels:
        """Kernels, with thresholds from the response to one case a group."""
        n_groups = len(cases)
        n_timepoints = cases.X.shape[-1] - (view.representation == "difference")
        system = draw_system(
            n_groups * self.group_size_,
            self.n_modes,
            n_timepoints,
            self.max_time_constant,
            self.frequencies,
            random,
        )
        mixing = draw_mixing(n_groups, cases.X.shape[1], random)
        thresholds = torch.empty(n_groups * self.group_size_, dtype=torch.float32)
        quantiles = torch.from_numpy(random.uniform(0.05, 0.95, len(thresholds)))
        kernels = RandomKernels(system, mixing, thresholds)
        n_states = system.A_bar.shape[1] * 2
        tiling = self._tiling(n_timepoints, n_states, 1)
        bank = SharedInput.of(system, tiling.chunk, thresholds)
        step = max(1, tiling.block // self.group_size_)
        for first in range(0, n_groups, step):
            groups = slice(first, first + step)
            mine = slice(first * self.group_size_, min(first + step, n_groups) * self.group_size_)
            part = RandomKernels(system, None if mixing is None else mixing[groups], thresholds[mine])
            X, observed = self._represented(cases, groups, view)
            y = own_responses(X, part, bank.select(mine.start, mine.stop), self.group_size_, tiling.chunk)
            seen = observed.any(1).repeat_interleave(self.group_size_, 0)
            thresholds[mine] = quantile_thresholds(y, seen, quantiles[mine])
        return kernels
