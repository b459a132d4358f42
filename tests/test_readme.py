"""README and the pages of docs: their code runs, their tables are those of the rows, their links lead somewhere."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.report import pages
from ssm_estimators import StateSpaceRidgeClassifier
from ssm_estimators.estimators import deep

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
USAGE = ROOT / "docs" / "usage.md"
RESULTS = sorted((ROOT / "docs" / "results").glob("*.md"))
PAGES = [README, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*/*.md")]


def blocks(page):
    """Lines of Python in a page, one string per block."""
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def run(page, names):
    """Run all blocks of a page one after another; fewer epochs stand in for those of the page."""
    for block in blocks(page):
        exec(compile(block.replace("max_epochs=20", "max_epochs=1"), str(page), "exec"), names)
    return names


@pytest.fixture
def short_training(monkeypatch):
    monkeypatch.setattr(deep, "default_batches", lambda n_cases, batch_size: (batch_size or 8, 1))


@pytest.fixture
def csv_files(monkeypatch, tmp_path):
    """The two files that README reads; patients differ in the number of their rows, and are in no order."""
    rng = np.random.default_rng(0)
    patients = [f"patient {i}" for i in rng.permutation(20)]
    rows = [
        {
            "patient": name,
            "second": t,
            "pulse": np.sin((0.3 + 0.5 * (i % 2)) * t) + 0.1 * rng.normal(),
            "pressure": i + t,
        }
        for i, name in enumerate(patients)
        for t in range(40 + i)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "measurements.csv", index=False)
    labels = pd.DataFrame({"patient": patients, "diagnosis": ["well", "ill"] * 10})
    labels.sort_values("patient").to_csv(tmp_path / "labels.csv", index=False)
    monkeypatch.chdir(tmp_path)


def test_all_code_of_readme_runs(short_training, csv_files, capsys):
    names = run(README, {})
    assert names["search"].predict(names["X_test"]).shape == names["y_test"].shape
    assert len(names["forecaster"].predict()) == 36
    assert list(names["forecaster"].predict_interval(coverage=0.9).columns.get_level_values(1).unique()) == [0.9]


def test_a_csv_of_measurements_becomes_cases_with_their_labels(csv_files):
    names = {"StateSpaceRidgeClassifier": partial(StateSpaceRidgeClassifier, n_kernels=500)}
    [block] = [block for block in blocks(README) if "read_csv" in block]
    exec(compile(block, str(README), "exec"), names)
    table, labels = pd.read_csv("measurements.csv"), pd.read_csv("labels.csv").set_index("patient")["diagnosis"]
    cases = {name: case[["pulse", "pressure"]].to_numpy().T for name, case in table.groupby("patient", sort=False)}
    assert list(names["y"]) == [labels[name] for name in cases]
    assert set(names["y"]) == {"well", "ill"}
    arrays = {"X": [*cases.values()], "long": [case[::-1] for case in cases.values()]}  # sorts channels by name
    for form, plain in arrays.items():
        fitted = StateSpaceRidgeClassifier(n_kernels=500, random_state=0).fit(names[form], names["y"])
        expected = StateSpaceRidgeClassifier(n_kernels=500, random_state=0).fit(plain, names["y"])
        np.testing.assert_allclose(fitted.predict_proba(names[form]), expected.predict_proba(plain))
    from_long = names["ridge"]
    np.testing.assert_allclose(from_long.predict_proba(names["X"]), from_long.predict_proba(names["long"]))
    assert from_long.score(names["X"], names["y"]) == 1


def test_readme_answers_what_newcomers_ask():
    text = README.read_text()
    assert len(text.splitlines()) <= 150
    [row] = [line for line in text.splitlines() if "80 series of 500 points" in line]
    assert "`StateSpaceRidgeClassifier`" in row
    assert "one row per measurement" in text
    assert re.search(r"```python\n.*?Classifier", text, re.DOTALL)[0].endswith("import StateSpaceRidgeClassifier")


def test_all_code_of_the_page_on_usage_runs(short_training, capsys):
    use, forecasting = blocks(USAGE)
    names = {}
    exec(compile(use.replace("max_epochs=20", "max_epochs=1"), str(USAGE), "exec"), names)
    assert names["reg"].predict(names["convert_to"](names["X"], "numpy3D")).shape == names["y"].shape
    assert names["table"].shape == (40, 11520)
    assert "GridSearchCV" in use
    names = {}
    exec(compile(forecasting, str(USAGE), "exec"), names)
    assert len(names["forecaster"].predict()) == 36
    assert "predict_interval" in forecasting


def test_tables_are_those_of_the_committed_rows():
    texts = pages.pages()
    assert pages.problems(texts) == []
    assert pages.stale(texts) == {}
    assert sum(text.count("<!-- end -->") for text in texts.values()) == len(pages.TABLES)  # each once
    classification = next(page for page in texts if page.name == "classification.md")
    for page, number in ((classification, "0.8802"), (README, "0.8951")):  # HIVE-COTE 2's; the ridge's, on unseen sets
        changed = texts[page].replace(number, "0.9")
        assert changed != texts[page]
        assert pages.stale({page: changed}) == {page: texts[page]}


def test_readme_has_one_table_of_six_rows_and_one_picture():
    text = README.read_text()
    [table] = re.findall(r"<!-- overview -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert len(table.strip().splitlines()) == 2 + 6
    assert re.findall(r"<!-- (?!end)(\w+) -->", text) == ["overview"]
    assert text.count("![") == 1


def anchors(page):
    """What a link to a heading of a page ends with."""
    outside_code = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", outside_code, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted(set(PAGES)), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_can_be_reached_from_readme():
    reached, to_read = {README}, [README]
    while to_read:
        page = to_read.pop()
        links = re.findall(r"\]\(([^)\s#]+\.md)", page.read_text())
        found = {(page.parent / link).resolve() for link in links if "://" not in link} - reached
        reached |= found
        to_read += found
    assert reached >= set(PAGES)


@pytest.mark.parametrize(
    "name", ["quickstart.py", "pipeline_gridsearch.py", "unequal_length.py", "sktime_classification.py"]
)
def test_examples_are_short(name):
    assert len((ROOT / "examples" / name).read_text().splitlines()) <= 70
