"""The base of all estimators: scikit-learn's, with this package's version in what is saved."""

from typing import Any

from sklearn.base import BaseEstimator

from ssm_estimators.notices import warn
from ssm_estimators.version import __version__

_VERSION = "_ssm_estimators_version"


class Estimator(BaseEstimator):
    """Stores the version with a pickle, and warns where another one loads it.

    Data that are a parameter, as in ``validation=(X, y)``, are not stored with a fitted estimator.
    """

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), _VERSION: __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.pop(_VERSION, "unknown")
        if version != __version__:
            warn(
                f"This {type(self).__name__} was saved by version {version} of ssm_estimators and is loaded by "
                f"{__version__}. Its predictions may differ, or fail: fit it anew where you can."
            )
        super().__setstate__(state)
