"""Six long sets of the UEA archive in the pooled protocol: five random parts of 70, 15 and 15 %, the archive's ignored.

Training and test series are pooled, repeated ones dropped, shuffled a seed and cut; the validation part chooses the
epoch. One JSON row a run; a killed run goes on where it stopped. Where a set is not in the folder, series made here of
its shape, marked "synthetic": true, show that the script runs; reports leave such rows out.

    python -m benchmarks.accuracy.uea_long --data-dir DATA --model S4D LiquidS4 [--profile quick] [--device cuda]
"""

from itertools import product

import numpy as np
import pandas as pd

import ssm_estimators
from benchmarks.harness.arguments import NETWORKS, arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows, fit_and_predict
from benchmarks.published import published
from ssm_estimators.datasets import load_ucr_uea

# cases, channels, time points, classes
SHAPES = {
    "EigenWorms": (259, 6, 17984, 5),
    "SelfRegulationSCP1": (561, 6, 896, 2),
    "SelfRegulationSCP2": (380, 7, 1152, 2),
    "EthanolConcentration": (524, 3, 1751, 4),
    "Heartbeat": (409, 61, 405, 2),
    "MotorImagery": (378, 64, 3000, 2),
}
SEEDS = (2345, 3456, 4567, 5678, 6789)
SHARES = (0.7, 0.85)  # where training and validation end
PROFILES = {"quick": {"max_epochs": 2}, "regular": {}, "full": {"max_epochs": 200}}
STAND_IN = {"quick": (20, 100), "regular": (60, 400)}  # cases and points of a stand-in; full: as many as the set has
MODELS = (*NETWORKS, "features")


def pooled(name, data_dir, profile):
    """All different series of a set and their labels, and whether they are made here."""
    try:
        parts = [load_ucr_uea(name, split, data_dir) for split in ("train", "test")]
    except FileNotFoundError:
        return *stand_in(name, profile), True
    X, y = (np.concatenate(values) for values in zip(*parts, strict=True))
    _, first = np.unique(X.reshape(len(X), -1), axis=0, return_index=True)
    return X[np.sort(first)], y[np.sort(first)], False


def stand_in(name, profile):
    """Noisy oscillations whose frequency is the class's."""
    n_cases, n_channels, n_timepoints, n_classes = SHAPES[name]
    n_cases, n_timepoints = STAND_IN.get(profile, (n_cases, n_timepoints))
    random = np.random.default_rng(0)
    y = np.arange(n_cases) % n_classes
    phase = 2 * np.pi * random.random((n_cases, n_channels, 1))
    X = np.sin((0.05 + 0.02 * y)[:, None, None] * np.arange(n_timepoints) + phase)
    return (X + random.standard_normal(X.shape)).astype(np.float32), y


def run(model, name, seed, profile, args):
    """Accuracy on the test part of one seed's cut."""
    X, y, synthetic = pooled(name, args.data_dir, profile)
    train, validation, test = np.split(
        np.random.default_rng(seed).permutation(len(y)), [int(s * len(y)) for s in SHARES]
    )
    if model == "features":
        train = np.concatenate([train, validation])  # it chooses by cases left out
        estimator = ssm_estimators.StateSpaceRidgeClassifier(random_state=seed, n_jobs=2)
    else:
        params = {**PROFILES[profile], "validation": (X[validation], y[validation]), "device": args.device}
        estimator = getattr(ssm_estimators, f"{model}Classifier")(random_state=seed, **params)
    predicted, seconds = fit_and_predict(estimator, X[train], y[train], X[test])
    return {
        "protocol": "pooled 70/15/15",
        "synthetic": synthetic,
        "accuracy": round(float(np.mean(predicted == y[test])), 4),
        **seconds,
        **origin(estimator),
    }


def main():
    args = arguments(
        __doc__,
        *("data_dir", "device", "output"),
        model={"choices": MODELS, "default": ["S4D", "features"]},
        sets={"choices": SHAPES, "default": list(SHAPES)},
        seeds={"default": SEEDS},
        profile={"choices": PROFILES},
    )
    rows = Rows.of_study(args, "model", "set", "seed", "profile")
    wanted = product(args.model, args.sets, args.seeds, [args.profile])
    rows.add_missing(wanted, run, args)
    frame = pd.DataFrame(rows.rows)
    real = frame[(frame["profile"] == args.profile) & ~frame["synthetic"]]
    if real.empty:
        print("None of the sets is in the folder: all rows are of stand-ins, and none is reported.")
        return
    table = 100 * real.pivot_table(index="model", columns="set", values="accuracy")
    print(pd.concat([table, published("uea_long", "model")[table.columns]]).round(1).to_string())


if __name__ == "__main__":
    main()
