"""Whatever form series come in, what is learned and predicted is the same as of the plain array."""

import warnings

import numpy as np
import pandas as pd
import polars
import pytest
import torch
import xarray
from sklearn.model_selection import PredefinedSplit

from ssm_estimators import S4DClassifier, StateSpaceRidgeClassifier
from ssm_estimators.random_features import StateSpaceFeatures

NAMES = ["hr", "spo2"]


def _frames(X, names=NAMES, index=None):
    return [pd.DataFrame(x.T, index, names) for x in X]


def _multiindex(X):
    return pd.concat(dict(enumerate(_frames(X))))


def _long(X):
    table = _multiindex(X).melt(ignore_index=False).reset_index()
    return table.set_axis(["case_id", "reading_id", "dim_id", "value"], axis=1)


def _nested(X):
    return pd.DataFrame({name: [pd.Series(x[i]) for x in X] for i, name in enumerate(NAMES)})


def _ragged(X):
    cases = np.empty(len(X), dtype=object)
    cases[:] = list(X)
    return cases


FORMS = {
    "pd-multiindex": _multiindex,
    "pd-long": _long,
    "long by melt": lambda X: _multiindex(X).melt(ignore_index=False).reset_index(),
    "nested_univ": _nested,
    "df-list": _frames,
    "dates": lambda X: _frames(X, index=pd.date_range("2020-01-31", periods=X.shape[2], freq="ME")),
    "numpy3D": lambda X: X,
    "list": list,
    "object array": _ragged,
    "fortran": np.asfortranarray,
    "swapped view": lambda X: np.ascontiguousarray(X.swapaxes(1, 2)).swapaxes(1, 2),
    "reversed view": lambda X: X[..., ::-1].copy()[..., ::-1],
    "big endian": lambda X: X.astype(">f8"),
    "objects": lambda X: X.astype(object),
    "longdouble": lambda X: X.astype(np.longdouble),
    "masked": lambda X: np.ma.masked_array(X, np.zeros(X.shape, bool)),
    "tensor": lambda X: torch.from_numpy(X).requires_grad_(),
    "list of tensors": lambda X: list(torch.from_numpy(X)),
    "nested lists": lambda X: X.tolist(),
    "xarray": lambda X: xarray.DataArray(X, dims=["case", "channel", "time"]),
    "list of polars": lambda X: [polars.DataFrame(x.T, schema=NAMES) for x in X],
    "polars long": lambda X: polars.DataFrame(_long(X).to_dict("list")),
}


ORDER = np.random.default_rng(1).permutation(24)  # ids of cases in the order of their appearance


def _mixed(X):
    kinds = (np.asarray, np.ndarray.tolist, lambda x: torch.from_numpy(x).requires_grad_(), lambda x: _frames([x])[0])
    return [kinds[i % 4](x) for i, x in enumerate(X)]


RARE = {
    "long, ids unsorted": lambda X: _long(X).replace({"case_id": dict(enumerate(ORDER))}),
    "multiindex, ids unsorted": lambda X: pd.concat(dict(zip(ORDER, _frames(X), strict=True))),
    "time zone": lambda X: _frames(X, index=pd.date_range("2020-03-28", periods=20, freq="D", tz="Europe/Berlin")),
    "mixed": _mixed,
    "mixed, frame first": lambda X: [*_frames(X[:1]), *_mixed(X[1:])],
    "channels as tensors": lambda X: [[torch.from_numpy(channel).requires_grad_() for channel in x] for x in X],
    "channels as masked": lambda X: [[np.ma.masked_array(channel, channel > 9) for channel in x] for x in X],
    "nested arrays": lambda X: pd.DataFrame({name: list(X[:, i]) for i, name in enumerate(NAMES)}),
    "polars arrays": lambda X: polars.DataFrame(
        {name: X[:, i] for i, name in enumerate(NAMES)}, dict.fromkeys(NAMES, polars.Array(polars.Float64, 20))
    ),
    "polars lists": lambda X: polars.DataFrame({name: X[:, i].tolist() for i, name in enumerate(NAMES)}),
    "xarray, time within": lambda X: xarray.DataArray(X.swapaxes(1, 2), dims=["case", "Time", "channel"]),
    "list of xarray": lambda X: [xarray.DataArray(x.T, dims=["timepoints", "channel"]) for x in X],
    "xarray variable": lambda X: xarray.Variable(["case", "channel", "time"], X),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_panels(make, panel, target, output, form):
    X = panel[0]
    given = FORMS[form](X)
    expected = output(make().fit(X, target), X)
    np.testing.assert_array_equal(output(make().fit(given, target), given), expected)
    np.testing.assert_array_equal(output(make().fit(X, target), given), expected)


@pytest.mark.parametrize("form", [*FORMS, *RARE])
def test_features_of_forms(panel, form):
    X = panel[0]
    fitted = StateSpaceFeatures(n_kernels=64, random_state=0).fit(X)
    given = (FORMS | RARE)[form](X)
    np.testing.assert_array_equal(fitted.transform(given), fitted.transform(X))
    again = StateSpaceFeatures(n_kernels=64, random_state=0)
    np.testing.assert_array_equal(again.fit(given).transform(X), fitted.transform(X))


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (
            lambda X: pd.concat([_long(X), _long(X)[:1]]),
            "one value for each case, time and channel; case 0 has several",
        ),
        (lambda X: [np.float64(1)] * 24, "Expected X of shape.*got 1 dimensions"),
        (lambda X: [*X[:3], 2.5, *X[4:]], "Expected every case as an array.*; case 3 is an object of type float"),
        (lambda X: [*X[:3], None, *X[4:]], "Expected every case as an array.*; case 3 is an object of type NoneType"),
        (lambda X: [*X[:3], [[1.0], [2.0, 3.0]], *X[4:]], "Expected every case as an array.*; case 3 makes no array"),
        (lambda X: [[[torch.ones((), requires_grad=True)]]] * 24, "Expected X of shape.*got what makes no array"),
        (lambda X: xarray.Dataset({"hr": (["case", "time"], X[:, 0])}), "got an xarray Dataset. Make it an array"),
    ],
)
def test_forms_that_are_refused(panel, form, message):
    with pytest.raises(ValueError, match=message):
        StateSpaceFeatures(n_kernels=64).fit(form(panel[0]))


def test_names_are_those_of_the_first_frame(panel):
    X = panel[0]
    ridge = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit([X[0], *_frames(X[1:])], panel[1])
    assert ridge.channel_names_in_.tolist() == NAMES
    mixed = [X[0], *_frames(X[1:, ::-1], NAMES[::-1])]
    np.testing.assert_array_equal(ridge.predict_proba(mixed), ridge.predict_proba(X))


@pytest.mark.parametrize("form", ["pandas", "polars", "xarray"])
def test_forms_of_tables(make, panel, target, output, form):
    X = panel[0][:, 0]
    columns = [f"t{i}" for i in range(20)]
    given = {
        "pandas": lambda: pd.DataFrame(X, columns=columns),
        "polars": lambda: polars.DataFrame(X, schema=columns),
        "xarray": lambda: xarray.DataArray(X),
    }[form]()
    np.testing.assert_array_equal(output(make().fit(given, target), given), output(make().fit(X, target), X))


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int16, bool])
def test_the_same_values_of_other_types(make, panel, target, output, dtype):
    X = (10 * panel[0]).astype(dtype)
    plain = X.astype(np.float64)
    np.testing.assert_array_equal(output(make().fit(X, target), X), output(make().fit(plain, target), plain))
    cases = [*X[:10], *(x[:, :9] for x in X[10:])]
    again = [x.astype(np.float64) for x in cases]
    np.testing.assert_array_equal(output(make().fit(cases, target), cases), output(make().fit(again, target), again))


def test_what_a_mask_hides_is_missing(make, panel, target, output):
    X = panel[0].copy()
    hidden = np.zeros(X.shape, bool)
    hidden[3, 1, 5] = hidden[7, 0, 2:4] = True
    masked = np.ma.masked_array(np.where(hidden, 1e6, X), hidden)
    with pytest.raises(ValueError, match="X contains NaN at case 3, channel 1, time point 5"):
        make().fit(masked, target)
    missing = np.where(hidden, np.nan, X)
    expected = output(make(missing="mask").fit(missing, target), missing)
    frames = [pd.DataFrame(x.T).astype("Float64") for x in missing]
    hidden_frames = [frame.mask(mask.T) for frame, mask in zip(frames, hidden, strict=True)]  # by pd.NA
    assert hidden_frames[3].iloc[5, 1] is pd.NA
    channels = [[np.ma.masked_array(*pair) for pair in zip(*case, strict=True)] for case in zip(X, hidden, strict=True)]
    objects = masked.astype(object)
    unknown = np.where(hidden, pd.NA, X)
    for form in (masked, list(masked), objects, list(objects), channels, hidden_frames, unknown, list(unknown)):
        np.testing.assert_array_equal(output(make(missing="mask").fit(form, target), form), expected)


def test_targets_that_a_mask_hides_are_refused(make, panel, target):
    y = np.ma.masked_array(target, np.arange(24) == 4)
    with pytest.raises(ValueError, match="Expected a target for each case; that of case 4 is masked"):
        make().fit(panel[0], y)


def test_channels_are_matched_by_name(make, panel, target, output):
    X = panel[0]
    frames = _frames(X)
    estimator = make().fit(frames, target)
    expected = output(estimator, X)
    assert estimator.channel_names_in_.tolist() == NAMES
    swapped = [frame[NAMES[::-1]] for frame in frames]
    np.testing.assert_array_equal(output(estimator, swapped), expected)
    np.testing.assert_array_equal(output(estimator, _multiindex(X)[NAMES[::-1]]), expected)
    mixed = [frame if i % 2 else frame[NAMES[::-1]] for i, frame in enumerate(frames)]
    np.testing.assert_array_equal(
        output(make().fit(mixed[1:] + frames[:1], np.roll(target, -1)), X),
        output(make().fit(frames[1:] + frames[:1], np.roll(target, -1)), X),
    )
    with pytest.raises(ValueError, match=r"\['hr', 'spo2'\] once in every frame; case 0 has \['hr', 'rr'\]"):
        estimator.predict(_frames(X, ["hr", "rr"]))


def test_errors_name_the_channel(make, panel, target):
    X = panel[0].copy()
    X[3, 1, 5] = np.inf
    with pytest.raises(ValueError, match=r"at case 3, channel 1 \('spo2'\), time point 5"):
        make().fit(_frames(X), target)


def test_values_far_from_zero_are_centred_before_they_are_rounded(make, panel, target, output):
    X = panel[0]
    for offset in (1e8, -3e11):
        far = X + offset
        exact = far - offset  # what is left of X in float64
        expected = output(make().fit(exact, target), exact)
        np.testing.assert_allclose(output(make().fit(far, target), far), expected, rtol=1e-2, atol=1e-2)
        own = make(standardize="series").fit(far, target)
        np.testing.assert_allclose(
            output(own, far), output(make(standardize="series").fit(exact, target), exact), rtol=1e-2, atol=1e-2
        )


def test_errors_say_what_was_expected_and_what_to_do(panel):
    X, y = panel[0][:, :1], panel[1]
    ridge = StateSpaceRidgeClassifier(n_kernels=16).fit(X, y)
    read_as = r"X is read as \(n_cases, n_channels, n_timepoints\)"
    with pytest.raises(ValueError, match=rf"as many channels as in fit: .* on 1 channel; X has 3\. {read_as}"):
        ridge.predict(X.repeat(3, axis=1))
    for value, seen in {-np.inf: "infinity", -1e39: r"-1e\+39, a value too large for float32"}.items():
        spoilt = np.where(np.arange(20) == 9, value, X)
        message = rf"of at most 3\.4e\+38 in size; X contains {seen} at case 0, channel 0, time point 9\. Scale X, or"
        with pytest.raises(ValueError, match=message):
            ridge.predict(spoilt)


def test_weights_that_are_zero_in_the_validation_part(panel):
    X, y = panel
    weight = np.where(np.arange(24) < 16, 1, 1e-60)
    deep = S4DClassifier(d_model=4, max_epochs=1, validation=PredefinedSplit(np.where(weight == 1, -1, 0)))
    with pytest.raises(ValueError, match=r"weight above zero in the training and in.*Give other weights or groups"):
        deep.fit(X, y, sample_weight=weight)


@pytest.mark.parametrize("form", [np.asarray, list])
@pytest.mark.parametrize("shape", [(6, 100, 3), (6, 60, 1), (6, 2000, 12)])
def test_a_layout_with_channels_last_is_warned_of(shape, form):
    X, y = np.random.default_rng(0).standard_normal(shape), np.arange(6) % 2
    ridge = StateSpaceRidgeClassifier(n_kernels=16, random_state=0)
    with pytest.warns(UserWarning, match=rf"read as {shape[1]} channels of {shape[2]} time points.*swapaxes") as told:
        ridge.fit(form(X), y)
    assert told[0].filename == __file__


@pytest.mark.parametrize("shape", [(4, 963, 144), (4, 1345, 270), (6, 12, 7), (6, 3, 100), (6, 1, 1)])
def test_other_layouts_are_not(shape):
    X, y = np.random.default_rng(0).standard_normal(shape), np.arange(len(np.empty(shape[0]))) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        StateSpaceRidgeClassifier(n_kernels=16, random_state=0).fit(X, y)


def test_a_fit_leaves_its_data_as_they_were(make, panel, target):
    X = panel[0].copy()
    X[2, :, 15:] = np.nan
    before, X_read_only = X.copy(), X.copy()
    X_read_only.flags.writeable = False
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*not writable.*")
        estimator = make(missing="mask").fit(X, target)
        estimator.predict(X)
        make(missing="mask").fit(X_read_only, target).predict(X_read_only)
    np.testing.assert_array_equal(X, before)


def test_fortran_order_changes_nothing():
    X, y = np.random.default_rng(0).standard_normal((30, 3, 50)), np.arange(30) % 2
    deep = S4DClassifier(d_model=8, max_epochs=2, standardize="series", random_state=0)
    expected = deep.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(deep.fit(np.asfortranarray(X), y).predict_proba(np.asfortranarray(X)), expected)
