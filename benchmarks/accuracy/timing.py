"""Fit and predict times of the features beside aeon's classifiers, one run on one machine; results/ucr_timing.jsonl."""

from pathlib import Path

import pandas as pd
from peers import peer_rows
from runs import RESULTS, Rows
from ucr import KEYS, MODELS, run

OURS = [model for model in MODELS if model.startswith("features")]


def time_beside_peers(data_dir, names, jobs, seed=0):
    """Time all, set by set of ours and then of the peers; print totals and mean accuracies."""
    path = RESULTS / "ucr_timing.jsonl"
    path.unlink(missing_ok=True)  # one run: nothing is taken from an earlier one
    rows = Rows(path, KEYS)
    run(OURS[0], names[0], seed, data_dir, jobs)  # as the peers, warm
    for model in OURS:
        for name in names:
            rows.add(run(model, name, seed, data_dir, jobs))
    files = [str(Path(data_dir).resolve() / "ucr" / f"{name}.npz") for name in names]
    for row in peer_rows(["MultiRocketHydra", "MiniRocket"], files, seed, jobs):
        rows.add(row)
    frame = pd.DataFrame(rows.rows).assign(seconds=lambda rows: rows["fit_seconds"] + rows["predict_seconds"])
    table = frame.groupby("model", sort=False).agg(
        accuracy=("accuracy", "mean"), fit=("fit_seconds", "sum"), predict=("predict_seconds", "sum"),
        seconds=("seconds", "sum"), peak_GB=("peak_GB", "max"),
    )  # fmt: skip
    print(table.assign(of_MultiRocketHydra=table["seconds"] / table.loc["MultiRocketHydra", "seconds"]).round(4))
