"""Default estimators on the sets that sktime brings, the archive's split: accuracy or RMSE, beside simple predictors.

One JSON row per fit; a fit that the output file already has is not repeated, so a killed run goes on.

    python -m benchmarks.accuracy.bundled                 # all: 30 minutes on two cores
    python -m benchmarks.accuracy.bundled --models S4D --sets GunPoint --seeds 0
"""

import statistics
import time

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sktime import datasets
from sktime.datatypes import convert_to

import ssm_estimators
from benchmarks.harness.arguments import arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows, fit_and_predict
from benchmarks.published import published

LOADERS = {
    "GunPoint": datasets.load_gunpoint,
    "ArrowHead": datasets.load_arrow_head,
    "ItalyPowerDemand": datasets.load_italy_power_demand,
    "OSULeaf": datasets.load_osuleaf,
    "ACSF1": datasets.load_acsf1,
    "BasicMotions": datasets.load_basic_motions,
    "JapaneseVowels": datasets.load_japanese_vowels,
    "Covid3Month": datasets.load_covid_3month,
    "Tecator": datasets.load_tecator,
}
SEEDS = {"StateSpaceRidge": (0, 1, 2), "LiquidS4": (0, 1, 2), "S4D": (0, 1, 2), "S4": (0,), "LSSL": (0,)}


def load(name, split):
    """The set as sktime has it: numpy3D, or a list of frames where lengths differ."""
    X, y = LOADERS[name](split)
    frames = convert_to(X, "df-list")
    equal = len({len(frame) for frame in frames}) == 1
    return np.stack([frame.to_numpy().T for frame in frames]) if equal else frames, y


def flat(X, n_timepoints):
    """Cases as vectors, shorter ones with zeros at their ends."""
    cases = [np.asarray(x) if isinstance(X, np.ndarray) else x.to_numpy().T for x in X]
    return np.stack([np.pad(case, ((0, 0), (0, n_timepoints - case.shape[1]))).ravel() for case in cases])


def simple_predictor(X, y, X_test, y_test):
    """RMSE of the mean of the training targets, or accuracy of the nearest neighbour in Euclidean distance."""
    if np.issubdtype(y.dtype, np.floating):
        return float(np.sqrt(np.mean((y.mean() - y_test) ** 2)))
    longest = max(X.shape[-1] if isinstance(X, np.ndarray) else max(map(len, X)) for X in (X, X_test))
    return KNeighborsClassifier(1).fit(flat(X, longest), y).score(flat(X_test, longest), y_test)


def run(model, name, seed):
    (X, y), (X_test, y_test) = load(name, "train"), load(name, "test")
    regression = np.issubdtype(y.dtype, np.floating)
    cls = getattr(ssm_estimators, model + ("Regressor" if regression else "Classifier"))
    estimator = cls(random_state=seed)
    predicted, seconds = fit_and_predict(estimator, X, y, X_test)
    score = np.sqrt(np.mean((predicted - y_test) ** 2)) if regression else np.mean(predicted == y_test)
    return {
        "metric": "RMSE" if regression else "accuracy",
        "score": round(float(score), 4),
        "1-NN or mean": round(simple_predictor(X, y, X_test, y_test), 4),
        "fit_seconds": round(seconds["fit_seconds"], 1),
        "seconds": round(sum(seconds.values()), 1),
        **origin(estimator),
    }


def main():
    args = arguments(
        __doc__,
        *("jobs", "output"),
        model={"choices": SEEDS, "default": list(SEEDS)},
        sets={"choices": LOADERS, "default": list(LOADERS)},
        seeds={"help": "random states of the fits; by default one for S4 and LSSL, else three", "default": None},
    )
    rows = Rows.of_study(args, "model", "set", "seed")
    wanted = [(m, name, seed) for m in args.model for seed in args.seeds or SEEDS[m] for name in args.sets]
    start = time.perf_counter()
    rows.add_missing(wanted, run, jobs=args.jobs)
    report(rows.rows, wanted)
    print(f"{(time.perf_counter() - start) / 60:.1f} minutes")


def report(rows, wanted):
    """Medians over the seeds."""
    for model, name in dict.fromkeys((model, name) for model, name, _ in wanted):
        seeds = [key for key in wanted if key[:2] == (model, name)]
        mine = [row for row in rows if (row["model"], row["set"], row["seed"]) in seeds]
        score, seconds = (statistics.median(row[key] for row in mine) for key in ("score", "fit_seconds"))
        simple, metric = mine[0]["1-NN or mean"], mine[0]["metric"]
        print(f"{model:15} {name:17} {metric:9} {score:.4f}  beside {simple:.4f}  {seconds:.0f} s per fit")
    for (name, model), error in published("bundled", "set", "model")["RMSE"].items():
        if name in {wanted_name for _, wanted_name, _ in wanted}:
            print(f"{model:15} {name:17} RMSE      {error:.4f}  as published")


if __name__ == "__main__":
    main()
