"""aeon's classifiers, in an environment of their own that is made when first asked for."""

import json
import subprocess
import sys
import tempfile

import numpy as np

from benchmarks.harness.folders import BENCHMARKS

FOLDER = BENCHMARKS / "peers"
PYTHON = FOLDER / ".venv" / "bin" / "python"


def environment():
    """The environment's Python, after making it."""
    ready = FOLDER / ".venv" / "ready"
    if not ready.exists():
        print("Making benchmarks/peers/.venv ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", FOLDER / ".venv"], check=True)
        install = [PYTHON, "-m", "pip", "install", "--quiet", "-r", FOLDER / "requirements.txt"]
        subprocess.run(install, check=True)
        ready.touch()
    return PYTHON


def peer_rows(models, paths, seed, jobs):
    """One row per fit of aeon's classifiers on npz files, as they end."""
    command = [environment(), FOLDER / "fit.py", "--models", *models, "--seed", str(seed), "--jobs", str(jobs)]
    process = subprocess.Popen([*command, "--files", *paths], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        yield json.loads(line)
    if process.wait():
        raise RuntimeError(f"The peers stopped with exit status {process.returncode}; their message is above.")


def peer_rows_of(models, cases, seed, jobs):
    """One row per fit; ``cases`` maps names of sets to training series, their targets, test series and theirs."""
    with tempfile.TemporaryDirectory() as folder:
        for name, (X, y, X_test, y_test) in cases.items():
            np.savez(f"{folder}/{name}.npz", X_train=X, y_train=y, X_test=X_test, y_test=y_test)
        yield from peer_rows(models, [f"{folder}/{name}.npz" for name in cases], seed, jobs) if cases else ()
