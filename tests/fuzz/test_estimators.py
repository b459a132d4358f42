"""Estimators given anything: an error of ours, or what the same values give as a plain float64 array."""

import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, note
from hypothesis import strategies as st

import ssm_estimators
from ssm_estimators.random_features import StateSpaceFeatures

DEEP = {"d_model": 4, "d_state": 2, "n_layers": 1, "max_epochs": 1, "device": "cpu", "random_state": 0}
RIDGE = {"n_kernels": 16, "random_state": 0}
OURS = (f"{Path(ssm_estimators.__file__).parent}/", "/sklearn/utils/", "/sktime/datatypes/", "/sktime/utils/")
REFUSED = ("objects",)  # whatever their values
VALUES = [0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, 1e38, 1e8, np.nan, np.inf, -np.inf, 1e300, 3.5, 1e-300]
NAMES = ["StateSpaceFeatures", *ssm_estimators.__all__]


@st.composite
def panels(draw):
    """Values as (n_cases, n_channels, n_timepoints), and the length of each case."""
    n_cases, n_channels = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    n_timepoints = draw(st.sampled_from([1, 2, 3, 7, 16, 33, 70, 140, 705]))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    X = rng.standard_normal((n_cases, n_channels, n_timepoints))
    X = X * draw(st.sampled_from([1.0, 1.0, 1e-20, 1e20, 0.0])) + draw(st.sampled_from([0.0, 0.0, 1e6, -1e9]))
    if draw(st.booleans()):
        X = np.round(10 * X)
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 0, 1, 3]))):
        place = tuple(draw(st.integers(0, n - 1)) for n in X.shape)
        X[place] = draw(st.sampled_from(VALUES))
    lengths = np.full(n_cases, n_timepoints)
    if draw(st.booleans()):
        lengths = rng.integers(1, n_timepoints + 1, n_cases)
    return X, lengths


def _series(X, lengths):
    return [x[:, :n] for x, n in zip(X, lengths, strict=True)]


def _frames(X, lengths):
    return [pd.DataFrame(x.T, columns=[f"c{i}" for i in range(len(x))]) for x in _series(X, lengths)]


def _multiindex(X, lengths):
    return pd.concat(dict(enumerate(_frames(X, lengths))))


def _nested(X, lengths):
    frames = _frames(X, lengths)
    return pd.DataFrame({name: [frame[name] for frame in frames] for name in frames[0].columns})


# from values and lengths to a form, and to the plain arrays of float64 that mean the same
FORMS = {
    "arrays": (_series, None),
    "tuple": (lambda X, n: tuple(_series(X, n)), None),
    "frames": (_frames, None),
    "multiindex": (_multiindex, None),
    "nested": (_nested, None),
    "masked": (
        lambda X, n: [np.ma.masked_invalid(x) for x in _series(X, n)],
        lambda x: np.where(np.isinf(x), np.nan, x),
    ),
    "tensors": (lambda X, n: [torch.from_numpy(x.copy()) for x in _series(X, n)], None),
    "float32": (lambda X, n: [x.astype(np.float32) for x in _series(X, n)], lambda x: x.astype(np.float32)),
    "float16": (lambda X, n: [x.astype(np.float16) for x in _series(X, n)], lambda x: x.astype(np.float16)),
    "objects": (lambda X, n: [x.astype(object) for x in _series(X, n)], None),
    "big endian": (lambda X, n: [x.astype(">f8") for x in _series(X, n)], None),
    "fortran": (lambda X, n: [np.asfortranarray(x) for x in _series(X, n)], None),
    "strided": (lambda X, n: [np.repeat(x, 2, axis=1)[:, ::2] for x in _series(X, n)], None),
}
WHOLE = {
    "array": (lambda X: X, None),
    "lists": (lambda X: X.tolist(), None),
    "table": (lambda X: X[:, 0], lambda X: X[:, :1]),
    "frame": (lambda X: pd.DataFrame(X[:, 0], columns=[f"t{i}" for i in range(X.shape[2])]), lambda X: X[:, :1]),
    "ints": (
        lambda X: np.nan_to_num(X).clip(-1e9, 1e9).astype(int),
        lambda X: np.trunc(np.nan_to_num(X).clip(-1e9, 1e9)),
    ),
    "bools": (lambda X: X > 0, lambda X: X > 0),
    "strings": (lambda X: X.astype(str), None),
    "complex": (lambda X: X.astype(complex), None),
    "dates": (lambda X: np.zeros(X.shape, "M8[s]"), None),
    "one dimension": (lambda X: X[:, 0, 0], None),
    "four dimensions": (lambda X: X[None], None),
    "none": (lambda X: None, None),
    "dict": (lambda X: {"X": X}, None),
    "generator": (lambda X: iter(X), None),
    "text": (lambda X: "X", None),
    "set": (lambda X: set(X.ravel()), None),
    "number": (lambda X: 3, None),
    "class": (lambda X: object(), None),
    "empty": (lambda X: X[:0], None),
    "no points": (lambda X: X[..., :0], None),
    "no channels": (lambda X: list(X[:, :0]), None),
    "ragged lists": (lambda X: [*X.tolist(), [[1.0] * (X.shape[2] + 1)] * X.shape[1]], None),
    "another channel": (lambda X: [*X, np.concatenate([X[-1], X[-1]])], None),
    "repeated names": (lambda X: [pd.DataFrame(x.T, columns=["a"] * len(x)) for x in X], None),
    "irregular": (lambda X: [pd.DataFrame(x.T, index=np.arange(X.shape[2]) ** 2) for x in X], None),
}

targets = st.sampled_from(
    [*["right"] * 30, *["strings"] * 5, "one", "nan", "none", "mixed", "short", "long", "masked",
     "huge", "two columns", "objects", "dates", "empty"]
)  # fmt: skip


def _target(kind, n, is_classifier):
    y = np.arange(n) % 2 if is_classifier else np.arange(n) / 3.0
    return {
        "right": y,
        "strings": np.where(np.arange(n) % 2, "a", "b"),
        "one": np.ones(n),
        "nan": np.where(np.arange(n) == n - 1, np.nan, y),
        "none": None,
        "mixed": [1, *["a"] * (n - 1)],
        "short": y[:-1],
        "long": [*y, 0],
        "masked": np.ma.masked_array(y, np.arange(n) == 0),
        "huge": 1e300 * y,
        "two columns": np.stack([y, y], axis=1),
        "objects": np.array([object()] * n),
        "dates": np.zeros(n, "M8[s]") + np.arange(n) % 2,
        "empty": [],
    }[kind]


weights = st.sampled_from(
    [*["none"] * 20, *["some"] * 5, "ones", "zeros", "negative", "nan", "huge", "tiny", "short", "text"]
)


def _weight(kind, n):
    return {
        "none": None,
        "ones": np.ones(n),
        "zeros": np.zeros(n),
        "some": np.arange(n) % 3,
        "negative": -np.ones(n),
        "nan": np.full(n, np.nan),
        "huge": np.full(n, 1e300),
        "tiny": np.full(n, 1e-300),
        "short": np.ones(max(n - 1, 0)),
        "text": ["a"] * n,
    }[kind]


groups = st.sampled_from([*["none"] * 20, *["pairs"] * 5, "one", "nan", "strings"])


def _group(kind, n):
    return {
        "none": None,
        "pairs": np.arange(n) // 2,
        "one": np.zeros(n),
        "nan": np.full(n, np.nan),
        "strings": np.where(np.arange(n) % 2, "a", "b"),
    }[kind]


def _estimator(name, missing, standardize):
    params = {"missing": missing, "standardize": standardize}
    if name == "StateSpaceFeatures":
        return StateSpaceFeatures(**RIDGE, **params)
    cls = getattr(ssm_estimators, name)
    if "Ensemble" in name:
        ridge, deep = (
            _estimator(member, missing, standardize) for member in ("StateSpaceRidgeClassifier", "S4DClassifier")
        )
        return cls(features=ridge, deep=deep, cv=2, random_state=0)
    return cls(**(RIDGE if "Ridge" in name else DEEP), **params)


def _outcome(estimator, X, fit_args, X_new):
    """Outputs, or the error, which must be one of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            estimator.fit(X, *fit_args)
            method = next(m for m in ("predict_proba", "transform", "predict") if hasattr(estimator, m))
            return getattr(estimator, method)(X_new)
        except (ValueError, TypeError) as error:
            return error


def _is_usual(plain, y, weight, group):
    """Whether nothing about the values and the targets is a reason to refuse them."""
    usual = len(plain) >= 6 and (y, weight, group) == ("right", "none", "none")
    return usual and all(np.isfinite(x).all() and np.abs(x).max() <= 1e6 and x.shape[1] > 6 for x in plain)


def _check(name, missing, standardize, form, plain, y, weight, group, is_supported):
    is_classifier = name.endswith("Classifier")
    n = len(plain)
    fit_args = (
        [] if name == "StateSpaceFeatures" else [_target(y, n, is_classifier), _weight(weight, n), _group(group, n)]
    )
    got = _outcome(_estimator(name, missing, standardize), form, fit_args, form)
    note(repr(got))
    if isinstance(got, Exception):
        innermost = traceback.extract_tb(got.__traceback__)[-1]
        assert any(place in innermost.filename for place in OURS), f"{innermost}: {got!r}"
        assert str(got)
        if is_supported:
            assert not _is_usual(plain, y, weight, group)
            assert isinstance(_outcome(_estimator(name, missing, standardize), plain, fit_args, plain), Exception)
        return
    expected = _outcome(_estimator(name, missing, standardize), plain, fit_args, plain)
    assert not isinstance(expected, Exception), expected
    np.testing.assert_array_equal(got, expected)
    assert np.isfinite(got).all()


common = {
    "name": st.sampled_from(NAMES),
    "missing": st.sampled_from(["error", "mask"]),
    "standardize": st.sampled_from(["channel", "series"]),
    "y": targets,
    "weight": weights,
    "group": groups,
}


@given(panel=panels(), form=st.sampled_from(sorted(FORMS)), **common)
def test_series_of_any_form(panel, form, **drawn):
    X, lengths = panel
    make, meaning = FORMS[form]
    with np.errstate(over="ignore"):
        given_form = make(X, lengths)
        plain = [(x if meaning is None else meaning(x)).astype(np.float64) for x in _series(X, lengths)]
    _check(form=given_form, plain=plain, is_supported=form not in REFUSED, **drawn)


@pytest.mark.parametrize("form", [form for form in FORMS if form not in REFUSED])
def test_usual_series_are_never_refused(form):
    X, lengths = np.random.default_rng(0).normal(size=(8, 2, 20)), np.arange(8) + 10
    series, y = FORMS[form][0](X, lengths), np.arange(8) % 2
    assert ssm_estimators.StateSpaceRidgeClassifier(**RIDGE).fit(series, y).predict(series).shape == (8,)


@given(panel=panels(), form=st.sampled_from(sorted(WHOLE)), **common)
def test_anything_as_x(panel, form, **drawn):
    X, _ = panel
    make, meaning = WHOLE[form]
    plain = (X if meaning is None else meaning(X)).astype(np.float64)
    _check(form=make(X), plain=plain, is_supported=form in ("array", "table", "frame", "ints"), **drawn)
