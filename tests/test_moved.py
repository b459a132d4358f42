import subprocess
import sys
from importlib import import_module

import pytest

from ssm_estimators.moved import MOVED


@pytest.mark.parametrize("old", MOVED)
def test_a_module_is_found_under_its_old_name_too(old):
    sys.modules.pop(f"ssm_estimators.{old}", None)
    with pytest.warns(FutureWarning, match=f"ssm_estimators.{old} is now ssm_estimators.{MOVED[old]}"):
        module = import_module(f"ssm_estimators.{old}")
    assert module is import_module(f"ssm_estimators.{MOVED[old]}")


def test_the_warning_points_at_the_import(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nfrom ssm_estimators.functional.dense import DenseSystem\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert f"{script}:2: FutureWarning" in done.stderr


def test_what_never_was_there_is_not_found():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        import_module("ssm_estimators.functional.no_such_module")
