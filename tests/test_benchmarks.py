"""The long tasks' scripts: what they would fit, without fitting it."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ssm_estimators.layers import S4D
from ssm_estimators.networks import SequenceNetwork

SCRIPTS = ("bidmc", "sequential_images", "long_range", "speech")


@pytest.fixture
def script(monkeypatch):
    """A script by its name; what it imports from beside it is not left behind."""
    folder = Path(__file__).parents[1] / "benchmarks" / "accuracy"
    before = set(sys.modules)
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == folder:
            del sys.modules[name]


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_profile_of_every_task_is_a_network(script, name):
    tasks, own = script("tasks"), script(name)
    for task in own.TASKS.values():
        assert set(task.params) - {"short"} == {"quick", "regular", "full"}
        for profile in task.params:
            for model in ("GRU", *tasks.NETWORKS):
                tasks.network(task, model, profile, random_state=0)._validate_params()


def test_a_recurrent_layer_of_about_the_size_that_does_not_see_padding(script):
    layer = script("baselines").GRULayer(8, generator=torch.Generator().manual_seed(0))
    u, lengths = torch.randn(8, 3, 10), torch.tensor([4, 10, 7])
    y = layer(u, lengths=lengths)
    for case, length in enumerate(lengths):
        torch.testing.assert_close(y[:, case, :length], layer(u[:, case : case + 1, :length])[:, 0])
    systems = {"d_state": 16, "dt_min": 0.01, "dt_max": 0.5, "bidirectional": True}
    width = script("tasks").width_of_gru()
    sizes = [
        sum(p.numel() for p in SequenceNetwork(kind, systems, 1, 2, d_model, 3).parameters())
        for kind, d_model in ((S4D, 64), (type(layer), width))
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)


def test_stand_ins_can_be_learned(script):
    X, y = script("long_range").pairs_of_noise(50, 40, seed=0)
    halves = (X - 1 - ord("a")) // 13
    assert (halves == halves[..., :1]).all()
    np.testing.assert_array_equal(halves[:, 0, 0] == halves[:, 1, 0], y == 1)
    X, y = script("speech").tones(20, seed=0)
    assert X.shape == (20, 1, 16_000)
    loudest = np.abs(np.fft.rfft(X[:, 0])).argmax(-1)  # Hz
    np.testing.assert_allclose(loudest, 200 + 100 * y, atol=10)
    X = np.full((2, 1, 9), np.nan)
    X[0], X[1, :, :6] = np.arange(9) ** 2, np.arange(6) ** 2
    changes, coarse = (script("speech").with_changes(part, n)[:, 1] for part, n in ((X, 2), (X[..., ::2], 1)))
    np.testing.assert_array_equal(changes[:, ::2], coarse)
    np.testing.assert_array_equal(np.isnan(changes), np.isnan(X[:, 0]))


def test_pieces_of_texts_are_whole_texts(script):
    X = np.array([[[1, 2, 3, 4, 5, 6, 7]], [[1, 2, 0, 0, 0, 0, 0]], [[0] * 7]])
    parts, y = script("long_range").pieces(X, np.array([1, 0, 1]), 5)
    assert parts[:, 0].tolist() == [[1, 2, 3, 4, 5], [6, 7, 0, 0, 0], [1, 2, 0, 0, 0], [0] * 5]
    assert y.tolist() == [1, 1, 0, 1]


def _run(script, *options):
    """A script of the speed measurements, in a process of its own."""
    command = [sys.executable, Path(__file__).parents[1] / "benchmarks" / "speed" / script, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def test_what_measures_a_gpu_walks_through_its_parts_without_one(tmp_path):
    pytest.importorskip("triton")  # on Linux only
    done = _run("gpu.py", "--dry-run", "--out", tmp_path, "--parts", "step", "scan", "block", "layer", "sweep")
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert done.returncode == 0, done.stderr
    assert [row["part"] for row in rows] == ["step", *4 * ["scan"], *2 * ["block"], *2 * ["layer"], *12 * ["sweep"]]
    assert all("errors" not in row and "rehearsal" in row["card"] for row in rows)
    assert {(row["kernels"], row["refused"]) for row in rows} == {("Triton", 0)}
    assert {"captured", "eager", "textbook"} <= set(rows[5])


def test_what_measures_a_gpu_names_what_it_left_out_and_what_failed(tmp_path):
    pytest.importorskip("triton")  # on Linux only
    assert _run("gpu.py", "--dry-run", "--out", tmp_path, "--parts", "layer", "--minutes", "0").returncode == 0
    done = _run("gpu.py", "--dry-run", "--out", tmp_path, "--parts", "suite", "--processes", "no number")
    assert done.returncode == 2
    if not torch.cuda.is_available():
        assert "No CUDA device is here" in _run("gpu.py", "--out", tmp_path).stderr
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["left out"] for row in rows] == 2 * ["no time left"]


def test_a_block_is_few_launches(tmp_path):
    pytest.importorskip("triton")  # on Linux only
    done = _run("launches.py", "--profile", "quick", "--output", tmp_path / "rows.json")
    assert done.returncode == 0, done.stderr
    counted = {
        (row["of"], row["L"]): row["launches"] for row in json.loads((tmp_path / "rows.json").read_text())["rows"]
    }
    assert counted["block", 1024] <= 26
    assert counted["block", 65_536] <= 30
    assert (counted["scan", 1024], counted["scan", 65_536]) == (7, 11)
