"""Write docs/reference.md, the page of all public names, from what the packages export.

``python docs/reference.py`` writes; with ``--check`` it fails where the page is not what would be written.
"""

import argparse
import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

PAGE = Path(__file__).parent / "reference.md"
PACKAGES = (
    "ssm_estimators", "ssm_estimators.sktime", "ssm_estimators.random_features", "ssm_estimators.forecasting",
    "ssm_estimators.layers", "ssm_estimators.networks", "ssm_estimators.training", "ssm_estimators.functional",
    "ssm_estimators.datasets", "ssm_estimators.visualisation",
)  # fmt: skip
TOP = """# Public names

These are all names that the packages export. Import a name from its package, for example
`from ssm_estimators.layers import S4D`. Names that are not listed here may change without notice, and so may modules.
`help(name)` shows parameters, shapes and examples, and `make docs` writes them as pages. `python docs/reference.py`
writes this page from the docstrings.
"""


def exported(package):
    """The public names of a package and what they stand for, in the order of the package."""
    module = import_module(package)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value))
    ]
    return {name: getattr(module, name) for name in names}


def summary(thing):
    """The first paragraph of a docstring, in Markdown: without the numbers of its references."""
    text = " ".join(inspect.getdoc(thing).split("\n\n")[0].split())
    text = re.sub(r" \[\d\]_", "", text)
    text = re.sub(r":math:`([^`]*)`", r"$\1$", text)
    text = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text)
    return text.replace("``", "`").replace("|", r"\|")


def page():
    """The text of the page."""
    parts = [TOP]
    for package in PACKAGES:
        rows = [f"| `{name}` | {summary(thing)} |" for name, thing in exported(package).items()]
        parts.append(
            "\n".join(
                [
                    f"## {package}",
                    "",
                    summary(import_module(package)),
                    "",
                    "| name | what it is |",
                    "|---|---|",
                    *rows,
                    "",
                ]
            )
        )
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    text = page()
    if not parser.parse_args().check:
        PAGE.write_text(text)
    elif text != PAGE.read_text():
        sys.exit("docs/reference.md is not what the packages export. Run: python docs/reference.py")


if __name__ == "__main__":
    main()
