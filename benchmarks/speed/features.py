"""How the cost of the features and their ridge grows with cases and length.

python -m benchmarks.speed.features                    # transform: to 100,000 cases and points (10 minutes)
python -m benchmarks.speed.features --fit               # fit at 1,000 to 100,000 cases of length 50, with memory
"""

import json
import time

import numpy as np

from benchmarks.harness.arguments import arguments
from benchmarks.harness.folders import RESULTS
from benchmarks.harness.origin import peak_gigabytes
from benchmarks.harness.processes import in_new_process
from benchmarks.harness.timing import exponent
from ssm_estimators import StateSpaceRidgeClassifier
from ssm_estimators.random_features import StateSpaceFeatures


def transform_seconds(n_cases, n_timepoints, n_kernels, jobs):
    X = np.random.default_rng(0).standard_normal((n_cases, 1, n_timepoints)).astype(np.float32)
    features = StateSpaceFeatures(n_kernels=n_kernels, random_state=0, n_jobs=jobs).fit(X[:100])
    start = time.perf_counter()
    features.transform(X)
    return time.perf_counter() - start


def noisy_waves(n_cases, seed):
    """Ten classes: frequencies of a sine of random phase under noise, 50 points."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 10, n_cases)
    phase = rng.uniform(0, 2 * np.pi, (n_cases, 1))
    X = np.sin((0.3 + 0.06 * y[:, None]) * np.arange(50) + phase) + 0.7 * rng.standard_normal((n_cases, 50))
    return X[:, None].astype(np.float32), y


def fit_row(n_cases, max_memory, jobs):
    """Seconds, memory and accuracy of one fit; run in a process of its own."""
    (X, y), (X_test, y_test) = noisy_waves(n_cases, 0), noisy_waves(2000, 1)
    start = time.perf_counter()
    clf = StateSpaceRidgeClassifier(random_state=0, n_jobs=jobs, max_memory=max_memory).fit(X, y)
    seconds = time.perf_counter() - start
    return {
        "n_cases": n_cases,
        "max_memory": max_memory,
        "features": clf.features_.n_features_out_,
        "seconds": round(seconds, 1),
        "accuracy": float(np.mean(clf.predict(X_test) == y_test)),
        "peak_GB": peak_gigabytes(),
    }


def main():
    args = arguments(
        __doc__,
        "jobs",
        fit={"action": "store_true", "help": "fits of growing size, with memory and accuracy"},
        one_fit={"nargs": 2, "type": float, "metavar": ("CASES", "GB"), "help": "one fit, printed as JSON"},
        kernels={"type": int, "default": 200, "help": "of the transforms"},
        output={"default": RESULTS / "features_speed.json"},
    )
    if args.one_fit:
        print(json.dumps(fit_row(int(args.one_fit[0]), args.one_fit[1], args.jobs)))
        return
    results = json.loads(args.output.read_text()) if args.output.exists() else {}
    if args.fit:
        results["fit"] = []
        for n_cases, gigabytes in ((1000, 2.0), (10_000, 2.0), (100_000, 2.0), (10_000, 30.0)):
            results["fit"].append(in_new_process(fit_row, n_cases, gigabytes, args.jobs))
            print(results["fit"][-1], flush=True)
    else:
        sizes = [100, 1000, 10_000, 100_000]
        by_cases = [transform_seconds(n, 100, args.kernels, args.jobs) for n in sizes]
        by_length = [transform_seconds(10, n, args.kernels, args.jobs) for n in sizes]
        results["transform"] = {
            "kernels": args.kernels,
            "cases of 100 points": dict(zip(map(str, sizes), np.round(by_cases, 3).tolist(), strict=True)),
            "exponent in cases": round(exponent(sizes, by_cases), 3),
            "points of 10 cases": dict(zip(map(str, sizes), np.round(by_length, 3).tolist(), strict=True)),
            "exponent in length": round(exponent(sizes, by_length), 3),
        }
        print(json.dumps(results["transform"], indent=1))
    args.output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
