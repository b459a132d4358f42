"""Structured state-space models as time-series estimators with the interface of scikit-learn."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ssm_estimators.moved import redirect as _redirect
from ssm_estimators.version import __version__ as __version__

if TYPE_CHECKING:
    from ssm_estimators.estimators import LiquidS4Classifier as LiquidS4Classifier
    from ssm_estimators.estimators import LiquidS4Regressor as LiquidS4Regressor
    from ssm_estimators.estimators import LSSLClassifier as LSSLClassifier
    from ssm_estimators.estimators import LSSLRegressor as LSSLRegressor
    from ssm_estimators.estimators import S4Classifier as S4Classifier
    from ssm_estimators.estimators import S4DClassifier as S4DClassifier
    from ssm_estimators.estimators import S4DRegressor as S4DRegressor
    from ssm_estimators.estimators import S4Regressor as S4Regressor
    from ssm_estimators.estimators import StateSpaceEnsembleClassifier as StateSpaceEnsembleClassifier
    from ssm_estimators.estimators import StateSpaceRidgeClassifier as StateSpaceRidgeClassifier
    from ssm_estimators.estimators import StateSpaceRidgeRegressor as StateSpaceRidgeRegressor

_redirect()

__all__ = [
    "LiquidS4Classifier",
    "LiquidS4Regressor",
    "S4DClassifier",
    "S4DRegressor",
    "S4Classifier",
    "S4Regressor",
    "LSSLClassifier",
    "LSSLRegressor",
    "StateSpaceRidgeClassifier",
    "StateSpaceRidgeRegressor",
    "StateSpaceEnsembleClassifier",
]


def __getattr__(name: str) -> Any:
    """Import the estimators, and PyTorch with them, when one is first asked for."""
    if name in __all__:
        return getattr(import_module("ssm_estimators.estimators"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
