"""What the transformer promises: any length, masks, weights as counts, the same digits however it is computed."""

import pickle
import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ssm_estimators.random_features import StateSpaceFeatures
from ssm_estimators.random_features.pooling import POOLINGS
from ssm_estimators.random_features.shared_input import SharedInput


def make(**params):
    return StateSpaceFeatures(**{"n_kernels": 64, "random_state": 0, **params})


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((12, 2, 70))


@pytest.mark.parametrize("max_memory", [2.0, 0.0005])
@pytest.mark.parametrize("n_jobs", [1, 2, 5, -1, None])
def test_threads_do_not_change_a_digit(X, n_jobs, max_memory):
    X = np.repeat(X, 20, axis=0)
    tables = [make(n_jobs=n, max_memory=max_memory).fit_transform(X) for n in (1, n_jobs)]
    assert np.array_equal(*tables)


def test_every_case_is_transformed_as_if_alone(X):
    features = make().fit(X)
    together = features.transform(X)
    assert np.array_equal(np.concatenate([features.transform(x[None]) for x in X]), together)
    assert np.array_equal(features.transform(X[::-1]), together[::-1])


@pytest.mark.parametrize("max_memory", [0.01, 0.001])
def test_less_memory_gives_the_same_features(X, max_memory):
    expected = make().fit(X).transform(X)
    np.testing.assert_allclose(make(max_memory=max_memory).fit(X).transform(X), expected, rtol=1e-4, atol=1e-5)


def test_too_little_memory_says_what_would_do(X):
    with pytest.raises(
        ValueError, match=r"max_memory=1e-06 GB is too small for one case of 70.*at least (\S+)\.$"
    ) as e:
        make(max_memory=1e-6, n_jobs=1).fit(X).transform(X)
    enough = float(str(e.value).rstrip(".").split()[-1])
    assert make(max_memory=enough, n_jobs=1).fit(X).transform(X).shape[0] == 12


def test_seeds(X):
    expected = make().fit_transform(X)
    assert np.array_equal(make().fit_transform(X), expected)
    assert not np.array_equal(make(random_state=1).fit_transform(X), expected)
    assert not np.array_equal(make(random_state=None).fit_transform(X), make(random_state=None).fit_transform(X))


def test_nothing_global_moves(X):
    state, threads, filters = np.random.get_state()[1].copy(), torch.get_num_threads(), list(warnings.filters)
    torch_state = torch.get_rng_state()
    make(n_jobs=2, random_state=None).fit_transform(X)
    assert np.array_equal(np.random.get_state()[1], state)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert torch.get_num_threads() == threads
    assert warnings.filters == filters


@pytest.mark.parametrize("n_timepoints", [1, 2, 3, 5, 15, 16, 33, 300, 3000])
@pytest.mark.parametrize("n_channels", [1, 3])
def test_any_length_and_names_of_all_features(n_timepoints, n_channels):
    X = np.random.default_rng(0).standard_normal((4, n_channels, n_timepoints))
    features = make(pooling=POOLINGS).fit(X)
    table = features.transform(X)
    assert table.dtype == np.float32
    assert np.isfinite(table).all()
    names = features.get_feature_names_out()
    assert len(set(names)) == table.shape[1] == features.n_features_out_
    assert ("difference_forward_0.05_0_share" in names) == (n_timepoints > 1)
    assert ("second_difference_forward_0.05_0_share" in names) == (n_timepoints > 2)
    assert ("raw_forward_0.05_0_share_window_1" in names) == (n_timepoints >= 8)


def test_constant_and_silent_series_have_finite_features():
    X = np.concatenate([np.zeros((2, 1, 30)), np.full((2, 1, 30), 1e6), np.ones((1, 1, 30))])
    for standardize in ("channel", "series"):
        assert np.isfinite(make(standardize=standardize, pooling=POOLINGS).fit_transform(X)).all()


def test_kernels_are_rounded_up_to_groups_and_fewer_on_short_series(X):
    poolings = 4 * (1 + 4)  # over all time and over windows
    assert make(n_kernels=1).fit(X).n_features_out_ == 12 * 8 * poolings  # a group in each part and direction
    assert make(n_kernels=100).fit(X).n_features_out_ == 12 * 16 * poolings
    assert make(n_kernels=100, group_size=5).fit(X).n_features_out_ == 12 * 10 * poolings
    assert make(n_kernels=4000).fit(X[..., :3]).n_features_out_ == 12 * 3 * 32 * 5  # no windows, but the last response


def test_padding_is_neither_heard_nor_pooled(X):
    series = [x[:, : 20 + 4 * i] for i, x in enumerate(X)]
    features = make(missing="mask", pooling=POOLINGS).fit(series)
    padded = np.full_like(X, np.nan)
    for row, x in zip(padded, series, strict=True):
        row[:, : x.shape[1]] = x
    assert np.array_equal(features.transform(padded), features.transform(series))
    alone = np.concatenate([features.transform([x]) for x in series])
    np.testing.assert_allclose(features.transform(series), alone, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("n_windows", [1, 4, 6])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_any_lengths_with_gaps_are_as_if_alone(n_windows, n_channels):
    rng = np.random.default_rng(0)
    series = [rng.standard_normal((n_channels, n)) for n in (1, 2, 3, 4, 7, 20, 65, 129, 200)]
    for x in series[4:]:
        x[:, 0] = x[0, 2:4] = np.nan
    features = make(missing="mask", pooling=POOLINGS, n_windows=n_windows).fit(series)
    alone = np.concatenate([features.transform([x]) for x in series])
    np.testing.assert_allclose(features.transform(series), alone, rtol=1e-3, atol=1e-3)


def test_windows_are_numbered_forward_in_time():
    X = np.zeros((1, 1, 400))
    X[..., 320:340] = np.random.default_rng(0).standard_normal(20)
    features = make(representations=("raw",), max_time_constants=(0.02,), pooling=("losses",)).fit(X)
    table = dict(zip(features.get_feature_names_out(), features.transform(X)[0], strict=True))
    for direction in ("forward", "backward"):
        windows = [sum(v for k, v in table.items() if direction in k and k.endswith(f"window_{w}")) for w in range(4)]
        assert np.argmax(windows) == 3


def test_a_missing_value_is_not_a_zero(X):
    gaps = X.copy()
    gaps[3, :, 10:20] = np.nan
    features = make(missing="mask").fit(X)
    table = features.transform(gaps)
    assert np.isfinite(table).all()
    assert np.array_equal(table[[0, 1, 2, 4]], features.transform(X)[[0, 1, 2, 4]])
    assert not np.array_equal(table[3], features.transform(np.nan_to_num(gaps))[3])


def test_a_weight_is_a_count(X):
    weight = np.arange(12) % 3
    weighted = make().fit(X, sample_weight=weight)
    order = np.random.default_rng(1).permutation(weight.sum())
    repeated = make().fit(np.repeat(X, weight, axis=0)[order])
    np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), rtol=1e-5, atol=1e-6)
    series = [*X[:11, :, :40], X[11]]  # no copy of the longest
    weight = np.arange(12) < 11
    assert np.array_equal(make().fit(series, sample_weight=weight).transform(X), make().fit(series[:11]).transform(X))


def test_scale_and_level_matter_by_channel_but_not_by_series(X):
    scale = np.linspace(1, 3, 12)[:, None, None]
    moved = scale * X + 10 * scale
    by_series, by_channel = make(standardize="series").fit(X), make(standardize="channel").fit(X)
    np.testing.assert_allclose(by_series.transform(moved), by_series.transform(X), rtol=1e-3, atol=1e-3)
    assert not np.allclose(by_channel.transform(moved), by_channel.transform(X), atol=0.1)


def test_clone_pickle_and_pandas(X):
    features = make().fit(X)
    assert np.array_equal(pickle.loads(pickle.dumps(features)).transform(X), features.transform(X))
    assert clone(features).get_params() == features.get_params()
    frame = clone(features).set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == features.get_feature_names_out().tolist()


def test_in_a_pipeline():
    rng, y = np.random.default_rng(0), np.arange(60) % 2
    X = np.sin((0.3 + 0.1 * y[:, None]) * np.arange(80) + rng.uniform(0, 6, (60, 1))) + rng.standard_normal((60, 80))
    pipeline = make_pipeline(make(n_kernels=400), StandardScaler(), RidgeClassifierCV(np.logspace(0, 4, 9)))
    assert pipeline.fit(X[:40], y[:40]).score(X[40:], y[40:]) >= 0.9


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_kernels": 0}, "The 'n_kernels' parameter"),
        ({"frequencies": (2.0, 0.1)}, r"frequencies must be \(low, high\) with 0 < low < high; got \(2.0, 0.1\)"),
        ({"frequencies": (0.1, np.inf)}, r"frequencies must be \(low, high\)"),
        ({"frequencies": ("a", "b")}, r"frequencies must be \(low, high\)"),
        ({"max_time_constants": ()}, r"max_time_constants must be one or more positive numbers, each once; got \(\)"),
        ({"max_time_constants": (0.1, -1)}, r"max_time_constants must be one or more positive numbers"),
        ({"max_time_constants": 0.1}, "The 'max_time_constants' parameter"),
        ({"n_windows": 0}, "The 'n_windows' parameter"),
        ({"pooling": (["share"],)}, r"pooling must be one or more of"),
        ({"representations": ("raw", "raw")}, r"representations must be one or more of .*, each once; got"),
        ({"pooling": ("mean",)}, r"pooling must be one or more of \('share'.*got \('mean',\)"),
        ({"pooling": "share"}, "The 'pooling' parameter"),
        ({"group_size": 1}, "The 'group_size' parameter"),
        ({"n_jobs": 0}, "The 'n_jobs' parameter"),
        ({"max_memory": 0}, "The 'max_memory' parameter"),
        ({"device": "tpu9"}, "device must be 'auto' or a device of PyTorch"),
    ],
)
def test_unknown_parameter_values(X, params, message):
    with pytest.raises(ValueError, match=message):
        make(**params).fit(X).transform(X)


def test_a_single_time_point_has_no_difference(X):
    with pytest.raises(ValueError, match=r"1 time points has too few for any of .*\('difference',\): add 'raw'"):
        make(representations=("difference",)).fit(X[..., :1])


@pytest.mark.parametrize("n_timepoints", [1, 2, 500])
def test_other_lengths_than_in_fit(X, n_timepoints):
    features = make().fit(X)
    assert np.isfinite(features.transform(np.ones((3, 2, n_timepoints)))).all()
    assert np.isfinite(features.transform(np.random.default_rng(0).standard_normal((3, 2, n_timepoints)))).all()


def test_the_default_dtype_of_torch_does_not_matter(X):
    expected = make().fit_transform(X)
    torch.set_default_dtype(torch.float64)
    try:
        assert np.array_equal(make().fit_transform(X), expected)
    finally:
        torch.set_default_dtype(torch.float32)


def test_fits_in_threads_leave_the_thread_count_alone(X):
    before = torch.get_num_threads()
    fits = (joblib.delayed(make(n_jobs=1 + i % 3).fit_transform)(X) for i in range(16))
    together = joblib.Parallel(n_jobs=8, backend="threading")(fits)
    assert torch.get_num_threads() == before
    assert all(np.array_equal(table, together[0]) for table in together)


def test_parameters_set_after_fit_wait_for_the_next_fit(X):
    features = make().fit(X)
    expected = features.transform(X)
    features.set_params(group_size=3, standardize="series", pooling=("max",), missing="mask", n_kernels=8)
    assert np.array_equal(features.transform(X), expected)


def test_a_list_of_equal_lengths_is_an_array(X):
    features = make().fit(list(X))
    assert np.array_equal(features.transform(list(X)), features.transform(X))
    assert np.array_equal(make().fit(X).transform(X), features.transform(X))


@pytest.fixture
def kernels(X):
    """Of one view."""
    return next(iter(make().fit(X).filter_bank_.kernels.values()))


def test_block_matrices_follow_the_device_of_the_thresholds(kernels, host_code):
    """The systems stay on the CPU; tensors that hold no values stand in for those of a GPU, and no kernel is run."""
    backend, launched = host_code
    kernels = kernels.to(torch.device("meta"))
    bank = SharedInput.of(kernels.system, 16, kernels.thresholds)
    assert all(getattr(bank, name).is_meta for name in ("toeplitz", "into_state", "from_state", "transition"))
    assert all(value.is_meta for value in launched if isinstance(value, torch.Tensor))
    assert bool(launched) == (backend == "triton")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_gives_the_same_features(X):
    features = make().fit(X)
    expected = features.transform(X)
    np.testing.assert_allclose(features.set_params(device="cuda").transform(X), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("n_cases", "n_timepoints", "expected"),
    [(500, 1000, {0.02, 0.05, 0.5}), (499, 1000, {0.05, 0.5}), (500, 999, {0.05, 0.5})],
)
def test_many_long_series_get_brief_time_constants_too(n_cases, n_timepoints, expected):
    X = np.random.default_rng(0).standard_normal((n_cases // 2, 1, n_timepoints)).astype(np.float32)
    weight = np.full(len(X), n_cases / len(X))
    features = make(n_kernels=12, representations=("raw",)).fit(X, sample_weight=weight)
    assert {part.max_time_constant for part in features.filter_bank_.parts} == expected
