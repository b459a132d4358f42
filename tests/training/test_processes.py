"""Networks that several processes train together."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from accelerate import Accelerator

from ssm_estimators import S4DClassifier
from ssm_estimators.training import TrainingCheckpoint

SCRIPT = """
import json, sys
import numpy as np
from accelerate import Accelerator, debug_launcher
from ssm_estimators import S4DClassifier, S4DRegressor

def train(folder, cls, params, n_cases, batch_size):
    rng, y = np.random.default_rng(0), np.arange(n_cases) % 2
    X = np.sin((0.2 + 0.2 * y[:, None]) * np.arange(40) + rng.uniform(0, 6, (n_cases, 1)))
    X = [x[None, : 30 + i % 3 * 5] for i, x in enumerate(X)] if params.pop("unequal", False) else X[:, None]
    weight = rng.uniform(0.5, 2, n_cases)
    accelerator = Accelerator(cpu=True)
    model = {"S4DClassifier": S4DClassifier, "S4DRegressor": S4DRegressor}[cls](
        d_model=8, d_state=4, n_layers=2, max_epochs=3, batch_size=batch_size, n_threads=1,
        net_params={"accelerator": accelerator}, **params)
    model.fit(X, y, sample_weight=weight)
    outputs = model.predict_proba(X) if cls == "S4DClassifier" else model.predict(X)
    found = {"losses": model.history_[:, "train_loss"], "outputs": np.asarray(outputs).tolist(),
             "rows": [{k: v for k, v in row.items() if k == "valid_loss"} for row in model.history_]}
    with open(f"{folder}/{accelerator.num_processes}_{accelerator.process_index}.json", "w") as file:
        json.dump(found, file)

if __name__ == "__main__":
    folder, n, cls, params, n_cases, batch_size = json.loads(sys.argv[1])
    args = (folder, cls, params, n_cases, batch_size)
    debug_launcher(train, args, num_processes=n) if n > 1 else train(*args)
"""


def trained(folder, n, cls, params, n_cases=48, batch_size=16):
    """What each of so many processes has after a fit."""
    (folder / "script.py").write_text(SCRIPT)
    request = json.dumps([str(folder), n, cls, params, n_cases, batch_size // n])
    command = [sys.executable, str(folder / "script.py"), request]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads((folder / f"{n}_{i}.json").read_text()) for i in range(n)]


no_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="accelerate's launcher of local processes forks")


@no_fork
@pytest.mark.parametrize(
    ("cls", "params", "n_cases"),
    [
        ("S4DClassifier", {"dropout": 0.0, "random_state": 0}, 48),
        ("S4DClassifier", {"dropout": 0.0, "random_state": 0, "norm": "layer", "unequal": True}, 45),
        ("S4DRegressor", {"dropout": 0.0, "random_state": 0, "validation": 0.2}, 41),  # a last batch of one case
    ],
)
def test_two_processes_train_as_one_with_batches_twice_as_large(tmp_path, cls, params, n_cases):
    [alone], both = (trained(tmp_path, n, cls, params, n_cases) for n in (1, 2))
    for one in both:
        np.testing.assert_allclose(one["losses"], alone["losses"], rtol=1e-6, atol=1e-6)
        # Adam makes much of gradients that are 0 but for rounding: of shifts, which running averages lag behind
        tolerance = 1e-5 if params.get("norm") == "layer" else 3e-3
        np.testing.assert_allclose(one["outputs"], alone["outputs"], atol=tolerance)
    assert both[0] == both[1]


@no_fork
def test_processes_draw_their_own_dropout_and_share_what_is_drawn_for_all(tmp_path):
    [alone], both = (trained(tmp_path, n, "S4DClassifier", {"dropout": 0.3, "random_state": 0}) for n in (1, 2))
    assert both[0] == both[1]
    assert both[0]["losses"] != pytest.approx(alone["losses"], rel=1e-4)
    first, second = trained(tmp_path, 2, "S4DClassifier", {"dropout": 0.3, "random_state": None})
    assert first == second


def test_one_process_with_an_accelerator_is_one_without():
    X, y = np.random.default_rng(0).standard_normal((20, 1, 30)), np.arange(20) % 2
    params = {"d_model": 8, "d_state": 4, "n_layers": 1, "max_epochs": 2, "dropout": 0.0, "random_state": 0}
    losses = [
        S4DClassifier(**params, net_params=own).fit(X, y).history_[:, "train_loss"]
        for own in (None, {"accelerator": Accelerator(cpu=True)})
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_a_checkpoint_of_several_processes_is_refused(tmp_path):
    X, y = np.random.default_rng(0).standard_normal((20, 1, 30)), np.arange(20) % 2
    own = {"accelerator": Accelerator(cpu=True)}
    clf = S4DClassifier(d_model=8, d_state=4, net_params=own, callbacks=[TrainingCheckpoint(tmp_path / "kept.pt")])
    with pytest.raises(ValueError, match="TrainingCheckpoint keeps the training of one process"):
        clf.fit(X, y)
