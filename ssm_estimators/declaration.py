"""Constructor parameters: declared once, with their constraints and documentation, and joined over base classes."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from numbers import Integral
from typing import TypeVar, dataclass_transform

from sklearn.utils._param_validation import Interval

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, eq_default=False)
def parameters(cls: type[T]) -> type[T]:
    """Make a class's annotated defaults keyword parameters of its constructor, after those of its bases.

    The constraints in its ``_constraints`` join those of its bases. In its docstring, ``{parameters}`` and
    ``{attributes}`` become what it and its bases say of them, model first, and ``{example}`` its task's.
    """
    if cls.__doc__:
        for key in ("parameters", "attributes", "example"):
            text = documentation(cls, key).replace("{name}", cls.__name__)
            cls.__doc__ = cls.__doc__.replace(f"{{{key}}}", text)
    constraints = {}
    for base in reversed(cls.__mro__):
        constraints.update(vars(base).get("_constraints", {}))
    cls._parameter_constraints = constraints  # type: ignore[attr-defined]  # scikit-learn's
    return dataclass(kw_only=True, eq=False, repr=False)(cls)


def documentation(cls: type, key: str, without: Collection[str] = ()) -> str:
    """What a class and its bases say of their "parameters" or "attributes", perhaps without some of them."""
    texts = [vars(base)[f"_{key}_doc"] for base in cls.__mro__ if f"_{key}_doc" in vars(base)]
    entries = re.split(r"\n    (?=\S)", "\n    ".join(texts))
    return "\n    ".join(entry for entry in entries if entry.split(" : ")[0] not in without)


def at_least(low: int) -> Interval:
    """Constraint: an integer from ``low`` on."""
    return Interval(Integral, low, None, closed="left")
