"""The search behind the estimators' defaults: named beforehand, scored inside training parts only.

Ten small sets of the UCR archive, none of which sktime bundles. Each setting is trained on half of a set's training
part and scored on the other half (stratified, one split a seed); test parts are never read. Rows go to a JSON-lines
file; a run that was cut off goes on where it stopped.

    python benchmarks/accuracy/defaults.py --data-dir DATA --settings base lr_high --seeds 0
    python benchmarks/accuracy/defaults.py --report
"""

import argparse
import json
import time
from pathlib import Path

import pandas as pd
import torch
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from ssm_estimators import LiquidS4Classifier, LSSLClassifier, S4Classifier, S4DClassifier
from ssm_estimators.datasets import load_ucr_uea

SETS = (
    "BME",
    "Car",
    "ECGFiveDays",
    "Lightning7",
    "Plane",
    "SonyAIBORobotSurface2",
    "SyntheticControl",
    "ToeSegmentation2",
    "Trace",
    "UMD",
)
# of each setting, what differs from the base; the base was fixed before the first run
BASE = {
    "d_model": 64,
    "d_state": 16,
    "n_layers": 3,
    "dropout": 0.1,
    "norm": "batch",
    "prenorm": True,
    "differences": True,
    "pooling": "mean",
    "standardize": "channel",
    "init": "legs",
    "lr": 4e-3,
    "ssm_lr": 1e-3,
    "weight_decay": 0.01,
    "batch_size": 8,
    "max_epochs": 60,
    "longest": 2.0,
}
SETTINGS = {
    "base": {},
    "s4d": {"model": "s4d"},
    "lr_high": {"lr": 1e-2},
    "lr_low": {"lr": 1.5e-3},
    "ssm_lr_high": {"ssm_lr": 4e-3},
    "dropout_0": {"dropout": 0.0},
    "dropout_0.3": {"dropout": 0.3},
    "short_memory": {"longest": 0.1},
    "middle_memory": {"longest": 0.5},
    "no_differences": {"differences": False},
    "series": {"standardize": "series"},
    "max": {"pooling": "max"},
    "lin": {"init": "lin"},
    "inv": {"init": "inv"},
    "layers_2": {"n_layers": 2},
    "layers_4": {"n_layers": 4},
    "state_32": {"d_state": 32},
    "decay_high": {"weight_decay": 0.1},
    "epochs_120": {"max_epochs": 120},
    "batch_16": {"batch_size": 16},
    # second round: what helped, together
    "lin_dropout_0": {"init": "lin", "dropout": 0.0},
    "lin_dropout_0.05": {"init": "lin", "dropout": 0.05},
    "lin_epochs_100": {"init": "lin", "max_epochs": 100},
    # the other models with the defaults that came out
    "default_s4d": {"model": "s4d", "init": "lin", "dropout": 0.05},
    "default_s4": {"model": "s4", "dropout": 0.05},
    "default_lssl": {"model": "lssl", "dropout": 0.05},
    "default_lssl_each": {"model": "lssl", "dropout": 0.05, "shared": False},
    "default_lssl_fixed": {"model": "lssl", "dropout": 0.05, "trainable": "none"},
}
MODELS = {"liquid": LiquidS4Classifier, "s4d": S4DClassifier, "s4": S4Classifier, "lssl": LSSLClassifier}


def run(name: str, setting: dict, seed: int, data_dir: Path) -> dict:
    X, y = load_ucr_uea(name, "train", data_dir)
    X, X_held_out, y, y_held_out = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    params = {**BASE, **setting}
    model = MODELS[params.pop("model", "liquid")]
    params = {key: value for key, value in params.items() if key in (*model().get_params(), "longest")}
    longest = params.pop("longest") * X.shape[-1]  # time constants from 4 samples to this
    clf = model(**params, dt_min=2 / longest, dt_max=0.5, random_state=seed, device="cpu", n_threads=1)
    start = time.perf_counter()
    proba = clf.fit(X, y).predict_proba(X_held_out)
    bounded = proba.clip(1e-4)  # one confident mistake among few cases must not decide
    return {
        "accuracy": float((clf.classes_[proba.argmax(1)] == y_held_out).mean()),
        "log_loss": float(log_loss(y_held_out, bounded / bounded.sum(1, keepdims=True), labels=clf.classes_)),
        "seconds": round(time.perf_counter() - start, 2),
    }


def report(path: Path) -> None:
    rows = pd.read_json(path, lines=True)
    mean = rows.groupby("setting")[["accuracy", "log_loss", "seconds"]].mean()
    mean["runs"] = rows.groupby("setting").size()
    base = rows[rows.setting == "base"].set_index(["set", "seed"])
    paired = rows.join(base[["accuracy", "log_loss"]], on=["set", "seed"], rsuffix="_base")
    for score in ("accuracy", "log_loss"):
        mean[f"{score}_gain"] = (paired[score] - paired[f"{score}_base"]).groupby(paired.setting).mean()
    print(mean.sort_values("accuracy", ascending=False).round(4).to_string())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "results" / "defaults.jsonl")
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    if args.report:
        return report(args.output)
    args.output.parent.mkdir(exist_ok=True)
    done = set()
    if args.output.exists():
        done = {(r["setting"], r["set"], r["seed"]) for r in map(json.loads, args.output.open())}
    for seed in args.seeds:
        for setting in args.settings:
            for name in args.sets:
                if (setting, name, seed) in done:
                    continue
                key = {"setting": setting, "set": name, "seed": seed}
                row = key | run(name, SETTINGS[setting], seed, args.data_dir) | {"torch": torch.__version__}
                with args.output.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    return None


if __name__ == "__main__":
    main()
