"""The base of all estimators: scikit-learn's, with this package's version in what is saved."""

import copy
from typing import Any, Self

from sklearn.utils import Tags
from sklearn.utils._param_validation import validate_parameter_constraints

from ssm_estimators.bases import BaseEstimator, RegressorMixin
from ssm_estimators.notices import warn
from ssm_estimators.version import __version__

_VERSION = "_ssm_estimators_version"
# what a fit learns of the form of X, for the docstrings of estimators that predict
OF_INPUT = """n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted."""


class Estimator(BaseEstimator):
    """Stores the version with a pickle, and warns where another one loads it."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = getattr(self, "missing", "error") == "mask"
        tags.target_tags.multi_output = isinstance(self, RegressorMixin)
        return tags

    def _validate_again(self, *names: str) -> None:
        """Check parameters that predictions use too, which may have been set since the fit."""
        constraints = {name: self._parameter_constraints[name] for name in names}
        validate_parameter_constraints(constraints, self.get_params(deep=False), caller_name=type(self).__name__)

    def __copy__(self) -> Self:
        new: Self = type(self).__new__(type(self))
        new.__dict__.update(vars(self))  # also what a pickle leaves out
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new: Self = type(self).__new__(type(self))
        memo[id(self)] = new
        new.__dict__.update(copy.deepcopy(vars(self), memo))
        return new

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), _VERSION: __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        version = state.pop(_VERSION, "unknown")
        if version != __version__:
            warn(
                f"This {type(self).__name__} was saved by version {version} of ssm_estimators and is loaded by "
                f"{__version__}. Its predictions may differ or fail. Fit it again if you can."
            )
        super().__setstate__(state)
