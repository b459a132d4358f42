"""Pictures of ranks and of times on the UCR archive."""

import matplotlib.pyplot as plt
import pandas as pd

from benchmarks.accuracy.ucr_sets import DEEP
from benchmarks.harness.folders import RESULTS
from benchmarks.published import published
from benchmarks.report.markdown import read
from benchmarks.report.tables import TIMED, ucr_accuracy
from ssm_estimators.visualisation import plot_critical_difference

RANKED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "H-InceptionTime", "RDST", "QUANT", "ROCKET", "MiniROCKET", "1-NN DTW"]


def draw_ranks():
    """Mean ranks among published methods."""
    scores = ucr_accuracy().join(published("ucr_original_split", "set")[RANKED], how="inner")
    figure = plot_critical_difference(scores).figure
    save(figure, "ucr_critical_difference")


def draw_score_against_time():
    """Mean accuracy and seconds of all sets with published rows, fit and predict, on two cores."""
    rows = pd.concat([read("ucr_timing"), read("ucr").query("model == @DEEP and seed == 0")])
    others = published("ucr_original_split", "set")
    rows = rows[rows["set"].isin(others.index)]
    others = others.loc[rows["set"].unique(), ["HIVE-COTE 2", "InceptionTime", "ResNet"]].mean()
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
