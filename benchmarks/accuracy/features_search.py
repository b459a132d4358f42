"""Search for the defaults of the state-space features, inside the training parts of half of the development sets.

The sets are those of the UCR folder with equal lengths, published rows and an even CRC32 of their name; the other half
is never looked at. A variant is scored by the predictions of left-out training cases: accuracy, and squared error as a
share of the variance. Test parts are not loaded. What it showed: features_search.md.

    python benchmarks/accuracy/features_search.py --data-dir DATA             # all variants, 3 seeds: about an hour
    python benchmarks/accuracy/features_search.py --data-dir DATA --variants default,modes_4 --seeds 0
"""

import argparse
import time
from pathlib import Path

import numpy as np
from runs import RESULTS, Rows, commit
from ucr_sets import equal_length_sets, searched

from ssm_estimators import StateSpaceRidgeClassifier
from ssm_estimators.datasets import load_ucr_uea

VARIANTS = {
    "default": {},
    "kernels_1000": {"n_kernels": 1000},
    "kernels_2000": {"n_kernels": 2000},
    "kernels_4000": {"n_kernels": 4000},
    "kernels_16000": {"n_kernels": 16000},
    "modes_1": {"n_modes": 1},
    "modes_4": {"n_modes": 4},
    "time_constant_0.05": {"max_time_constant": 0.05},
    "time_constant_0.1": {"max_time_constant": 0.1},
    "time_constant_0.4": {"max_time_constant": 0.4},
    "time_constant_1": {"max_time_constant": 1.0},
    "frequencies_to_8": {"frequencies": (0.05, 8.0)},
    "frequencies_from_0.2": {"frequencies": (0.2, 2.0)},
    "group_4": {"group_size": 4},
    "group_16": {"group_size": 16},
    "raw": {"representations": ("raw",)},
    "difference": {"representations": ("difference",)},
    "forward": {"bidirectional": False},
    "share": {"pooling": ("share",)},
    "wins_losses": {"pooling": ("wins", "losses")},
    "share_wins_losses": {"pooling": ("share", "wins", "losses")},
    "and_max": {"pooling": ("share", "excess", "max", "wins", "losses")},
    "and_energy": {"pooling": ("share", "excess", "energy", "wins", "losses")},
    "all_poolings": {"pooling": ("share", "excess", "max", "energy", "wins", "losses")},
    "by_series": {"standardize": "series"},
}


def run(variant, name, seed, data_dir):
    """Score of left-out training cases."""
    X, y = load_ucr_uea(name, "train", data_dir)
    start = time.perf_counter()
    clf = StateSpaceRidgeClassifier(random_state=seed, **VARIANTS[variant]).fit(X, y)
    left_out = np.einsum("rnq,rq->nq", [ridge.left_out for ridge in clf.ridges_.values()], clf.weights_)
    Y = np.where(y[:, None] == clf.classes_, 1.0, -1.0)
    return {
        "variant": variant,
        "set": name,
        "seed": seed,
        "accuracy": round(float(np.mean(clf.classes_[left_out.argmax(1)] == y)), 4),
        "error": round(float(np.sum((left_out - Y) ** 2) / np.sum((Y - Y.mean(0)) ** 2)), 4),
        "seconds": round(time.perf_counter() - start, 2),
        "commit": commit(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--variants", type=lambda text: text.split(","), default=list(VARIANTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=RESULTS / "features_search.jsonl")
    args = parser.parse_args()
    rows = Rows(args.output, ("variant", "set", "seed"))
    names = [name for name in equal_length_sets(args.data_dir) if searched(name)]
    for variant in args.variants:
        for seed in args.seeds:
            for name in names:
                if not rows.has(variant, name, seed):
                    rows.add(run(variant, name, seed, args.data_dir))
    for variant in args.variants:
        mine = [row for row in rows.find(variant=variant) if row["seed"] in args.seeds]
        accuracy, error = (np.mean([row[key] for row in mine]) for key in ("accuracy", "error"))
        seconds = sum(row["seconds"] for row in mine) / len(args.seeds)
        print(f"{variant:22} accuracy {accuracy:.4f}  error {error:.4f}  {seconds:.0f} s")


if __name__ == "__main__":
    main()
