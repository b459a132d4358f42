"""What the forecasters share: time indices, known variables and panels around an estimator of windows."""

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sktime.forecasting.base import BaseForecaster

from ssm_estimators.refusal import unchanged_if_refused
from ssm_estimators.sktime.known_variables import KnownVariables

Array = NDArray[Any]

# time points after which the main rhythm of a frequency repeats: a day of hours or minutes, a year of months
SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "M": 12, "Q": 4, "min": 1440, "s": 60}
DEFAULT_HORIZON = 12


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
    before. Where values are log-transformed, forecasts are medians. What a forecaster needs of the past it keeps itself
    (``predict_residuals`` needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"``: as far as ``fh`` in ``fit``; without it a season, at least 12 time points, but
        at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"``: from the index's
        frequency, a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
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

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        self._learn_data(y, X)
        if hasattr(self, "pretrained_estimator_"):
            self.estimator_ = self.pretrained_estimator_
        else:
            self.estimator_ = self._new_estimator(fh, self.data_).fit(self._values(self.data_))
        return self

    def _pretrain(self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None) -> Self:
        if X is not None:
            raise ValueError(
                "pretrain takes no X: effects of known variables are learnt in fit, from each series' own."
            )
        data = by_series(y)
        check_regular(data)
        self.pretraining_series_: list[Array] = self._values(data)
        self.pretrained_estimator_ = self._new_estimator(fh, data).fit(self.pretraining_series_)
        return self

    def _pretrain_update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None) -> Self:
        check_regular(by_series(y))
        series = [*self.pretraining_series_, *self._values(by_series(y))]
        self.pretrained_estimator_ = clone(self.pretrained_estimator_).fit(series)
        self.pretraining_series_ = series
        return self

    def update(self, y: Any, X: Any = None, update_params: bool = True) -> Self:
        """As sktime's; if the new data are refused, the forecaster is as it was before."""
        with unchanged_if_refused(self):
            super().update(y, X, update_params)
        return self

    def _update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True) -> Self:
        known, data = None if X is None else by_series(X), dict(self.data_)
        for key, frame in by_series(y).items():
            fresh = frame if self.known_ is None else self.known_.without(frame, None if known is None else known[key])
            before = data.get(key, fresh.iloc[:0])
            data[key] = pd.concat([before[~before.index.isin(fresh.index)], fresh]).sort_index()
        check_regular(data)
        if update_params and not hasattr(self, "pretrained_estimator_"):
            self.estimator_ = clone(self.estimator_).fit(self._values(data))
        self.data_ = data
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        return self._joined(self._forecast(fh, X, None))

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: list[float]) -> pd.DataFrame:
        return self._joined(self._forecast(fh, X, alpha))

    def _forecast(self, fh: Any, X: pd.DataFrame | None, alpha: list[float] | None) -> dict[Any, pd.DataFrame]:
        known = None if X is None else by_series(X)
        return {
            key: self._forecast_one(frame, fh, None if known is None else known[key], alpha)
            for key, frame in self.data_.items()
        }

    def _forecast_one(
        self, frame: pd.DataFrame, fh: Any, X: pd.DataFrame | None, alpha: list[float] | None
    ) -> pd.DataFrame:
        """Values at the horizon of one series: after its end by the map to that step, before it a step ahead."""
        cutoff = self._cutoff_of(frame)
        steps = np.asarray(fh.to_relative(cutoff), dtype=int)
        index = fh.to_absolute_index(cutoff)
        horizon = self.estimator_.horizon
        if (steps > horizon).any():
            raise ValueError(
                f"The forecaster was fitted for {horizon} steps ahead; fh asks for {steps.max()}. Give fh in fit, or "
                f"horizon={steps.max()} in the constructor."
            )
        length = len(frame)
        if (steps <= -length).any():
            raise ValueError(f"fh asks for {steps.min()} steps before the end of a series of {length} time points.")
        origins = np.where(steps > 0, length, length - 1 + steps)
        ahead = np.where(steps > 0, steps - 1, 0)
        x = frame.to_numpy(dtype=float).T
        distinct, position = np.unique(np.maximum(origins, 1), return_inverse=True)
        values = self.estimator_.predict_windows(x, distinct, alpha)[position, :, ahead]
        first = origins == 0  # nothing is known before: its own value
        if first.any():
            values[first] = x[:, 0] if alpha is None else x[:, 0, None]
        if self.known_ is not None:
            effect = self.known_.effect(X, index)
            values = values + (effect if alpha is None else effect[..., None])
        if alpha is None:
            return pd.DataFrame(values, index=index, columns=frame.columns)
        columns = pd.MultiIndex.from_product([self._get_varnames(), alpha])
        return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=columns)

    def _cutoff_of(self, frame: pd.DataFrame) -> pd.Index:
        """The last time of one series, with the frequency."""
        cutoff = frame.index[-1:]
        if not isinstance(cutoff, pd.DatetimeIndex):
            return cutoff
        freq = frame.index.freq or (pd.infer_freq(frame.index) if len(frame) > 2 else None)
        return pd.DatetimeIndex(cutoff, freq=freq)

    def _learn_data(self, y: pd.DataFrame, X: pd.DataFrame | None) -> None:
        """Keep the series, less what known variables explain."""
        data = by_series(y)
        check_regular(data)
        self.index_names_ = list(y.index.names)
        self.known_: KnownVariables | None = None
        if X is not None:
            known = by_series(X)
            self.known_ = KnownVariables.of(list(data.values()), [known[key] for key in data])
            data = {key: self.known_.without(frame, known[key]) for key, frame in data.items()}
        self.data_ = data

    def _joined(self, frames: dict[Any, pd.DataFrame]) -> pd.DataFrame:
        """The inverse of :func:`by_series`."""
        return frames[None] if None in frames else pd.concat(frames, names=self.index_names_)

    def _values(self, data: dict[Any, pd.DataFrame]) -> list[Array]:
        return [frame.to_numpy(dtype=float).T for frame in data.values()]

    def _new_estimator(self, fh: Any, data: dict[Any, pd.DataFrame]) -> Any:
        params = self.get_params(deep=False)
        frame = next(iter(data.values()))
        if params["season"] == "auto":
            params["season"] = season_of(frame.index)
        if params["horizon"] == "auto" and fh is not None:
            farthest = [np.max(fh.to_relative(self._cutoff_of(frame))) for frame in data.values()]
            params["horizon"] = max(1, int(max(farthest)))
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


def by_series(frame: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """One frame a series, by the levels of the index but the last; of a single series by None."""
    if not isinstance(frame.index, pd.MultiIndex):
        return {None: frame}
    levels = list(range(frame.index.nlevels - 1))
    return {key: group.droplevel(levels) for key, group in frame.groupby(level=levels, sort=False)}


def check_regular(data: dict[Any, pd.DataFrame]) -> None:
    """Refuse times whose steps differ, and integers that are not neighbours, after which no next time is known."""
    for frame in data.values():
        index = frame.index
        remedy = "y.reset_index(drop=True) counts time points instead."
        if isinstance(index, pd.DatetimeIndex):
            regular = len(index) < 3 or index.freq is not None or pd.infer_freq(index) is not None
            remedy = "y.asfreq(...) makes them, and shows as NaN what is missing; " + remedy
        elif isinstance(index, pd.PeriodIndex):
            regular = bool((np.diff(index.asi8) == index.freq.n).all())
        else:
            regular = bool((np.diff(index) == 1).all())
        if not regular:
            raise ValueError(
                f"Expected neighbouring times of one frequency; from {index[0]} to {index[-1]} they are not. {remedy}"
            )


def season_of(index: pd.Index) -> int:
    """Time points after which the main rhythm repeats, from the index's frequency; 1 if it has none."""
    freq = getattr(index, "freq", None) or (pd.infer_freq(index) if _can_infer(index) else None)
    if freq is None:
        return 1
    offset = pd.tseries.frequencies.to_offset(freq)
    base = offset.rule_code.split("-")[0]
    name = base if base in SEASONS else base.rstrip("ES").removeprefix("B")  # ends, starts and business months
    if name not in SEASONS:
        return 1
    season = SEASONS[name] // offset.n
    return season if season * offset.n == SEASONS[name] else 1


def _can_infer(index: pd.Index) -> bool:
    return isinstance(index, pd.DatetimeIndex) and len(index) > 2
