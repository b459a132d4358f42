"""sktime's ForecastingBenchmark: ours beside sktime's own, the same folds.

python -m benchmarks.sktime_suite.forecasting --quick              # monthly series that sktime brings
python -m benchmarks.sktime_suite.forecasting --data-dir DATA      # heart rate of BIDMC, 53 recordings, a minute ahead
"""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sktime.benchmarking.forecasting import ForecastingBenchmark
from sktime.datasets import load_airline, load_PBS_dataset
from sktime.forecasting.ets import AutoETS
from sktime.forecasting.ltsf import LTSFDLinearForecaster
from sktime.forecasting.naive import NaiveForecaster
from sktime.performance_metrics.forecasting import MeanAbsoluteScaledError
from sktime.split import ExpandingWindowSplitter, SingleWindowSplitter

from benchmarks.sktime_suite.suite import run, suite_arguments, where_installed
from ssm_estimators.sktime import S4DForecaster, StateSpaceRidgeForecaster

BUNDLED = {"airline": load_airline, "PBS": load_PBS_dataset}


def heart_rate(data_dir):
    """Beats a minute, each second of the recordings of eight minutes; a missing value is the last one known."""
    series = {}
    for path in sorted((Path(data_dir) / "bidmc").glob("bidmc_*.npz")):
        with np.load(path) as arrays:
            series[path.stem] = pd.DataFrame({"HR": arrays["numerics"][:480, 0].astype(float)})
    return pd.concat(series, names=["recording", "second"]).groupby(level=0).ffill().bfill()


def main():
    args = suite_arguments(__doc__)
    horizon = 60 if args.data_dir else 12
    season = 1 if args.data_dir else 12
    models = {
        "StateSpaceRidge": StateSpaceRidgeForecaster(),
        "S4D": S4DForecaster(random_state=0, **({"max_epochs": 5} if args.quick else {})),
        "DLinear": LTSFDLinearForecaster(seq_len=24, pred_len=horizon, num_epochs=10 if args.quick else 50),
        **where_installed("statsmodels", "exponential smoothing", AutoETS, auto=True, sp=season),
        "naive": NaiveForecaster(strategy="last", sp=season),
    }
    fh = list(range(1, horizon + 1))
    scorers = [MeanAbsoluteScaledError()]
    if args.data_dir:
        tasks = {"BIDMC heart rate": (partial(heart_rate, args.data_dir), SingleWindowSplitter(fh), scorers)}
    else:
        folds = ExpandingWindowSplitter(initial_window=80, step_length=12, fh=fh)
        tasks = {name: (load, folds, scorers) for name, load in BUNDLED.items()}
    run(args, ForecastingBenchmark(), models, tasks, "MeanAbsoluteScaledError", lower_is_better=True)


if __name__ == "__main__":
    main()
