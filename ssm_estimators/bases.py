"""scikit-learn's base classes, with types for type checkers.

scikit-learn has none. A class below an untyped one would take any argument, so that a misspelt parameter would pass.
"""

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:

    class BaseEstimator:
        """What of scikit-learn's base class is used; all else is Any."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def __sklearn_tags__(self) -> Any: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __setstate__(self, state: dict[str, Any]) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    class ClassifierMixin:
        """Adds ``score``."""

        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float: ...

    class RegressorMixin(ClassifierMixin):
        """Adds ``score``."""

    class TransformerMixin:
        """Adds ``fit_transform``."""

        def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any: ...
        def set_output(self, *, transform: Any = None) -> Self: ...
else:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin

__all__ = ["BaseEstimator", "ClassifierMixin", "RegressorMixin", "TransformerMixin"]
