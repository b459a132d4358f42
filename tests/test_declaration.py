"""Constructor parameters: what the documentation says of them, and what a wrong name is told."""

import inspect
import re

import pytest
from sklearn.base import clone

import ssm_estimators
import ssm_estimators.sktime
from ssm_estimators.random_features import StateSpaceFeatures

CLASSES = [
    *(getattr(ssm_estimators, name) for name in ssm_estimators.__all__),
    StateSpaceFeatures,
    *(value for value in vars(ssm_estimators.sktime).values() if inspect.isclass(value)),
]
CALLED = {
    "sp": "season",
    "validation_fraction": "validation",
    "n_iter_no_change": "patience",
    "max_iter": "max_epochs",
    "learning_rate": "lr",
}


def documented(cls):
    """Parameters and their defaults, as the docstring has them."""
    section = re.search(r"Parameters\n +-+\n(.*?)\n\n", cls.__doc__, re.DOTALL)[1]
    entries = re.findall(r"^    (\w.*?) : .*, default=(.*)$", section, re.MULTILINE)
    found = {}
    for names, text in entries:
        default = eval(text)
        names = names.split(", ")
        several = isinstance(default, tuple) and len(names) > 1
        found.update(zip(names, default if several else [default] * len(names), strict=True))
    return found


def test_all_public_classes_are_here():
    assert len(CLASSES) == 11 + 1 + 15


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_documented_defaults_are_the_real_ones(cls):
    real = {name: parameter.default for name, parameter in inspect.signature(cls).parameters.items()}
    assert documented(cls) == real


def test_defaults_of_deep_forecasters_are_their_own():
    doc = ssm_estimators.sktime.S4DForecaster.__doc__
    for text in ("d_model : int, default=32", 'max_epochs : int or "auto", default=20', "patience : int, default=5"):
        assert text in doc


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_a_wrong_name_is_told_the_right_one(cls):
    for name, ours in CALLED.items():
        remedy = f"it is called {ours}" if ours in inspect.signature(cls).parameters else "it has "
        with pytest.raises(TypeError, match=f"{cls.__name__} has no parameter '{name}'; {remedy}"):
            cls(**{name: 1})
    with pytest.raises(TypeError, match=r"has no parameter 'no_such_parameter'; it has .*random_state"):
        ssm_estimators.S4DClassifier(no_such_parameter=1)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_parameters_can_be_read_set_and_cloned(cls):
    name = next(iter(cls().get_params(deep=False)))
    estimator = cls().set_params(**{name: 77})
    assert clone(estimator).get_params(deep=False)[name] == 77
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        cls(3)
