"""The tables of README and docs/results, each made from committed rows."""

import numpy as np

from benchmarks.accuracy.ucr_sets import DEEP, searched
from benchmarks.harness.arguments import NETWORKS
from benchmarks.published import published
from benchmarks.report.long_tables import bidmc, errors, liquid_forms, long_series
from benchmarks.report.markdown import markdown, read

OURS = {"features": "StateSpaceRidge", DEEP: DEEP, f"{DEEP} ensemble": f"{DEEP}, three networks' mean"}
PUBLISHED = [
    ["HIVE-COTE 2"],
    ["MultiROCKET-Hydra"],
    ["RDST", "MiniROCKET"],
    ["InceptionTime", "H-InceptionTime"],
    ["QUANT"],
    ["ResNet"],
    ["1-NN DTW"],
]
TIMED = {
    "features": "default (8,000 kernels)",
    "features_4000": "`n_kernels=4000`",
    "features_1000": "`n_kernels=1000`",
    "features_500": "`n_kernels=500`",
    "MultiRocketHydra": "aeon MultiRocketHydra",
    "MiniRocket": "aeon MiniRocket",
}
MULTIVARIATE = {
    "ArticularyWordRecognition": "ArticularyWordRecognition (9 channels)",
    "AtrialFibrillation": "AtrialFibrillation (2; 15 test cases)",
    "BasicMotions": "BasicMotions (6)",
    "Epilepsy": "Epilepsy (3)",
    "Libras": "Libras (2)",
    "RacketSports": "RacketSports (6)",
    "PenDigits": "PenDigits (2; 8 points)",
    "JapaneseVowels": "JapaneseVowels (12; 7 to 29 points)",
}
BUNDLED = {
    "GunPoint": "GunPoint (50 cases, 150 points)",
    "ArrowHead": "ArrowHead (36, 251)",
    "ItalyPowerDemand": "ItalyPowerDemand (67, 24)",
    "OSULeaf": "OSULeaf (200, 427)",
    "ACSF1": "ACSF1 (100, 1,460)",
    "BasicMotions": "BasicMotions (40, 100; 6 channels)",
    "JapaneseVowels": "JapaneseVowels (270, 7 to 29; 12 channels)",
    "Covid3Month": "Covid3Month (140, 84)",
    "Tecator": "Tecator (172, 100)",
}
PATCH_TST = {  # published for PatchTST/64 (arXiv:2211.14730, table 3)
    ("ETTh1", 96): 0.370,
    ("ETTh1", 192): 0.413,
    ("ETTh1", 336): 0.422,
    ("ETTh1", 720): 0.447,
    ("ETTm1", 96): 0.293,
    ("weather", 96): 0.149,
}
DIGITS = {"Covid3Month": 4, "Tecator": 2}


def ucr_accuracy():
    """Ours by set and model, means over seeds."""
    table = read("ucr").pivot_table(index="set", columns="model", values="accuracy")
    return table[[model for model in OURS if model in table]].rename(columns=OURS)


def ucr():
    """Ours among what others published for the same split."""
    own = ucr_accuracy()
    table = own.join(published("ucr_original_split", "set"), how="inner")
    unseen = [name for name in table.index if not searched(name)]

    def cells(names, form="{:.4f}"):
        return [", ".join(form.format(v) for v in part[names].mean()) for part in (table, table.loc[unseen])]

    lines = [[f"**{name}**", *cells([name], "**{:.4f}**")] for name in own]
    lines += [[", ".join(names), *cells(names)] for names in PUBLISHED]
    return markdown(["", f"{len(table)} sets", f"the {len(unseen)} that the features' search never looked at"], lines)


def timing():
    """Seconds of all sets, ours and aeon's, in one run."""
    rows = read("ucr_timing").groupby("model")
    sums, accuracy, memory = (
        rows[["fit_seconds", "predict_seconds"]].sum(),
        rows["accuracy"].mean(),
        rows["peak_GB"].max(),
    )
    total = sums.sum(axis=1)
    share = total / total["MultiRocketHydra"]
    lines = [
        [title, f"{accuracy[m]:.4f}", *(f"{s:.0f}" for s in sums.loc[m]), f"{share[m]:.2g}", f"{memory[m]:.2g}"]
        for m, title in TIMED.items()
    ]
    return markdown(["", "accuracy", "fit, s", "predict, s", "of MultiRocketHydra's time", "memory, GB"], lines)


def uea():
    """Accuracy on multivariate sets, means over seeds."""
    models = {"features": "StateSpaceRidge", DEEP: DEEP, "MultiRocketHydra": "aeon MultiRocketHydra", "1-NN": "1-NN"}
    table = read("uea").pivot_table(index="set", columns="model", values="accuracy").loc[[*MULTIVARIATE], [*models]]
    means = {f"mean of the {len(table.dropna())} with all": table.dropna().mean()}
    named = {MULTIVARIATE[name]: row for name, row in table.iterrows()} | means
    lines = [[title, *("" if np.isnan(v) else f"{v:.3f}" for v in row)] for title, row in named.items()]
    return markdown(["", *models.values()], lines)


def bundled():
    """Default parameters on sktime's own sets, medians over seeds."""
    models = ["StateSpaceRidge", *NETWORKS]
    rows = read("bundled").groupby(["set", "model"])
    score, seconds, simple = rows["score"].median(), rows["fit_seconds"].median(), rows["1-NN or mean"].median()
    lines = []
    for name, title in BUNDLED.items():
        values = [*(score[name, model] for model in models), simple[name, "S4D"]]
        times = f"{seconds[name, 'StateSpaceRidge']:.1f}, {seconds[name, 'S4D']:.0f}"
        lines.append([title, *(f"{v:.{DIGITS.get(name, 3)}f}" for v in values), times])
    titles = [f"`{model}`" for model in models]
    return markdown(["", *titles, "1-NN or mean", "seconds a fit, `StateSpaceRidge`, `S4D`"], lines)


def forecasting():
    """Mean squared errors of standardised values; bold is the least of a row."""
    settings = [("ETTh1", h) for h in (96, 192, 336, 720)] + [("ETTm1", 96), ("weather", 96)]
    models = {"ridge": "StateSpaceRidge", "S4D": "S4D", "plain ridge": "plain ridge", "DLinear": "DLinear"}
    means = read("ltsf").groupby(["set", "horizon", "model"])["mse"].mean()
    others = published("forecasting", "set", "horizon", "model")["mse"]
    lines, before = [], None
    for name, horizon in settings:
        values = [*(means[name, horizon, model] for model in models), others[name, horizon, "PatchTST/64"]]
        values = np.round(values, 3)
        cells = [f"**{v:.3f}**" if v == values.min() else f"{v:.3f}" for v in values]
        lines.append([name if name != before else "", str(horizon), *cells])
        before = name
    return markdown(["", "horizon", *models.values(), "PatchTST/64"], lines)


def overview():
    """Six tasks, an estimator of ours on each and the best of what stands beside it; README's only table of results."""
    others = published("ucr_original_split", "set")
    table = ucr_accuracy().join(others, how="inner")
    unseen = table.loc[[name for name in table.index if not searched(name)]]
    several, many = unseen.mean(), read("uea").pivot_table(index="set", columns="model", values="accuracy")
    many = many.loc[[*MULTIVARIATE], ["features", "MultiRocketHydra"]].dropna()
    digits = read("sequential_images").query("task == 'sMNIST' and profile == 'regular'")
    digits = digits.groupby("model")["accuracy"].mean()
    heart = read("bidmc").query("task == 'shuffled' and model == 'features, 4,000 kernels' and profile == 'full'")
    ahead = read("ltsf").query("set == 'weather' and horizon == 96").groupby("model")["mse"].mean()
    best = several[others.columns].idxmax()
    kinds = f"{len(unseen)} sets of the UCR archive, accuracy"
    digit_rival, liquid = (
        digits.drop("S4D").idxmax(),
        published("bidmc", "model").loc["Liquid-S4", ["HR", "RR", "SpO2"]],
    )
    patch = published("forecasting", "set", "horizon", "model")["mse"]["weather", 96, "PatchTST/64"]
    lines = [
        [kinds, "`StateSpaceRidgeClassifier`", f"**{several['StateSpaceRidge']:.4f}**", f"{best}, {several[best]:.4f}"],
        [kinds, f"`{DEEP}Classifier`", f"{several[DEEP]:.4f}", f"InceptionTime, **{several['InceptionTime']:.4f}**"],
        [
            f"{len(many)} multivariate sets of the UEA archive, accuracy",
            "`StateSpaceRidgeClassifier`",
            f"**{many['features'].mean():.3f}**",
            f"aeon's MultiRocketHydra, {many['MultiRocketHydra'].mean():.3f}",
        ],
        [
            "handwritten digits read pixel by pixel, 10,000 for training, accuracy",
            "`S4DClassifier`",
            f"**{digits['S4D']:.3f}**",
            f"aeon's {digit_rival}, {digits[digit_rival]:.3f}",
        ],
        [
            "heart rate / breathing rate / oxygen saturation (BIDMC), error",
            "`StateSpaceRidgeRegressor`, 4,000 kernels",
            errors(heart[["HR", "RR", "SpO2"]].mean()),
            f"Liquid-S4, {errors(liquid)}",
        ],
        [
            "weather, 96 steps ahead, squared error",
            "`StateSpaceRidgeForecaster`",
            f"**{ahead['ridge']:.3f}**",
            f"PatchTST/64, {patch:.3f}",
        ],
    ]
    return markdown(["task and measure", "estimator", "result", "for comparison"], lines)


TABLES = {
    table.__name__: table
    for table in (overview, ucr, timing, bidmc, liquid_forms, long_series, uea, forecasting, bundled)
}
