"""The benchmarks: what the long tasks would fit, without fitting it; their options, rows and pages."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.accuracy import bidmc, long_range, sequential_images, speech
from benchmarks.harness import arguments
from benchmarks.harness.folders import BENCHMARKS, ROOT
from benchmarks.harness.rows import Rows
from benchmarks.report import pages
from benchmarks.tasks.networks import GRULayer, network, width_of_gru
from ssm_estimators.layers import S4D
from ssm_estimators.networks import SequenceNetwork


@pytest.mark.parametrize("study", [bidmc, sequential_images, long_range, speech])
def test_every_profile_of_every_task_is_a_network(study):
    for task in study.TASKS.values():
        assert set(task.params) - {"short"} == {"quick", "regular", "full"}
        for profile in task.params:
            for model in ("GRU", *arguments.NETWORKS):
                network(task, model, profile, random_state=0)._validate_params()


def test_a_recurrent_layer_of_about_the_size_that_does_not_see_padding():
    layer = GRULayer(8, generator=torch.Generator().manual_seed(0))
    u, lengths = torch.randn(8, 3, 10), torch.tensor([4, 10, 7])
    y = layer(u, lengths=lengths)
    for case, length in enumerate(lengths):
        torch.testing.assert_close(y[:, case, :length], layer(u[:, case : case + 1, :length])[:, 0])
    systems = {"d_state": 16, "dt_min": 0.01, "dt_max": 0.5, "bidirectional": True}
    width = width_of_gru()
    sizes = [
        sum(p.numel() for p in SequenceNetwork(kind, systems, 1, 2, d_model, 3).parameters())
        for kind, d_model in ((S4D, 64), (type(layer), width))
    ]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)


def test_stand_ins_can_be_learned():
    X, y = long_range.pairs_of_noise(50, 40, seed=0)
    halves = (X - 1 - ord("a")) // 13
    assert (halves == halves[..., :1]).all()
    np.testing.assert_array_equal(halves[:, 0, 0] == halves[:, 1, 0], y == 1)
    X, y = speech.tones(20, seed=0)
    assert X.shape == (20, 1, 16_000)
    loudest = np.abs(np.fft.rfft(X[:, 0])).argmax(-1)  # Hz
    np.testing.assert_allclose(loudest, 200 + 100 * y, atol=10)
    X = np.full((2, 1, 9), np.nan)
    X[0], X[1, :, :6] = np.arange(9) ** 2, np.arange(6) ** 2
    changes, coarse = (speech.with_changes(part, n)[:, 1] for part, n in ((X, 2), (X[..., ::2], 1)))
    np.testing.assert_array_equal(changes[:, ::2], coarse)
    np.testing.assert_array_equal(np.isnan(changes), np.isnan(X[:, 0]))


def test_pieces_of_texts_are_whole_texts():
    X = np.array([[[1, 2, 3, 4, 5, 6, 7]], [[1, 2, 0, 0, 0, 0, 0]], [[0] * 7]])
    parts, y = long_range.pieces(X, np.array([1, 0, 1]), 5)
    assert parts[:, 0].tolist() == [[1, 2, 3, 4, 5], [6, 7, 0, 0, 0], [1, 2, 0, 0, 0], [0] * 5]
    assert y.tolist() == [1, 1, 0, 1]


def test_rows_are_not_made_twice(tmp_path, capsys):
    wanted, made = [("a", 0), ("b", 0)], []

    def run(name, seed, value):
        made.append(name)
        return {"value": value}

    Rows(tmp_path / "rows.jsonl", ("name", "seed")).add_missing(wanted[:1], run, 1.0)
    Rows(tmp_path / "rows.jsonl", ("name", "seed")).add_missing(wanted, run, 2.0)  # after one that was killed
    rows = Rows(tmp_path / "rows.jsonl", ("name", "seed"))
    assert made == ["a", "b"]
    assert rows.missing(wanted) == []
    assert rows.mean("value", seed=0) == 1.5


def test_an_option_that_studies_share_is_the_same_in_each():
    parser = arguments.parser("A study.", *arguments.SHARED, sets={"default": ["Wine"]}, fit={"action": "store_true"})
    args = parser.parse_args(["--data-dir", "data", "--seed", "3", "--models", "S4D", "--out", "rows.jsonl"])
    assert (args.data_dir, args.output) == (Path("data"), Path("rows.jsonl"))
    assert (args.seeds, args.model, args.sets, args.profile) == ([3], ["S4D"], ["Wine"], "regular")
    assert arguments.SHARED["sets"]["help"] == "data sets to run on"  # unchanged for the next study


def test_every_study_says_how_it_is_run():
    sources = {path: path.read_text() for path in BENCHMARKS.rglob("*.py") if "peers" not in path.parts}
    studies = {path: text for path, text in sources.items() if "if __name__" in text}
    assert len(studies) > 25
    for path, text in studies.items():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        assert f"python -m {name.removesuffix('.__main__')}" in text


def test_every_published_number_has_its_source():
    for path in (BENCHMARKS / "published").glob("*.csv"):
        assert pd.read_csv(path)["source"].notna().all(), path.name


def test_wrong_markers_of_a_page_are_named(tmp_path):
    (tmp_path / "docs/results").mkdir(parents=True)
    readme, page = tmp_path / "README.md", tmp_path / "docs/results/uea.md"
    readme.write_text("<!-- ucr -->\nold\n<!-- end -->\n<!-- nonsense -->\nkept\n<!-- end -->\n<!-- bidmc -->\n")
    page.write_text("<!-- uea -->\n<!-- end -->\n")
    texts = pages.pages(tmp_path)
    assert pages.stale(texts).keys() == {readme, page}
    problems = "\n".join(pages.problems(texts))
    assert "README.md: there is no table 'nonsense'" in problems
    assert "README.md: there is no <!-- end --> after 'bidmc'" in problems
    assert "no page has the table 'timing'" in problems
    assert not any(f"no page has the table {name!r}" in problems for name in ("ucr", "uea"))
    assert "kept" in pages.rendered(texts[readme])
    assert "old" not in pages.rendered(texts[readme])


def _run(study, *options):
    """A study of speed, in a process of its own: a module by its name, or a script by its path."""
    command = [sys.executable, *(("-m", study) if study.startswith("benchmarks.") else (study,)), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=ROOT)


def test_what_measures_a_gpu_walks_through_its_parts_without_one(tmp_path):
    pytest.importorskip("triton")  # on Linux only
    parts = ("step", "scan", "block", "layer", "sweep")
    done = _run("benchmarks/speed/gpu.py", "--dry-run", "--out", tmp_path, "--parts", *parts)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert done.returncode == 0, done.stderr
    assert [row["part"] for row in rows] == ["step", *4 * ["scan"], *2 * ["block"], *2 * ["layer"], *12 * ["sweep"]]
    assert all("errors" not in row and "rehearsal" in row["card"] for row in rows)
    assert {(row["kernels"], row["refused"]) for row in rows} == {("Triton", 0)}
    assert {"captured", "eager", "textbook"} <= set(rows[5])


def test_what_measures_a_gpu_names_what_it_left_out_and_what_failed(tmp_path):
    pytest.importorskip("triton")  # on Linux only
    study = "benchmarks.speed.gpu"
    assert _run(study, "--dry-run", "--out", tmp_path, "--parts", "layer", "--minutes", "0").returncode == 0
    done = _run(study, "--dry-run", "--out", tmp_path, "--parts", "suite", "--processes", "no number")
    assert done.returncode == 2
    if not torch.cuda.is_available():
        assert "No CUDA device is here" in _run(study, "--out", tmp_path).stderr
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [row["left out"] for row in rows] == 2 * ["no time left"]


def test_a_block_is_few_launches(tmp_path):
    pytest.importorskip("triton")  # on Linux only
    done = _run("benchmarks.speed.launches", "--profile", "quick", "--output", tmp_path / "rows.json")
    assert done.returncode == 0, done.stderr
    counted = {
        (row["of"], row["L"]): row["launches"] for row in json.loads((tmp_path / "rows.json").read_text())["rows"]
    }
    assert counted["block", 1024] <= 26
    assert counted["block", 65_536] <= 30
    assert (counted["scan", 1024], counted["scan", 65_536]) == (7, 11)
