"""sktime's ClassificationBenchmark: ours beside sktime's own, the same folds.

python -m benchmarks.sktime_suite.classification --quick              # small sets that sktime brings (10 minutes)
python -m benchmarks.sktime_suite.classification --data-dir DATA      # five UCR and two UEA sets, default networks
"""

from functools import partial

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold
from sktime.benchmarking.classification import ClassificationBenchmark
from sktime.classification.deep_learning import FCNClassifierTorch
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier
from sktime.classification.kernel_based import RocketClassifier
from sktime.datasets import load_arrow_head, load_basic_motions, load_gunpoint, load_unit_test

from benchmarks.sktime_suite.suite import run, suite_arguments, where_installed
from ssm_estimators.datasets import load_ucr_uea
from ssm_estimators.sktime import S4DClassifier, StateSpaceRidgeClassifier

BUNDLED = {f.__name__[5:]: f for f in (load_unit_test, load_gunpoint, load_arrow_head, load_basic_motions)}
FOLDER = ("BME", "Trace", "SyntheticControl", "PowerCons", "ToeSegmentation2", "Epilepsy", "RacketSports")


def from_folder(name, data_dir):
    """Both parts of a set."""
    parts = [load_ucr_uea(name, split, data_dir) for split in ("train", "test")]
    return tuple(np.concatenate(values) for values in zip(*parts, strict=True))


def main():
    args = suite_arguments(__doc__)
    models = {
        "StateSpaceRidge": StateSpaceRidgeClassifier(random_state=0, **({"n_kernels": 1000} if args.quick else {})),
        "S4D": S4DClassifier(random_state=0, **({"max_epochs": 20} if args.quick else {})),
        "FCN": FCNClassifierTorch(num_epochs=20 if args.quick else 100, random_state=0),
        "1-NN": KNeighborsTimeSeriesClassifier(1, distance="euclidean"),
        **where_installed("numba", "MiniRocket", RocketClassifier, rocket_transform="minirocket", random_state=0),
    }
    sets = {name: partial(from_folder, name, args.data_dir) for name in FOLDER} if args.data_dir else BUNDLED
    splitter = KFold(2 if args.quick else 3, shuffle=True, random_state=0)
    tasks = {name: (load, splitter, [accuracy_score]) for name, load in sets.items()}
    run(args, ClassificationBenchmark(), models, tasks, "accuracy_score")


if __name__ == "__main__":
    main()
