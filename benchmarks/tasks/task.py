"""A task, its cases, and how predictions of it are scored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

ACCURACY = ("accuracy",)


class Cases(NamedTuple):
    """Training and test part of a task."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    groups: np.ndarray | None = None
    synthetic: bool = False  # a stand-in for data that is not in the folder
    X_coarse: np.ndarray | None = None  # every second sample of the test cases


@dataclass(frozen=True)
class Task:
    """What to fit on what; ``load(data_dir, profile)`` returns the cases."""

    load: Callable[[Path, str], Cases]
    params: dict[str, dict]  # of the networks, by profile
    kind: str = "Classifier"
    scores: tuple[str, ...] = ACCURACY  # or targets, each with its root mean squared error
    n_tokens: int = 0  # more than none: cases are texts
    ends_differ: bool = False  # NaN lies past the end of a case
    baselines: dict[str, Callable] = field(default_factory=dict)  # of this task alone


def params_of(paper, quick, regular, **shared):
    """Parameters of the networks by profile: the defaults but ``shared`` for so many epochs, or the paper's."""
    return {"quick": {"max_epochs": quick, **shared}, "regular": {"max_epochs": regular, **shared}, "full": paper}


def scores(names, predicted, y):
    """Accuracy, or the root mean squared error of each target, by name."""
    if names == ACCURACY:
        return {"accuracy": round(float(np.mean(predicted == y)), 4)}
    errors = np.sqrt(np.mean((predicted - y) ** 2, axis=0))
    return {name: round(float(error), 4) for name, error in zip(names, errors, strict=True)}


def widened(X, n_timepoints):
    """Cases with NaN past their ends, up to so many points."""
    return np.pad(X, ((0, 0), (0, 0), (0, n_timepoints - X.shape[-1])), constant_values=np.nan)
