"""Write the parameters and attributes of the public classes into their docstrings, from where they are declared.

``python docs/docstrings.py`` writes; with ``--check`` it fails where a docstring is not what would be written.
"""

import argparse
import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

import ssm_estimators
import ssm_estimators.forecasting
import ssm_estimators.sktime
from ssm_estimators.declaration import declared, entry
from ssm_estimators.random_features import StateSpaceFeatures

CLASSES = [
    *(getattr(ssm_estimators, name) for name in ssm_estimators.__all__),
    StateSpaceFeatures,
    *(
        value
        for package in (ssm_estimators.forecasting, ssm_estimators.sktime)
        for value in vars(package).values()
        if isinstance(value, type)
    ),
]
WIDTH = 120


def parameters_section(cls):
    lines = []
    for name in declared(cls):
        head, text = entry(cls, name)
        lines += [f"    {head}", *_wrapped(text)]
    return "\n".join(lines)


def attributes_section(cls):
    texts = [vars(base)["_attributes_doc"] for base in cls.__mro__ if "_attributes_doc" in vars(base)]
    return "\n".join(f"    {text}" for text in texts)


def _wrapped(text):
    return textwrap.wrap(
        text, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False
    )


def with_section(docstring, title, section):
    """The docstring with another section under a title, which it must have."""
    pattern = rf"(    {title}\n    -+\n).*?(?=\n\n    [A-Z][A-Za-z ]+\n    ---|\n    $|\Z)"
    made, n = re.subn(pattern, lambda match: match[1] + section, docstring, flags=re.DOTALL)
    if n != 1:
        raise ValueError(f"Expected one section {title!r}; found {n} in: {docstring[:80]!r}.")
    return made


def written(path, classes):
    """The text of a file with the sections of its classes."""
    text = path.read_text()
    nodes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
    for cls in classes:
        old = ast.get_docstring(nodes[cls.__name__], clean=False)
        new = with_section(old, "Parameters", parameters_section(cls))
        new = with_section(new, "Attributes", attributes_section(cls))
        if text.count(old) != 1:
            raise ValueError(f"The docstring of {cls.__name__} is there {text.count(old)} times in {path}.")
        text = text.replace(old, new)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    files = {}
    for cls in CLASSES:
        files.setdefault(Path(inspect.getsourcefile(cls)), []).append(cls)
    stale = {path: text for path, classes in files.items() if (text := written(path, classes)) != path.read_text()}
    if args.check and stale:
        names = ", ".join(path.name for path in stale)
        sys.exit(f"Docstrings differ from the declarations in {names}. Run: python docs/docstrings.py")
    for path, text in stale.items():
        path.write_text(text)


if __name__ == "__main__":
    main()
