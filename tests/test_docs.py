"""The page of the mathematics names functions that are there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "mathematics.md"
NAMES = sorted(set(re.findall(r"`([a-z_0-9]+)\.([A-Za-z_0-9.]+)`", PAGE.read_text())) - {("reference", "py")})


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_named_functions_exist(module, name):
    assert hasattr(import_module(f"ssm_estimators.functional.{module}"), name)


def test_the_page_names_what_it_explains():
    named = {name for _, name in NAMES}
    assert {"chunked_scan", "bilinear_dplr", "bilinear_quasiseparable", "KB", "PB", "Degree", "Exact"} <= named
