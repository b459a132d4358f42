"""What wraps the public methods of sktime's base class."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from ssm_estimators.environment import shielded
from ssm_estimators.refusal import unchanged_if_refused


def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a public method of sktime's.

    The caller's settings do not reach it, and a refused call changes nothing. Arrays have no times, so they are refused
    where they would have to match those of an earlier call.
    """
    names = {"update": ("y", "X"), "predict": ("X",)}.get(method.__name__.split("_")[0], ())
    inputs = signature(method)

    @wraps(method)
    def call(self: Any, *args: Any, **params: Any) -> Any:
        with unchanged_if_refused(self), shielded():
            given = inputs.bind(self, *args, **params).arguments
            for name in names:
                if isinstance(given.get(name), np.ndarray):
                    raise ValueError(
                        f"{name} is an array, which has no times. Give a Series or a DataFrame with an index."
                    )
            return method(self, *args, **params)

    return call
