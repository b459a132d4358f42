"""Constructor parameters: one static declaration each, from which constructor, constraints and documentation follow.

A parameter is an annotated default in the body of a class that is decorated with :func:`parameters`::

    lr: Annotated[float, POSITIVE, Doc("Highest learning rate of the network.")] = 4e-3
    norm: Annotated[Literal["batch", "layer"], Doc("Normalisation in each block.")] = "batch"

Type checkers read the constructor from it. ``docs/docstrings.py`` writes the entries of the public classes' docstrings.
"""

import inspect
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, dataclass_transform, get_args, get_origin

from sklearn.utils._param_validation import Interval, Options, StrOptions

T = TypeVar("T")

POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")

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


@dataclass(frozen=True)
class Doc:
    """What the documentation says of a parameter.

    Attributes
    ----------
    text : str
    kind : str or None
        What it takes, in words, where the annotation does not say that.
    """

    text: str
    kind: str | None = None


def at_least(low: int) -> Interval:
    """Constraint: an integer from ``low`` on."""
    return Interval(Integral, low, None, closed="left")


@dataclass_transform(kw_only_default=True, eq_default=False)
def parameters(cls: type[T]) -> type[T]:
    """Give a class a constructor that takes its declared parameters, and those of its bases, by keyword.

    The constructor only stores them, and calls that of the bases.
    """
    annotations = declared(cls)
    defaults = {name: getattr(cls, name) for name in annotations}

    def __init__(self: Any, **params: Any) -> None:  # noqa: N807  # becomes the class's own
        constructors = (vars(base).get("__init__") for base in type(self).__mro__)
        if next(made for made in constructors if hasattr(made, "stores")) is __init__:  # not one of its bases'
            check_names(type(self), params, defaults)
            for name, default in defaults.items():
                setattr(self, name, params.get(name, default))
        super(cls, self).__init__()  # sktime's, where that is a base

    keyword = inspect.Parameter.KEYWORD_ONLY
    taken = [inspect.Parameter(name, keyword, default=value) for name, value in defaults.items()]
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([itself, *taken])  # type: ignore[attr-defined]  # of any function
    __init__.stores = True  # type: ignore[attr-defined]  # of any function
    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = __init__  # type: ignore[method-assign]  # type checkers read it from the annotations
    cls._parameter_constraints = {  # type: ignore[attr-defined]  # scikit-learn's
        name: _constraints(annotation) for name, annotation in annotations.items()
    }
    return cls


def declared(cls: type) -> dict[str, Any]:
    """Annotations of the parameters of a class: those of its bases from left to right, and then its own."""
    found: dict[str, Any] = {}
    for base in cls.__bases__:
        found = {**found, **{name: value for name, value in declared(base).items() if name not in found}}
    own = inspect.get_annotations(cls)
    return found | {name: value for name, value in own.items() if _doc(value) is not None}


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


def entry(cls: type, name: str) -> tuple[str, str]:
    """The first line of a parameter's entry in a numpydoc docstring, and its text."""
    annotation = declared(cls)[name]
    doc, default = _doc(annotation), repr(getattr(cls, name)).replace("'", '"')
    assert doc is not None
    return f"{name} : {doc.kind or _in_words(annotation)}, default={default}", doc.text


def _doc(annotation: Any) -> Doc | None:
    metadata = getattr(annotation, "__metadata__", ())
    return next((item for item in metadata if isinstance(item, Doc)), None)


def _alternatives(annotation: Any) -> list[Any]:
    """The types of a parameter's union, or the only one."""
    bare = get_args(annotation)[0]
    return [*get_args(bare)] if get_origin(bare) in (Union, UnionType) else [bare]


def _constraints(annotation: Any) -> list[Any]:
    """What scikit-learn's validation checks: choices, None and flags by the type, all else by what stands beside it."""
    beside = [item for item in annotation.__metadata__ if not isinstance(item, Doc)]
    found: list[Any] = []
    for kind in _alternatives(annotation):
        if kind is NoneType:
            found.insert(0, None)
        elif kind is bool:
            found.append("boolean")
        elif get_origin(kind) is Literal:
            words = {value for value in get_args(kind) if isinstance(value, str)}
            found += [StrOptions(words)] if words else []
            found += [Options(type(value), {value}) for value in get_args(kind) if value not in words]
        elif not beside:
            found.append(get_origin(kind) or kind)
    return [*found, *beside]


def _in_words(annotation: Any) -> str:
    """A type as numpydoc names it, such as ``int or "auto"``."""
    alternatives, words = _alternatives(annotation), []
    for kind in alternatives:
        if get_origin(kind) is Literal:
            values = [repr(value).replace("'", '"') for value in get_args(kind)]
            words.append(values[0] if len(values) == 1 else f"{{{', '.join(values)}}}")
        else:
            words.append("None" if kind is NoneType else (get_origin(kind) or kind).__name__)
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
