"""Constructor parameters: what the documentation says of them, and what a wrong name is told."""

import inspect
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.base import clone

import ssm_estimators
import ssm_estimators.sktime
from ssm_estimators.functional.systems.discretize import DISCRETIZATIONS
from ssm_estimators.functional.systems.hippo import SPECTRA
from ssm_estimators.layers.liquid_s4 import FORMS
from ssm_estimators.layers.lssl import TRAINABLE
from ssm_estimators.networks.modules import NORMS
from ssm_estimators.networks.network import POOLINGS
from ssm_estimators.random_features import StateSpaceFeatures

ROOT = Path(__file__).parents[1]

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


def test_docstrings_are_those_of_the_declarations():
    done = subprocess.run([sys.executable, ROOT / "docs" / "docstrings.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_stale_docstring_is_found(tmp_path):
    """Where a default, or a text, is changed in the source."""
    module = runpy.run_path(str(ROOT / "docs" / "docstrings.py"))
    path = Path(inspect.getsourcefile(ssm_estimators.S4DClassifier))
    text = path.read_text()
    for old, new in (("d_model : int, default=64", "d_model : int, default=65"), ("Residual blocks.", "Blocks.")):
        changed = tmp_path / "changed.py"
        changed.write_text(text.replace(old, new))
        assert changed.read_text() != text
        assert module["written"](changed, [ssm_estimators.S4DClassifier]) != changed.read_text()


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_few_classes_of_ours_stand_above_a_public_one(cls):
    ours = [base for base in cls.__mro__[1:] if base.__module__.startswith("ssm_estimators")]
    assert len(ours) <= 5


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_the_source_of_a_class_shows_all_its_parameters(cls):
    source = inspect.getsource(cls)
    for name in inspect.signature(cls).parameters:
        assert re.search(rf"^    {name} : .*default=", source, re.MULTILINE)


def test_choices_are_those_that_there_are():
    for name, known in {
        "norm": NORMS, "pooling": POOLINGS, "init": SPECTRA, "discretization": DISCRETIZATIONS, "liquid": FORMS,
    }.items():  # fmt: skip
        assert _choices(ssm_estimators.LiquidS4Classifier, name) == set(known)
    assert _choices(ssm_estimators.LSSLClassifier, "trainable") == set(TRAINABLE)


def _choices(cls, name):
    [options] = cls._parameter_constraints[name]
    return options.options


def test_type_checkers_refuse_what_is_no_parameter(tmp_path):
    calls = {
        "LiquidS4Classifier(lr=0.1)": "",
        "S4DForecaster(horizon=3, d_model=8)": "",
        'S4DRegressor(missing="mask")': "",
        "LiquidS4Classifier(lrr=0.1)": 'Unexpected keyword argument "lrr"',
        "S4DForecaster(nonsense=3)": 'Unexpected keyword argument "nonsense"',
        "S4DRegressor(warm_start=True)": 'Unexpected keyword argument "warm_start"',
        'LiquidS4Classifier(norm="bach")': "incompatible type",
        'LiquidS4Classifier(d_model="wide")': "incompatible type",
    }
    script = tmp_path / "calls_of_a_user.py"
    imports = (
        "from ssm_estimators import LiquidS4Classifier\nfrom ssm_estimators.sktime import S4DForecaster, S4DRegressor\n"
    )
    script.write_text(imports + "\n".join(calls) + "\n")
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    for line, message in enumerate(calls.values(), start=3):
        # mypy repeats what it knows of this file from an earlier run, under the folder of that run
        errors = [text for text in done.stdout.splitlines() if f"{script.name}:{line}: error" in text]
        assert bool(errors) == bool(message), done.stdout
        assert all(message in error for error in errors)
