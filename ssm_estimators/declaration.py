"""Constructor parameters: declared once, with their constraints and documentation, and joined over base classes."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import wraps
from numbers import Integral
from typing import Any, TypeVar, dataclass_transform

from sklearn.utils._param_validation import Interval

T = TypeVar("T")

# what other packages call parameters of these names
ELSEWHERE = {
    "sp": "season",
    "seasonal_periods": "season",
    "window_length": "window",
    "validation_fraction": "validation",
    "n_iter_no_change": "patience",
    "max_iter": "max_epochs",
    "n_epochs": "max_epochs",
    "learning_rate": "lr",
    "learning_rate_init": "lr",
    "num_kernels": "n_kernels",
}


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
    made = dataclass(kw_only=True, eq=False, repr=False)(cls)
    names = made.__dataclass_fields__  # type: ignore[attr-defined]  # which mypy does not see
    made.__init__ = _refusing_others(made.__init__, names)  # type: ignore[method-assign]
    return made


def _refusing_others(constructor: Callable[..., None], names: Collection[str]) -> Callable[..., None]:
    @wraps(constructor)
    def __init__(self: Any, *args: Any, **params: Any) -> None:  # noqa: N807  # becomes the class's own
        check_names(type(self), params, names)
        constructor(self, *args, **params)

    return __init__


def check_names(cls: type, given: Iterable[str], names: Collection[str]) -> None:
    """Refuse constructor parameters that a class does not have, and say what it calls them.

    Raises
    ------
    TypeError
    """
    for name in given:
        if name not in names:
            ours = ELSEWHERE.get(name)
            remedy = f"it is called {ours}" if ours in names else f"it has {', '.join(names)}"
            raise TypeError(f"{cls.__name__} has no parameter {name!r}; {remedy}.")


def documentation(cls: type, key: str, without: Collection[str] = ()) -> str:
    """What a class and its bases say of their "parameters" or "attributes", perhaps without some of them.

    Defaults of parameters are those that the class has, whatever a base that it shares the text with has.
    """
    texts = [vars(base)[f"_{key}_doc"] for base in cls.__mro__ if f"_{key}_doc" in vars(base)]
    entries = re.split(r"\n    (?=\S)", "\n    ".join(texts))
    kept = [entry for entry in entries if entry and entry.split(" : ")[0] not in without]
    return "\n    ".join(_with_default(cls, entry) if key == "parameters" else entry for entry in kept)


def _with_default(cls: type, entry: str) -> str:
    """An entry, its first line with the default of the parameter, or those of the parameters, that it is about."""
    head, *text = entry.split("\n", 1)
    head = head.split(", default")[0]
    values = [repr(getattr(cls, name)).replace("'", '"') for name in head.split(" : ")[0].split(", ")]
    return "\n".join([f"{head}, default={', '.join(dict.fromkeys(values))}", *text])


def at_least(low: int) -> Interval:
    """Constraint: an integer from ``low`` on."""
    return Interval(Integral, low, None, closed="left")
