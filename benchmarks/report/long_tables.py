"""The tables of BIDMC, of long series and of the liquid forms, made from committed rows."""

from benchmarks.published import published
from benchmarks.report.markdown import markdown, read

MODELS = {
    "constant": "majority",
    "linear": "ridge on raw points or counts of tokens",
    "1-NN": "1-NN, of the same",
    "MiniRocket": "aeon MiniRocket",
    "features": "StateSpaceRidge",
    "GRU": "GRU of S4D's size",
    "S4D": "S4D",
}
BIDMC = {
    ("constant", "regular"): "mean",
    ("linear", "regular"): "ridge on raw points",
    ("1-NN", "regular"): "1-NN",
    ("MiniRocket", "regular"): "aeon MiniRocket",
    ("features", "regular"): "StateSpaceRidge",
    ("features, 4,000 kernels", "full"): "StateSpaceRidge, 4,000 points",
    ("GRU", "regular"): "GRU of S4D's size",
    ("S4D", "regular"): "S4D",
    ("LiquidS4", "regular"): "LiquidS4",
    ("S4D", "short"): "S4D, 6 layers of 128, 4,000 points, 150 epochs",
}
FORMS = {"none": "S4D", **{form: f"LiquidS4, {form}" for form in ("kb", "pb", "degree", "exact")}}
TASKS = {
    ("sequential_images", "sMNIST", "accuracy"): "sMNIST, 10,000 digits (784 points)",
    ("long_range", "image", "accuracy"): "grey CIFAR, 3,000 images (1,024)",
    ("long_range", "pathfinder", "accuracy"): "Pathfinder-32, made here (1,024)",
    ("long_range", "text", "accuracy"): "IMDB, 2,000 reviews byte by byte (1,024)",
    ("long_range", "listops", "accuracy"): "ListOps, 8,000 lists (to 939)",
    ("speech", "digits", "accuracy"): "spoken digits, 600 recordings at 8 kHz (to 10,500)",
    ("speech", "digits", "accuracy at half rate"): "the same fits, every second sample",
}


def bidmc():
    """Root mean squared errors of three targets in a cell; means over seeds."""
    means = read("bidmc").groupby(["task", "model", "profile"])[["HR", "RR", "SpO2"]].mean()
    lines = []
    for key, title in BIDMC.items():
        places = [(protocol, *key) for protocol in ("shuffled", "by-patient")]
        cells = [errors(means.loc[place]) if place in means.index else "" for place in places]
        lines += [[title, *cells, ""]] if any(cells) else []
    others = published("bidmc", "model", "source")
    lines += [[f"{model} ({source})", "", "", errors(values)] for (model, source), values in others.iterrows()]
    return markdown(["", "shuffled windows", "patients never seen", "other windows"], lines)


def errors(values):
    """Three errors in a cell."""
    return " / ".join(f"{value:.2f}" if value >= 1 else f"{value:.3f}" for value in values)


def long_series():
    """Accuracies; means over seeds."""
    lines = []
    for (name, task, score), title in TASKS.items():
        rows = read(name)
        rows = rows[(rows["task"] == task) & (rows["profile"] == "regular")]
        means = rows.dropna(subset=[score]).groupby("model")[score].mean()
        lines.append([title, *(f"{means[model]:.3f}" if model in means else "" for model in MODELS)])
    return markdown(["", *MODELS.values()], lines)


def liquid_forms():
    """Accuracies of sets of the archive and their mean, and BIDMC's errors, one row per form; means over seeds."""
    rows = read("liquid_forms")
    means = rows.groupby(["form", "set"])[["accuracy", "HR", "RR", "SpO2"]].mean()
    sets = [name for name in dict.fromkeys(rows["set"]) if name != "BIDMC"]
    lines = []
    for form, title in FORMS.items():
        own = means.loc[form]
        accuracy = own["accuracy"].reindex(sets)
        missed = errors(own.loc["BIDMC", ["HR", "RR", "SpO2"]]) if "BIDMC" in own.index else ""
        lines.append([title, *(f"{value:.3f}" for value in (*accuracy, accuracy.mean())), missed])
    return markdown(["", *sets, "mean of the five", "BIDMC, shuffled, averaged by 16"], lines)
