import re
import subprocess
import sys
from pathlib import Path

import pytest

import ssm_estimators


def test_import_is_lazy():
    code = (
        "import sys, ssm_estimators; loaded = {'torch', 'skorch', 'sktime', 'sklearn', 'pandas'} & set(sys.modules); "
        "assert not loaded, loaded; assert 'S4DClassifier' in dir(ssm_estimators); ssm_estimators.S4DClassifier(); "
        "assert 'sktime' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there_and_others_are_not():
    assert all(isinstance(getattr(ssm_estimators, name), type) for name in ssm_estimators.__all__)
    with pytest.raises(AttributeError, match="no attribute 'S6Classifier'"):
        _ = ssm_estimators.S6Classifier


def test_all_files_name_one_version():
    root = Path(__file__).parents[1]
    [project] = re.findall(r'^version = "(.*)"', (root / "pyproject.toml").read_text(), re.MULTILINE)
    [citation] = re.findall(r"^version: (.*)", (root / "CITATION.cff").read_text(), re.MULTILINE)
    assert ssm_estimators.__version__ == project == citation


def test_the_lowest_versions_are_those_of_the_constraints():
    root = Path(__file__).parents[1]
    lowest = dict(re.findall(r"^([a-z-]+)==(.*)", (root / "constraints-lowest.txt").read_text(), re.MULTILINE))
    bounds = dict(re.findall(r'"([a-z-]+)>=([\d.]+)', (root / "pyproject.toml").read_text()))
    for name, version in lowest.items():
        assert re.fullmatch(rf"{re.escape(bounds[name])}(\.0)*", version), name


def test_estimators_need_no_optional_package():
    script = """
import sys
for name in ("accelerate", "dask", "distributed", "ray", "zarr", "matplotlib", "pooch"):
    sys.modules[name] = None
import numpy as np
from ssm_estimators import S4DClassifier, StateSpaceRidgeClassifier
X, y = np.random.default_rng(0).standard_normal((20, 1, 30)), np.arange(20) % 2
for clf in (S4DClassifier(d_model=8, d_state=4, max_epochs=1), StateSpaceRidgeClassifier(n_kernels=48)):
    clf.fit(X, y).predict(X)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("name", ssm_estimators.__all__)
def test_public_docstrings_describe_every_parameter(name):
    cls = getattr(ssm_estimators, name)
    documented = {
        word.strip()
        for line in cls.__doc__.splitlines()
        if " : " in line and not line.lstrip().startswith(">>>")
        for word in line.split(" : ")[0].split(",")
    }
    assert set(cls().get_params()) <= documented
    assert "{" not in cls.__doc__.replace('{"', "")
