"""BIDMC with sktime: heart rate from eight seconds of two signals, and a minute of heart rate ahead for 53 patients.

python examples/bidmc_sktime.py --data-dir DATA     # folder that holds bidmc/
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sktime.forecasting.naive import NaiveForecaster

from ssm_estimators.datasets import load_bidmc
from ssm_estimators.sktime import StateSpaceRidgeForecaster, StateSpaceRidgeRegressor

OUTPUT = Path(__file__).parent / "output"
HORIZON = 60  # seconds


def regression(data_dir):
    """Learnt from 1,000 windows of some patients, asked of others."""
    rng = np.random.default_rng(0)
    X, y, _ = load_bidmc("train", data_dir, target="HR")
    X_test, y_test, _ = load_bidmc("test", data_dir, target="HR")
    chosen, asked = rng.permutation(len(X))[:1000], rng.permutation(len(X_test))[:500]
    regressor = StateSpaceRidgeRegressor(n_kernels=2000, random_state=0).fit(X[chosen, :, ::5], y[chosen])
    predicted = regressor.predict(X_test[asked, :, ::5])
    errors = {"StateSpaceRidgeRegressor": predicted, "mean of the others": np.full(len(asked), y[chosen].mean())}
    for name, values in errors.items():
        print(f"heart rate, new patients    {name:26} RMSE {np.sqrt(np.mean((values - y_test[asked]) ** 2)):.2f}")


def forecasting(data_dir):
    """All recordings are learnt from at once; their last minute is foretold."""
    series = {}
    for path in sorted((Path(data_dir) / "bidmc").glob("bidmc_*.npz")):
        with np.load(path) as arrays:
            series[path.stem] = pd.DataFrame({"HR": arrays["numerics"][:480, 0].astype(float)})
    y = pd.concat(series, names=["recording", "second"]).groupby(level=0).ffill().bfill()
    second = y.index.get_level_values("second")
    past, future = y[second < 480 - HORIZON], y[second >= 480 - HORIZON]
    forecasters = {"StateSpaceRidgeForecaster": StateSpaceRidgeForecaster(season=1), "last value": NaiveForecaster()}
    for name, forecaster in forecasters.items():
        predicted = forecaster.fit(past, fh=range(1, HORIZON + 1)).predict()
        error = (predicted - future).abs().to_numpy().mean()
        print(f"heart rate, a minute ahead  {name:26} mean absolute error {error:.2f}")
    figure, axes = plt.subplots(2, 3, figsize=(11, 5), sharex=True)
    forecaster = forecasters["StateSpaceRidgeForecaster"]
    predicted, interval = forecaster.predict(), forecaster.predict_interval(coverage=0.9)
    for name, ax in zip(list(series)[::9], axes.ravel(), strict=True):
        ax.plot(y.loc[name].iloc[-180:], color="black", label="heart rate")
        ax.plot(predicted.loc[name], color="tab:blue", label="forecast")
        low, high = interval.loc[name].to_numpy().T
        ax.fill_between(predicted.loc[name].index, low, high, color="tab:blue", alpha=0.2, label="90 % interval")
        ax.set_title(name, fontsize=9)
    for ax in axes[:, 0]:
        ax.set_ylabel("beats a minute")
    for ax in axes[-1]:
        ax.set_xlabel("second")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="upper center", ncols=3)
    figure.savefig(OUTPUT / "bidmc.png", dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    args = parser.parse_args()
    OUTPUT.mkdir(exist_ok=True)
    regression(args.data_dir)
    forecasting(args.data_dir)
    print(f"A picture is in {OUTPUT}.")
