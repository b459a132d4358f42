"""What tables share: committed rows in, text out."""

import pandas as pd

from benchmarks.harness.folders import RESULTS


def read(name):
    """Committed rows but those of stand-ins."""
    frame = pd.read_json(RESULTS / f"{name}.jsonl", lines=True)
    return frame[~frame["synthetic"].astype(bool)] if "synthetic" in frame else frame


def markdown(header, lines):
    """Rows of strings as a table."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("|" + "".join(f" {cell} |" if cell else " |" for cell in row) for row in rows)
