"""What the forecasters share: time indices, known variables and panels around an estimator of windows."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sktime.forecasting.base import BaseForecaster

from ssm_estimators.environment import shielded
from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.sktime.frames import as_frame, by_series, check_numbers, of_series
from ssm_estimators.sktime.known_variables import KnownVariables
from ssm_estimators.sktime.times import season_of, steps_ahead, times_ahead, with_frequency

Array = NDArray[Any]

DEFAULT_HORIZON = 12


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """A public method of sktime's: shielded from the caller's settings; if it is refused, all is as it was before."""

    @wraps(method)
    def call(self: Any, *args: Any, **params: Any) -> Any:
        with unchanged_if_refused(self), shielded():
            return method(self, *args, **params)

    return call


class SeriesForecaster(BaseForecaster):
    """Forecasts with one of this package's window estimators, which learns from all series and columns at once."""

    _estimator_class: ClassVar[type[Any]]
    data_: dict[Any, pd.DataFrame]  # a frame a series, less what known variables explain
    _tags: ClassVar[dict[str, Any]] = {
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "requires-fh-in-fit": False,
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:missing_values": False,
        "capability:non_contiguous_X": False,
        "capability:update": True,
        "capability:unequal_length": True,
        "capability:categorical_in_X": False,
        "capability:pretrain": True,
        "capability:random_state": False,
        "property:randomness": "deterministic",
        "authors": ["ssm_estimators developers"],
        "maintainers": ["ssm_estimators developers"],
    }
    _sections_doc = """All columns of ``y``, and all series of a panel, are learnt from at once; ``fit`` after
    ``pretrain`` takes the pretrained forecaster as it is. Variables in ``X`` must be known in the future; they act by
    their linear effect at the same time, estimated on differences. Forecasts of times in the sample are one step ahead,
    of the first its own value. Quantiles are conformal: from the errors of training windows by maps fitted to what came
    before. Where values are log-transformed, forecasts are medians. Rows of ``X`` after the end of ``y`` are kept, and
    used where ``predict`` gets no others. What a forecaster needs of the past it keeps itself
    (``predict_residuals`` needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"``: as far as ``fh`` in ``fit``; without it a season, at least 12 time points, but
        at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"``: from the index's
        frequency, a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
        A season is used where the longest series shows two of them, and with ``difference="season"``.
    {parameters}

    Attributes
    ----------
    estimator_ : {estimator}
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import {name}
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = {name}({example}).fit(y[:-12], fh=range(1, 13))
    >>> bool(abs(forecaster.predict() / y[-12:] - 1).mean() < 0.1)
    True
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)"""
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}  # a forecaster keeps what it needs itself
    _example_params = ""
    _test_params: ClassVar[list[dict[str, Any]]] = [
        {},
        {"n_lags": 3, "window": 6, "transform": None, "season": 3, "difference": "season"},
    ]
    _y = _X = None  # what sktime keeps where a user turns that on

    fit = guarded(BaseForecaster.fit)
    fit_predict = guarded(BaseForecaster.fit_predict)
    pretrain = guarded(BaseForecaster.pretrain)
    update = guarded(BaseForecaster.update)
    update_predict = guarded(BaseForecaster.update_predict)
    update_predict_single = guarded(BaseForecaster.update_predict_single)
    predict = guarded(BaseForecaster.predict)
    predict_interval = guarded(BaseForecaster.predict_interval)
    predict_quantiles = guarded(BaseForecaster.predict_quantiles)
    predict_var = guarded(BaseForecaster.predict_var)
    predict_proba = guarded(BaseForecaster.predict_proba)
    predict_residuals = guarded(BaseForecaster.predict_residuals)
    score = guarded(BaseForecaster.score)

    def _check_X_y(self, X: Any = None, y: Any = None, *args: Any, **params: Any) -> tuple[Any, Any]:  # noqa: N802  # sktime's
        """As sktime's, and say where numbers are missing, infinite or too large."""
        if y is not None:
            self._converter_store_y: dict[Any, Any] = {}  # a new one: sktime's changes it, though y may be refused
        for name, data in {"y": y, "X": X}.items():
            if isinstance(data, np.ndarray) and data.dtype.kind not in "biuf":
                raise TypeError(f"Expected numbers in {name}; got an array of dtype {data.dtype}.")
        try:
            inner_X, inner_y = super()._check_X_y(X, y, *args, **params)
        except ValueError:
            for name, data in {"y": y, "X": X}.items():
                check_numbers(name, None if data is None else as_frame(data))
            raise
        check_numbers("y", inner_y)
        check_numbers("X", inner_X)
        return inner_X, inner_y

    def _set_cutoff_from_y(self, y: Any) -> None:
        """As sktime's, but old data given to ``update`` do not move the end of the series back."""
        before = self.cutoff if self.is_fitted else None
        super()._set_cutoff_from_y(y)
        if before is not None and type(before) is type(self.cutoff) and before[0] > self.cutoff[0]:
            self._set_cutoff(before)

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        self.index_names_ = list(y.index.names)
        self.known_: KnownVariables | None = None
        data = {key: with_frequency(key, frame) for key, frame in by_series(y).items()}
        if X is not None:
            self.known_ = KnownVariables.of(data, by_series(X))
            data = {key: self.known_.without(key, frame) for key, frame in data.items()}
        self.data_ = data
        if hasattr(self, "pretrained_estimator_"):
            self.estimator_ = self.pretrained_estimator_
            self.estimator_.accept(_values(data))
        else:
            self.estimator_ = self._new_estimator(fh, data).fit(_values(data))
        return self

    def _pretrain(self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None) -> Self:
        data = self._pretraining_data(y, X)
        self.pretraining_series_: list[Array] = _values(data)
        self.pretrained_estimator_ = self._new_estimator(fh, data).fit(self.pretraining_series_)
        return self

    def _pretrain_update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None) -> Self:
        if not hasattr(self, "pretrained_estimator_"):  # there was a fit, but no pretraining
            return self._pretrain(y, X, fh)
        series = [*self.pretraining_series_, *_values(self._pretraining_data(y, X))]
        self.pretrained_estimator_ = clone(self.pretrained_estimator_).fit(series)
        self.pretraining_series_ = series
        return self

    def _pretraining_data(self, y: pd.DataFrame, X: pd.DataFrame | None) -> dict[Any, pd.DataFrame]:
        if X is not None:
            raise ValueError(
                "pretrain takes no X: effects of known variables are learnt in fit, from each series' own."
            )
        return {key: with_frequency(key, frame) for key, frame in by_series(y).items()}

    def _update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True) -> Self:
        known, data = self._known_with(X), dict(self.data_)
        for key, frame in by_series(y).items():
            fresh = frame if known is None else known.without(key, frame)
            data[key] = _continued(key, data.get(key), fresh, columns=next(iter(data.values())).columns)
        if update_params and not hasattr(self, "pretrained_estimator_"):
            self.estimator_ = clone(self.estimator_).fit(_values(data))
        else:
            self.estimator_.accept(_values(data))
        self.data_, self.known_ = data, known
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        return self._joined(self._forecast(fh, X, None))

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: list[float]) -> pd.DataFrame:
        return self._joined(self._forecast(fh, X, alpha))

    def _forecast(self, fh: Any, X: pd.DataFrame | None, alpha: list[float] | None) -> dict[Any, pd.DataFrame]:
        known = self._known_with(X)
        return {key: self._forecast_one(key, fh, known, alpha) for key in self.data_}

    def _forecast_one(self, key: Any, fh: Any, known: KnownVariables | None, alpha: list[float] | None) -> pd.DataFrame:
        """Values at the horizon of one series: after its end by the map to that step, before it a step ahead."""
        frame, horizon = self.data_[key], self.estimator_.horizon
        steps = steps_ahead(key, fh, frame.index, horizon)
        if (steps > horizon).any():
            raise ValueError(
                f"The forecaster was fitted for {horizon} steps ahead; fh asks for {steps.max()}. Give fh in fit, or "
                f"horizon={steps.max()} in the constructor."
            )
        length = len(frame)
        if (steps <= -length).any():
            raise ValueError(f"fh asks for {steps.min()} steps before the end of a series of {length} time points.")
        index = times_ahead(frame.index, steps)
        origins = np.where(steps > 0, length, length - 1 + steps)
        ahead = np.where(steps > 0, steps - 1, 0)
        x = frame.to_numpy(dtype=float).T
        distinct, position = np.unique(np.maximum(origins, 1), return_inverse=True)
        values = self.estimator_.predict_windows(x, distinct, alpha)[position, :, ahead]
        first = origins == 0  # nothing is known before: its own value
        if first.any():
            values[first] = x[:, 0] if alpha is None else x[:, 0, None]
        if known is not None:
            effect = known.effect(key, index)
            values = values + (effect if alpha is None else effect[..., None])
        if alpha is None:
            return pd.DataFrame(values, index=index, columns=frame.columns)
        columns = pd.MultiIndex.from_product([self._get_varnames(), alpha])
        return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=columns)

    def _known_with(self, X: pd.DataFrame | None) -> KnownVariables | None:
        """What is known of the variables, these rows too."""
        if X is not None and self.known_ is None:
            raise ValueError("The forecaster was fitted without X, which it can therefore not use. Give X to fit too.")
        return None if self.known_ is None else self.known_.joined_with(None if X is None else by_series(X))

    def _joined(self, frames: dict[Any, pd.DataFrame]) -> pd.DataFrame:
        """The inverse of :func:`by_series`."""
        return frames[None] if None in frames else pd.concat(frames, names=self.index_names_)

    def _new_estimator(self, fh: Any, data: dict[Any, pd.DataFrame]) -> Any:
        params = self.get_params(deep=False)
        frame = next(iter(data.values()))
        if params["season"] == "auto":
            params["season"] = season_of(frame.index)
        if params["horizon"] == "auto" and fh is not None:
            longest = max(len(frame) for frame in data.values())
            farthest = max(steps_ahead(key, fh, frame.index, longest).max() for key, frame in data.items())
            params["horizon"] = max(1, int(farthest))
        elif params["horizon"] == "auto":
            shortest = min(len(frame) for frame in data.values())
            params["horizon"] = max(1, min(max(params["season"], DEFAULT_HORIZON), shortest // 4))
        return self._estimator_class(**params)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Two small settings.

        Parameters
        ----------
        parameter_set : str
            Not used.

        Returns
        -------
        list of dict
        """
        return [dict(params) for params in cls._test_params]


def _continued(key: Any, before: pd.DataFrame | None, fresh: pd.DataFrame, columns: pd.Index) -> pd.DataFrame:
    """A series with new times, and old ones whose values are new."""
    if list(fresh.columns) != list(columns):
        raise ValueError(f"Expected y with the columns {list(columns)} of fit; got {list(fresh.columns)}.")
    if before is None:
        return with_frequency(key, fresh)
    together = pd.concat([before[~before.index.isin(fresh.index)], fresh])
    if together.index.dtype == object:
        raise ValueError(
            f"Expected times{of_series(key)} of the kind of fit's, {before.index.dtype}; got {fresh.index.dtype}."
        )
    return with_frequency(key, together.sort_index(), getattr(before.index, "freq", None))


def _values(data: dict[Any, pd.DataFrame]) -> list[Array]:
    return [frame.to_numpy(dtype=float).T for frame in data.values()]
