"""sktime's base classes, with types for type checkers; see :mod:`ssm_estimators.bases`."""

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:

    class BaseObject:
        """What of sktime's base classes is used; all else is Any."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def reset(self) -> Self: ...
        def _check_capabilities(self, X_metadata: dict[str, Any]) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class BaseClassifier(BaseObject):
        """sktime's base class of classifiers."""

        def fit(self, X: Any, y: Any) -> Self: ...
        def predict(self, X: Any) -> Any: ...
        def predict_proba(self, X: Any) -> Any: ...

    class BaseRegressor(BaseObject):
        """sktime's base class of regressors."""

        def fit(self, X: Any, y: Any) -> Self: ...
        def predict(self, X: Any) -> Any: ...

    class BaseForecaster(BaseObject):
        """sktime's base class of forecasters."""

        fit: Any
        predict: Any
        _check_X_y: Any
        _set_cutoff_from_y: Any
        _update_y_X: Any
        _predict_moving_cutoff: Any
else:
    from sktime.classification.base import BaseClassifier
    from sktime.forecasting.base import BaseForecaster
    from sktime.regression.base import BaseRegressor

__all__ = ["BaseClassifier", "BaseForecaster", "BaseRegressor"]
