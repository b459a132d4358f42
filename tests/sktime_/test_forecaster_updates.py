"""New data for fitted and pretrained forecasters: what goes on rightly, and what is refused by an error of ours."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sktime.split import ExpandingWindowSplitter

import ssm_estimators.estimator
from ssm_estimators.sktime import StateSpaceRidgeForecaster

FH = [1, 2]
N = 72
RNG = np.random.default_rng(0)
INDEX = pd.period_range("2000-01", periods=N, freq="M")
X = pd.DataFrame({"x": RNG.standard_normal(N)}, INDEX)
Y = pd.Series(20 + 5 * np.sin(np.arange(N) / 3) + 3 * X["x"], INDEX, name="sales")
TWO = pd.DataFrame({"u": Y, "w": 40 * Y})


def panel(frame, keys="ab"):
    return pd.concat({key: pd.DataFrame(frame) for key in keys}, names=["shop", "month"])


def hierarchy(frame):
    return pd.concat({"all": panel(frame)}, names=["region", "shop", "month"])


def test_an_update_with_revised_variables_is_a_new_fit():
    revised = X + 100
    revised.iloc[5:20] -= RNG.standard_normal((15, 1))
    updated = StateSpaceRidgeForecaster().fit(Y[:50], X=X[:50], fh=FH).update(Y[50:60], X=revised)
    fitted = StateSpaceRidgeForecaster(horizon=2).fit(Y[:60], X=revised)
    for fh in (FH, [-30, -5]):
        pd.testing.assert_series_equal(updated.predict(fh), fitted.predict(fh))
    np.testing.assert_allclose(updated.known_.coef, fitted.known_.coef)


def test_an_update_learns_the_effect_again():
    forecaster = StateSpaceRidgeForecaster().fit(Y[:6], X=X, fh=FH)
    before = forecaster.known_.coef.item()
    forecaster.update(Y[6:60], update_params=False)
    assert forecaster.known_.coef.item() == before
    forecaster.update(Y[60:70])
    assert abs(forecaster.known_.coef.item() - 3) < abs(before - 3)


def test_variables_revised_in_predict_count_for_the_past_too():
    forecaster = StateSpaceRidgeForecaster().fit(Y[:60], X=X, fh=FH)
    expected = forecaster.predict([-3, 1])
    np.testing.assert_allclose(forecaster.predict([-3, 1], X=X + 100), expected)


@pytest.mark.parametrize("form", [pd.DataFrame, panel, hierarchy])
@pytest.mark.parametrize("other", [pd.DataFrame, panel, hierarchy])
@pytest.mark.parametrize("remember", [True, False])
def test_updates_are_of_the_form_of_fit(form, other, remember):
    forecaster = StateSpaceRidgeForecaster().set_config(remember_data=remember).fit(form(Y[:50]), fh=FH)
    if form is other:
        assert forecaster.update(other(Y[50:])).cutoff[0] == INDEX[-1]
        return
    with pytest.raises(ValueError, match=r"Expected y of the form of fit's, a .* levels of the index; got a .* with"):
        forecaster.update(other(Y[50:]))
    assert forecaster.cutoff[0] == INDEX[49]


def test_arrays_are_refused_where_times_must_match():
    forecaster = StateSpaceRidgeForecaster().fit(Y.to_numpy()[:50], X=X.to_numpy(), fh=FH)
    expected = forecaster.predict()
    calls = {
        "y": [forecaster.update, forecaster.update_predict, forecaster.update_predict_single],
        "X": [lambda a: forecaster.predict(X=a), lambda a: forecaster.predict_interval(X=a[:, None])],
    }
    for name, methods in calls.items():
        for call in methods:
            with pytest.raises(ValueError, match=f"{name} is an array, which has no times. Give a Series"):
                call(Y.to_numpy()[50:])
    np.testing.assert_array_equal(forecaster.predict(), expected)
    counted = Y.reset_index(drop=True).rename(None)
    assert forecaster.update(counted[50:60]).cutoff[0] == 59


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (X[60:].to_timestamp(), r"Expected times of X of the kind of fit's, period\[M\]; got datetime64"),
        (X[60:].reset_index(drop=True), r"Expected times of X of the kind of fit's, period\[M\]; got integers"),
        (X[30:50], "X has no row from 2005-01 on, where the times of fh begin"),
        (panel(X[60:]), "Expected X for the series of y; got rows of series 'a', which y does not have"),
    ],
)
def test_variables_that_match_nothing_are_refused(wrong, message):
    forecaster = StateSpaceRidgeForecaster().fit(Y[:60], X=X, fh=FH)
    with pytest.raises(ValueError, match=message):
        forecaster.predict(X=wrong)


def test_variables_of_unknown_series_are_refused():
    forecaster = StateSpaceRidgeForecaster().fit(panel(Y[:50]), X=panel(X), fh=FH)
    with pytest.raises(ValueError, match="Expected X for the series of y; got rows of a single series"):
        forecaster.predict(X=X[50:])
    with pytest.raises(ValueError, match="got rows of series 'A', which y does not have"):
        forecaster.predict(X=panel(X[50:], "aA"))
    with pytest.raises(ValueError, match="got rows of series 'd', which y does not have"):
        forecaster.update(panel(Y[:50], "c"), X=panel(X, "cd"))
    assert len(forecaster.update(panel(Y[:50], "c"), X=panel(X, "c")).predict()) == 6


def test_columns_are_matched_by_name():
    forecaster = StateSpaceRidgeForecaster().fit(TWO[:50], fh=FH).update(TWO[["w", "u"]][50:])
    expected = StateSpaceRidgeForecaster(horizon=2).fit(TWO)
    pd.testing.assert_frame_equal(forecaster.predict(), expected.predict(FH))
    pd.testing.assert_frame_equal(
        forecaster.predict_quantiles(alpha=[0.1, 0.9]), expected.predict_quantiles(FH, alpha=[0.1, 0.9])
    )
    with pytest.raises(ValueError, match=r"columns \['u', 'w'\] of fit; got \['u', 'v'\]"):
        forecaster.update(TWO.rename(columns={"w": "v"})[50:])


@pytest.mark.parametrize("X_of_fit", [None, X])
def test_columns_of_pretraining_are_matched_by_name(X_of_fit):
    def forecaster():
        return StateSpaceRidgeForecaster(horizon=2, season=12).pretrain(panel(TWO))

    swapped = TWO[["w", "u"]]
    expected = forecaster().fit(TWO[:60], X=X_of_fit)
    got = forecaster().fit(swapped[:60], X=X_of_fit)
    assert list(got.predict(FH).columns) == ["w", "u"]
    pd.testing.assert_frame_equal(got.predict(FH)[["u", "w"]], expected.predict(FH))
    np.testing.assert_allclose(
        got.predict_interval(FH)[["u", "w"]], expected.predict_interval(FH)[["u", "w"]], rtol=1e-12
    )
    twice, same = (forecaster().pretrain(panel(frame, "c")).fit(TWO[:60]).predict(FH) for frame in (swapped, TWO))
    pd.testing.assert_frame_equal(twice, same)
    for call in (lambda y: forecaster().fit(y), lambda y: forecaster().pretrain(panel(y, "c"))):
        for wrong in (TWO.rename(columns={"w": "v"}), TWO[["u"]]):
            with pytest.raises(ValueError, match=r"Expected y with the columns \['u', 'w'\] of pretrain; got \["):
                call(wrong)
    forecaster().fit(TWO.set_axis([0, 1], axis=1))  # without names


def test_times_without_a_zone_after_those_with_one():
    y = Y.set_axis(pd.date_range("2000-01-01", periods=N, freq="D", tz="Europe/Berlin"))
    forecaster = StateSpaceRidgeForecaster().fit(y[:50], fh=FH)
    with pytest.raises(ValueError, match="of the kind of fit's, datetime64 with a zone; got datetime64"):
        forecaster.update(y[50:].tz_localize(None))
    other = StateSpaceRidgeForecaster().fit(y[:50], fh=FH).update(y[50:].tz_convert("UTC")).predict()
    pd.testing.assert_series_equal(other, forecaster.update(y[50:]).predict())


def test_update_predict_needs_later_data():
    forecaster = StateSpaceRidgeForecaster().fit(Y[:50], fh=FH)
    cv = ExpandingWindowSplitter(fh=[1], initial_window=2, step_length=3)
    with pytest.raises(ValueError, match="has already seen the values until 2004-02, but y begins at 2003-05"):
        forecaster.update_predict(Y[40:], cv=cv)
    np.testing.assert_array_equal(forecaster.update_predict(Y[50:60], cv=cv).index, INDEX[[52, 55, 58]])


def test_update_predict_single_uses_variables_known_before():
    forecaster = StateSpaceRidgeForecaster().fit(Y[:50], X=X, fh=FH)
    predicted = forecaster.update_predict_single(Y[50:52], X=X[50:52])
    np.testing.assert_array_equal(predicted.index, INDEX[52:54])


def test_values_without_logarithm_are_named():
    wrong = TWO.copy()
    wrong.iloc[3, 1] = -1
    forecaster = StateSpaceRidgeForecaster(transform="log")
    with pytest.raises(ValueError, match=r"in column 'w' of series 'b', whose logarithm .* got -1 at 2000-04"):
        forecaster.fit(pd.concat([panel(TWO, "a"), panel(wrong, "b")]), fh=FH)
    pretrained = StateSpaceRidgeForecaster(horizon=2, transform="log").pretrain(panel(TWO))
    with pytest.raises(ValueError, match=r"in column 'w', whose logarithm is taken; got -1 at 2000-04. Use transform"):
        pretrained.fit(wrong[["w", "u"]])


def test_values_that_variables_make_too_large_are_named():
    large = pd.Series(np.where(np.arange(N) % 2, 9e99, -9e99), INDEX, name="sales")
    forecaster = StateSpaceRidgeForecaster(transform=None).fit(large, X=X.assign(x=-large / 1e95), fh=[0])
    with pytest.raises(ValueError, match=r"at most 1e.100 in y less the effect of X; column 'sales' has"):
        forecaster.predict(X=X.assign(x=large / 1e95))


def test_channels_of_windows_are_named():
    series = np.ones((2, 2, 40))
    series[1, 1, 3] = 1e101
    with pytest.raises(ValueError, match=r"of at most 1e.100; series 1 has others in channel 1. Scale the series"):
        StateSpaceRidgeForecaster._estimator().fit(series)


def test_pickles_of_what_a_forecaster_fits_hold_the_version(monkeypatch):
    fitted = StateSpaceRidgeForecaster().fit(Y, fh=FH).estimator_
    saved = pickle.dumps(fitted)
    monkeypatch.setattr(ssm_estimators.estimator, "__version__", "999.0")
    with pytest.warns(UserWarning, match=r"This StateSpaceRidgeWindowForecaster was saved by version .* by 999\.0"):
        pickle.loads(saved)
