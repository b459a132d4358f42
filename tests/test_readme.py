"""The README's example runs as it stands; fewer epochs stand in for the defaults."""

import re
from pathlib import Path

import pytest

from benchmarks.report import pages
from ssm_estimators.estimators import deep

README = Path(__file__).parents[1] / "README.md"


def test_the_twenty_lines_of_use_run(monkeypatch, capsys):
    monkeypatch.setattr(deep, "default_batches", lambda n_cases, batch_size: (batch_size or 8, 1))
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    use = next(block for block in blocks if "GridSearchCV" in block)
    names = {}
    exec(compile(use.replace("max_epochs=20", "max_epochs=1"), str(README), "exec"), names)
    assert names["reg"].predict(names["convert_to"](names["X"], "numpy3D")).shape == names["y"].shape


def test_tables_are_those_of_the_committed_rows():
    texts = pages.pages()
    assert pages.problems(texts) == []
    assert pages.stale(texts) == {}
    page, text = next((path, text) for path, text in texts.items() if "<!-- ucr -->" in text)
    assert sum(text.count("<!-- end -->") for text in texts.values()) == len(pages.TABLES)
    changed = text.replace("0.8802", "0.9")  # HIVE-COTE 2's
    assert changed != text
    assert pages.stale({page: changed}) == {page: text}


def test_the_lines_for_sktime_run():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names = {}
    exec(compile(next(block for block in blocks if "predict_interval" in block), str(README), "exec"), names)
    assert len(names["forecaster"].predict()) == 36


@pytest.mark.parametrize(
    "name", ["quickstart.py", "pipeline_gridsearch.py", "unequal_length.py", "sktime_classification.py"]
)
def test_examples_are_short(name):
    assert len((README.parent / "examples" / name).read_text().splitlines()) <= 70
