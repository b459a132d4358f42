"""Forecasters given anything: an error that says what was expected, or what the plain series of float64 gives."""

import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import sktime
from hypothesis import assume, event, given, note
from hypothesis import strategies as st
from sktime.forecasting.base import ForecastingHorizon

import ssm_estimators
from ssm_estimators.sktime import LiquidS4Forecaster, S4DForecaster, StateSpaceRidgeForecaster
from ssm_estimators.sktime.times import season_of, with_frequency

DEEP = {"d_model": 4, "d_state": 2, "n_layers": 1, "max_epochs": 1, "device": "cpu", "random_state": 0}
OURS = Path(ssm_estimators.__file__).parent
CHECKS_OF_SKTIME = [Path(sktime.__file__).parent / place for place in ("forecasting/base", "datatypes", "utils")]
VALUES = [np.nan, np.inf, -np.inf, 1e300, -1e120, 1e60, 0.0, -1e-300]
SCALES = [1.0, 1.0, 1.0, 1e-200, 1e-20, 1e6, 1e20, 1e99, 0.0]


def _dates(freq, **how):
    return lambda n: pd.date_range("2000-03-20", periods=n, freq=freq, **how)


INDICES = {
    "months": lambda n: pd.period_range("2000-01", periods=n, freq="M"),
    "days": lambda n: pd.period_range("2000-01", periods=n, freq="D"),
    "half years": lambda n: pd.period_range("2000-01", periods=n, freq="2Q"),
    "range": pd.RangeIndex,
    "integers": lambda n: pd.Index(np.arange(5, 5 + n)),
    "dates": _dates("D"),
    "no frequency": lambda n: pd.DatetimeIndex(pd.date_range("2000-01-01", periods=n).to_numpy()),
    "month starts": _dates("MS"),
    "business days": _dates("B"),
    "year ends": _dates("YE"),
    "two hours": _dates("2h"),
    "zone": _dates("D", tz="Europe/Berlin"),
    "zone of hours": _dates("h", tz="Europe/Berlin"),
    "differences": lambda n: pd.timedelta_range(0, periods=n, freq="h"),
    "irregular": lambda n: pd.DatetimeIndex(np.datetime64("2000-01-01") + np.arange(n) ** 2 * np.timedelta64(1, "D")),
    "duplicated": lambda n: pd.Index(np.arange(n) // 2),
    "unsorted": lambda n: pd.Index((np.arange(n) * 7) % max(n, 1)),
    "backward": lambda n: pd.date_range("2000-01-01", periods=n, freq="D")[::-1],
    "gaps": lambda n: pd.Index(np.arange(n) * 2),
    "floats": lambda n: pd.Index(np.arange(n) / 2),
    "text": lambda n: pd.Index([f"t{i:03}" for i in range(n)]),
    "no time": lambda n: pd.DatetimeIndex([*pd.date_range("2000-01-01", periods=n - 1, freq="D"), pd.NaT]),
}
REGULAR = list(INDICES)[: list(INDICES).index("irregular")]

# what must give a forecast wherever the plain series does
ACCEPTED = {
    "index": REGULAR,
    "dtype": ["float64", "float32", "int", "bool"],
    "variables": ["none", "aligned", "longer"],
    "horizon": ["list", "times", "array", "horizon"],
}

# from float64 to a dtype, and to the float64 that means the same
DTYPES = {
    "float64": (lambda x: x, lambda x: x),
    "float32": (lambda x: x.astype(np.float32), lambda x: x.astype(np.float32)),
    "int": (lambda x: _whole(x).astype(np.int64), lambda x: _whole(x)),
    "bool": (lambda x: x > 0, lambda x: x > 0),
    "nullable": (lambda x: pd.DataFrame(x).astype("Float64").to_numpy(), lambda x: x),
    "objects": (lambda x: x.astype(object), lambda x: x),
    "text": (lambda x: x.astype(str), lambda x: x),
    "complex": (lambda x: x.astype(complex), lambda x: x),
}


def _whole(x):
    return np.trunc(np.nan_to_num(x).clip(-1e9, 1e9))


CONTAINERS = ["series", "frame", "frame", "array", "table", "panel", "panel", "hierarchy", "frames", "cube"]
OF_ONE = ("series", "frame", "array", "table")
WITHOUT_INDEX = ("array", "table", "cube")


@st.composite
def problems(draw):
    """Values of series and variables, and how they and the horizon are given."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    container = draw(st.sampled_from(CONTAINERS))
    n_series = 1 if container in OF_ONE else draw(st.integers(1, 3))
    n_channels = 1 if container in ("series", "array") else draw(st.integers(1, 3))
    longest = draw(st.sampled_from([*range(1, 14), *range(14, 200, 3), 200]))
    lengths = [longest] * n_series
    if container in ("panel", "frames") and draw(st.booleans()):
        lengths = [int(n) for n in rng.integers(1, longest + 1, n_series)]
    steps = sorted(draw(st.sets(st.integers(-3, 8), min_size=1, max_size=4)))
    y = [_series(draw, rng, n, n_channels) for n in lengths]
    X = [np.round(rng.standard_normal((n + 9, 2)), 1) for n in lengths]
    if draw(st.integers(0, 9)) == 0:
        y[0].flat[draw(st.integers(0, y[0].size - 1))] = draw(st.sampled_from(VALUES))
    odd = draw(st.sampled_from(["index", "dtype", "variables", "horizon", "all", "none", "none", "none"]))

    def usual(aspect, values, others):
        return draw(st.sampled_from(others if odd in (aspect, "all") else values))

    forms = {
        "index": usual("index", REGULAR, list(INDICES)),
        "dtype": usual("dtype", ["float64"], list(DTYPES)),
        "variables": usual(
            "variables",
            ["none", "none", "aligned", "longer"],
            ["shorter", "only later", "lacking", "further", "missing"],
        ),
        "horizon": usual(
            "horizon", ["list", "times"], ["array", "horizon", "differences", "floats", "empty", "text", "far", "none"]
        ),
    }
    return {"y": y, "X": X, "steps": steps, "container": container, **forms}


def _series(draw, rng, length, n_channels):
    shape = (length, n_channels)
    noise = rng.standard_normal(shape)
    time = np.arange(length)[:, None]
    kinds = [
        noise.cumsum(axis=0),
        noise + 5 * np.sin(time / 2),
        np.exp(time / 30 + 0.1 * noise),
        np.exp(time * 0.5 + 0.1 * noise).clip(0, 1e99),
        np.full(shape, 3.0),
        np.round(noise),
        (noise > 1.5) * 1.0,
    ]
    return draw(st.sampled_from(kinds)) * draw(st.sampled_from(SCALES)) + draw(st.sampled_from([0.0, 0.0, 0.0, 1e6]))


@st.composite
def forecasters(draw):
    """Mostly ridges, since a network takes longer."""
    params = {
        "season": draw(st.sampled_from(["auto", "auto", 1, 2, 4, 12, 50])),
        "horizon": draw(st.sampled_from(["auto", "auto", "auto", 3, 8])),
        "difference": draw(st.sampled_from(["auto"] * 6 + ["last", "season"])),
        "transform": draw(st.sampled_from(["auto"] * 6 + ["log", None])),
        "window": draw(st.sampled_from(["auto"] * 6 + [5, 30])),
        "n_lags": draw(st.sampled_from(["auto"] * 6 + [1, 4])),
    }
    cls = draw(st.sampled_from([StateSpaceRidgeForecaster] * 14 + [S4DForecaster, LiquidS4Forecaster]))
    return cls(**params, **({} if cls is StateSpaceRidgeForecaster else DEEP))


def _together(container, values, indices, columns, dtype=None):
    """Series of values, (n_timepoints, n_columns) each, in a container of sktime."""
    if container in ("array", "table"):
        return values[0][:, 0] if container == "array" else values[0]
    if container == "cube":
        return np.stack([x.T for x in values])
    frames = [
        pd.DataFrame(dict(zip(columns, x.T, strict=False)), index) for x, index in zip(values, indices, strict=True)
    ]
    if dtype == "nullable":
        frames = [frame.astype("Float64") for frame in frames]
    if container == "frames":
        return frames
    if container == "panel":
        return pd.concat({f"s{i}": frame for i, frame in enumerate(frames)}, names=["series", "time"])
    if container == "hierarchy":
        return pd.concat({("all", f"s{i}"): frame for i, frame in enumerate(frames)}, names=["all", "series", "time"])
    return frames[0][columns[0]] if container == "series" else frames[0]


def _horizon(form, container, steps, indices, lengths):
    """As a user may write it; times are of series that end together."""
    index, n = indices[0], lengths[0]
    inside = n - 1 + steps[0] >= 0
    if form == "times":
        one_end = len(set(lengths)) == 1 and container not in WITHOUT_INDEX
        if not inside or not one_end or isinstance(index, pd.TimedeltaIndex):  # which sktime takes as relative
            return list(steps)
        times = index[[n - 1 + step for step in steps]]
        return ForecastingHorizon(times, is_relative=False) if times.dtype.kind == "i" else times
    if form == "differences":
        dates = isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex)
        return index[[n - 1 + k for k in steps]] - index[n - 1] if dates and inside else pd.to_timedelta(steps, "D")
    return {
        "array": np.array(steps),
        "horizon": ForecastingHorizon(list(steps), is_relative=True),
        "floats": [step + 0.5 for step in steps],
        "empty": [],
        "text": "tomorrow",
        "far": [*steps, 10**6],
        "none": None,
    }.get(form, list(steps))


def _variables(kind, container, values, indices, lengths):
    """X for fit and X for predict."""
    if kind == "none":
        return None, None
    past = [slice(0, n) for n in lengths]
    future = [slice(n, None) for n in lengths]

    def cut(parts, values=values, names=("u", "v")):
        pieces = [x[part] for x, part in zip(values, parts, strict=True)]
        return _together(container, pieces, [i[part] for i, part in zip(indices, parts, strict=True)], names)

    container = {"series": "frame", "array": "table"}.get(container, container)
    if kind == "longer":
        return cut([slice(None)] * len(lengths)), None
    if kind == "shorter":
        return cut([slice(0, max(n - 2, 0)) for n in lengths]), cut(future)
    if kind == "only later":
        return None, cut(future)
    if kind == "lacking":
        return cut(past), cut(future, [x[:, :1] for x in values], ["u"])
    if kind == "further":
        return cut(past), cut(future, [np.hstack([x, x[:, :1]]) for x in values], ["u", "v", "w"])
    if kind == "missing":
        return cut(past), cut(future, [np.where(x > 1.5, np.nan, x) for x in values])
    return cut(past), cut([slice(None)] * len(lengths))


def _outcome(forecaster, y, X, fh, X_later):
    """Forecasts and a quantile, or the error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numbers that overflow or are lost would warn
        warnings.filterwarnings("ignore", module="sktime")
        warnings.filterwarnings("ignore", category=pd.errors.PerformanceWarning)
        try:
            forecaster.fit(y, X=X, fh=fh)
            return forecaster.predict(X=X_later), forecaster.predict_quantiles(X=X_later, alpha=[0.1])
        except (ValueError, TypeError, NotImplementedError) as error:
            return error


@given(problem=problems(), forecaster=forecasters())
def test_forecasters(problem, forecaster):
    y, lengths, steps = problem["y"], [len(x) for x in problem["y"]], problem["steps"]
    container, dtype = problem["container"], problem["dtype"]
    if container not in OF_ONE and problem["index"] == "business days":
        assume(max(lengths) > 7)  # a week of a panel does not tell weekends
    indices = [INDICES[problem["index"]](n + 9) for n in lengths]
    with np.errstate(over="ignore"):
        past = [index[:n] for index, n in zip(indices, lengths, strict=True)]
        given_y = _together(container, [DTYPES[dtype][0](x) for x in y], past, "abc", dtype)
    X, X_later = _variables(problem["variables"], container, problem["X"], indices, lengths)
    fh = _horizon(problem["horizon"], container, steps, indices, lengths)
    note(f"{forecaster!r} {fh!r}")
    got = _outcome(forecaster, given_y, X, fh, X_later)
    if isinstance(got, Exception):
        event(type(got).__name__)
        innermost = Path(traceback.extract_tb(got.__traceback__)[-1].filename)
        assert any(innermost.is_relative_to(place) for place in (OURS, *CHECKS_OF_SKTIME)), (innermost, got)
        assert len(str(got)) > 20, got
        if _is_accepted(problem, lengths):
            whole = with_frequency(None, pd.DataFrame(index=indices[0]))
            season = season_of(whole.index) if forecaster.season == "auto" else forecaster.season
            expected = _plain_outcome(forecaster.clone().set_params(season=season), problem, lengths)
            assert isinstance(expected, Exception), got
        return
    event("forecast")
    assert all(np.isfinite(np.asarray(values, dtype=float)).all() for values in got)
    if container not in WITHOUT_INDEX:
        _assert_index(container, got[0], indices, lengths, steps)

    again = forecaster.clone().set_params(season=forecaster.estimator_.season, horizon=forecaster.estimator_.horizon)
    expected = _plain_outcome(again, problem, lengths)
    assert not isinstance(expected, Exception), expected
    for one, other in zip(got, expected, strict=True):
        one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
        one = one.transpose(0, 2, 1) if container == "cube" and one.ndim == 3 else one
        np.testing.assert_allclose(one.reshape(other.shape), other, rtol=1e-6, atol=1e-9 * np.abs(other).max())


def _is_accepted(problem, lengths):
    """Whether a problem is of forms that must work. Two times tell no frequency, and arrays no times for predict."""
    usual = all(problem[aspect] in values for aspect, values in ACCEPTED.items())
    without_times = problem["container"] in WITHOUT_INDEX and problem["variables"] == "aligned"
    return usual and max(lengths) > 2 and not without_times


def _plain_outcome(forecaster, problem, lengths):
    """What the same numbers give as float64, counted from 0."""
    form = "frame" if problem["container"] in OF_ONE else "panel"
    indices = [pd.RangeIndex(n + 9) for n in lengths]
    with np.errstate(over="ignore"):
        values = [DTYPES[problem["dtype"]][1](x).astype(np.float64) for x in problem["y"]]
    y = _together(form, values, [index[:n] for index, n in zip(indices, lengths, strict=True)], "abc")
    X, X_later = _variables(problem["variables"], form, problem["X"], indices, lengths)
    return _outcome(forecaster, y, X, list(problem["steps"]), X_later)


def _assert_index(container, predicted, indices, lengths, steps):
    expected = [index[[n - 1 + step for step in steps]] for index, n in zip(indices, lengths, strict=True)]
    frames = predicted if container == "frames" else [predicted]
    if container in ("panel", "hierarchy"):
        frames = [frame.droplevel(list(range(frame.index.nlevels - 1))) for _, frame in
                  predicted.groupby(level=list(range(predicted.index.nlevels - 1)), sort=False)]  # fmt: skip
    for frame, index in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.index, index)
