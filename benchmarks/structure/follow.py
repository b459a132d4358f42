"""How far a reader travels who follows a fit: calls within the package, and how often one leaves its caller's file.

    python -m benchmarks.structure.follow [--files]

A fit of LiquidS4Classifier (one batch, one epoch) and one of StateSpaceRidgeForecaster are followed by
``sys.setprofile``. A change of file is a call whose code lies in another file than that of the nearest caller of the
package. It lies outside of ``functional`` if the code that is called does. Generated code, of dataclasses for example,
has no file and is passed over.
"""

import argparse
import inspect
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import torch

import ssm_estimators
from ssm_estimators import LiquidS4Classifier
from ssm_estimators.sktime import StateSpaceRidgeForecaster

PACKAGE = str(Path(ssm_estimators.__file__).parent)


def follow(function):
    """Calls, changes of file, and the files, of a call."""
    calls, changes, files, pairs = 0, 0, set(), Counter()
    stack, begun = [], set()

    def watch(frame, event, argument):
        nonlocal calls, changes
        file = frame.f_code.co_filename
        if not file.startswith(PACKAGE):
            return
        if event == "call" and frame in begun:  # a generator that goes on is not called again
            stack.append(file)
        elif event == "call":
            if frame.f_code.co_flags & inspect.CO_GENERATOR:
                begun.add(frame)
            calls += 1
            files.add(file)
            if stack and stack[-1] != file:
                changes += 1
                pairs[stack[-1], file] += 1
            stack.append(file)
        elif event == "return" and stack:
            stack.pop()

    sys.setprofile(watch)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls, changes, files, pairs


def classify():
    X, y = np.random.default_rng(0).normal(size=(8, 1, 40)), np.arange(8) % 2
    estimator = LiquidS4Classifier(d_model=4, n_layers=2, max_epochs=1, batch_size=8, random_state=0, device="cpu")
    return lambda: estimator.fit(X, y)


def forecast():
    y = pd.Series(np.sin(np.arange(120) / 3) + np.random.default_rng(0).normal(size=120) / 10)
    return lambda: StateSpaceRidgeForecaster().fit(y, fh=np.arange(1, 7))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", action="store_true", help="list the changes between files too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for made in (classify, forecast):
        made()()  # what is done once only, the first time
        calls, changes, files, pairs = follow(made())
        row = {"fit": made.__name__, "calls": calls, "changes": changes, "files": len(files)}
        outside = {pair: n for pair, n in pairs.items() if "/functional/" not in pair[1]}
        row["changes outside of functional"] = sum(outside.values())
        row["files outside of functional"] = sum("/functional/" not in file for file in files)
        print(json.dumps(row))
        for (caller, called), n in pairs.most_common() if args.files else ():
            print(f"{n:5}  {caller.removeprefix(PACKAGE)} -> {called.removeprefix(PACKAGE)}")


if __name__ == "__main__":
    main()
