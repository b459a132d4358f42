"""BIDMC: three targets from 32 s of two signals by one model, root mean squared errors; one JSON row per run.

python -m benchmarks.accuracy.bidmc --data-dir DATA                       # signals averaged by 4
python -m benchmarks.accuracy.bidmc --data-dir DATA --profile quick       # by 16: 10 minutes
python -m benchmarks.accuracy.bidmc --data-dir DATA --profile short --device cuda   # 4,000 points, 5 minutes on a GPU
python -m benchmarks.accuracy.bidmc --data-dir DATA --profile full --device cuda    # as the papers: 500 epochs

"shuffled": 70 % of all windows at random, as in most published tables; windows that overlap are in both parts.
"by-patient": no patient in both.
"""

from functools import partial

from benchmarks.tasks.papers import PAPERS
from benchmarks.tasks.run import MODELS, main
from benchmarks.tasks.task import Cases, Task, params_of
from ssm_estimators import StateSpaceRidgeRegressor
from ssm_estimators.datasets import load_bidmc
from ssm_estimators.datasets.bidmc import TARGETS

HALF = "features, 4,000 kernels"
AVERAGED = {"quick": 16, "regular": 4, "short": 1, "full": 1}  # samples
SHORT = {"d_state": 64, "max_epochs": 150, "precision": "tf32"}  # in the place of 256 states and 500 epochs


def read(protocol, data_dir, profile):
    (X, y, groups), (X_test, y_test, _) = (
        load_bidmc(split, data_dir, protocol=protocol) for split in ("train", "test")
    )
    X, X_test = (part.reshape(*part.shape[:2], -1, AVERAGED[profile]).mean(-1) for part in (X, X_test))
    return Cases(X, y, X_test, y_test, groups if protocol == "by-patient" else None)


def task(protocol, **scaling):
    # without dropout errors on held-out training windows were 6 % (RR) to 16 % (SpO2) lower after six epochs
    paper = {**PAPERS["bidmc"], **scaling}
    params = params_of(paper, quick=4, regular=14, batch_size=32, dropout=0.0, **scaling) | {
        "short": {**paper, **SHORT}
    }
    return Task(partial(read, protocol), params, kind="Regressor", scores=TARGETS, baselines={HALF: half})


def half(task, seed, jobs):
    """The ridge with half of its kernels: fit and prediction at 4,000 points take 20 minutes on two cores."""
    return StateSpaceRidgeRegressor(n_kernels=4000, random_state=seed, n_jobs=jobs)


# the scale of one patient's sensors is of no use with another's
TASKS = {"shuffled": task("shuffled"), "by-patient": task("by-patient", standardize="series")}

if __name__ == "__main__":
    regular = (*MODELS["regular"], "LiquidS4")
    main(__doc__, TASKS, models={**MODELS, "regular": regular, "short": ("S4D",)})
