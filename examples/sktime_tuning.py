"""Tune, transform, combine and reduce forecasters with sktime's own tools: airline passengers, three years ahead."""

from sktime.datasets import load_airline
from sktime.forecasting.compose import EnsembleForecaster, TransformedTargetForecaster, make_reduction
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster
from sktime.performance_metrics.forecasting import MeanAbsoluteScaledError
from sktime.split import ExpandingWindowSplitter, temporal_train_test_split
from sktime.transformations.series.difference import Differencer
from sktime.transformations.series.exponent import ExponentTransformer

from ssm_estimators import StateSpaceRidgeRegressor
from ssm_estimators.sktime import S4DForecaster, StateSpaceRidgeForecaster

y, future = temporal_train_test_split(load_airline(), test_size=36)
fh = range(1, 37)
scaled_error = MeanAbsoluteScaledError()

splitter = ExpandingWindowSplitter(initial_window=48, step_length=12, fh=[*fh])
search = ForecastingGridSearchCV(
    StateSpaceRidgeForecaster(), cv=splitter, scoring=scaled_error, error_score="raise",
    param_grid={"transform": ["log", None]},
)  # fmt: skip
transformed = TransformedTargetForecaster(
    [
        ("root", ExponentTransformer(0.5)),
        ("season", Differencer(lags=12)),
        ("model", StateSpaceRidgeForecaster(transform=None)),
    ]
)
ensemble = EnsembleForecaster([("ridge", StateSpaceRidgeForecaster()), ("naive", NaiveForecaster(sp=12))])
tuned_network = ForecastingGridSearchCV(
    S4DForecaster(random_state=0), cv=splitter, scoring=scaled_error, param_grid={"d_model": [16, 32]}
)
reduced = Differencer(lags=12) * make_reduction(
    StateSpaceRidgeRegressor(n_kernels=500, random_state=0), strategy="recursive", window_length=36,
    scitype="time-series-regressor",
)  # fmt: skip

forecasters = {
    "tuned": search,
    "transformed target": transformed,
    "ensemble with a naive one": ensemble,
    "tuned network": tuned_network,
    "reduction to a regressor": reduced,
}
for name, forecaster in forecasters.items():
    predicted = forecaster.fit(y, fh=fh).predict()
    chosen = getattr(forecaster, "best_params_", "")
    print(f"{name:26} MASE(sp=1) {scaled_error(future, predicted, y_train=y):.3f}  {chosen}".rstrip())
