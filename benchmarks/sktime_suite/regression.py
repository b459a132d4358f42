"""sktime's RegressionBenchmark: ours beside sktime's own, the same folds.

python -m benchmarks.sktime_suite.regression --quick              # the two sets that sktime brings (10 minutes)
python -m benchmarks.sktime_suite.regression --data-dir DATA      # heart rate of BIDMC, patients kept apart
"""

import numpy as np
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit
from sktime.benchmarking.regression import RegressionBenchmark
from sktime.datasets import load_covid_3month, load_tecator
from sktime.regression.deep_learning import FCNRegressorTorch
from sktime.regression.distance_based import KNeighborsTimeSeriesRegressor
from sktime.regression.kernel_based import RocketRegressor

from benchmarks.sktime_suite.suite import run, suite_arguments, where_installed
from ssm_estimators.datasets import load_bidmc
from ssm_estimators.sktime import S4DRegressor, StateSpaceRidgeRegressor

BUNDLED = {"covid_3month": load_covid_3month, "tecator": load_tecator}
N_WINDOWS = 1000


def heart_rate(data_dir):
    """1,000 windows at a fifth of their rate, and three folds that keep patients apart."""
    parts = [load_bidmc(split, data_dir, target="HR") for split in ("train", "test")]
    X, y, patient = (np.concatenate(values) for values in zip(*parts, strict=True))
    chosen = np.random.default_rng(0).permutation(len(X))[:N_WINDOWS]
    fold = np.empty(N_WINDOWS, dtype=int)
    for number, (_, held_out) in enumerate(GroupKFold(3).split(chosen, groups=patient[chosen])):
        fold[held_out] = number
    return (X[chosen, :, ::5].astype(float), y[chosen]), PredefinedSplit(fold)


def main():
    args = suite_arguments(__doc__)
    models = {
        "StateSpaceRidge": StateSpaceRidgeRegressor(random_state=0, **({"n_kernels": 1000} if args.quick else {})),
        "S4D": S4DRegressor(random_state=0, **({"max_epochs": 20} if args.quick else {})),
        "FCN": FCNRegressorTorch(num_epochs=20 if args.quick else 100, random_state=0),
        "1-NN": KNeighborsTimeSeriesRegressor(1, distance="euclidean"),
        **where_installed("numba", "MiniRocket", RocketRegressor, rocket_transform="minirocket", random_state=0),
    }
    folds = KFold(2 if args.quick else 3, shuffle=True, random_state=0)
    sets = {name: (load, folds) for name, load in BUNDLED.items()}
    if args.data_dir:
        sets = {"BIDMC heart rate": heart_rate(args.data_dir)}
    tasks = {name: (*data_and_folds, [root_mean_squared_error]) for name, data_and_folds in sets.items()}
    run(args, RegressionBenchmark(), models, tasks, "root_mean_squared_error", lower_is_better=True)


if __name__ == "__main__":
    main()
