"""What the sktime estimators share: they hold the parameters, and an estimator of this package does the work."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

from ssm_estimators.declaration import check_names, documentation
from ssm_estimators.estimators.base import without_validation_data
from ssm_estimators.estimators.tasks import USABLE_AFTER

C = TypeVar("C", bound=type)
NOT_OFFERED = ("warm_start",)  # sktime's fit forgets what was fitted before


def delegates_to(estimator: type[BaseEstimator], **defaults: Any) -> Callable[[C], C]:
    """Give a class an estimator to fit, its constructor, perhaps with other defaults, and its documentation.

    In the class's docstring, ``{sections}`` becomes its base's ``_sections_doc``.
    """
    # what is ignored for mypy: it cannot know attributes and constructors that are set on a class here

    def decorate(cls: C) -> C:
        cls._estimator_class = estimator  # type: ignore[attr-defined]
        parameters = [
            parameter.replace(default=defaults.get(name, parameter.default))
            for name, parameter in inspect.signature(estimator).parameters.items()
            if name not in NOT_OFFERED
        ]
        itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        signature = inspect.Signature([itself, *parameters])

        def __init__(self: Any, **params: Any) -> None:  # noqa: N807  # becomes the class's own
            check_names(cls, params, list(signature.parameters)[1:])
            bound = signature.bind(self, **params)
            bound.apply_defaults()
            for name, value in list(bound.arguments.items())[1:]:
                setattr(self, name, value)
            super(cls, self).__init__()  # type: ignore[arg-type]

        __init__.__signature__ = signature  # type: ignore[attr-defined]
        cls.__init__ = __init__  # type: ignore[misc]
        sections: str = cls._sections_doc  # type: ignore[attr-defined]
        filling = {
            "parameters": documentation(estimator, "parameters", (*NOT_OFFERED, *defaults)),
            "small": "n_kernels=64" if is_ridge(estimator) else "d_model=8, n_layers=1, max_epochs=30",
            "example": getattr(cls, "_example_params", ""),
            "estimator": estimator.__name__,
            "name": cls.__name__,
        }
        for name, text in filling.items():
            sections = sections.replace(f"{{{name}}}", text)
        cls.__doc__ = (cls.__doc__ or "").replace("{sections}", sections)
        return cls

    return decorate


def is_ridge(estimator: type[BaseEstimator]) -> bool:
    """Whether an estimator draws random kernels and trains no network."""
    return "n_kernels" in inspect.signature(estimator).parameters


SECTIONS = """Series may be multivariate, of unequal length and, with ``missing="mask"``, have missing values.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimator_ : {estimator}
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    """


class Delegation:
    """Fits an estimator of this package; stands left of sktime's base class.

    It also lets scikit-learn 1.9 take sktime's estimators, which lack ``__sklearn_tags__`` and whose ``reset`` deletes
    what a search or a pipeline has just handed them.
    """

    _estimator_class: ClassVar[type[Any]]
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
        estimator = self._estimator_class(**self.get_params(deep=False))
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
        if is_ridge(cls._estimator_class):
            return [{"n_kernels": 64, "random_state": 0}, {"n_kernels": 32, "n_windows": 1, "missing": "mask"}]
        small = {"d_model": 8, "d_state": 4, "n_layers": 1, "max_epochs": 2, "random_state": 0, "device": "cpu"}
        return [small, {**small, "norm": "layer", "missing": "mask", "random_state": 1}]
