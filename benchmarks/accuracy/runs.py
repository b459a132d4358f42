"""What the scripts share: rows of JSON that a killed run goes on from."""

import json
import resource
import statistics
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

RESULTS = Path(__file__).parents[1] / "results"
NETWORKS = ("LiquidS4", "S4D", "S4", "LSSL")
# of each profile; the quick one's rows say nothing of accuracy
SEEDS = {"quick": [0], "regular": [0], "short": [0], "full": [0, 1, 2]}
QUICK = {"max_epochs": 2}


class Rows:
    """Rows of a file, one JSON object a line, each found again by the values of its keys."""

    def __init__(self, path, keys):
        self.path, self.keys = Path(path), keys
        self.rows = [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def find(self, **wanted):
        """Rows in which all of these values stand."""
        return [row for row in self.rows if all(row.get(key) == value for key, value in wanted.items())]

    def has(self, *values):
        return bool(self.find(**dict(zip(self.keys, values, strict=True))))

    def add(self, row):
        self.rows.append(row)
        self.path.parent.mkdir(exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(row, flush=True)

    def mean(self, value, **wanted):
        """Mean of a value over the rows, None if there is none."""
        found = [row[value] for row in self.find(**wanted)]
        return statistics.mean(found) if found else None


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


def results_file(args, name):
    """Where rows of a profile go: those of the quick one to a file that is not committed."""
    return args.output or RESULTS / f"{name}{'_quick' * (args.profile == 'quick')}.jsonl"


def origin(estimator=None):
    """Where a row comes from; the device is the estimator's."""
    device = torch.device(getattr(estimator, "device_", "cpu"))
    return {
        "peak_GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "torch": torch.__version__,
        "sktime": _version_of_sktime(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        **({"card": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}),
        "commit": commit(),
    }


def _version_of_sktime():
    """None where it is not installed: our networks need it only as an adapter."""
    try:
        return version("sktime")
    except PackageNotFoundError:
        return None


def commit():
    """The checkout's commit, "+" where files other than results differ from it."""

    def git(*arguments):
        return subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=Path(__file__).parents[2])

    changed = git("status", "--porcelain", "--untracked-files=no", ".", ":!benchmarks/results").stdout
    return git("rev-parse", "--short", "HEAD").stdout.strip() + "+" * bool(changed)
