"""Whether the tests of options notice parameters that are not wired: each in turn is broken, and the tests are run.

python -m benchmarks.structure.broken_options

A broken parameter is stored, shown and checked as before, but the package reads its default. First only those tests run
whose names have the parameter, and then, if all of them pass, all tests of options.
"""

import contextlib
import io
import os
import sys

import pytest

from ssm_estimators import LSSLRegressor, S4DClassifier, StateSpaceRidgeClassifier
from ssm_estimators.declaration import declared
from ssm_estimators.forecasting.deep import S4DWindowForecaster
from ssm_estimators.sktime import S4DForecaster

TESTS = "tests/test_options.py"
CLASSES = {
    S4DClassifier: "classifier or OneByOne or classes",
    LSSLRegressor: "regressor or OneByOne",
    StateSpaceRidgeClassifier: "ridge_classifier",
    S4DForecaster: "forecaster",
}
READERS = ("sklearn.", "skbase.", "sktime.")  # packages that read parameters to show, to copy and to check them


class Broken:
    """In the place of a parameter: keeps what it is given, and gives this package its default."""

    def __init__(self, name, default):
        self.name, self.default = name, default

    def __get__(self, estimator, owner=None):
        if estimator is None or not sys._getframe(1).f_globals["__name__"].startswith(READERS):
            return self.default
        return vars(estimator).get(self.name, self.default)

    def __set__(self, estimator, value):
        vars(estimator)[self.name] = value


@contextlib.contextmanager
def broken(cls, name):
    """A class, and for a forecaster that of its windows, with a parameter that is not wired."""
    classes = [each for each in (cls, S4DWindowForecaster) if each is cls or cls is S4DForecaster]
    classes = [each for each in classes if name in declared(each)]
    defaults, own = {each: getattr(each, name) for each in classes}, [each for each in classes if name in vars(each)]
    for each, default in defaults.items():
        setattr(each, name, Broken(name, default))
    try:
        yield
    finally:
        for each, default in defaults.items():
            setattr(each, name, default) if each in own else delattr(each, name)


def notices(selected):
    """Whether a run of the tests fails."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        done = pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore", "-k", selected, TESTS])
    return done == pytest.ExitCode.TESTS_FAILED


def main():
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    missed = []
    for cls, tests in CLASSES.items():
        names = list(declared(cls))
        if notices(tests):
            sys.exit(f"The tests of {cls.__name__} fail already while nothing is broken.")
        for name in names:
            with broken(cls, name):
                if not notices(f"({tests}) and {name}") and not notices(tests):
                    missed.append(f"{cls.__name__}.{name}")
        ours = [each for each in missed if each.startswith(f"{cls.__name__}.")]
        print(f"{cls.__name__}: {len(names) - len(ours)} of {len(names)} parameters noticed", flush=True)
    print("not noticed:", ", ".join(missed) or "none")


if __name__ == "__main__":
    main()
