"""Variables that are known in the future, by their linear effect at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

Array = NDArray[Any]

PENALTIES = np.logspace(-4, 4, 17)


@dataclass(frozen=True)
class KnownVariables:
    """What a unit of each known variable adds to each series' column.

    Attributes
    ----------
    names : list
        Columns of X.
    coef : ndarray of shape (n_variables, n_columns)
    """

    names: list[Any]
    coef: Array

    @classmethod
    def of(cls, y: Sequence[pd.DataFrame], X: Sequence[pd.DataFrame]) -> "KnownVariables":
        """Ridge regression of the differences between neighbouring time points, its penalty by leaving one out."""
        changes = np.concatenate([np.diff(_numbers(x), axis=0) for x in X])
        targets = np.concatenate([np.diff(frame.to_numpy(dtype=float), axis=0) for frame in y])
        spread = np.sqrt((changes**2).mean(axis=0))
        spread[spread == 0] = 1.0
        ridge = RidgeCV(PENALTIES, fit_intercept=False, alpha_per_target=True).fit(changes / spread, targets)
        coef = np.reshape(ridge.coef_, (targets.shape[1], -1)).T / spread[:, None]
        return cls(list(X[0].columns), coef)

    def effect(self, X: pd.DataFrame | None, index: pd.Index) -> Array:
        """(n_times, n_columns) at these times, which X must have."""
        if X is None:
            raise ValueError(
                f"The forecaster was fitted with X; predict needs its columns {self.names} at every time of fh."
            )
        lacking = index.difference(X.index)
        if len(lacking):
            more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise ValueError(f"X must have a row for every time of fh; it lacks {lacking[0]}{more}.")
        return _numbers(X.loc[index, self.names]) @ self.coef

    def without(self, y: pd.DataFrame, X: pd.DataFrame | None) -> pd.DataFrame:
        """Series less the effect."""
        return y - self.effect(X, y.index)


def _numbers(X: pd.DataFrame) -> Array:
    return X.to_numpy(dtype=float)
