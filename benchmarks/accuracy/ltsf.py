"""Long-term forecasting on ETT and weather: mean squared errors of standardised values, one JSON row per run.

The usual protocol: all columns, standardised by the training part; fitted on the training part; every window of the
test part scored, none dropped. Beside ours the plain ridge: one matrix for all columns from the last 336 values, less
the last one, its penalty chosen on the validation part.

    python -m benchmarks.accuracy.ltsf --data-dir DATA                     # the ridges on ETTh1, ETTm1 and weather
    python -m benchmarks.accuracy.ltsf --data-dir DATA --model S4D DLinear --sets ETTh1
"""

import time
from functools import partial

import numpy as np

from benchmarks.accuracy.dlinear import DLinearForecaster
from benchmarks.harness.arguments import arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows
from ssm_estimators.datasets import load_ett, load_weather
from ssm_estimators.forecasting import deep as network_window
from ssm_estimators.forecasting.ridge import StateSpaceRidgeWindowForecaster
from ssm_estimators.forecasting.windows import values_after, windows_before

SEASONS = {"ETTh1": 24, "ETTm1": 96, "weather": 144}
HORIZONS = {"ETTh1": (96, 192, 336, 720), "ETTm1": (96,), "weather": (96,)}
PLAIN_WINDOW = 336
CHUNK = 500  # test windows at a time


class PlainRidge:
    """One matrix for all columns, from a window less its last value to the next values less that value."""

    def __init__(self, horizon):
        self.horizon = horizon

    def fit(self, train, validation):
        before = np.concatenate([train, validation], axis=1)
        best = np.inf
        gram, moment = self._sums(train)
        for penalty in np.logspace(-1, 6, 15):
            coef = np.linalg.solve(gram + penalty * np.eye(PLAIN_WINDOW), moment)
            error = score(partial(self._predict, coef), before, train.shape[1], self.horizon)["mse"]
            if error < best:
                best, self.coef = error, coef
        return self

    def predict_windows(self, x, origins):
        return self._predict(self.coef, x, origins)

    def _predict(self, coef, x, origins):
        windows = windows_before(x, origins, PLAIN_WINDOW)
        return windows[..., -1:] + (windows - windows[..., -1:]) @ coef

    def _sums(self, x):
        gram, moment = 0, 0
        for origins in np.array_split(np.arange(PLAIN_WINDOW, x.shape[1] - self.horizon + 1), 40):
            windows = windows_before(x, origins, PLAIN_WINDOW)
            A = (windows - windows[..., -1:]).reshape(-1, PLAIN_WINDOW)
            Y = (values_after(x, origins, self.horizon) - windows[..., -1:]).reshape(-1, self.horizon)
            gram, moment = gram + A.T @ A, moment + A.T @ Y
        return gram, moment


def score(predict, x, start, horizon):
    """Errors over all windows whose values lie in x from ``start`` on."""
    origins = np.arange(start, x.shape[1] - horizon + 1)
    square, absolute = 0.0, 0.0
    for chunk in np.array_split(origins, -(-len(origins) // CHUNK)):
        error = predict(x, chunk) - values_after(x, chunk, horizon)
        square, absolute = square + (error**2).mean(axis=(1, 2)).sum(), absolute + np.abs(error).mean(axis=(1, 2)).sum()
    return {
        "mse": round(float(square / len(origins)), 4),
        "mae": round(float(absolute / len(origins)), 4),
        "windows": len(origins),
    }


def load(name, data_dir):
    """Training, validation and test part, (n_columns, n_rows) each, standardised by the training part.

    Values that weather codes as -9999 are filled, but mean and deviation are taken with them, as published tables do.
    """
    frames = [
        load_weather(data_dir, part) if name == "weather" else load_ett(name, data_dir, part)
        for part in ("train", "validation", "test")
    ]
    as_published = load_weather(data_dir, "train", fill=False) if name == "weather" else frames[0]
    mean, deviation = as_published.mean(), as_published.std(ddof=0)
    return [((frame - mean) / deviation).to_numpy().T for frame in frames]


def run(model, name, horizon, seed, data_dir):
    train, validation, test = load(name, data_dir)
    start = time.perf_counter()
    if model == "plain ridge":
        forecaster = PlainRidge(horizon).fit(train, validation)
    elif model == "DLinear":
        forecaster = DLinearForecaster(horizon, name, seed).fit(train, validation)
    elif model == "ridge":
        forecaster = StateSpaceRidgeWindowForecaster(horizon=horizon, season=SEASONS[name]).fit([train])
    else:
        deep = getattr(network_window, f"{model}WindowForecaster")
        forecaster = deep(horizon=horizon, season=SEASONS[name], random_state=seed).fit([train])
    seconds = time.perf_counter() - start
    everything = np.concatenate([train, validation, test], axis=1)
    n_before = train.shape[1] + validation.shape[1]
    errors = score(forecaster.predict_windows, everything, n_before, horizon)
    row = {}
    if hasattr(forecaster, "gain_"):
        row["gain"] = round(forecaster.gain_, 3)
        forecaster.network_ = None  # what it corrects, by itself
        row["mse_of_linear_part"] = score(forecaster.predict_windows, everything, n_before, horizon)["mse"]
    return {**row, **errors, "fit_seconds": round(seconds, 1), **origin()}


def main():
    args = arguments(
        __doc__,
        *("data_dir", "output"),
        model={"default": ["plain ridge", "ridge"]},
        sets={"choices": SEASONS, "default": list(SEASONS)},
        seeds={"default": [0]},
        horizons={"nargs": "+", "type": int, "help": "steps ahead", "default": None},
    )
    rows = Rows.of_study(args, "model", "set", "horizon", "seed")
    horizons = [(name, horizon) for name in args.sets for horizon in args.horizons or HORIZONS[name]]
    wanted = [(model, *task, seed) for task in horizons for model in args.model for seed in args.seeds]
    rows.add_missing(wanted, run, args.data_dir)


if __name__ == "__main__":
    main()
