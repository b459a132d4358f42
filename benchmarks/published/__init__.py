"""Numbers that others have published, each row with its source."""

from pathlib import Path

import pandas as pd


def published(name, *index):
    """A table of published numbers by its ``index`` columns, without the sources unless they are one of these."""
    table = pd.read_csv(Path(__file__).parent / f"{name}.csv")
    return table.set_index([*index]).drop(columns="source", errors="ignore")
