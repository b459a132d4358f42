"""The page on the UCR archive, set by set."""

import pandas as pd

from benchmarks.accuracy.ucr_sets import DEEP, TEN, searched
from benchmarks.harness.arguments import NETWORKS
from benchmarks.published import published
from benchmarks.report.markdown import markdown, read
from benchmarks.report.tables import OURS, ucr_accuracy

COMPARED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "RDST", "QUANT", "InceptionTime", "MiniROCKET", "ResNet"]
LOSSES = 10
PREFACE = """\
Accuracies of StateSpaceRidge and S4D are means over three seeds, those of the three networks' mean are of the mean of
their probabilities. Others: published for the same split, from the result files
of tsml-eval (`benchmarks/published/`). The networks' second search looked at the same half as the features', their
first one at the training parts of ten small sets, seven of them of the other half
(`benchmarks/accuracy/deep_search.md`)."""


def numbers(table):
    """A table of accuracies as Markdown."""
    lines = [[name, *("" if pd.isna(v) else f"{v:.4f}" for v in row)] for name, row in table.iterrows()]
    return markdown([table.index.name or "", *table.columns], lines)


def ten():
    """The networks beside each other where all of them ran."""
    rows = read("ucr").query("seed == 0")
    table = rows[rows["set"].isin(TEN)].pivot_table(index="set", columns="model", values="accuracy")
    table = table[[*NETWORKS]]
    return pd.concat([table, table.mean().to_frame("mean").T])


def losses(table):
    """Where the network is furthest below the best of all others that are networks."""
    networks = table[["InceptionTime", "ResNet"]].max(axis=1)
    behind = (networks - table[OURS[DEEP]]).rename("behind").sort_values(ascending=False)
    columns = [OURS["features"], OURS[DEEP], "InceptionTime", "ResNet"]
    return table[columns].join(behind).loc[behind.index[:LOSSES]]


def text():
    """The whole page."""
    table = ucr_accuracy().join(published("ucr_original_split", "set")[COMPARED], how="inner")
    halves = {
        "Sets that the features' search looked at (training parts)": [n for n in table.index if searched(n)],
        "Sets that it never looked at": [n for n in table.index if not searched(n)],
    }
    means = pd.DataFrame({title: table.loc[part].mean() for title, part in halves.items()} | {"All": table.mean()}).T
    parts = [
        "# UCR archive, original split",
        "Made by `python -m benchmarks.report`; not written by hand.",
        PREFACE,
        numbers(means),
    ]
    parts += [f"## Where {DEEP} is furthest behind the better of the published networks", numbers(losses(table))]
    parts += ["## Ten sets: the four networks, one seed each", numbers(ten())]
    for title, part in halves.items():
        parts += [f"## {title}: {len(part)}", numbers(table.loc[part])]
    others = ucr_accuracy().join(published("ucr_other_sets", "set"), how="inner")
    parts += [f"## Sets of unequal length or with gaps: {len(others)}", numbers(others.dropna(axis=1, how="all"))]
    return "\n\n".join(parts) + "\n"
