"""What the three benchmarks share: ids that tell settings and versions apart; results are complete, or an error.

sktime's ``run`` prints exceptions and goes on, and takes rows of an earlier run by their id alone. So ids carry the
parameters and the versions, and a run ends with status 1 if an experiment failed or its row is not there.
"""

import hashlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ssm_estimators.visualisation import plot_critical_difference

RESULTS = Path(__file__).parents[1] / "results"


def add_all(benchmark, models, tasks):
    """Every model and task under an id of its own; tasks are (loader, splitter, scorers) by name."""
    for name, model in models.items():
        benchmark.add_estimator(model, estimator_id=model_id(name, model))
    for name, task in tasks.items():
        benchmark.add_task(*task, task_id=name, error_score="raise")


def model_id(name, model):
    """Name, and a hash of parameters, the commit and versions."""
    code = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=RESULTS, text=True).strip()
    versions = [code, version("sktime"), version("torch")]
    settings = repr((type(model).__name__, sorted(model.get_params().items(), key=str), versions))
    return f"{name} {hashlib.sha256(settings.encode()).hexdigest()[:8]}"


def run(benchmark, models, tasks, metric, name, lower_is_better=False):
    """Run what is not there yet; write results, a table and a picture; leave with 1 if anything is missing."""
    RESULTS.mkdir(exist_ok=True)
    add_all(benchmark, models, tasks)
    results = benchmark.run(str(RESULTS / f"{name}.csv"))
    if failed := [str(failure) for failure in benchmark.failed_experiments]:
        print(*failed, sep="\n")
        sys.exit(1)
    mean, seconds = f"{metric}_mean", "fit_time_mean"
    results = results.assign(model=results["model_id"].str.rsplit(" ", n=1).str[0])
    mine = {model_id(*item): item[0] for item in models.items()}
    results = results[results["model_id"].isin(mine) & results["validation_id"].isin(tasks)]
    scores = results.pivot(index="validation_id", columns="model", values=mean).reindex(index=tasks, columns=models)
    missing = scores.stack(future_stack=True)
    missing = missing[missing.isna()].index.tolist()
    if missing:
        print(f"No result of {missing}.")
        sys.exit(1)
    times = results.pivot(index="validation_id", columns="model", values=seconds).reindex(index=tasks, columns=models)
    table = pd.concat({metric: scores.round(4), "fit seconds": times.astype(float).round(2)}, axis=1)
    table.to_csv(RESULTS / f"{name}_table.csv")
    print(table.to_string())
    if len(scores) > 1:
        picture = plot_critical_difference(-scores if lower_is_better else scores)
        picture.figure.savefig(RESULTS / f"{name}.png", dpi=120)
    print(f"Written: {name}.csv, {name}_table.csv" + f" and {name}.png" * (len(scores) > 1) + f" in {RESULTS}.")
