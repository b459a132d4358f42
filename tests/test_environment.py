"""The caller's settings of PyTorch neither break a fit nor are they changed."""

import subprocess
import sys

import pytest

FIT = """
import numpy as np, torch
from ssm_estimators import S4DClassifier, StateSpaceRidgeClassifier
{before}
X, y = np.random.default_rng(0).standard_normal((12, 2, 20)), np.arange(12) % 2
deep = S4DClassifier(d_model=4, n_layers=1, max_epochs=2, random_state=0).fit(X, y).predict_proba(X)
ridge = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y).predict_proba(X)
{after}
print(deep.tobytes().hex(), ridge.tobytes().hex())
"""


def _run(before="", after=""):
    code = FIT.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


SETTINGS = {
    "new switch of tf32": (
        "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
        "assert torch.backends.cuda.matmul.fp32_precision == 'tf32'",
    ),
    "old switch of tf32": (
        "torch.backends.cuda.matmul.allow_tf32 = True",
        "assert torch.backends.cuda.matmul.allow_tf32",
    ),
}


@pytest.fixture(scope="module")
def expected():
    return _run()


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_changes_nothing_and_stays(setting, expected):
    assert _run(*SETTINGS[setting]) == expected
