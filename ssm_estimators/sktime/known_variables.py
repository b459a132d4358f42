"""Variables that are known in the future, by their linear effect at the same time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from ssm_estimators.sktime.frames import check_numbers, like, of_series

Array = NDArray[Any]
Frames = dict[Any, pd.DataFrame]  # one per series

PENALTIES = np.logspace(-4, 4, 17)


@dataclass(frozen=True)
class KnownVariables:
    """What a unit of each known variable adds to each series' column, and the variables as far as they are known.

    Attributes
    ----------
    coef : ndarray of shape (n_variables, n_columns)
    rows : dict of DataFrame
        The variables of each series.
    """

    coef: Array
    rows: Frames

    @classmethod
    def of(cls, y: Frames, X: Frames) -> "KnownVariables":
        """Ridge regression of the differences between neighbouring time points, its penalty by leaving one out."""
        check_once(X)
        changes = np.concatenate([np.diff(_at(key, X.get(key), frame.index, "y"), axis=0) for key, frame in y.items()])
        targets = np.concatenate([np.diff(frame.to_numpy(dtype=float), axis=0) for frame in y.values()])
        if len(changes) == 0:
            raise ValueError("Expected at least two time points of y to learn the effect of X; got one.")
        spread = np.sqrt((changes**2).mean(axis=0))
        spread[spread == 0] = 1.0
        ridge = RidgeCV(PENALTIES, fit_intercept=False, alpha_per_target=True).fit(changes / spread, targets)
        coef = np.reshape(ridge.coef_, (targets.shape[1], -1)).T / spread[:, None]
        return cls(coef, X)

    def joined_with(self, X: Frames, series: Iterable[Any]) -> "KnownVariables":
        """A copy that also holds these rows. Where both have a time, the new row counts."""
        check_once(X)
        if unknown := [key for key in X if key not in self.rows and key not in series]:
            raise ValueError(
                f"Expected X for the series of y; got rows{of_series(unknown[0]) or ' of a single series'}, which y "
                "does not have."
            )
        names = next(iter(self.rows.values())).columns
        rows = dict(self.rows)
        for key, frame in X.items():
            lacking = names.difference(frame.columns, sort=False)
            if len(lacking):
                raise ValueError(f"Expected the columns {list(names)} of the X of fit; X lacks {list(lacking)}.")
            frame = like("X", key, frame, next(iter(rows.values())).index)
            if key in rows:
                before = rows[key]
                frame = pd.concat([before[~before.index.isin(frame.index)], frame[names]])
            rows[key] = frame[names]
        return replace(self, rows=rows)

    def effect(self, key: Any, times: pd.Index, asked_by: str = "fh") -> Array:
        """Of a series' variables at these times, (n_times, n_columns)."""
        return _at(key, self.rows.get(key), times, asked_by) @ self.coef

    def without(self, key: Any, y: pd.DataFrame) -> pd.DataFrame:
        """A series less the effect."""
        rest = y - self.effect(key, y.index, "y")
        check_numbers("y less the effect of X", rest, key)
        return rest


def check_once(X: Frames) -> None:
    """Refuse times that are there twice."""
    for key, frame in X.items():
        if frame.index.has_duplicates:
            raise ValueError(
                f"Expected one row of X a time{of_series(key)}; there are more of "
                f"{frame.index[frame.index.duplicated()][0]}."
            )


def _at(key: Any, X: pd.DataFrame | None, times: pd.Index, asked_by: str) -> Array:
    """Values at these times."""
    position = np.full(len(times), -1) if X is None else X.index.get_indexer(times)
    lacking = times[position < 0]
    if X is None or len(lacking):
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise ValueError(
            f"X must have a row for every time of {asked_by}{of_series(key)}; it lacks {lacking[0]}{more}. Rows of the "
            "future may be given to fit, update or predict."
        )
    return X.iloc[position].to_numpy(dtype=float)
