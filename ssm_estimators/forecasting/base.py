"""Forecasts of what follows windows of series: what the forecasters share, however they come by their outputs."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from ssm_estimators.declaration import Doc, at_least, parameters
from ssm_estimators.environment import shielded
from ssm_estimators.estimator import Estimator
from ssm_estimators.forecasting.conformal import ErrorQuantiles, movement
from ssm_estimators.forecasting.exponential_smoothing import Smoothing
from ssm_estimators.forecasting.lag_features import LagFeatures, unit_of
from ssm_estimators.forecasting.linear import LinearFit, fit_linear_forecast
from ssm_estimators.forecasting.log_transform import Logarithm
from ssm_estimators.forecasting.windows import PORTION, windows_before
from ssm_estimators.refusal import unchanged_if_refused

Array = NDArray[Any]

N_SEASONS = 30  # of a window
LEAST_WINDOWS = 20  # to train on, where the series are long enough
MOST_LAGS = 512
LARGEST = 1e100  # value of a series, of which the square and sums of squares can be taken
LEAST_MOVEMENT = 0.1  # of a flat window, in units of that of the series that moves most


Window = Annotated[
    int | Literal["auto"],
    at_least(1),
    Doc(
        'Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that '
        "the longest series has before the horizon. Damped modes reach back a quarter of that series."
    ),
]
NLags = Annotated[
    int | Literal["auto"],
    at_least(1),
    Doc(
        'Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least '
        "one season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 "
        "windows."
    ),
]
Transform = Annotated[
    Literal["auto", "log"] | None,
    Doc('``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.'),
]
Difference = Annotated[
    Literal["auto", "last", "season"],
    Doc(
        "What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, "
        'for which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and '
        "exponential smoothing, weighted by their errors on left-out windows."
    ),
]


@parameters
class WindowForecaster(Estimator):
    """Learns from long series to forecast the next values of each of their channels; subclasses say how."""

    horizon: Annotated[int, at_least(1), Doc("Steps to forecast.")] = 12
    season: Annotated[
        int,
        at_least(1),
        Doc(
            "Time points after which the series' main rhythm repeats; 1: none is known. A season is used where the "
            'longest series shows two of them, and with ``difference="season"``.'
        ),
    ] = 1
    window: Window = "auto"
    n_lags: NLags = "auto"
    transform: Transform = "auto"
    difference: Difference = "auto"

    _attributes_doc: ClassVar[str] = """n_channels_in_ : int
    log_ : Logarithm
        Which channels are transformed.
    lag_features_ : LagFeatures
        Which features of a window are used.
    season_ : int
        The season that is used; 1: none.
    n_timepoints_ : int
        Of a window.
    moves_ : ndarray of shape (n_channels,)
        Root mean square of the differences between neighbouring values, of the series that moves most.
    errors_ : ErrorQuantiles
        Of windows that were left out."""

    @shielded()
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from one or more series.

        Parameters
        ----------
        X : array-like of shape (n_series, n_channels, n_timepoints), or list of arrays
            A list holds arrays of shape (n_channels, n_timepoints) whose lengths may differ.
        y : None
            Not used: what follows a window is its target.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter or X is not as stated, or all series are too short for the horizon.
        """
        with unchanged_if_refused(self):
            self._validate_params()
            self._fit_series(check_long_series(X))
        return self

    def _fit_series(self, series: list[Array]) -> None:
        """Learn from checked series."""
        self.n_channels_in_ = series[0].shape[0]
        seen = max(x.shape[1] for x in series) >= 2 * self.season or self.difference == "season"
        self.season_ = self.season if seen else 1
        self.log_ = Logarithm.of(series, self.transform, self.season_)
        series = [self.log_.apply(x) for x in series]
        self.lag_features_, self.n_timepoints_ = self._choose_lag_features([x.shape[1] for x in series])
        scale = [_scale(x) for x in series]
        self.moves_ = np.max([movement(x) for x in series], axis=0)
        self.errors_: ErrorQuantiles = self._fit(series, scale)

    @shielded()
    def predict(self, X: Any) -> Array:
        """What follows the end of each series.

        Parameters
        ----------
        X : as in ``fit``
            Series or windows of any length; their last ``window`` time points count.

        Returns
        -------
        ndarray of shape (n_series, n_channels, horizon)
        """
        windows = self._last_windows(X)
        return self.log_.undo(self._predict(windows))

    @shielded()
    def predict_quantiles(self, X: Any, levels: Sequence[float]) -> Array:
        """Quantiles of what follows the end of each series.

        Errors of training windows by maps that were fitted to what came before, relative to how much the windows move,
        are taken to come from the same distribution as those of X (conformal prediction). Of short series, what came
        before overlaps with the last steps of those windows.

        Parameters
        ----------
        X : as in ``predict``
        levels : sequence of float
            Between 0 and 1.

        Returns
        -------
        ndarray of shape (n_series, n_channels, horizon, n_levels)
        """
        windows = self._last_windows(X)
        return self._quantiles(windows, levels)

    @shielded()
    def predict_windows(self, x: Any, origins: Any, levels: Sequence[float] | None = None) -> Array:
        """What follows each of many time points of one series, in one call.

        Parameters
        ----------
        x : array-like of shape (n_channels, n_timepoints)
        origins : array-like of shape (n_origins,), int
            First time point of each forecast, 1 to n_timepoints; nothing from there on is seen.
        levels : sequence of float or None, default=None
            Forecast quantiles instead.

        Returns
        -------
        ndarray of shape (n_origins, n_channels, horizon), or (n_origins, n_channels, horizon, n_levels)
        """
        (checked,) = self.accept([x])
        times = np.asarray(origins)
        if times.ndim != 1 or times.dtype.kind not in "iu" or ((times < 1) | (times > checked.shape[1])).any():
            raise ValueError(
                f"origins must be integers from 1 to the series' length, {checked.shape[1]}; got {origins}."
            )
        n_timepoints = self.n_timepoints_
        rows = max(1, PORTION // (n_timepoints * self.n_channels_in_))
        portions = (
            windows_before(checked, times[start : start + rows], n_timepoints) for start in range(0, len(times), rows)
        )
        if levels is None:
            return np.concatenate([self.log_.undo(self._predict(windows)) for windows in portions])
        return np.concatenate([self._quantiles(windows, levels) for windows in portions])

    def accept(self, X: Any) -> list[Array]:
        """Series that can be forecast, checked and transformed.

        Parameters
        ----------
        X : as in ``predict``

        Returns
        -------
        list of ndarray of shape (n_channels, n_timepoints)

        Raises
        ------
        ValueError
            If they are not as those of ``fit`` were: of so many channels, and positive where the logarithm is taken.
        """
        check_is_fitted(self, "lag_features_")
        return [self.log_.apply(x) for x in check_long_series(X, self.n_channels_in_)]

    def _fit_linear(self, series: list[Array], scale: list[Array]) -> LinearFit:
        """The linear forecast of transformed series."""
        season = self.season_
        given = {"last": [1], "season": [season]}
        seasons = given.get(self.difference, [1, season] if 1 < season <= self.lag_features_.n_lags else [1])
        smoothing = Smoothing.of(series, season) if self.difference == "auto" else None
        return fit_linear_forecast(
            series, scale, self.lag_features_, self.n_timepoints_, self.horizon, seasons, smoothing
        )

    def _fit(self, series: list[Array], scale: list[Array]) -> ErrorQuantiles:
        """Fit on transformed series; return the distribution of errors of windows left out."""
        raise NotImplementedError

    def _predict(self, windows: Array) -> Array:
        """Transformed (n_windows, n_channels, n_timepoints) to (n_windows, n_channels, horizon)."""
        raise NotImplementedError

    def _quantiles(self, windows: Array, levels: Sequence[float]) -> Array:
        at = np.asarray(levels, dtype=float)
        if at.ndim != 1 or not ((at > 0) & (at < 1)).all():
            raise ValueError(f"levels must be numbers between 0 and 1; got {levels}.")
        errors = self._movement(windows)[:, :, None, None] * self.errors_.at(at)
        return self.log_.undo(self._predict(windows)[..., None] + np.sort(errors, axis=-1)[..., at.argsort().argsort()])

    def _movement(self, windows: Array) -> Array:
        """How much windows move, (n_windows, n_channels): what errors are relative to."""
        return np.maximum(movement(windows), LEAST_MOVEMENT * self.moves_)

    def _last_windows(self, X: Any) -> Array:
        series = self.accept(X)
        return np.concatenate([windows_before(x, np.array([x.shape[1]]), self.n_timepoints_) for x in series])

    def _choose_lag_features(self, lengths: list[int]) -> tuple[LagFeatures, int]:
        longest, unit = max(lengths), unit_of(self.season_)
        if longest <= self.horizon:
            raise ValueError(
                f"Expected a series of at least {self.horizon + 1} time points to learn horizon={self.horizon}; the "
                f"longest has {longest}. {'Lower horizon.' if longest > 1 else 'Give a longer series.'}"
            )
        room = longest - self.horizon - LEAST_WINDOWS + 1
        few = min(int(np.clip((longest - self.horizon) // 6, unit, 2 * unit)), MOST_LAGS)
        least = self.season if self.difference == "season" else 1
        n_timepoints = min(N_SEASONS * unit, longest) if self.window == "auto" else int(self.window)
        n_lags = max(least, min(few, room, n_timepoints)) if self.n_lags == "auto" else int(self.n_lags)
        if n_lags > n_timepoints:
            raise ValueError(f"n_lags={n_lags} are more than the window of {n_timepoints} time points has.")
        if self.difference == "season" and self.season > n_lags:
            raise ValueError(
                f"difference='season' needs n_lags of at least the season, {self.season}; got n_lags={n_lags}. "
                "Raise it, or use difference='last'."
            )
        needed = n_lags if self.window == "auto" else n_timepoints  # a window may begin before the series does
        if longest < needed + self.horizon:
            raise ValueError(
                f"Expected a series of at least {needed + self.horizon} time points for a window of {needed} and "
                f"horizon={self.horizon}; the longest has {longest}. Lower window, n_lags or horizon."
            )
        reach = max(n_lags, min(n_timepoints, (longest - self.horizon) // 4))
        return LagFeatures.of(n_lags, reach, self.season_), n_timepoints


def check_long_series(X: Any, n_channels: int | None = None) -> list[Array]:
    """Series to forecast as a list of float64 arrays, (n_channels, n_timepoints)."""
    series = [check_array(x, dtype=np.float64, input_name="X", ensure_min_features=1) for x in X]
    if not series:
        raise ValueError("Expected at least one series; got none.")
    n_channels = n_channels or series[0].shape[0]
    for i, x in enumerate(series):
        if x.shape[0] != n_channels:
            raise ValueError(f"Expected {n_channels} channels per series; series {i} has shape {x.shape}.")
        if len(channels := np.flatnonzero((np.abs(x) > LARGEST).any(axis=1))):
            raise ValueError(
                f"Expected values of at most {LARGEST:g}; series {i} has others in channel {channels[0]}. Scale "
                "the series."
            )
    return series


def _scale(x: Array) -> Array:
    """Standard deviation of each channel, 1 where nothing varies."""
    deviation = x.std(axis=1)
    return np.where(deviation > 1e-12 * np.abs(x).max(axis=1), deviation, 1.0)
