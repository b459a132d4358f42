"""Log loss of the ridge's probabilities beside a logistic head on the same features; one JSON row per run.

The ridge calibrates one factor on left-out cases; the head is scikit-learn's LogisticRegression on scaled features,
its C chosen by five-fold cross-validation. Fitted on the training parts, scored on the test parts.

    python -m benchmarks.accuracy.calibration --data-dir DATA
"""

import time

import numpy as np
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harness.arguments import arguments
from benchmarks.harness.origin import origin
from benchmarks.harness.rows import Rows
from ssm_estimators import StateSpaceRidgeClassifier
from ssm_estimators.datasets import load_ucr_uea
from ssm_estimators.random_features import StateSpaceFeatures

SETS = ("DistalPhalanxTW", "Earthquakes", "Ham", "MiddlePhalanxOutlineCorrect", "PowerCons", "SyntheticControl",
        "Worms")  # fmt: skip
KERNELS = 500


def heads(seed):
    logistic = LogisticRegressionCV(Cs=np.logspace(-5, 0, 6), cv=5, max_iter=200, scoring="neg_log_loss")
    features = StateSpaceFeatures(n_kernels=KERNELS, random_state=seed)
    return {
        "ridge": StateSpaceRidgeClassifier(n_kernels=KERNELS, random_state=seed),
        "logistic": make_pipeline(features, StandardScaler(), logistic),
    }


def run(head, name, seed, data_dir):
    (X, y), (X_test, y_test) = (load_ucr_uea(name, split, data_dir) for split in ("train", "test"))
    start = time.perf_counter()
    clf = heads(seed)[head].fit(X, y)
    proba = clf.predict_proba(X_test)
    return {
        "log_loss": round(log_loss(y_test, proba, labels=clf.classes_), 4),
        "accuracy": round(float(np.mean(clf.classes_[proba.argmax(1)] == y_test)), 4),
        "seconds": round(time.perf_counter() - start, 1),
        **origin(),
    }


def main():
    args = arguments(__doc__, "data_dir", "output", sets={"default": SETS}, seeds={"default": [0]})
    rows = Rows.of_study(args, "head", "set", "seed")
    wanted = [(head, name, seed) for seed in args.seeds for name in args.sets for head in heads(seed)]
    rows.add_missing(wanted, run, args.data_dir)
    for head in heads(0):
        print(
            f"{head:9} log loss {rows.mean('log_loss', head=head):.4f}  accuracy {rows.mean('accuracy', head=head):.4f}"
        )


if __name__ == "__main__":
    main()
