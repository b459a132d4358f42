"""More cases than features of all of them have room: sMNIST's 60,000 digits in 2 GB beside the data.

python -m benchmarks.accuracy.large --data-dir DATA                     # an hour on two cores
python -m benchmarks.accuracy.large --data-dir DATA --profile quick     # 10,000 digits
python -m benchmarks.accuracy.large --data-dir DATA --task "sMNIST, 35,000 cases" --model MiniRocket

"features" is fitted from sums; "features, cut" is what a fit in this memory was before: linear, without windows, with
as many kernels as have room. "MiniRocket" is aeon's, on as many digits as its features have room for in 20 GB.
"""

from functools import partial

import numpy as np

from benchmarks.tasks.run import main
from benchmarks.tasks.task import Cases, Task
from ssm_estimators import StateSpaceRidgeClassifier

CUT_KERNELS = 6248  # that 2 GB have room for
PEER_CASES = 35_000


def read(data_dir, profile, n_cases=60_000):
    with np.load(data_dir / "images" / "mnist.npz") as file:
        X, y, X_test, y_test = (file[name] for name in ("X_train", "y_train", "X_test", "y_test"))
    n_cases = 10_000 if profile == "quick" else n_cases
    X, X_test = ((part.reshape(len(part), 1, -1) / np.float32(255)).astype(np.float32) for part in (X, X_test))
    return Cases(X[:n_cases], y[:n_cases], X_test, y_test)


def cut(task, seed, jobs):
    """As many kernels as 2 GB have room for at once; what is computed on the way gets more."""
    return StateSpaceRidgeClassifier(
        n_kernels=CUT_KERNELS, n_windows=1, members=("linear",), max_memory=8.0, random_state=seed, n_jobs=jobs
    )


TASKS = {
    "sMNIST": Task(read, {}, baselines={"features, cut": cut}),
    "sMNIST, 35,000 cases": Task(partial(read, n_cases=PEER_CASES), {}),
}

if __name__ == "__main__":
    main(
        __doc__,
        TASKS,
        models={"quick": ("features",), "regular": ("features",)},
        default={"quick": ["sMNIST"], "regular": ["sMNIST"]},
    )
