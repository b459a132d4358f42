"""What makes the deep classifiers better, asked of training parts only; what came out is in deep_search.md.

Sets of the UCR archive that the search may look at (``searched``); a setting is trained on two thirds of a set's
training part and scored on the rest, one stratified split a seed. Test parts are never read. Rows go to a JSON-lines
file; a run that was cut off goes on where it stopped.

    python -m benchmarks.accuracy.deep_search --data-dir DATA --settings base ema --seeds 0
    python -m benchmarks.accuracy.deep_search --data-dir DATA --report
"""

import copy
import warnings

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import log_loss
from skorch.callbacks import Callback

import ssm_estimators
from benchmarks.accuracy.ucr_sets import equal_length_sets, searched, summary
from benchmarks.harness.arguments import parser
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows, fit_and_predict
from ssm_estimators.datasets import load_ucr_uea
from ssm_estimators.estimators.deep import default_batches

KEYS = ("setting", "set", "seed")
LARGEST = 80_000  # time points of a training part


class Averaged(Callback):
    """Exponential mean of the weights over steps, which the network has in the end."""

    def __init__(self, share=0.1):
        self.share = share  # of the training, over which the mean reaches back

    def on_train_begin(self, net, X=None, **kwargs):
        n_steps = net.max_epochs * len(X.batches(net.batch_size))
        self.decay_ = 1 - 1 / max(2.0, self.share * n_steps)
        self.mean_ = copy.deepcopy(net.module_.state_dict())
        self.n_ = 0

    def on_batch_end(self, net, training=True, **kwargs):
        if training:
            self.n_ += 1
            decay = min(self.decay_, self.n_ / (self.n_ + 9))
            for name, value in net.module_.state_dict().items():
                if torch.is_tensor(value) and value.is_floating_point():
                    self.mean_[name].lerp_(value, 1 - decay)
                else:
                    self.mean_[name] = copy.deepcopy(value)

    def on_train_end(self, net, **kwargs):
        net.module_.load_state_dict(self.mean_)


class Augmented(Callback):
    """Batches changed at random: scaled, noisy, and stretched or shifted in time."""

    def __init__(self, scale=0.0, noise=0.0, stretch=0.0, shift=0.0):
        self.scale, self.noise, self.stretch, self.shift = scale, noise, stretch, shift

    def on_batch_begin(self, net, batch=None, training=True, **kwargs):
        if not training:
            return
        X = batch[0]["X"]
        n, _, L = X.shape
        draw = net.generator_
        if self.stretch or self.shift:
            factor = 1 + self.stretch * (2 * torch.rand(n, 1, generator=draw) - 1)
            moved = self.shift * L * (2 * torch.rand(n, 1, generator=draw) - 1)
            place = ((torch.arange(L) - L / 2) * factor + L / 2 + moved).clamp(0, L - 1)
            low = place.floor().long().clamp(max=L - 2)
            share = (place - low)[:, None]
            low = low[:, None].expand(-1, X.shape[1], -1)
            X.copy_(torch.lerp(X.gather(2, low), X.gather(2, low + 1), share))
        if self.scale:
            X.mul_(1 + self.scale * torch.randn(n, 1, 1, generator=draw))
        if self.noise:
            X.add_(self.noise * X.std((0, 2), keepdim=True) * torch.randn(X.shape, generator=draw))


# what the search began with; "long": time constants to twice the series, 30 to 60 epochs or the given steps
BASE = {"standardize": "channel", "long": True}
MEAN = {"callbacks": [Averaged()]}
LONGER = {**MEAN, "steps": 700}
SMOOTH = {"net_params": {"criterion__label_smoothing": 0.1}}
SETTINGS = {
    "default": {},
    "base": BASE,
    "liquid": {**BASE, "class": "LiquidS4"},
    "ema": {**BASE, **MEAN},
    "ema_all": {**BASE, "callbacks": [Averaged(), Augmented(0.1, 0.05, 0.1, 0.05)]},
    "deviation": {**BASE, **MEAN, "deviation": True},
    "deviation_smooth": {**BASE, **MEAN, **SMOOTH, "deviation": True},
    "steps_1000": {**BASE, **MEAN, "steps": 1000},
    "steps_1000_deviation": {**BASE, **MEAN, "steps": 1000, "deviation": True},
    "steps_700": {**BASE, **LONGER},
    "steps_700_S4": {**BASE, **LONGER, "class": "S4"},
    "steps_700_timepoint": {**BASE, **LONGER, "standardize": "timepoint"},
    "steps_700_short": {**BASE, **LONGER, "dt_min": 0.01},
    "steps_700_shorter": {**BASE, **LONGER, "dt_min": 0.03},
}


def held_out_cases(y, seed):
    """A third of each class, at least one case of every class that has two."""
    held_out, random = np.zeros(len(y), dtype=bool), np.random.default_rng(seed)
    for label in np.unique(y):
        members = random.permutation(np.flatnonzero(y == label))
        held_out[members[: max(len(members) // 3, len(members) > 1)]] = True
    return held_out


def run(setting, name, seed, data_dir):
    """Scores of one fit, on one thread."""
    X, y = load_ucr_uea(name, "train", data_dir)
    held_out = held_out_cases(y, seed)
    X, X_held_out, y, y_held_out = X[~held_out], X[held_out], y[~held_out], y[held_out]
    params = {**SETTINGS[setting], "random_state": seed, "n_threads": 1, "device": "cpu"}
    model = getattr(ssm_estimators, params.pop("class", "S4D") + "Classifier")
    if params.pop("long", False):
        n_batches = -(-len(y) // default_batches(len(y))[0])
        n_epochs = int(np.clip(60_000 / len(y), 30, 60))
        params["max_epochs"] = max(n_epochs, params.pop("steps", 0) // n_batches)
        params.setdefault("dt_min", 1 / X.shape[-1])
    if params.pop("deviation", False):  # from the mean of the training series at the same time point, one channel more
        mean = X.mean(0)
        X, X_held_out = (np.concatenate([part, part - mean], axis=1) for part in (X, X_held_out))
    clf = model(**copy.deepcopy(params))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        proba, seconds = fit_and_predict(clf, X, y, X_held_out, "predict_proba")
    predicted = clf.classes_[proba.argmax(1)]
    proba = proba.clip(1e-4)  # one confident mistake among few cases must not decide
    return {
        "accuracy": round(float(np.mean(predicted == y_held_out)), 4),
        "log_loss": round(float(log_loss(y_held_out, proba / proba.sum(1, keepdims=True), labels=clf.classes_)), 4),
        **seconds,
        **origin(),
    }


def report(rows, other):
    """Means of each setting, and of the differences from another one, over the sets and seeds that both have."""
    frame = pd.DataFrame(rows.rows).drop_duplicates([*KEYS]).set_index([*KEYS])
    wide = frame["accuracy"].unstack("setting")
    loss = frame["log_loss"].unstack("setting")
    gain, loss_gain = (values.sub(values.get(other, np.nan), axis=0) for values in (wide, loss))
    table = pd.DataFrame(
        {
            "runs": wide.count(),
            "accuracy": wide.mean(),
            "of both": gain.count(),
            "gain": gain.mean(),
            "error of gain": gain.std() / np.sqrt(gain.count()),
            "log loss": loss.mean(),
            "change": loss_gain.mean(),
            "seconds": frame["fit_seconds"].unstack("setting").mean(),
        }
    )
    print(table.sort_values("gain", ascending=False).round(4).to_string())


def main():
    options = parser(
        __doc__,
        *("data_dir", "jobs", "output"),
        settings={"nargs": "+", "choices": SETTINGS, "default": list(SETTINGS), "help": "settings to compare"},
        seeds={"default": [0]},
        sets={"help": "data sets to run on; by default the smaller ones that may be looked at", "default": None},
        report={"action": "store_true", "help": "run nothing"},
        against={"choices": SETTINGS, "default": "base", "help": "what the report compares to"},
    )
    args = options.parse_args()
    rows = Rows.of_study(args, *KEYS)
    if args.report:
        return report(rows, args.against)
    counts = summary(args.data_dir)
    small = counts.index[counts["n_train"] * counts["T"] <= LARGEST]
    may_be_seen = [name for name in equal_length_sets(args.data_dir) if searched(name)]
    if args.sets and (unseen := set(args.sets) - set(may_be_seen)):
        options.error(f"{sorted(unseen)} are kept from the search")
    names = args.sets or [name for name in may_be_seen if name in small]
    for setting in args.settings:
        wanted = [(setting, name, seed) for seed in args.seeds for name in names]
        rows.add_missing(wanted, run, args.data_dir.resolve(), jobs=args.jobs)
    return report(rows, args.against)


if __name__ == "__main__":
    main()
