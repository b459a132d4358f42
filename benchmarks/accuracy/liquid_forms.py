"""The four liquid forms beside the plain diagonal network, the same parameters and epochs; one JSON row per run.

python -m benchmarks.accuracy.liquid_forms --data-dir DATA     # "exact" takes most of the time
python -m benchmarks.accuracy.liquid_forms --data-dir DATA --profile quick

BIDMC: shuffled windows averaged by 16, root mean squared errors. Five sets of the UCR archive: accuracies.
"""

from itertools import product

import pandas as pd

import ssm_estimators
from benchmarks.accuracy import bidmc
from benchmarks.harness.arguments import QUICK, arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows, fit_and_predict
from benchmarks.tasks.task import ACCURACY, Cases, scores
from ssm_estimators.datasets import load_ucr_uea

FORMS = ("none", "kb", "pb", "degree", "exact")
SETS = ("DistalPhalanxTW", "FacesUCR", "GunPointAgeSpan", "MoteStrain", "PowerCons")
BIDMC = bidmc.TASKS["shuffled"]


def run(name, form, seed, profile, args):
    """Scores of one fit on one thread."""
    params = QUICK if profile == "quick" else {}
    if name == "BIDMC":
        cases, params, kind = BIDMC.load(args.data_dir, "quick"), {**BIDMC.params["quick"], **params}, "Regressor"
    else:
        cases = Cases(*load_ucr_uea(name, "train", args.data_dir), *load_ucr_uea(name, "test", args.data_dir))
        kind = "Classifier"
    model, own = ("S4D", {}) if form == "none" else ("LiquidS4", {"liquid": form})
    cls = getattr(ssm_estimators, model + kind)
    estimator = cls(random_state=seed, device=args.device, n_threads=1, **params, **own)
    predicted, seconds = fit_and_predict(estimator, *cases[:3])
    found = scores(BIDMC.scores if name == "BIDMC" else ACCURACY, predicted, cases.y_test)
    return {**found, **seconds, **origin(estimator)}


def main():
    args = arguments(
        __doc__,
        *("data_dir", "device", "jobs", "output"),
        sets={"choices": (*SETS, "BIDMC"), "default": [*SETS, "BIDMC"]},
        forms={"nargs": "+", "choices": FORMS, "default": FORMS, "help": "liquid forms; none is S4D"},
        seeds={"default": [0, 1]},
        profile={"choices": ("quick", "regular")},
    )
    rows = Rows.of_study(args, "set", "form", "seed", "profile")
    forms_first = product(args.forms, args.sets, args.seeds)
    wanted = [(name, form, seed, args.profile) for form, name, seed in forms_first]
    rows.add_missing(wanted, run, args, jobs=args.jobs)
    frame = pd.DataFrame(rows.rows)
    columns = [name for name in ("accuracy", *BIDMC.scores, "fit_seconds") if name in frame]
    print(frame.groupby(["set", "form"], sort=False)[columns].mean().round(4).to_string())


if __name__ == "__main__":
    main()
