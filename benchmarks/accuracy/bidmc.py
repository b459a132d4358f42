"""BIDMC: three targets from 32 s of two signals, root mean squared errors, one JSON row a run; a killed run goes on.

python benchmarks/accuracy/bidmc.py --data-dir DATA                       # the features, both protocols
python benchmarks/accuracy/bidmc.py --data-dir DATA --model mean --protocol by-patient
"""

import argparse
from pathlib import Path

import numpy as np
from runs import RESULTS, Rows, fit_and_predict, origin
from sklearn.dummy import DummyRegressor

from ssm_estimators import StateSpaceRidgeRegressor
from ssm_estimators.datasets import load_bidmc
from ssm_estimators.datasets.bidmc import TARGETS

PROTOCOLS = ("shuffled", "by-patient")
MODELS = {
    "features": lambda seed, jobs: StateSpaceRidgeRegressor(n_kernels=4000, random_state=seed, n_jobs=jobs),
    "mean": lambda seed, jobs: DummyRegressor(),
}


def run(model, protocol, seed, data_dir, n_jobs):
    """Errors of one fit on all targets; patients are left out together where a penalty is chosen by patient."""
    (X, y, groups), (X_test, y_test, _) = (load_bidmc(s, data_dir, protocol=protocol) for s in ("train", "test"))
    by_patient = model == "features" and protocol == "by-patient"
    estimator = MODELS[model](seed, n_jobs)
    predicted, seconds = fit_and_predict(estimator, X, y, X_test, **({"groups": groups} if by_patient else {}))
    errors = np.sqrt(np.mean((predicted - y_test) ** 2, axis=0))
    row = {"model": model, "protocol": protocol, "seed": seed}
    return {**row, **{name: round(float(e), 4) for name, e in zip(TARGETS, errors, strict=True)}, **seconds, **origin()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder that holds bidmc/")
    parser.add_argument("--model", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--protocol", nargs="+", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--jobs", type=int, default=2, help="threads of the features")
    parser.add_argument("--output", type=Path, default=RESULTS / "bidmc.jsonl")
    args = parser.parse_args()
    rows = Rows(args.output, ("model", "protocol", "seed"))
    for protocol in args.protocol:
        for model in args.model:
            for seed in args.seeds:
                if not rows.has(model, protocol, seed):
                    rows.add(run(model, protocol, seed, args.data_dir, args.jobs))
    for row in rows.rows:
        errors = "  ".join(f"{name} {row[name]:.3f}" for name in TARGETS)
        print(f"{row['model']:10} {row['protocol']:11} seed {row['seed']}  {errors}  {row['fit_seconds']:.0f} s fit")


if __name__ == "__main__":
    main()
