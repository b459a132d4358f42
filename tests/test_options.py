"""Every constructor parameter reaches what it is about: a fit with another value differs there, and only by that value.

A row names a parameter, a value that is not its default, and what is looked at in a fitted estimator. That must be what
the value asks for, and must differ after a fit with the default.
"""

import contextlib
import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import ShuffleSplit
from skorch.callbacks import Callback

from ssm_estimators import LSSLRegressor, S4DClassifier, S4DRegressor, StateSpaceRidgeClassifier
from ssm_estimators.networks.modules import LayerNorm, TiedDropout
from ssm_estimators.random_features import transformer
from ssm_estimators.sktime import S4DForecaster
from ssm_estimators.training import fit_network, predict

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 2, 24)).cumsum(-1).astype(np.float32)
LABELS, NUMBERS = np.arange(12) % 2, rng.normal(size=12)
SMALL = {"d_model": 4, "d_state": 4, "n_layers": 1, "max_epochs": 1, "random_state": 0, "device": "cpu"}


class Seen(Callback):
    """A user's callback."""


def layer(fitted):
    return fitted.network.blocks[0].layer


def steps(fitted):
    return layer(fitted).log_dt.detach().exp()


def weights(fitted):
    return fitted.network.head.weight.detach().numpy().copy()


def dropped(fitted):
    return {module.p for module in fitted.network.modules() if isinstance(module, TiedDropout)}


def schedule(fitted):
    return fitted.watched["schedule"].lr_lambda


# parameter, value, what is looked at, what it must be
NETWORK = [
    ("d_model", 6, lambda f: f.network.encoder.weight.shape[0], 6),
    ("d_state", 8, lambda f: layer(f).d_state, 8),
    ("n_layers", 2, lambda f: len(f.network.blocks), 2),
    ("dropout", 0.5, dropped, {0.5}),
    ("max_epochs", 2, lambda f: len(f.net.history_), 2),
    ("batch_size", 3, lambda f: f.net.batch_size, 3),
    ("lr", 0.5, lambda f: f.net.lr, 0.5),
    ("ssm_lr", 0.25, lambda f: f.groups[0]["initial_lr"], 0.25),
    ("weight_decay", 0.5, lambda f: f.groups[1]["weight_decay"], 0.5),
    ("schedule", "constant", lambda f: schedule(f).cosine, False),
    ("warmup", 0.7, lambda f: schedule(f).warmup, 0.7),
    ("gradient_clip", None, lambda f: "gradient_clip" in f.watched, False),
    ("gradient_clip", 0.5, lambda f: f.watched["gradient_clip"].gradient_clip_value, 0.5),
    ("bidirectional", False, lambda f: layer(f).bidirectional, False),
    ("norm", "layer", lambda f: type(f.network.blocks[0].norm), LayerNorm),
    ("prenorm", False, lambda f: f.network.blocks[0].prenorm, False),
    ("pooling", "max", lambda f: f.network.pooling, "max"),
    ("differences", False, lambda f: f.network.inputs.differences, False),
    ("dt_min", 0.4, lambda f: bool((steps(f) > 0.35).all()), True),
    ("dt_max", 0.06, lambda f: bool((steps(f) < 0.07).all()), True),
    ("random_state", 1, lambda f: f.net.seed, np.random.RandomState(1).randint(np.iinfo(np.int32).max, size=3)[2]),
    ("verbose", 2, lambda f: "train_loss" in f.printed, True),
    ("precision", "bf16", lambda f: f.net.precision, "bf16"),
    ("cuda_graph", False, lambda f: f.net.cuda_graph, False),
    ("n_threads", 1, lambda f: f.threads, {1}),
    ("callbacks", [Seen], lambda f: any(isinstance(each, Seen) for each in f.watched.values()), True),
    ("net_params", {"optimizer": torch.optim.SGD}, lambda f: f.net.optimizer, torch.optim.SGD),
]
LEFT_TO_ONE = {"early_stopping", "patience", "device", "predict_batch_size"}  # have tests of their own below
CASES = [
    ("validation", None, lambda f: "valid_loss" in f.net.history_[-1], False),
    ("validation", ShuffleSplit(1, test_size=5, random_state=0), lambda f: f.n_held_out, 5),
    ("missing", "mask", lambda f: f.network.inputs.missing, "mask"),
    ("standardize", "series", lambda f: f.network.inputs.standardize, "series"),
]
DIAGONAL = [
    ("init", "legs", lambda f: layer(f).init, "legs"),
    ("discretization", "bilinear", lambda f: layer(f).discretization, "bilinear"),
    ("bandlimit", 0.5, lambda f: layer(f).bandlimit, 0.5),
]
DENSE = [
    ("n_channels", 2, lambda f: layer(f).n_channels, 2),
    ("trainable", "none", lambda f: sum(1 for _ in layer(f).parameters()), 2),
    ("shared", False, lambda f: layer(f).B.ndim, 2),
]
# of the estimators that hold something out unless told otherwise
WATCHING = {"validation": 0.25}


@pytest.fixture
def watch(monkeypatch):
    """A function that fits an estimator, and says what was seen on the way."""
    seen = SimpleNamespace(watched={}, groups=[], threads=set(), n_held_out=0, nets=[])
    train, begin = fit_network.__globals__["_train"], fit_network.__globals__["SeriesNet"].begin_training

    def watched_train(net, data, held_out, *args):
        seen.n_held_out = 0 if held_out is None else len(held_out)
        seen.threads.add(torch.get_num_threads())
        seen.nets.append(net)
        return train(net, data, held_out, *args)

    def watched_begin(net, callbacks, split):
        begin(net, callbacks, split)
        seen.watched, seen.groups = dict(callbacks), net.optimizer_.param_groups

    monkeypatch.setitem(fit_network.__globals__, "_train", watched_train)
    monkeypatch.setattr(fit_network.__globals__["SeriesNet"], "begin_training", watched_begin)

    def fit(estimator, *data, **params):
        threads = torch.get_num_threads()
        torch.set_num_threads(2)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                estimator.fit(*data, **params)
        finally:
            torch.set_num_threads(threads)
        seen.estimator, seen.printed = estimator, printed.getvalue()
        seen.net = seen.nets[-1] if seen.nets else None
        seen.network = seen.net.module_ if seen.nets else None
        return seen

    return fit


def check(watch, make, data, row):
    name, value, look, expected = row
    assert look(watch(make(**{name: value}), *data)) == expected
    assert look(watch(make(), *data)) != expected


@pytest.mark.parametrize("row", [*NETWORK, *CASES, *DIAGONAL], ids=lambda row: f"{row[0]}={row[1]!r:.20}")
def test_options_of_the_classifier(watch, row):
    check(watch, lambda **params: S4DClassifier(**{**SMALL, **WATCHING, **params}), (X, LABELS), row)


@pytest.mark.parametrize("row", [*NETWORK, *CASES, *DENSE], ids=lambda row: f"{row[0]}={row[1]!r:.20}")
def test_options_of_the_regressor(watch, row):
    check(watch, lambda **params: LSSLRegressor(**{**SMALL, **WATCHING, **params}), (X, NUMBERS), row)


@pytest.mark.parametrize(("cls", "y"), [(S4DClassifier, LABELS), (LSSLRegressor, NUMBERS)])
class TestOneByOne:
    """Parameters that need more than a value and a look."""

    def test_early_stopping_and_patience(self, watch, cls, y):
        stops = {"early_stopping": True, "validation": 0.25}
        best = watch(cls(**SMALL, **stops, patience=3), X, y).watched["best"]
        assert best.patience == 3
        assert watch(cls(**SMALL, **stops), X, y).watched["best"].patience == 30
        assert watch(cls(**SMALL, validation=0.25, patience=3), X, y).watched["best"].patience > SMALL["max_epochs"]
        assert watch(cls(**SMALL, early_stopping=True), X, y).n_held_out > 0  # "auto" holds some out then

    def test_device(self, cls, y):
        with pytest.raises(ValueError, match=r"device='cuda:99' is not available"):
            cls(**{**SMALL, "device": "cuda:99"}).fit(X, y)

    def test_predict_batch_size(self, monkeypatch, cls, y):
        asked = []
        module = predict.__globals__ if callable(predict) else vars(predict)
        alike = module["_alike"]
        monkeypatch.setitem(
            module, "_alike", lambda lengths, size, alone: asked.append(size) or alike(lengths, size, alone)
        )
        cls(**SMALL, predict_batch_size=5).fit(X, y).predict(X)
        cls(**SMALL).fit(X, y).predict(X)
        assert asked == [5, None]

    def test_tokens(self, cls, y):
        tokens = rng.integers(1, 9, size=(12, 1, 6))
        assert cls(**SMALL, input="tokens").fit(tokens, y).net_.module_.n_tokens == tokens.max()
        assert cls(**SMALL, input="tokens", n_tokens=20).fit(tokens, y).net_.module_.n_tokens == 20
        assert cls(**SMALL).fit(tokens, y).net_.module_.n_tokens is None

    def test_warm_start(self, watch, cls, y):
        frozen = {"lr": 1e-12, "ssm_lr": 0.0, "weight_decay": 0.0}
        for goes_on in (True, False):
            estimator = cls(**SMALL, warm_start=goes_on).fit(X, y)
            before = estimator.net_.module_.head.weight.detach().numpy().copy()
            estimator.set_params(**frozen, random_state=7).fit(X, y)
            assert np.allclose(before, estimator.net_.module_.head.weight.detach().numpy(), atol=1e-6) == goes_on


def test_weights_of_classes(watch):
    heavy = S4DClassifier(**{**SMALL, "max_epochs": 20}, class_weight={0: 50.0, 1: 1.0}).fit(X, LABELS)
    even = S4DClassifier(**{**SMALL, "max_epochs": 20}).fit(X, LABELS)
    assert heavy.predict_proba(X)[:, 0].mean() > even.predict_proba(X)[:, 0].mean() + 0.02


def bank(fitted):
    return fitted.estimator.features_.filter_bank_


def kernels(fitted):
    return list(bank(fitted).kernels.values())


RIDGE = {"n_kernels": 48, "random_state": 0}
RIDGE_OPTIONS = [
    ("n_kernels", 192, lambda f: f.estimator.n_kernels_, 192),
    ("max_memory", 5e-5, lambda f: f.estimator.n_windows_, 1),
    ("n_jobs", 3, lambda f: f.resources.n_threads, 3),
    ("random_state", 1, lambda f: f.random.tomaxint(), np.random.RandomState(1).tomaxint()),
    ("missing", "mask", lambda f: f.estimator.features_.missing_, "mask"),
    ("standardize", "series", lambda f: bank(f).standardization.mean, None),
    ("representations", ("raw",), lambda f: {part.representation for part in bank(f).parts}, {"raw"}),
    ("pooling", ("max", "last"), lambda f: bank(f).pooling, ("max", "last")),
    ("n_windows", 1, lambda f: f.estimator.n_windows_, 1),
    ("bidirectional", False, lambda f: any(view.reverse for view in bank(f).kernels), False),
    ("n_modes", 1, lambda f: max(int((each.system.C[0] != 0).sum(-1).max()) for each in kernels(f)) <= 2, True),
    ("max_time_constants", (0.3,), lambda f: {part.max_time_constant for part in bank(f).parts}, {0.3}),
    ("frequencies", (1.0, 1.1), lambda f: f.given.frequencies, (1.0, 1.1)),
    ("group_size", 4, lambda f: bank(f).group_size, 4),
    ("members", ("gaussian",), lambda f: {member for *_, member in f.estimator.ridges_}, {"gaussian"}),
    ("verbose", 1, lambda f: "features and ridges" in f.printed, True),
]


@pytest.mark.filterwarnings("ignore:max_memory")
@pytest.mark.parametrize("row", RIDGE_OPTIONS, ids=lambda row: f"{row[0]}={row[1]!r:.20}")
def test_options_of_the_ridge_classifier(monkeypatch, watch, row):
    draw = transformer.draw_filter_bank

    def watched(data, weight, features, random, resources):
        given.update(given=features, resources=resources, random=np.random.RandomState())
        given["random"].set_state(random.get_state())
        return draw(data, weight, features, random, resources)

    given = {}
    monkeypatch.setattr(transformer, "draw_filter_bank", watched)

    def fit(estimator, *data):
        return SimpleNamespace(**{**vars(watch(estimator, *data)), **given})

    check(fit, lambda **params: StateSpaceRidgeClassifier(**{**RIDGE, **params}), (X, LABELS), row)


def test_frequencies_and_modes_of_the_ridge_classifier_make_its_kernels():
    def responses(**params):
        found = StateSpaceRidgeClassifier(**RIDGE, **params).fit(X, LABELS).features_.filter_bank_.kernels.values()
        return torch.cat([kernel.system.A_bar.flatten() for kernel in found])

    assert not torch.equal(responses(), responses(frequencies=(1.0, 1.1)))
    assert len(responses()) != len(responses(n_modes=1))


def test_device_and_class_weight_of_the_ridge_classifier():
    with pytest.raises(ValueError, match=r"device='cuda:99' is not available"):
        StateSpaceRidgeClassifier(**RIDGE, device="cuda:99").fit(X, LABELS)
    heavy = StateSpaceRidgeClassifier(**RIDGE, class_weight={0: 50.0, 1: 1.0}).fit(X, LABELS)
    even = StateSpaceRidgeClassifier(**RIDGE).fit(X, LABELS)
    assert not np.allclose(heavy.predict_proba(X), even.predict_proba(X))


SERIES = pd.Series(5 + np.sin(2 * np.pi * np.arange(150) / 8) + rng.normal(size=150) / 5)
WINDOWS = [
    ("horizon", 5, lambda f: f.estimator.estimator_.horizon, 5),
    ("season", 8, lambda f: f.estimator.estimator_.season_, 8),
    ("window", 40, lambda f: f.estimator.estimator_.n_timepoints_, 40),
    ("n_lags", 7, lambda f: f.estimator.estimator_.lag_features_.n_lags, 7),
    ("transform", "log", lambda f: bool(f.estimator.estimator_.log_.channels.all()), True),
    ("difference", "last", lambda f: f.estimator.estimator_.forecast_.smoothing, None),
]
FORECASTER = [row for row in NETWORK if row[0] not in ("pooling", "random_state", "dt_max")]


@pytest.fixture
def watch_forecaster(watch, monkeypatch):
    def fit(forecaster):
        return watch(forecaster, SERIES)

    return fit


def forecaster(**params):
    return S4DForecaster(**{**SMALL, "window": 60, "n_lags": 12, "horizon": 2, "transform": None, **params})


@pytest.mark.parametrize("row", [*WINDOWS, *FORECASTER, *DIAGONAL], ids=lambda row: f"{row[0]}={row[1]!r:.20}")
def test_options_of_the_forecaster(watch_forecaster, row):
    check(watch_forecaster, forecaster, (), row)


def test_more_options_of_the_forecaster(watch_forecaster, monkeypatch):
    made = []
    fit = S4DRegressor.fit
    monkeypatch.setattr(
        S4DRegressor, "fit", lambda self, *data: made.append(self.get_params(deep=False)) or fit(self, *data)
    )
    values = {
        "pooling": "max", "random_state": 1, "dt_max": 0.06, "early_stopping": False, "patience": 3,
        "predict_batch_size": 5,
    }  # fmt: skip
    for name, value in values.items():
        watch_forecaster(forecaster(**{name: value}))
        watch_forecaster(forecaster())
        assert (made[-2][name], made[-1][name] != value) == (value, True), name
    with pytest.raises(ValueError, match=r"device='cuda:99' is not available"):
        forecaster(device="cuda:99").fit(SERIES)


def test_every_parameter_has_a_row_here():
    alone = {"input", "n_tokens", "warm_start", "class_weight", *LEFT_TO_ONE}
    rows = {
        S4DClassifier: {row[0] for row in (*NETWORK, *CASES, *DIAGONAL)} | alone,
        LSSLRegressor: ({row[0] for row in (*NETWORK, *CASES, *DENSE)} | alone) - {"class_weight"},
        StateSpaceRidgeClassifier: {row[0] for row in RIDGE_OPTIONS} | {"device", "class_weight"},
        S4DForecaster: {row[0] for row in (*WINDOWS, *NETWORK, *DIAGONAL)} | LEFT_TO_ONE,
    }
    for cls, names in rows.items():
        assert names == set(cls().get_params(deep=False))
