"""The page of the mathematics names functions that are there."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "mathematics.md"
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
