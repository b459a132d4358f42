"""Search for the defaults of the state-space features, inside the training parts of half of the development sets.

The sets are those of the UCR folder with equal lengths, published rows and an even CRC32 of their name; the other half
is never looked at. A variant is scored by the predictions of left-out training cases, its ridges weighed on one half of
the cases and judged on the other, ten times: accuracy, and squared error as a share of the variance. Test parts are not
loaded. What it showed: features_search.md.

    python -m benchmarks.accuracy.features_search --data-dir DATA             # all variants, 3 seeds
    python -m benchmarks.accuracy.features_search --data-dir DATA --variants base modes_1 --seeds 0
"""

import time
from itertools import product

import numpy as np

from benchmarks.accuracy.ucr_sets import equal_length_sets, searched
from benchmarks.harness.arguments import arguments
from benchmarks.harness.origin import commit
from benchmarks.harness.rows import Rows
from ssm_estimators import StateSpaceRidgeClassifier
from ssm_estimators.datasets import load_ucr_uea
from ssm_estimators.random_features.spectrum import Problem
from ssm_estimators.random_features.stacking import stacking_weights

BASE = {"n_kernels": 4000}
VARIANTS = {
    "base": {},
    "kernels_2000": {"n_kernels": 2000},
    "kernels_8000": {"n_kernels": 8000},
    "windows_1": {"n_windows": 1},
    "windows_8": {"n_windows": 8},
    "time_constants_0.2": {"max_time_constants": (0.2,)},
    "no_second_difference": {"representations": ("raw", "difference")},
    "simple": {"representations": ("raw", "difference"), "max_time_constants": (0.2,)},
    "simple_8000": {"n_kernels": 8000, "representations": ("raw", "difference"), "max_time_constants": (0.2,)},
    "no_second_difference_8000": {"n_kernels": 8000, "representations": ("raw", "difference")},
    "time_constants_0.2_8000": {"n_kernels": 8000, "max_time_constants": (0.2,)},
    "raw": {"representations": ("raw",)},
    "forward": {"bidirectional": False},
    "modes_1": {"n_modes": 1},
    "group_16": {"group_size": 16},
    "share": {"pooling": ("share",)},
    "and_max": {"pooling": ("share", "excess", "max", "wins", "losses")},
    "by_series": {"standardize": "series"},
    "linear": {"members": ("linear",)},
    "gaussian": {"members": ("gaussian",)},
    "both": {"members": ("linear", "gaussian")},
    "two_time_constants_8000": {"n_kernels": 8000, "max_time_constants": (0.05, 0.5)},
}
N_HALVES = 10


def run(variant, seed, name, data_dir):
    """Score of left-out training cases."""
    X, y = load_ucr_uea(name, "train", data_dir)
    start = time.perf_counter()
    clf = StateSpaceRidgeClassifier(random_state=seed, **{**BASE, **VARIANTS[variant]}).fit(X, y)
    seconds = time.perf_counter() - start
    left_out = np.stack([ridge.left_out for ridge in clf.ridges_.values()])
    Y = np.where(y[:, None] == clf.classes_, 1.0, -1.0)
    random, right, squares, variance = np.random.default_rng(0), 0, 0.0, 0.0
    for _ in range(N_HALVES):
        first, second = np.array_split(random.permutation(len(y)), 2)
        for weighing, scoring in ((first, second), (second, first)):
            ones = np.ones(len(weighing))
            problem = Problem(Y[weighing], ones, ones)
            weights = stacking_weights(left_out[:, weighing], problem)
            outputs = problem.mean * (1 - weights.sum(0)) + np.einsum("rnq,rq->nq", left_out[:, scoring], weights)
            right += np.sum(clf.classes_[outputs.argmax(1)] == y[scoring])
            squares += np.sum((outputs - Y[scoring]) ** 2)
            variance += np.sum((Y[scoring] - Y.mean(0)) ** 2)
    return {
        "accuracy": round(float(right / (N_HALVES * len(y))), 4),
        "error": round(float(squares / variance), 4),
        "seconds": round(seconds, 2),
        "commit": commit(),
    }


def main():
    args = arguments(
        __doc__,
        *("data_dir", "output"),
        variants={"nargs": "+", "choices": VARIANTS, "default": list(VARIANTS), "help": "settings to compare"},
        seeds={"default": [0, 1, 2]},
    )
    rows = Rows.of_study(args, "variant", "seed", "set")
    names = [name for name in equal_length_sets(args.data_dir) if searched(name)]
    rows.add_missing(product(args.variants, args.seeds, names), run, args.data_dir)
    for variant in args.variants:
        mine = [row for row in rows.find(variant=variant) if row["seed"] in args.seeds]
        accuracy, error = (np.mean([row[key] for row in mine]) for key in ("accuracy", "error"))
        seconds = sum(row["seconds"] for row in mine) / len(args.seeds)
        print(f"{variant:20} accuracy {accuracy:.4f}  error {error:.4f}  {seconds:.0f} s")


if __name__ == "__main__":
    main()
