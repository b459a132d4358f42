"""The page on the UCR archive, set by set, and its pictures, from the rows of ucr.py."""

import matplotlib.pyplot as plt
import pandas as pd
from readme_tables import OURS, TIMED, ucr_accuracy
from runs import NETWORKS, RESULTS
from tables import markdown, read
from ucr_sets import DEEP, TEN, other_sets_published, published, searched

from ssm_estimators.visualisation import plot_critical_difference

COMPARED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "RDST", "QUANT", "InceptionTime", "MiniROCKET", "ResNet"]
RANKED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "H-InceptionTime", "RDST", "QUANT", "ROCKET", "MiniROCKET", "1-NN DTW"]
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
    table = ucr_accuracy().join(published()[COMPARED], how="inner")
    halves = {
        "Sets that the features' search looked at (training parts)": [n for n in table.index if searched(n)],
        "Sets that it never looked at": [n for n in table.index if not searched(n)],
    }
    means = pd.DataFrame({title: table.loc[part].mean() for title, part in halves.items()} | {"All": table.mean()}).T
    parts = [
        "# UCR archive, original split",
        "Made by `benchmarks/accuracy/report.py`; not written by hand.",
        PREFACE,
        numbers(means),
    ]
    parts += [f"## Where {DEEP} is furthest behind the better of the published networks", numbers(losses(table))]
    parts += ["## Ten sets: the four networks, one seed each", numbers(ten())]
    for title, part in halves.items():
        parts += [f"## {title}: {len(part)}", numbers(table.loc[part])]
    others = ucr_accuracy().join(other_sets_published(), how="inner")
    parts += [f"## Sets of unequal length or with gaps: {len(others)}", numbers(others.dropna(axis=1, how="all"))]
    return "\n\n".join(parts) + "\n"


def draw_ranks():
    """Mean ranks among published methods."""
    scores = ucr_accuracy().join(published()[RANKED], how="inner")
    figure = plot_critical_difference(scores).figure
    save(figure, "ucr_critical_difference")


def draw_score_against_time():
    """Mean accuracy and seconds of all sets with published rows, fit and predict, on two cores."""
    rows = pd.concat([read("ucr_timing"), read("ucr").query("model == @DEEP and seed == 0")])
    rows = rows[rows["set"].isin(published().index)]
    others = published().loc[rows["set"].unique(), ["HIVE-COTE 2", "InceptionTime", "ResNet"]].mean()
    accuracy = rows.groupby("model")["accuracy"].mean()
    seconds = rows.groupby("model")[["fit_seconds", "predict_seconds"]].sum().sum(axis=1)
    seconds[DEEP] /= 2  # fits side by side, one a core
    figure, ax = plt.subplots(figsize=(7, 4))
    for model, title in {**TIMED, DEEP: f"{DEEP}, one seed"}.items():
        title = f"StateSpaceRidge, {title}" if model.startswith("features") else title
        point = seconds[model], accuracy[model]
        ax.plot(*point, "o", color="C1" if title.startswith("aeon") else "C0")
        ax.annotate(title.replace("`", ""), point, xytext=(6, -3), textcoords="offset points", fontsize=8)
    for name, mean in others.items():
        ax.axhline(mean, color="grey", linewidth=0.8, linestyle=":")
        place = {"xycoords": ("axes fraction", "data"), "xytext": (0, 2), "textcoords": "offset points"}
        ax.annotate(f"{name} (published)", (0.99, mean), fontsize=8, color="grey", ha="right", **place)
    ax.set(xscale="log", xlabel=f"seconds for {rows['set'].nunique()} sets, two cores", ylabel="mean accuracy")
    ax.margins(x=0.3)
    save(figure, "ucr_score_time")


def save(figure, name):
    figure.savefig(RESULTS / f"{name}.png", dpi=120, bbox_inches="tight")
    plt.close(figure)
