"""Rows of JSON that a killed run goes on from."""

import json
import statistics
import sys
import time
from pathlib import Path

from joblib import Parallel, delayed

from benchmarks.harness.folders import RESULTS


class Rows:
    """Rows of a file, one JSON object per line, each found again by the values of its keys."""

    def __init__(self, path, keys):
        self.path, self.keys = Path(path), keys
        self.rows = [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    @classmethod
    def of_study(cls, args, *keys):
        """Rows of the study that runs; those of its quick profile go to a file that is not committed."""
        is_quick = getattr(args, "profile", None) == "quick"
        return cls(args.output or RESULTS / f"{Path(sys.argv[0]).stem}{'_quick' * is_quick}.jsonl", keys)

    def clear(self):
        self.path.unlink(missing_ok=True)
        self.rows = []

    def find(self, **wanted):
        """Rows in which all of these values stand."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]

    def missing(self, wanted):
        """Those of the wanted keys that have no row."""
        return [key for key in wanted if not self.find(**dict(zip(self.keys, key, strict=True)))]

    def add(self, row):
        self.rows.append(row)
        self.path.parent.mkdir(exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(row, flush=True)

    def add_missing(self, wanted, run, *args, jobs=1):
        """Add a row for each key without one: the key, and what ``run(*key, *args)`` returns; ``jobs`` at a time."""
        made = (delayed(_row)(self.keys, key, run, args) for key in self.missing(wanted))
        for row in Parallel(jobs, return_as="generator_unordered")(made):
            self.add(row)

    def mean(self, value, **wanted):
        """Mean of a value over the rows, None if there is none."""
        found = [row[value] for row in self.find(**wanted)]
        return statistics.mean(found) if found else None


def _row(keys, key, run, args):
    return dict(zip(keys, key, strict=True)) | run(*key, *args)


def fit_and_predict(estimator, X, y, X_test, method="predict", **fit_params):
    """What ``method`` predicts, and the seconds of fit and of it."""
    start = time.perf_counter()
    estimator.fit(X, y, **fit_params)
    fitted = time.perf_counter()
    predicted = getattr(estimator, method)(X_test)
    return predicted, {
        "fit_seconds": round(fitted - start, 3),
        "predict_seconds": round(time.perf_counter() - fitted, 3),
    }
