"""One long series among many short ones, and a forecaster whose season is as long as its series.

python -m benchmarks.speed.odd_shapes [--profile quick] [--threads 2]
"""

import time

import numpy as np
import pandas as pd

from benchmarks.harness.timing import milliseconds, report, speed_arguments
from ssm_estimators import S4DClassifier, StateSpaceRidgeClassifier
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.sktime import StateSpaceRidgeForecaster

SHORT, LONG, N_SHORT = 30, 20_000, 300
MOST = 2.0


def panels():
    """Short series, one long one, and both together, with labels."""
    rng = np.random.default_rng(0)
    short = [rng.standard_normal((1, SHORT)) for _ in range(N_SHORT)]
    long = [rng.standard_normal((1, LONG))]
    return {"short": short, "long": long, "both": [*short, *long]}, np.arange(N_SHORT + 1) % 2


def of_series(repeats):
    series, y = panels()
    features = StateSpaceFeatures(random_state=0).fit(series["both"])
    ridge = StateSpaceRidgeClassifier(random_state=0).fit(series["both"], y)
    deep = S4DClassifier(max_epochs=1, random_state=0).fit(series["short"], y[:N_SHORT])
    # a fit needs two classes: the long series is fitted twice, as two cases
    fitted = {
        "short": (series["short"], y[:N_SHORT]),
        "long": (2 * series["long"], [0, 1]),
        "both": (series["both"], y),
    }
    calls = {
        "transform": lambda part: features.transform(series[part]),
        "ridge's fit": lambda part: StateSpaceRidgeClassifier(random_state=0).fit(*fitted[part]),
        "ridge's predict": lambda part: ridge.predict(series[part]),
        "deep predict": lambda part: deep.predict(series[part]),
    }
    rows = []
    for name, call in calls.items():
        ms = milliseconds({part: lambda call=call, part=part: call(part) for part in series}, repeats)
        rows.append({"call": name, "apart, ms": ms["short"] + ms["long"], "together, ms": ms["both"]})
    return rows


def of_minutes(repeats):
    def fit(n_minutes):
        index = pd.date_range("2024-01-01", periods=n_minutes, freq="min")
        y = pd.Series(np.random.default_rng(0).standard_normal(n_minutes).cumsum(), index)
        start = time.perf_counter()
        StateSpaceRidgeForecaster().fit(y, fh=range(1, 13)).predict()
        return 1e3 * (time.perf_counter() - start)

    fit(2000)
    ms = {n: float(np.median([fit(n) for _ in range(repeats)])) for n in (1000, 1400, 2000)}
    return [
        {"call": f"forecaster of {n} minutes beside 2,000", "apart, ms": ms[2000], "together, ms": ms[n]}
        for n in (1000, 1400)
    ]


def main():
    args = speed_arguments(__doc__)
    repeats = 1 if args.profile == "quick" else 5
    rows = [*of_series(repeats), *of_minutes(repeats)]
    columns = {
        "call": lambda r: r["call"],
        "apart, ms": lambda r: f"{r['apart, ms']:.0f}",
        "together, ms": lambda r: f"{r['together, ms']:.0f}",
        f"ratio (at most {MOST:g})": lambda r: f"{r['together, ms'] / r['apart, ms']:.2f}",
    }
    report(args, rows, columns)


if __name__ == "__main__":
    main()
