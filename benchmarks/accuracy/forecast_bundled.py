"""Forecasts of the series that sktime brings, with default parameters: errors on airline, coverage of 90 % intervals.

Airline: the last 36 months, scaled by the mean absolute difference of neighbours (sp=1) and of seasons (sp=12).
Coverage: origins in the second half of each series, horizons 1 to 12, pooled over airline, PBS and solar; shampoo and
lynx by themselves. One JSON row per error and coverage, all made anew.

    python -m benchmarks.accuracy.forecast_bundled
"""

import time

import numpy as np
from sktime.datasets import load_airline, load_lynx, load_PBS_dataset, load_shampoo_sales, load_solar
from sktime.performance_metrics.forecasting import mean_absolute_scaled_error

import ssm_estimators.sktime as ours
from benchmarks.harness.arguments import arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows

N_TEST, HORIZON, N_ORIGINS = 36, 12, 9
DEEP = ("LSSL", "S4", "S4D", "LiquidS4")
SERIES = {
    "airline": load_airline, "PBS": load_PBS_dataset, "solar": load_solar, "shampoo": load_shampoo_sales,
    "lynx": load_lynx,
}  # fmt: skip
POOLED = ("airline", "PBS", "solar")


def errors_on_airline(name, seed):
    y = load_airline()
    past, future = y[:-N_TEST], y[-N_TEST:]
    params = {"random_state": seed} if name in DEEP else {}
    start = time.perf_counter()
    forecaster = getattr(ours, f"{name}Forecaster")(**params).fit(past, fh=range(1, N_TEST + 1))
    seconds = time.perf_counter() - start
    predicted = forecaster.predict()
    scaled = {f"mase_{sp}": mean_absolute_scaled_error(future, predicted, y_train=past, sp=sp) for sp in (1, 12)}
    row = {"series": "airline", "model": name, "seed": seed}
    return {
        **row,
        **{key: round(float(v), 4) for key, v in scaled.items()},
        "fit_seconds": round(seconds, 2),
        **origin(),
    }


def coverage(name, series):
    """Share of values within 90 % intervals."""
    y = SERIES[series]()
    first = max(len(y) // 2, 20)
    origins = np.unique(np.linspace(first, len(y) - HORIZON, N_ORIGINS).astype(int))
    hits = []
    for cut in origins:
        params = {"random_state": 0} if name in DEEP else {}
        forecaster = getattr(ours, f"{name}Forecaster")(**params).fit(y.iloc[:cut], fh=range(1, HORIZON + 1))
        low, high = forecaster.predict_interval(coverage=0.9).to_numpy().T
        values = y.iloc[cut : cut + HORIZON].to_numpy(dtype=float)
        hits += ((values >= low) & (values <= high)).tolist()
    row = {"series": series, "model": name, "pairs": len(hits), "hits": int(np.sum(hits))}
    return {**row, "coverage": round(float(np.mean(hits)), 4), **origin()}


def main():
    rows = Rows.of_study(arguments(__doc__, "output"), "series", "model", "seed")
    rows.clear()
    for name in ("StateSpaceRidge", *DEEP):
        for seed in range(5 if name in DEEP else 1):
            rows.add(errors_on_airline(name, seed))
    for name in ("StateSpaceRidge", "S4D"):
        mine = [coverage(name, series) for series in SERIES]
        for row in mine:
            rows.add(row)
        pooled = [row for row in mine if row["series"] in POOLED]
        share = sum(row["hits"] for row in pooled) / sum(row["pairs"] for row in pooled)
        print(
            f"{name}: coverage pooled over {', '.join(POOLED)}: {share:.3f} of {sum(r['pairs'] for r in pooled)} pairs"
        )
    for name in ("StateSpaceRidge", *DEEP):
        mine = rows.find(series="airline", model=name)
        print(
            name, "airline, mean:", *(round(np.mean([r[k] for r in mine if k in r]), 3) for k in ("mase_1", "mase_12"))
        )


if __name__ == "__main__":
    main()
