"""What the forecasters share: time indices, known variables and panels around an estimator of windows."""

from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from ssm_estimators.declaration import Doc, parameters
from ssm_estimators.forecasting.base import Difference, NLags, Transform, Window
from ssm_estimators.sktime.bases import BaseForecaster
from ssm_estimators.sktime.frames import as_frame, by_series, check_numbers, check_positive, places
from ssm_estimators.sktime.guard import guarded
from ssm_estimators.sktime.known_variables import KnownVariables
from ssm_estimators.sktime.times import check_steps, season_of, steps_ahead, times_ahead, with_frequencies
from ssm_estimators.sktime.updates import check_later, check_update, continued

Array = NDArray[Any]

DEFAULT_HORIZON = 12
SKTIME: Any = BaseForecaster  # whose methods have no types


@parameters
class SeriesForecaster(BaseForecaster):
    """Forecasts with one of this package's window estimators, which learns from all series and columns at once."""

    horizon: Annotated[
        int | Literal["auto"],
        Doc(
            'Steps to forecast. ``"auto"`` reaches as far as ``fh`` in ``fit``. Without ``fh`` it is a season, at '
            "least 12 time points, but at most a quarter of the series."
        ),
    ] = "auto"
    season: Annotated[
        int | Literal["auto"],
        Doc(
            'Time points after which the series\' main rhythm repeats; 1: none is known. ``"auto"`` follows from the '
            "index's frequency: a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, "
            "months or quarters. A season is used where the longest series shows two of them, and with "
            '``difference="season"``.'
        ),
    ] = "auto"
    window: Window = "auto"
    n_lags: NLags = "auto"
    transform: Transform = "auto"
    difference: Difference = "auto"

    _estimator: ClassVar[type[Any]]
    _attributes_doc: ClassVar[str] = """estimator_ : estimator
        The fitted estimator of ``ssm_estimators``."""
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
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}  # a forecaster keeps what it needs itself
    _test_params: ClassVar[list[dict[str, Any]]] = [
        {},
        {"n_lags": 3, "window": 6, "transform": None, "season": 3, "difference": "season"},
    ]
    _y = _X = None  # what sktime keeps where a user turns that on

    fit = guarded(SKTIME.fit)
    fit_predict = guarded(SKTIME.fit_predict)
    pretrain = guarded(SKTIME.pretrain)
    update = guarded(SKTIME.update)
    update_predict = guarded(SKTIME.update_predict)
    update_predict_single = guarded(SKTIME.update_predict_single)
    predict = guarded(SKTIME.predict)
    predict_interval = guarded(SKTIME.predict_interval)
    predict_quantiles = guarded(SKTIME.predict_quantiles)
    predict_var = guarded(SKTIME.predict_var)
    predict_proba = guarded(SKTIME.predict_proba)
    predict_residuals = guarded(SKTIME.predict_residuals)
    score = guarded(SKTIME.score)

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

    def _update_y_X(self, y: Any, X: Any = None, enforce_index_type: Any = None) -> None:  # noqa: N802  # sktime's
        """As sktime's, but data of ``update`` must be like those of ``fit``."""
        if self.is_fitted:
            check_update(y, self.data_, self.index_names_)
        super()._update_y_X(y, X, enforce_index_type)

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        self.index_names_ = list(y.index.names)
        self.data_: dict[Any, pd.DataFrame] = with_frequencies(by_series(y))  # one frame per series
        self.known_: KnownVariables | None = None if X is None else KnownVariables.of(self.data_, by_series(X))
        self.order_: list[int] = list(range(y.shape[1]))  # of the estimator's columns among those of data_
        if hasattr(self, "pretrained_estimator_"):
            self.estimator_ = self.pretrained_estimator_
            self.order_ = self._pretrained_order(y)
            self._arrays(self.data_, self.known_, self.estimator_)
        else:
            estimator = self._new_estimator(fh, self.data_)
            self.estimator_ = estimator.fit(self._arrays(self.data_, self.known_, estimator))
        return self

    def _arrays(self, data: dict[Any, pd.DataFrame], known: KnownVariables | None, estimator: Any) -> list[Array]:
        """What the estimator gets, checked: values less the effect of the variables, its columns in its order."""
        if known is not None:
            data = {key: known.without(key, frame) for key, frame in data.items()}
        data = {key: frame.iloc[:, self.order_] for key, frame in data.items()}
        check_positive(data, estimator.log_.channels if hasattr(estimator, "log_") else estimator.transform == "log")
        return [frame.to_numpy(dtype=float).T for frame in data.values()]

    def _pretrain(self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None) -> Self:
        data = self._pretraining_data(y, X)
        self.order_ = list(range(y.shape[1]))
        estimator = self._new_estimator(fh, data)
        self.pretraining_series_: list[Array] = self._arrays(data, None, estimator)
        self.pretraining_columns_ = y.columns
        self.pretrained_estimator_ = estimator.fit(self.pretraining_series_)
        return self

    def _pretrained_order(self, y: pd.DataFrame) -> list[int]:
        """Of the columns of pretraining among those of y. A single one may have any name, and numbers are no names."""
        before, numbers = self.pretraining_columns_, list(range(y.shape[1]))
        named = len(before) != y.shape[1] or (len(before) > 1 and numbers not in (list(before), list(y.columns)))
        return places(before, y.columns, "pretrain") if named else numbers

    def _pretrain_update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None) -> Self:
        if not hasattr(self, "pretrained_estimator_"):  # there was a fit, but no pretraining
            return self._pretrain(y, X, fh)
        self.order_ = self._pretrained_order(y)
        estimator = clone(self.pretrained_estimator_)
        series = [*self.pretraining_series_, *self._arrays(self._pretraining_data(y, X), None, estimator)]
        self.pretrained_estimator_ = estimator.fit(series)
        self.pretraining_series_ = series
        return self

    def _pretraining_data(self, y: pd.DataFrame, X: pd.DataFrame | None) -> dict[Any, pd.DataFrame]:
        if X is not None:
            raise ValueError(
                "pretrain takes no X: effects of known variables are learnt in fit, from each series' own."
            )
        return with_frequencies(by_series(y))

    def _update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True) -> Self:
        data = continued(self.data_, y)
        known = self._known_with(X, data)
        if known is not None and update_params:
            known = KnownVariables.of(data, known.rows)
        if update_params and not hasattr(self, "pretrained_estimator_"):
            estimator = clone(self.estimator_)
            self.estimator_ = estimator.fit(self._arrays(data, known, estimator))
        else:
            self._arrays(data, known, self.estimator_)
        self.data_, self.known_ = data, known
        return self

    def _update_predict_single(self, y: Any, fh: Any, X: Any = None, update_params: bool = True) -> Any:
        """As sktime's, but ``update`` has kept X already."""
        return self.update(y, X, update_params).predict(fh)

    def _predict_moving_cutoff(self, y: Any, *args: Any, **params: Any) -> Any:
        """As sktime's, for data that were not seen yet."""
        check_later(y, self.data_)
        return super()._predict_moving_cutoff(y, *args, **params)

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        return self._joined(self._forecast(fh, X, None))

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: list[float]) -> pd.DataFrame:
        return self._joined(self._forecast(fh, X, alpha))

    def _forecast(self, fh: Any, X: pd.DataFrame | None, alpha: list[float] | None) -> dict[Any, pd.DataFrame]:
        known, horizon = self._known_with(X, self.data_), self.estimator_.horizon
        steps = {key: steps_ahead(key, fh, frame.index, horizon) for key, frame in self.data_.items()}
        for key, of_one in steps.items():
            check_steps(of_one, len(self.data_[key]), horizon, hasattr(self, "pretrained_estimator_"))
        times = {key: times_ahead(frame.index, steps[key]) for key, frame in self.data_.items()}
        if X is not None and all(rows.index.max() < times[key].min() for key, rows in by_series(X).items()):
            start = min(index.min() for index in times.values())
            raise ValueError(f"X has no row from {start} on, where the times of fh begin. Check the index of X.")
        arrays = self._arrays(self.data_, known, self.estimator_)
        return {
            key: self._forecast_one(key, x, steps[key], times[key], known, alpha)
            for key, x in zip(self.data_, arrays, strict=True)
        }

    def _forecast_one(
        self, key: Any, x: Array, steps: Array, index: pd.Index, known: KnownVariables | None, alpha: list[float] | None
    ) -> pd.DataFrame:
        """Values at the horizon of one series: after its end by the map to that step, before it a step ahead."""
        length = x.shape[1]
        origins = np.where(steps > 0, length, length - 1 + steps)
        ahead = np.where(steps > 0, steps - 1, 0)
        distinct, position = np.unique(np.maximum(origins, 1), return_inverse=True)
        values = self.estimator_.predict_windows(x, distinct, alpha)[position, :, ahead]
        first = origins == 0  # nothing is known before: its own value
        if first.any():
            values[first] = x[:, 0] if alpha is None else x[:, 0, None]
        values = values[:, np.argsort(self.order_)]
        if known is not None:
            effect = known.effect(key, index)
            values = values + (effect if alpha is None else effect[..., None])
        columns = self.data_[key].columns
        if alpha is None:
            return pd.DataFrame(values, index=index, columns=columns)
        columns = pd.MultiIndex.from_product([columns if len(columns) > 1 else self._get_varnames(), alpha])
        return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=columns)

    def _known_with(self, X: pd.DataFrame | None, series: dict[Any, pd.DataFrame]) -> KnownVariables | None:
        """What is known of the variables of these series, these rows too."""
        if X is not None and self.known_ is None:
            raise ValueError("The forecaster was fitted without X, which it can therefore not use. Give X to fit too.")
        return self.known_ if self.known_ is None or X is None else self.known_.joined_with(by_series(X), series)

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
        return self._estimator(**params)

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
