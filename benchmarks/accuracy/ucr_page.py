"""The page on the UCR archive, set by set, and its pictures, from the rows of ucr.py."""

import matplotlib.pyplot as plt
import pandas as pd
from readme_tables import OURS, ucr_accuracy
from runs import NETWORKS, RESULTS
from tables import markdown, read
from ucr_sets import DEEP, TEN, other_sets_published, published, searched

from ssm_estimators.visualisation import plot_critical_difference

COMPARED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "RDST", "QUANT", "InceptionTime", "MiniROCKET", "ResNet"]
RANKED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "H-InceptionTime", "RDST", "QUANT", "ROCKET", "MiniROCKET", "1-NN DTW"]
LOSSES = 10
SERIES = {  # of the picture: models and what stands beside their points, and a colour
    "StateSpaceRidge, by number of kernels": (
        {"features_500": "500", "features_1000": "1,000", "features_4000": "4,000", "features": "8,000 (default)"},
        "C0",
    ),
    f"{DEEP}, one seed": ({DEEP: DEEP}, "C2"),
    "aeon's classifiers": ({"MiniRocket": "MiniRocket", "MultiRocketHydra": "MultiRocketHydra"}, "C1"),
}
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
    """Mean ranks among published methods; ours in bold."""
    scores = ucr_accuracy().join(published()[RANKED], how="inner")
    ax = plot_critical_difference(scores)
    for text in ax.texts:
        if text.get_text().startswith(tuple(OURS.values())):
            text.set_fontweight("bold")
    save(ax.figure, "ucr_critical_difference")


def draw_score_against_time():
    """Mean accuracy and seconds of all sets with published rows, fit and predict, on two cores."""
    rows = pd.concat([read("ucr_timing"), read("ucr").query("model == @DEEP and seed == 0")])
    rows = rows[rows["set"].isin(published().index)]
    others = published().loc[rows["set"].unique(), ["HIVE-COTE 2", "InceptionTime", "ResNet"]].mean()
    accuracy = rows.groupby("model")["accuracy"].mean()
    seconds = rows.groupby("model")[["fit_seconds", "predict_seconds"]].sum().sum(axis=1)
    seconds[DEEP] /= 2  # fits side by side, one a core
    figure, ax = plt.subplots(figsize=(8, 4.5))
    for name, mean in others.items():
        ax.axhline(mean, color="grey", linewidth=0.8, linestyle=":")
        place = {"xycoords": ("axes fraction", "data"), "xytext": (6, 0), "textcoords": "offset points"}
        ax.annotate(f"{name}\n(published)", (1, mean), color="grey", va="center", **place)
    for title, (models, color) in SERIES.items():
        ax.plot(seconds[[*models]], accuracy[[*models]], "o-" if len(models) > 2 else "o", color=color, label=title)
        for model, text in models.items():
            side = {"xytext": (9, -3), "ha": "left"} if model == "features" else {"xytext": (-5, 5), "ha": "right"}
            ax.annotate(text, (seconds[model], accuracy[model]), color=color, textcoords="offset points", **side)
    n_sets = rows["set"].nunique()
    ax.set(xscale="log", xlim=(10, 4000), xlabel=f"seconds for fit and predict on {n_sets} sets, two cores")
    ax.set(ylim=(0.82, 0.9), ylabel=f"mean accuracy on {n_sets} sets")
    ax.legend(loc="lower left", bbox_to_anchor=(0.02, 0.12))
    save(figure, "ucr_score_time")


def save(figure, name):
    figure.savefig(RESULTS / f"{name}.png", dpi=120, bbox_inches="tight")
    plt.close(figure)
