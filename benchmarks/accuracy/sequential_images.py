"""Images read pixel by pixel, sMNIST, pMNIST and sCIFAR; one JSON row per run, a killed run goes on.

python -m benchmarks.accuracy.sequential_images --data-dir DATA                    # sMNIST: half an hour a network
python -m benchmarks.accuracy.sequential_images --data-dir DATA --profile quick    # 10 minutes
python -m benchmarks.accuracy.sequential_images --data-dir DATA --profile full --device cuda   # as the papers did

Grey CIFAR is the task "image" of long_range.py.
"""

from functools import partial

from benchmarks.tasks.papers import PAPERS
from benchmarks.tasks.run import main
from benchmarks.tasks.task import Cases, Task, params_of
from ssm_estimators.datasets import load_sequential_cifar, load_sequential_mnist


def read(load, data_dir, profile, **options):
    return Cases(*load("train", data_dir, **options), *load("test", data_dir, **options))


def task(name, load, **options):
    return Task(partial(read, load, **options), params_of(PAPERS[name], quick=4, regular=15, batch_size=50))


TASKS = {
    "sMNIST": task("sMNIST", load_sequential_mnist),
    "pMNIST": task("pMNIST", load_sequential_mnist, permuted=True),
    "sCIFAR": task("sCIFAR", load_sequential_cifar),
}

if __name__ == "__main__":
    main(__doc__, TASKS, default={"quick": ["sMNIST"], "regular": ["sMNIST"]})
