"""Which sets of the UCR archive the scripts run on, and what others reached there."""

import zlib
from pathlib import Path

import pandas as pd

DEEP = "S4D"  # the network that runs on all sets; the others do on ten
TEN = ("BME", "Car", "ECGFiveDays", "FacesUCR", "Lightning7", "Meat", "Plane", "SonyAIBORobotSurface2",
       "SyntheticControl", "Trace")  # fmt: skip


def published():
    """Accuracies of others on the original split, from tsml-eval's result files: a column a method, a row a set."""
    return pd.read_csv(Path(__file__).parents[1] / "published" / "ucr_original_split.csv").set_index("set")


def other_sets_published():
    """The archive's own accuracies of the nearest neighbour on sets of unequal length or with gaps."""
    return pd.read_csv(Path(__file__).parents[1] / "published" / "ucr_other_sets.csv").set_index("set")


def summary(data_dir):
    """The folder's table of its sets."""
    return pd.read_csv(Path(data_dir) / "ucr" / "summary.csv").set_index("name")


def equal_length_sets(data_dir):
    """Sets without missing values, of equal length, that have published rows."""
    table = summary(data_dir)
    return [name for name in table.index[table["kind"] == "equal"] if name in published().index]


def other_sets(data_dir):
    """Sets of unequal length, and with gaps."""
    table = summary(data_dir)
    return list(table.index[table["kind"] != "equal"])


def searched(name):
    """Whether the searches for defaults may look at a set, its training part."""
    return zlib.crc32(name.encode()) % 2 == 0
