"""Tables and a picture from the rows of ucr.py: results/ucr.md and results/ucr_critical_difference.png.

python benchmarks/accuracy/ucr_report.py --data-dir DATA
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from runs import RESULTS, Rows
from ucr_sets import equal_length_sets, other_sets, published, searched, summary

from ssm_estimators.visualisation import plot_critical_difference

COMPARED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "MultiROCKET", "RDST", "QUANT", "InceptionTime", "ROCKET", "MiniROCKET"]
PICTURED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "H-InceptionTime", "RDST", "QUANT", "ROCKET", "MiniROCKET", "1-NN DTW"]


def own_means(rows, models):
    """Accuracy a set (rows) and model (columns), the mean over seeds."""
    frame = pd.DataFrame(rows.rows)
    return frame[frame["model"].isin(models)].pivot_table(index="set", columns="model", values="accuracy")


def markdown(table):
    """A table of numbers as Markdown, four decimals."""
    lines = [["set", *map(str, table.columns)], ["---"] * (table.shape[1] + 1)]
    for name, row in table.iterrows():
        lines.append([str(name), *("" if np.isnan(value) else f"{value:.4f}" for value in row)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_report(rows, models, data_dir):
    own = own_means(rows, models)
    seeds = sorted({row["seed"] for row in rows.rows if row["model"] in models})
    names = [name for name in equal_length_sets(data_dir) if name in own.index]
    table = own.loc[names].join(published()[COMPARED])
    halves = {
        "Sets that the search for defaults looked at (training parts)": [name for name in names if searched(name)],
        "Sets that it never looked at": [name for name in names if not searched(name)],
    }
    means = pd.DataFrame({title: table.loc[part].mean() for title, part in halves.items()} | {"All": table.mean()}).T
    text = [
        "# UCR archive, original split",
        "",
        "Made by `benchmarks/accuracy/ucr_report.py`; not written by hand.",
        "",
    ]
    text += [f"Accuracy of ours: the mean over seeds {seeds}. Others: published for the"]
    text += ["same split, from the result files of tsml-eval (`benchmarks/published/`).", "", markdown(means), ""]
    for title, part in halves.items():
        text += [f"## {title}: {len(part)}", "", markdown(table.loc[part]), ""]
    others = [name for name in other_sets(data_dir) if name in own.index]
    if others:
        nearest = summary(data_dir)["acc_1nn_ed_published"].rename("1-NN, Euclidean (published)")
        text += [
            f"## Sets of unequal length or with gaps: {len(others)}",
            "",
            markdown(own.loc[others].join(nearest)),
            "",
        ]
    (RESULTS / "ucr.md").write_text("\n".join(text))
    print(means.round(4).to_string())
    if len(names) > 1:
        picture(own.loc[names], names)


def picture(own, names):
    """Ranks of ours among published methods."""
    matplotlib.use("Agg")
    scores = own.rename(columns={"features": "state-space features"}).join(published()[PICTURED])
    figure = plot_critical_difference(scores.loc[names].dropna()).figure
    figure.savefig(RESULTS / "ucr_critical_difference.png", dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True, help="folder that holds ucr/")
    parser.add_argument("--model", nargs="+", default=["features"])
    parser.add_argument("--rows", type=Path, default=RESULTS / "ucr.jsonl")
    args = parser.parse_args()
    write_report(Rows(args.rows, ("model", "set", "seed")), args.model, args.data_dir)


if __name__ == "__main__":
    main()
