"""Pictures of ranks and of times on the UCR archive."""

import matplotlib.pyplot as plt
import pandas as pd

from benchmarks.accuracy.ucr_sets import DEEP
from benchmarks.harness.folders import RESULTS
from benchmarks.published import published
from benchmarks.report.markdown import read
from benchmarks.report.tables import OURS, ucr_accuracy
from ssm_estimators.visualisation import plot_critical_difference

RANKED = ["HIVE-COTE 2", "MultiROCKET-Hydra", "H-InceptionTime", "RDST", "QUANT", "ROCKET", "MiniROCKET", "1-NN DTW"]
SERIES = {  # of the picture: models and what stands beside their points, and a colour
    "StateSpaceRidge, by number of kernels": (
        {"features_500": "500", "features_1000": "1,000", "features_4000": "4,000", "features": "8,000 (default)"},
        "C0",
    ),
    f"{DEEP}, one seed": ({DEEP: DEEP}, "C2"),
    "aeon's classifiers": ({"MiniRocket": "MiniRocket", "MultiRocketHydra": "MultiRocketHydra"}, "C1"),
}


def draw_ranks():
    """Mean ranks among published methods; ours in bold."""
    scores = ucr_accuracy().join(published("ucr_original_split", "set")[RANKED], how="inner")
    ax = plot_critical_difference(scores)
    for text in ax.texts:
        if text.get_text().startswith(tuple(OURS.values())):
            text.set_fontweight("bold")
    save(ax.figure, "ucr_critical_difference")


def draw_score_against_time():
    """Mean accuracy and seconds of all sets with published rows, fit and predict, on two cores."""
    rows = pd.concat([read("ucr_timing"), read("ucr").query("model == @DEEP and seed == 0")])
    others = published("ucr_original_split", "set")
    rows = rows[rows["set"].isin(others.index)]
    others = others.loc[rows["set"].unique(), ["HIVE-COTE 2", "InceptionTime", "ResNet"]].mean()
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
