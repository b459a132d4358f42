"""Warnings that point at the user's own line, and progress bars."""

import contextlib
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any, TextIO

import skorch
from tqdm.auto import tqdm
from tqdm.notebook import tqdm_notebook

# the package, skorch, which calls its callbacks, and what stands under methods that are decorated by a context
OURS = (*(os.path.join(Path(file).parent, "") for file in (__file__, skorch.__file__)), contextlib.__file__)
_LINE = "{desc}: {percentage:.0f}%, {unit} {n_fmt}/{total_fmt}, {elapsed} done, {remaining} to go{postfix}"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def warn(message: str) -> None:
    """Warn as of the nearest caller outside this package, however deep the call is."""
    level, frame = 2, sys._getframe(1)
    while frame.f_code.co_filename.startswith(OURS) and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)


def bar(total: int, description: str, unit: str, is_shown: bool = True) -> Any:
    """A bar of tqdm's on stderr; a plain line every ten seconds where that is no terminal."""
    if not is_shown:
        return tqdm(disable=True)  # stderr may be None
    is_drawn = sys.stderr.isatty() or issubclass(tqdm, tqdm_notebook)
    form: dict[str, Any] = {} if is_drawn else {"file": _Lines(sys.stderr), "mininterval": 10, "bar_format": _LINE}
    return tqdm(total=total, desc=description, unit=unit, **form)


def without_colours(text: str) -> str:
    """A text less what only a terminal understands."""
    return _ANSI.sub("", text)


class _Lines:
    """A file in which each update of a bar is a line."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def write(self, text: str) -> None:
        if line := without_colours(text).strip():
            self.file.write(line + "\n")

    def flush(self) -> None:
        self.file.flush()
