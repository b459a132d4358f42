"""Forecast with sktime: airline passengers with intervals, and ETTh1 where its file is there; pictures in output/.

python examples/sktime_forecasting.py
python examples/sktime_forecasting.py --data-dir DATA     # folder that holds forecasting/ETTh1.csv.gz
"""

import argparse
from pathlib import Path

from matplotlib import pyplot as plt
from sktime.datasets import load_airline
from sktime.forecasting.naive import NaiveForecaster
from sktime.performance_metrics.forecasting import mean_absolute_scaled_error
from sktime.split import temporal_train_test_split

from ssm_estimators.datasets import load_ett
from ssm_estimators.sktime import S4DForecaster, StateSpaceRidgeForecaster

OUTPUT = Path(__file__).parent / "output"


def airline():
    """Three years ahead: scaled errors, then the forecast with its intervals."""
    y, future = temporal_train_test_split(load_airline(), test_size=36)
    forecasters = {
        "seasonal naive": NaiveForecaster(strategy="last", sp=12),
        "StateSpaceRidgeForecaster": StateSpaceRidgeForecaster(),
        "S4DForecaster": S4DForecaster(random_state=0),
    }
    for name, forecaster in forecasters.items():
        predicted = forecaster.fit(y, fh=range(1, 37)).predict()
        errors = (mean_absolute_scaled_error(future, predicted, y_train=y, sp=sp) for sp in (1, 12))
        print(f"airline  {name:26}", "  ".join(f"MASE(sp={sp}) {e:.3f}" for sp, e in zip((1, 12), errors, strict=True)))
    figure, ax = plt.subplots(figsize=(9, 4))
    draw(ax, y[-60:], future, forecasters["StateSpaceRidgeForecaster"])
    ax.legend(loc="upper left")
    figure.savefig(OUTPUT / "airline.png", dpi=120)


def ett(data_dir):
    """The next four days of seven columns, learnt from twelve months."""
    past = load_ett("ETTh1", data_dir, "train")
    future = load_ett("ETTh1", data_dir, "validation")[:96]
    forecaster = StateSpaceRidgeForecaster().fit(past, fh=range(1, 97))
    predicted = forecaster.predict()
    print("ETTh1    mean absolute errors:", (predicted - future).abs().mean().round(2).to_dict())
    figure, axes = plt.subplots(2, figsize=(9, 6), sharex=True)
    for column, ax in zip(["HUFL", "OT"], axes, strict=True):
        draw(ax, past[column][-168:], future[column], forecaster)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="upper center", ncols=4)
    figure.savefig(OUTPUT / "etth1.png", dpi=120)


def draw(ax, past, future, forecaster):
    """Past, future, forecast and its 90 % interval of one column."""
    predicted, interval = forecaster.predict(), forecaster.predict_interval(coverage=0.9)
    column = past.name if past.name in interval.columns else interval.columns[0][0]
    predicted = predicted if predicted.ndim == 1 else predicted[column]
    times = [series.index.to_timestamp() if hasattr(series.index, "to_timestamp") else series.index
             for series in (past, future)]  # fmt: skip
    ax.plot(times[0], past, color="0.5", label="past")
    ax.plot(times[1], future, color="black", label="future")
    ax.plot(times[1], predicted, color="tab:blue", label="forecast")
    ax.fill_between(
        times[1], *interval[column][0.9].to_numpy(dtype=float).T, color="tab:blue", alpha=0.2, label="90 % interval"
    )
    ax.set(ylabel=past.name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path)
    args = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    airline()
    if args.data_dir:
        ett(args.data_dir)
    print(f"Pictures are in {OUTPUT}.")
