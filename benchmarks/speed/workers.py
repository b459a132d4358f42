"""The fast lane on workers of dask: seconds with one and with two, and a model of the cost for more.

python -m benchmarks.speed.workers        # five minutes on two cores

The model: sums over the cases are shared out evenly, what is solved in one process is not, and each block of cases
sends its sums once. It is set by the fit with one worker; that with two says how far it holds.
"""

import json
import time

import dask.array as da
import numpy as np
from dask.distributed import Client, LocalCluster

from benchmarks.harness.arguments import arguments
from benchmarks.harness.folders import RESULTS
from benchmarks.harness.origin import commit
from ssm_estimators import StateSpaceRidgeRegressor
from ssm_estimators.series.dask_series import DaskSeries

PARAMS = {"n_kernels": 960, "max_memory": 0.2, "n_jobs": 1, "random_state": 0}
BANDWIDTH = 1e9  # bytes a second between machines, assumed


def cases(n_cases):
    rng = np.random.default_rng(0)
    y = rng.uniform(0.2, 0.6, n_cases)
    X = np.sin(y[:, None] * np.arange(200) + rng.uniform(0, 6, (n_cases, 1)))
    return (X + rng.standard_normal(X.shape)).astype(np.float32), y


def fit(X, y, n_workers, n_blocks):
    """Seconds of a fit and, of them, of the sums that workers collect; and bytes of a block's sums, all passes."""
    spent, whole = [], DaskSeries.collect

    def collect(self, collector, *by_case):
        start = time.perf_counter()
        total = whole(self, collector, *by_case)
        n_bytes = sum(sums.square.nbytes for sums in total.values()) if isinstance(total, dict) else 0
        spent.append((time.perf_counter() - start, n_bytes))
        return total

    DaskSeries.collect = collect
    try:
        with (
            LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster),
        ):
            start = time.perf_counter()
            StateSpaceRidgeRegressor(**PARAMS).fit(da.from_array(X, chunks=(-(-len(X) // n_blocks), -1)), y)
            seconds = time.perf_counter() - start
    finally:
        DaskSeries.collect = whole
    return seconds, *map(float, np.sum(spent, axis=0))


def predicted(seconds, sums, n_bytes, n_workers, n_blocks):
    """Seconds with so many workers on as many machines, from those with one."""
    return seconds - sums + sums / n_workers + n_bytes * n_blocks / BANDWIDTH / n_workers


def main():
    args = arguments(
        __doc__,
        cases={"type": int, "default": 20_000, "help": "cases of 200 points"},
        blocks={"type": int, "default": 16, "help": "of cases"},
        output={"default": RESULTS / "speed_workers.json"},
    )
    X, y = cases(args.cases)
    start = time.perf_counter()
    StateSpaceRidgeRegressor(**PARAMS).fit(X, y)
    row = {"cases": args.cases, "blocks": args.blocks, "commit": commit()}
    row["one process, seconds"] = round(time.perf_counter() - start, 1)
    measured = {n: fit(X, y, n, args.blocks) for n in (1, 2)}
    seconds, sums, n_bytes = measured[1]
    row |= {f"{n} workers, seconds": round(found[0], 1) for n, found in measured.items()}
    row |= {"sums, share of one worker's seconds": round(sums / seconds, 3), "GB of a block's sums": n_bytes / 1e9}
    row["model, seconds"] = {n: round(predicted(seconds, sums, n_bytes, n, args.blocks), 1) for n in (2, 4, 8, 16, 64)}
    print(json.dumps(row, indent=1))
    args.output.write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()
