"""The page of the mathematics names functions that are there, and that of public names is what is exported."""

import re
import runpy
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

import ssm_estimators

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "mathematics.md"
NAMES = sorted(set(re.findall(r"`([a-z_0-9]+\.[A-Za-z_0-9.]+)`", PAGE.read_text())) - {"reference.py"})


@pytest.mark.parametrize("name", NAMES)
def test_named_functions_exist(name):
    """Names are those within ``functional``, or within the package where a folder of it comes first."""
    folder = name.split(".")[0]
    within = "ssm_estimators" if folder == "random_features" else "ssm_estimators.functional"
    import_module(f"{within}.{folder}")
    assert callable(resolve_name(f"{within}.{name}")) or name.endswith("SPECTRA")


def test_the_page_names_what_it_explains():
    named = {name.split(".")[-1] for name in NAMES}
    assert {"chunked_scan", "bilinear_dplr", "bilinear_quasiseparable", "KB", "PB", "Degree", "Exact"} <= named


def test_the_page_of_public_names_is_what_the_packages_export():
    module = runpy.run_path(str(DOCS / "reference.py"))
    assert module["page"]() == module["PAGE"].read_text(), "Run: python docs/reference.py"
    exported = {package: set(module["exported"](package)) for package in module["PACKAGES"]}
    assert exported["ssm_estimators"] == set(ssm_estimators.__all__)
    assert {"SSMLayer", "S4"} <= exported["ssm_estimators.layers"]
    assert len(exported["ssm_estimators.forecasting"]) == 5
    assert all(exported.values())
