"""The four liquid forms beside the plain diagonal network, the same parameters and epochs; one JSON row a run.

python benchmarks/accuracy/liquid_forms.py --data-dir DATA     # "exact" takes most of the time
python benchmarks/accuracy/liquid_forms.py --data-dir DATA --profile quick

BIDMC: shuffled windows averaged by 16, root mean squared errors. Five sets of the UCR archive: accuracies.
"""

import argparse
from pathlib import Path

import bidmc
import pandas as pd
from joblib import Parallel, delayed
from runs import QUICK, Rows, fit_and_predict, origin, results_file
from tasks import ACCURACY, Cases, scores

import ssm_estimators
from ssm_estimators.datasets import load_ucr_uea

FORMS = ("none", "kb", "pb", "degree", "exact")
SETS = ("DistalPhalanxTW", "FacesUCR", "GunPointAgeSpan", "MoteStrain", "PowerCons")
BIDMC = bidmc.TASKS["shuffled"]


def run(name, form, seed, args):
    """Scores of one fit on one thread."""
    params = QUICK if args.profile == "quick" else {}
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
    return {"set": name, "form": form, "seed": seed, "profile": args.profile, **found, **seconds, **origin(estimator)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=(*SETS, "BIDMC"), default=[*SETS, "BIDMC"])
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=FORMS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--profile", choices=("quick", "regular"), default="regular")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", type=int, default=2, help="fits at a time")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = Rows(results_file(args, "liquid_forms"), ("set", "form", "seed", "profile"))
    wanted = [(name, form, seed) for form in args.forms for name in args.sets for seed in args.seeds]
    missing = [delayed(run)(*key, args) for key in wanted if not rows.has(*key, args.profile)]
    for row in Parallel(args.jobs, return_as="generator_unordered")(missing):
        rows.add(row)
    frame = pd.DataFrame(rows.rows)
    columns = ["accuracy", *BIDMC.scores, "fit_seconds"]
    print(frame.groupby(["set", "form"], sort=False)[columns].mean().round(4).to_string())


if __name__ == "__main__":
    main()
