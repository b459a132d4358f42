"""Pages whose tables, between <!-- name --> and <!-- end -->, are made from committed rows."""

import re

from benchmarks.harness.folders import RESULTS, ROOT
from benchmarks.report import ucr_page
from benchmarks.report.tables import TABLES

MARKER = re.compile(r"<!-- (\w+) -->")
TABLE = re.compile(r"<!-- (\w+) -->\n(?:(?!<!--).)*<!-- end -->", re.DOTALL)
UCR = RESULTS / "ucr.md"


def pages(root=ROOT):
    """The pages with markers, and what they say."""
    return {path: path.read_text() for path in [root / "README.md", *sorted((root / "docs/results").glob("*.md"))]}


def rendered(text):
    """The text with every table that is known made anew."""

    def table(match):
        name = match[1]
        return f"<!-- {name} -->\n\n{TABLES[name]()}\n\n<!-- end -->" if name in TABLES else match[0]

    return TABLE.sub(table, text)


def problems(texts):
    """What is wrong with the markers of pages: a name of no table, a table without an end, a table in no page."""
    found, shown = [], set()
    for path, text in texts.items():
        marked = [name for name in MARKER.findall(text) if name != "end"]
        complete = [match[1] for match in TABLE.finditer(text)]
        shown.update(complete)
        found += [f"{path.name}: there is no table {name!r}" for name in marked if name not in TABLES]
        found += [f"{path.name}: there is no <!-- end --> after {name!r}" for name in marked if name not in complete]
    return found + [f"no page has the table {name!r}" for name in TABLES if name not in shown]


def stale(texts):
    """The pages that do not say what the rows say, and what they should say."""
    wanted = {path: rendered(text) for path, text in texts.items()}
    wanted[UCR] = ucr_page.text()
    return {path: text for path, text in wanted.items() if texts.get(path, UCR.read_text()) != text}
