"""What the classifiers and regressors with sktime's interface share: an estimator of this package does the work."""

from typing import Any, ClassVar

import numpy as np
from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

from ssm_estimators.declaration import declared, parameters
from ssm_estimators.estimators.deep import USABLE_AFTER, without_validation_data
from ssm_estimators.estimators.parameters import (
    Input,
    Missing,
    NetworkParameters,
    NTokens,
    Standardize,
    Validation,
)


@parameters
class DeepParameters(NetworkParameters):
    """Parameters of a network, its training and its cases; sktime's ``fit`` never goes on from an earlier one."""

    validation: Validation = "auto"
    missing: Missing = "error"
    standardize: Standardize = "auto"
    input: Input = "values"
    n_tokens: NTokens = "auto"


class SeriesAdapter:
    """Fits an estimator of this package; stands left of sktime's base class.

    It also lets scikit-learn 1.9 take sktime's estimators, which lack ``__sklearn_tags__`` and whose ``reset`` deletes
    what a search or a pipeline has just handed them.
    """

    _estimator: ClassVar[type[Any]]
    _attributes_doc: ClassVar[str] = """estimator_ : estimator
        The fitted estimator of ``ssm_estimators``."""
    _tags: ClassVar[dict[str, Any]] = {
        "X_inner_mtype": ["df-list", "numpy3D"],  # what is neither becomes the first
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "capability:missing_values": True,
        "capability:categorical_in_X": False,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "authors": ["ssm_estimators developers"],
        "maintainers": ["ssm_estimators developers"],
    }

    def __post_init__(self: Any) -> None:
        """Missing values are accepted with ``missing="mask"``."""
        self.set_tags(**{"capability:missing_values": self.missing == "mask"})

    def __sklearn_tags__(self: Any) -> Tags:
        kind = self.get_tag("object_type")
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            input_tags=InputTags(three_d_array=True, allow_nan=self.get_tag("capability:missing_values")),
        )

    def reset(self: Any) -> Any:
        """As sktime's, but for what scikit-learn's searches and pipelines set before ``fit`` and delete after it."""
        context = vars(self).get("_parent_callback_ctx")
        super().reset()  # type: ignore[misc]  # of sktime's base class, to the right of this one
        if context is not None:
            self._parent_callback_ctx = context
        return self

    def _check_capabilities(self: Any, X_metadata: dict[str, Any]) -> None:
        """As sktime's, and says what accepts missing values."""
        if X_metadata["has_nans"] and self.missing == "error":
            raise ValueError(
                f"X contains NaN, missing values that {type(self).__name__} refuses. missing='mask' accepts them."
            )
        super()._check_capabilities(X_metadata)  # type: ignore[misc]  # of sktime's base class

    def _fit(self: Any, X: Any, y: np.ndarray) -> Any:
        estimator = self._estimator(**self.get_params(deep=False))
        try:
            self.estimator_ = estimator.fit(X, y)
        except USABLE_AFTER:
            self.estimator_, self._is_fitted = estimator, True
            raise
        return self

    def __getstate__(self: Any) -> dict[str, Any]:
        """Less the data of ``validation=(X, y)`` once fitted, as of the estimator."""
        return without_validation_data(dict(vars(self)), "estimator_")

    def _predict(self: Any, X: Any) -> np.ndarray:
        return self.estimator_.predict(X)

    @classmethod
    def get_test_params(cls: Any, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Two small settings.

        Parameters
        ----------
        parameter_set : str
            Not used.

        Returns
        -------
        list of dict
        """
        if "n_kernels" in declared(cls):
            return [{"n_kernels": 64, "random_state": 0}, {"n_kernels": 32, "n_windows": 1, "missing": "mask"}]
        small = {"d_model": 8, "d_state": 4, "n_layers": 1, "max_epochs": 2, "random_state": 0, "device": "cpu"}
        return [small, {**small, "norm": "layer", "missing": "mask", "random_state": 1}]
