"""What is predicted of a case does not depend on the cases beside it."""

import os
import subprocess
import sys

import numpy as np
import pytest

import ssm_estimators
from ssm_estimators.random_features import StateSpaceFeatures

SHORT, LONG = 40, 900
CLOSE = 1e-9  # of the output's size


@pytest.fixture(params=["short", "long", "mixed"])
def series(request):
    rng = np.random.default_rng(0)
    lengths = {
        "short": rng.integers(SHORT // 2, SHORT, 17),
        "long": rng.integers(LONG // 2 + 300, LONG, 5),
        "mixed": np.r_[rng.integers(SHORT // 2, SHORT, 9), 699, 700, 701, LONG],
    }[request.param]
    return [rng.standard_normal((2, int(length))) for length in lengths]


def _largest_difference(output, estimator, series):
    alone = np.concatenate([output(estimator, [x]) for x in series])
    size = np.abs(alone).max()
    n, worst = len(series), 0.0
    rng = np.random.default_rng(1)
    for _ in range(4):
        order = rng.permutation(n)
        for batch in (1, 3, 8, n):
            estimator.set_params(
                **({"predict_batch_size": batch} if "predict_batch_size" in estimator.get_params() else {})
            )
            together = output(estimator, [series[i] for i in order])
            worst = max(worst, np.abs(together - alone[order]).max() / size)
        some = order[: max(1, n // 2)]
        worst = max(worst, np.abs(output(estimator, [series[i] for i in some]) - alone[some]).max() / size)
    return worst


def test_outputs_do_not_depend_on_neighbours(make, any_class, series, output):
    y = np.arange(len(series)) % 2 if any_class.__name__.endswith("Classifier") else np.arange(len(series)) / 7
    estimator = make().fit(series, y)
    assert _largest_difference(output, estimator, series) <= CLOSE


@pytest.mark.parametrize(
    "params", [{"liquid": form} for form in ("pb", "degree", "exact")] + [{"standardize": "series"}]
)
def test_outputs_of_liquid_forms_do_not_depend_on_neighbours(small, series, output, params):
    clf = ssm_estimators.LiquidS4Classifier(**{**small, "max_epochs": 1}, **params).fit(
        series, np.arange(len(series)) % 2
    )
    assert _largest_difference(output, clf, series) <= CLOSE


@pytest.mark.parametrize("missing", ["error", "mask"])
def test_features_have_the_same_bits_beside_any_neighbours(series, missing):
    features = StateSpaceFeatures(n_kernels=256, missing=missing, random_state=0).fit(series)
    alone = np.concatenate([features.transform([x]) for x in series])
    order = np.random.default_rng(2).permutation(len(series))
    for n in (1, 3, 8, len(series)):
        np.testing.assert_array_equal(features.transform([series[i] for i in order[:n]]), alone[order[:n]])


ALIKE = """
import numpy as np
from ssm_estimators.random_features import StateSpaceFeatures
rng = np.random.default_rng(0)
for n_timepoints, params in (
    (17, {"n_modes": 5, "group_size": 7, "n_kernels": 500, "n_windows": 3}),
    (100, {"n_windows": 3}), (267, {}), (517, {"n_windows": 1}), (640, {}), (720, {"n_windows": 6}),
):
    params = {"n_kernels": 256, "random_state": 0, "n_jobs": 1, **params}
    features = StateSpaceFeatures(**params).fit(rng.standard_normal((6, 2, n_timepoints)))
    rows = features.transform(np.repeat(rng.standard_normal((1, 2, n_timepoints)), 70, axis=0))
    assert (rows == rows[0]).all(), (n_timepoints, params)
"""


@pytest.mark.parametrize("threads", ["1", None])
def test_equal_cases_have_equal_bits_wherever_they_stand(threads):
    """With as many threads of the BLAS as the environment says, or as there are cores."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {} if threads is None else {"OMP_NUM_THREADS": threads}
    subprocess.run([sys.executable, "-c", ALIKE], env=environment, check=True)


def test_far_from_zero_longer_neighbours_change_nothing():
    rng = np.random.default_rng(0)
    series = [1e6 + rng.standard_normal((2, int(n))) for n in rng.integers(97, 128, 60)]
    features = StateSpaceFeatures(n_kernels=256, standardize="series", random_state=0).fit(series)
    alone = np.concatenate([features.transform([x]) for x in series])
    np.testing.assert_array_equal(features.transform(series), alone)
