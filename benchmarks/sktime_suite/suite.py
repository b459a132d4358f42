"""What the three benchmarks share: ids that tell settings and versions apart; results are complete, or an error.

sktime's ``run`` prints exceptions and goes on, and takes rows of an earlier run by their id alone. So ids carry the
parameters and the versions, and a run ends with status 1 if an experiment failed or its row is not there.
"""

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

import ssm_estimators
from benchmarks.harness.arguments import arguments
from benchmarks.harness.folders import RESULTS
from ssm_estimators.visualisation import plot_critical_difference


def suite_arguments(doc):
    """The command line of a benchmark; its quick profile has fewer kernels, epochs and folds."""
    args = arguments(
        doc,
        profile={"choices": ("quick", "regular")},
        quick={"action": "store_const", "dest": "profile", "const": "quick", "help": "the same as --profile quick"},
        data_dir={"required": False, "help": "folder of the data sets; without it, those that sktime brings"},
    )
    args.quick = args.profile == "quick"
    return args


def where_installed(library, name, model, **params):
    """{name: model(**params)}, or nothing, and a line that says so, where its library is not installed."""
    if find_spec(library):
        return {name: model(**params)}
    print(f"{name} is left out: it needs {library} (pip install -e '.[bench]').")
    return {}


def add_all(benchmark, models, tasks):
    """Every model and task under an id of its own; tasks are (loader, splitter, scorers) by name."""
    for name, model in models.items():
        benchmark.add_estimator(model, estimator_id=model_id(name, model))
    for name, task in tasks.items():
        benchmark.add_task(*task, task_id=name, error_score="raise")


def model_id(name, model):
    """Name, and a hash of parameters, the package's source and versions."""
    settings = repr((type(model).__name__, sorted(model.get_params().items(), key=str), versions()))
    return f"{name} {hashlib.sha256(settings.encode()).hexdigest()[:8]}"


@cache
def versions():
    """What results depend on beside parameters."""
    sources = sorted(Path(ssm_estimators.__file__).parent.rglob("*.py"))
    source = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    return source, version("sktime"), version("torch"), version("scikit-learn")


def run(args, benchmark, models, tasks, metric, lower_is_better=False):
    """Run what is not there yet; write results, a table and a picture; leave with 1 if anything is missing.

    Results go to <name>.csv, one row per experiment; means, one row per model and task, to <name>_table.csv.
    """
    name = f"sktime_{Path(sys.argv[0]).stem}{'_folder' * bool(args.data_dir)}{'_quick' * args.quick}"
    RESULTS.mkdir(exist_ok=True)
    add_all(benchmark, models, tasks)
    results = benchmark.run(str(RESULTS / f"{name}.csv"))
    if failed := [str(failure) for failure in benchmark.failed_experiments]:
        print(*failed, sep="\n")
        sys.exit(1)
    names = {model_id(*item): item[0] for item in models.items()}
    results = results[results["model_id"].isin(names) & results["validation_id"].isin(tasks)]
    table = pd.DataFrame(
        {
            "set": results["validation_id"],
            "model": results["model_id"].map(names),
            metric: results[f"{metric}_mean"].astype(float).round(4),
            "deviation of folds": results[f"{metric}_std"].astype(float).round(4),
            "fit_seconds": results["fit_time_mean"].astype(float).round(2),
            "predict_seconds": results["pred_time_mean"].astype(float).round(2),
        }
    ).reset_index(drop=True)
    scores = table.pivot(index="set", columns="model", values=metric).reindex(index=tasks, columns=models)
    if scores.isna().any(axis=None):
        print(f"Results are missing:\n{scores}")
        sys.exit(1)
    table.to_csv(RESULTS / f"{name}_table.csv", index=False)
    print(table.to_string(index=False))
    if len(scores) > 1:
        picture = plot_critical_difference(-scores if lower_is_better else scores)
        picture.figure.savefig(RESULTS / f"{name}.png", dpi=120)
    print(f"Written: {name}.csv, {name}_table.csv" + f" and {name}.png" * (len(scores) > 1) + f" in {RESULTS}.")
