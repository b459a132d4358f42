"""How the cost of the features and their ridge grows with cases and length.

python -m benchmarks.speed.features                    # transform: to 100,000 cases and points (10 minutes)
python -m benchmarks.speed.features --fit               # fit at 1,000 to 100,000 cases of length 50, with memory
python -m benchmarks.speed.features --map               # fit on 2^28 values of a memory map, with anonymous memory
"""

import json
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

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


def map_row(n_cases, n_timepoints, jobs):
    """Seconds, memory and accuracy of a fit on a memory map; anonymous memory is what is not the map's."""
    with TemporaryDirectory() as folder:
        path, rng = Path(folder) / "X.npy", np.random.default_rng(0)
        X = np.lib.format.open_memmap(path, "w+", np.float32, (n_cases, 1, n_timepoints))
        y = rng.integers(0, 10, n_cases)
        for rows in np.array_split(np.arange(n_cases), 256):
            wave = np.sin((0.3 + 0.06 * y[rows, None]) * np.arange(n_timepoints) + rng.uniform(0, 6, (len(rows), 1)))
            X[rows, 0] = wave + 3 * rng.standard_normal(wave.shape)
        X.flush()
        stored, clf = (
            np.load(path, mmap_mode="r"),
            StateSpaceRidgeClassifier(n_kernels=500, random_state=0, n_jobs=jobs),
        )
        start = time.perf_counter()
        with anonymous_memory() as peak:
            clf.fit(stored[: n_cases - 2000], y[: n_cases - 2000])
        seconds = time.perf_counter() - start
        accuracy = float(np.mean(clf.predict(stored[n_cases - 2000 :]) == y[n_cases - 2000 :]))
    return {
        "values": n_cases * n_timepoints,
        "n_cases": n_cases,
        "seconds": round(seconds, 1),
        "accuracy": round(accuracy, 4),
        "left out": len(clf.left_out_cases_),
        "peak_anonymous_GB": round(max(peak), 2),
    }


@contextmanager
def anonymous_memory():
    """Gigabytes of anonymous memory of this process, ten times a second; Linux."""
    seen, stop = [], Event()

    def watch():
        while not stop.wait(0.1):
            status = Path("/proc/self/status").read_text()
            seen.append(int(status.split("RssAnon:")[1].split()[0]) / 1e6)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def main():
    args = arguments(
        __doc__,
        "jobs",
        map={"action": "store_true", "help": "a fit on a memory map of 2^28 values"},
        cases={"type": int, "default": 2**18, "help": "of 1,024 points in the map"},
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
        for n_cases in (1000, 10_000, 100_000):
            results["fit"].append(in_new_process(fit_row, n_cases, 2.0, args.jobs))
            print(results["fit"][-1], flush=True)
            args.output.write_text(json.dumps(results, indent=1) + "\n")
    elif args.map:
        results["map"] = in_new_process(map_row, args.cases, 1024, args.jobs)
        print(results["map"])
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
