"""What an estimator's fit and predict cost beside a bare PyTorch loop, and GunPoint before and after a change.

The bare loop trains the same network on the same batches for the same epochs, with AdamW, the same schedule and clipped
gradients, and knows nothing else; bare prediction is one forward pass a batch. All in turn, in one process. With
``--before``, a folder that holds another version of the package, default fits and predictions of GunPoint by both, and
predictions of three shapes of series, each in a process of its own, in turn.

    python -m benchmarks.speed.fit [--profile quick] [--threads 2]
    python -m benchmarks.speed.fit --before ../older
"""

import copy
import json
import os
import subprocess
import sys
import time

import numpy as np
import torch

from benchmarks.harness.folders import RESULTS, ROOT
from benchmarks.harness.timing import milliseconds, report, speed_arguments
from ssm_estimators import S4DClassifier
from ssm_estimators.training.callbacks import CosineWarmup

SHAPES = {"full": ((2000, 1, 128), (200, 2, 4000)), "quick": ((500, 1, 128), (50, 2, 1000))}
MOST = 1.1
GUNPOINT = """
import json, time, warnings
from sktime.datasets import load_gunpoint
from ssm_estimators import LiquidS4Classifier
warnings.simplefilter("ignore")
X, y = load_gunpoint("train", return_type="numpy3D")
X_test, y_test = load_gunpoint("test", return_type="numpy3D")
LiquidS4Classifier(max_epochs=1, random_state=0).fit(X, y)
start = time.perf_counter()
accuracy = LiquidS4Classifier(random_state=SEED).fit(X, y).score(X_test, y_test)
print(json.dumps([time.perf_counter() - start, accuracy]))
"""


PREDICTED = ((512, 128), (64, 1024), (16, 4096))  # cases, time points
PREDICTIONS = """
import json, time
import numpy as np, torch
from ssm_estimators import S4DClassifier
torch.set_num_threads(THREADS)
ms = []
for n_cases, n_timepoints in SHAPES:
    X = np.random.default_rng(0).standard_normal((n_cases, 1, n_timepoints)).astype(np.float32)
    classifier = S4DClassifier(max_epochs=1, random_state=0).fit(X[:16], np.arange(16) % 2)
    times = []
    for _ in range(9):
        start = time.perf_counter()
        classifier.predict(X)
        times.append(1e3 * (time.perf_counter() - start))
    ms.append(float(np.median(times)))
print(json.dumps(ms))
"""


def bare_fit(network, batches, epochs, groups):
    """As the estimator trains, nothing more."""
    network = copy.deepcopy(network).train()
    optimizer = torch.optim.AdamW(
        [{"params": params, **groups[name]} for name, params in network.parameter_groups().items()], fused=True
    )
    factor = CosineWarmup(epochs * len(batches), groups["warmup"], cosine=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    for _ in range(epochs):
        for X, y in batches:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(X), y).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), groups["clip"])
            optimizer.step()
            schedule.step()


def compare(shape, repeats):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal(shape).astype(np.float32), rng.integers(0, 3, shape[0])
    epochs = 3
    estimator = S4DClassifier(max_epochs=epochs, random_state=0).fit(X, y)
    network, size = estimator.net_.module_, estimator.net_.batch_size
    tensors = torch.as_tensor(X), torch.as_tensor(np.unique(y, return_inverse=True)[1])
    batches = [*zip(*(tensor.split(size) for tensor in tensors), strict=True)]
    groups = {
        "ssm": {"lr": estimator.net_.ssm_lr, "weight_decay": 0.0},
        "decay": {"lr": estimator.net_.lr, "weight_decay": estimator.net_.weight_decay},
        "no_decay": {"lr": estimator.net_.lr, "weight_decay": 0.0},
        "warmup": estimator.warmup,
        "clip": estimator.gradient_clip,
    }

    def bare_predict():
        network.eval()
        with torch.inference_mode():
            torch.cat([network(part) for part, _ in batches])

    ms = milliseconds(
        {
            "fit": lambda: S4DClassifier(max_epochs=epochs, random_state=0).fit(X, y),
            "bare fit": lambda: bare_fit(network, batches, epochs, groups),
            "predict": lambda: estimator.set_params(predict_batch_size=size).predict(X),
            "bare predict": bare_predict,
        },
        repeats,
    )
    return {"shape": shape, "batch": size, "epochs": epochs, "ms": {name: round(v, 1) for name, v in ms.items()}}


def run(code, folder):
    """What a version of the package prints last."""
    env = {**os.environ, "PYTHONPATH": str(folder)}
    return json.loads(
        subprocess.check_output([sys.executable, "-c", code], env=env, cwd=folder, text=True).splitlines()[-1]
    )


def predictions(folders, threads, repeats):
    """Milliseconds of predictions by both versions: the median of as many processes, of nine calls each."""
    code = PREDICTIONS.replace("THREADS", str(threads)).replace("SHAPES", str(PREDICTED))
    ms = {name: [] for name in folders}
    for _ in range(repeats):
        for name, folder in folders.items():
            ms[name].append(run(code, folder))
    rows = []
    for shape, *each in zip(PREDICTED, *(np.median(values, axis=0) for values in ms.values()), strict=True):
        rows.append({"predict": shape, **{f"{n}, ms": round(v, 1) for n, v in zip(ms, each, strict=True)}})
        rows[-1]["after / before"] = round(each[1] / each[0], 2)
        print(rows[-1], flush=True)
    return rows


def gunpoint(folders, seeds):
    """Seconds and accuracy of both versions, seed by seed."""
    rows = []
    for seed in range(seeds):
        row = {"seed": seed}
        for name, folder in folders.items():
            seconds, accuracy = run(GUNPOINT.replace("SEED", str(seed)), folder)
            row |= {f"{name}, s": round(seconds, 2), f"accuracy {name}": round(accuracy, 4)}
        row["before / after"] = round(row["before, s"] / row["after, s"], 2)
        rows.append(row)
        print(row, flush=True)
    return rows


def main():
    args = speed_arguments(__doc__, before={})
    start = time.perf_counter()
    if args.before:
        folders = {"before": args.before.resolve(), "after": ROOT}
        repeats = 5 if args.profile == "full" else 1
        rows = [*predictions(folders, args.threads, repeats), *gunpoint(folders, repeats)]
        args.output = args.output or RESULTS / "speed_gunpoint.json"
        columns = {}  # its rows were printed as they came
    else:
        rows = [compare(shape, 3 if args.profile == "quick" else 5) for shape in SHAPES[args.profile]]
        columns = {
            "cases, channels, points": lambda r: r["shape"],
            "batch": lambda r: r["batch"],
            "fit, ms": lambda r: r["ms"]["fit"],
            f"of the bare loop (at most {MOST})": lambda r: f"{r['ms']['fit'] / r['ms']['bare fit']:.3f}",
            "predict, ms": lambda r: r["ms"]["predict"],
            f"of a bare pass (at most {MOST})": lambda r: f"{r['ms']['predict'] / r['ms']['bare predict']:.3f}",
        }
    print(f"{time.perf_counter() - start:.0f} s")
    report(args, rows, columns)


if __name__ == "__main__":
    main()
