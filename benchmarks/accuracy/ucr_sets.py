"""Which sets of the UCR archive the studies run on."""

import zlib
from pathlib import Path

import pandas as pd

from benchmarks.published import published

DEEP = "S4D"  # the network that runs on all sets; the others do on ten
TEN = ("BME", "Car", "ECGFiveDays", "FacesUCR", "Lightning7", "Meat", "Plane", "SonyAIBORobotSurface2",
       "SyntheticControl", "Trace")  # fmt: skip


def summary(data_dir):
    """The folder's table of its sets."""
    return pd.read_csv(Path(data_dir) / "ucr" / "summary.csv").set_index("name")


def equal_length_sets(data_dir):
    """Sets without missing values, of equal length, that have published rows."""
    table, known = summary(data_dir), published("ucr_original_split", "set").index
    return [name for name in table.index[table["kind"] == "equal"] if name in known]


def other_sets(data_dir):
    """Sets of unequal length, and with gaps."""
    table = summary(data_dir)
    return list(table.index[table["kind"] != "equal"])


def searched(name):
    """Whether the searches for defaults may look at a set, its training part."""
    return zlib.crc32(name.encode()) % 2 == 0
