"""The caller's settings of PyTorch and NumPy neither break a call nor change it, and are left as they are."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from ssm_estimators.sktime import S4DForecaster, StateSpaceRidgeForecaster

CALLS = """
import contextlib, os, sys
import numpy as np, torch
from ssm_estimators import LiquidS4Regressor, LSSLRegressor, S4Classifier, S4DClassifier, StateSpaceRidgeClassifier
from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.layers import S4D
torch.set_num_threads(2)
X, y = np.random.default_rng(0).standard_normal((20, 2, 70)), np.arange(20) % 2
small = dict(d_model=4, d_state=4, n_layers=1, max_epochs=2, random_state=0)
def outputs():
    yield S4DClassifier(**small, missing="mask").fit(X, y).predict_proba(X)
    yield S4Classifier(**small, norm="layer").fit(X, y).predict_proba(X)
    yield LSSLRegressor(**small).fit(X, X[:, 0, 0]).predict(X)
    yield LiquidS4Regressor(**small, liquid="exact").fit(X, X[:, 0, 0]).predict(X)
    yield LiquidS4Regressor(**small, bidirectional=False).fit(X, X[:, 0, 0]).predict(X)
    yield S4DClassifier(**small, input="tokens").fit(1 + (X > 0), y).predict_proba(1 + (X > 0))
    yield StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X, y).predict_proba(X)
    yield StateSpaceFeatures(n_kernels=64, random_state=0).fit(X).transform(X)
{before}
with {around}:
    made = list(outputs())
{after}
print(" ".join(np.ascontiguousarray(values).tobytes().hex() for values in made))
"""


def _run(before="", around="contextlib.nullcontext()", after="", calls=CALLS):
    code = calls.format(before=before, around=around, after=after)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


SETTINGS = {
    "new switch of tf32": {
        "before": "torch.backends.cuda.matmul.fp32_precision = 'tf32'",
        "after": "assert torch.backends.cuda.matmul.fp32_precision == 'tf32'",
    },
    "old switch of tf32": {
        "before": "torch.backends.cuda.matmul.allow_tf32 = True",
        "after": "assert torch.backends.cuda.matmul.allow_tf32",
    },
    "bfloat16 in matrix products": {
        "before": "torch.set_float32_matmul_precision('medium')",
        "after": "assert torch.get_float32_matmul_precision() == 'medium'",
    },
    "bfloat16 by the new switch": {
        "before": "torch.backends.mkldnn.matmul.fp32_precision = 'bf16'",
        "after": "assert torch.backends.mkldnn.matmul.fp32_precision == 'bf16'",
    },
    "default dtype": {
        "before": "torch.set_default_dtype(torch.float64)",
        "after": "assert torch.get_default_dtype() == torch.float64",
    },
    "default device": {
        "before": "torch.set_default_device('meta')",
        "after": "assert torch.get_default_device().type == 'meta'",
    },
    "autocast": {"around": "torch.autocast('cpu', dtype=torch.bfloat16)"},
    "inference mode": {"around": "torch.inference_mode()"},
    "no gradients": {"around": "torch.no_grad()"},
    "errors of NumPy": {"around": "np.errstate(all='raise')"},
    "errors of NumPy, global": {"before": "np.seterr(all='raise')", "after": "assert np.geterr()['over'] == 'raise'"},
}


@pytest.fixture(scope="module")
def expected():
    return _run()


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_changes_nothing_and_stays(setting, expected):
    assert _run(**SETTINGS[setting]) == expected


FORKED = (
    CALLS[: CALLS.index("{before}")]
    + """
a = torch.randn(600, 600)
a @ a, (a.flatten().repeat(20)).exp()  # PyTorch's threads have run
fitted = S4DClassifier(**small).fit(X, y)
reader, writer = os.pipe()
if os.fork() == 0:
    big = np.random.default_rng(1).standard_normal((200, 2, 2000))
    fitted.predict(big)
    StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(big, np.arange(200) % 2)
    fitted.net_.module_(torch.zeros(200, 2, 2000))
    S4D(64, 16)(torch.zeros(64, 20, 2000)).sum().backward()
    made = list(outputs())
    with os.fdopen(writer, "w") as pipe:
        pipe.write(" ".join(np.ascontiguousarray(values).tobytes().hex() for values in made))
    os._exit(0)
os.close(writer)
print(os.fdopen(reader).read())
"""
)


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="forks")
def test_a_forked_child_computes_by_one_thread(expected):
    import numpy as np

    made = _run(calls=FORKED)
    for values, others in zip(made.split(), expected.split(), strict=True):
        one, other = (np.frombuffer(bytes.fromhex(text), np.uint8) for text in (values, others))
        if one.size != other.size or not np.array_equal(one, other):  # threads may round the last bits of a fit
            dtype = np.float32 if values is made.split()[-1] else np.float64
            np.testing.assert_allclose(one.view(dtype), other.view(dtype), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "forecaster",
    [
        StateSpaceRidgeForecaster(),
        S4DForecaster(d_model=4, d_state=2, n_layers=1, max_epochs=2, random_state=0, device="cpu"),
    ],
)
def test_a_setting_changes_no_forecast(forecaster):
    index = pd.period_range("2000-01", periods=66, freq="M")
    y = pd.Series(np.sin(2 * np.pi * np.arange(66) / 12), index)
    X = pd.DataFrame({"promotion": np.arange(66) % 5 == 0}, index).astype(float)

    def outputs():
        fitted = forecaster.clone().fit(y[:50], X=X, fh=range(1, 7))
        return [fitted.predict(), fitted.predict_interval(), fitted.update(y[50:60]).predict()]

    expected = outputs()
    with np.errstate(all="raise"), torch.inference_mode():
        shielded = outputs()
    try:
        torch.set_default_dtype(torch.float64)
        other_dtype = outputs()
    finally:
        torch.set_default_dtype(torch.float32)
    for one, other, third in zip(expected, shielded, other_dtype, strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
