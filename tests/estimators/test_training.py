"""What a fit does with time: best weights, interruption, divergence, validation, progress."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit
from skorch.callbacks import Callback

from ssm_estimators.training.callbacks import NonFiniteLossError


class StopAt(Callback):
    """Acts as the user, or as a broken loss, in an epoch."""

    def __init__(self, epoch, error=None):
        self.epoch, self.error = epoch, error

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) != self.epoch:
            return
        if self.error:
            raise self.error
        with torch.no_grad():
            next(net.module_.parameters()).fill_(float("nan"))


def _state(estimator):
    return dict(estimator.net_.module_.named_parameters())


def test_ctrl_c_leaves_a_fitted_estimator_and_says_so(make_deep, panel, target, output):
    X, _ = panel
    estimator = make_deep(max_epochs=9, callbacks=[StopAt(4, KeyboardInterrupt())])
    with pytest.raises(
        KeyboardInterrupt, match=r"interrupted after 3 full epochs of 9\. The network .* has its best weights"
    ):
        estimator.fit(X, target)
    assert estimator.n_iter_ == 3
    assert np.isfinite(output(estimator, X)).all()
    assert pickle.loads(pickle.dumps(estimator)).n_iter_ == 3


def test_interrupted_fit_has_the_weights_of_its_best_epoch(make_deep, panel, target):
    X, _ = panel
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append({name: value.clone() for name, value in net.module_.named_parameters()})

    estimator = make_deep(max_epochs=9, lr=0.05, callbacks=[Watch(), StopAt(7, KeyboardInterrupt())])
    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        estimator.fit(X, target)
    best = int(np.argmin(estimator.history_[:, "train_loss"]))
    assert all(torch.equal(value, seen[best][name]) for name, value in _state(estimator).items())


def test_a_loss_that_is_not_finite_stops_with_an_error_and_keeps_the_best_weights(make_deep, panel, target, output):
    X, _ = panel
    estimator = make_deep(max_epochs=9, callbacks=[StopAt(4)])
    with pytest.raises(
        NonFiniteLossError, match=r"training loss became nan in epoch 4\. Lower lr and ssm_lr.*are kept"
    ):
        estimator.fit(X, target)
    assert np.isfinite(output(estimator, X)).all()
    first = make_deep(max_epochs=9, callbacks=[StopAt(1)])
    with pytest.raises(NonFiniteLossError, match="in epoch 1") as raised:
        first.fit(X, target)
    assert raised.value.net is None  # the estimator has it
    assert np.isfinite(output(first, X)).all()


@pytest.mark.parametrize("max_epochs", [1, 5])
def test_weights_broken_by_the_last_step_of_an_epoch_are_noticed(make_deep, panel, target, output, max_epochs):
    """One batch an epoch: its loss is finite, what its step leaves is not."""
    X, _ = panel
    wild = {"batch_size": 24, "lr": 1e10, "ssm_lr": 1e10, "gradient_clip": None, "warmup": 0.0}
    estimator = make_deep(max_epochs=max_epochs, **wild)
    with pytest.raises(NonFiniteLossError, match=r"in epoch [12]\. Lower lr"):
        estimator.fit(X, target)
    assert np.isfinite(output(estimator, X)).all()


def test_the_progress_bar_ends_with_a_diverged_training(make_deep, panel, target, capsys):
    with pytest.raises(NonFiniteLossError):
        make_deep(max_epochs=9, verbose=1, callbacks=[StopAt(4)]).fit(panel[0], target)
    assert capsys.readouterr().err.endswith("\n")


def test_ctrl_c_in_the_first_epoch(make_deep, panel, target, output):
    estimator = make_deep(callbacks=[StopAt(1, KeyboardInterrupt())])
    with pytest.raises(KeyboardInterrupt, match=r"interrupted after 0 full epochs of 3\. .* its last weights so far"):
        estimator.fit(panel[0], target)
    assert np.isfinite(output(estimator, panel[0])).all()


def test_early_stopping_ends_before_the_last_epoch_with_the_best_weights(make_deep, panel, target):
    X, _ = panel
    estimator = make_deep(max_epochs=60, lr=0.1, schedule="constant", early_stopping=True, patience=2, validation=0.25)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # stopping early is no interruption
        estimator.fit(X, target)
    losses = estimator.history_[:, "valid_loss"]
    assert len(losses) < 60
    assert len(losses) - 1 - int(np.argmin(losses)) >= 2


@pytest.mark.parametrize("validation", [0.25, ShuffleSplit(1, test_size=6, random_state=0), "data"])
def test_forms_of_validation(make_deep, panel, target, validation):
    X, _ = panel
    validation = (X[:6], target[:6]) if validation == "data" else validation
    assert "valid_loss" in make_deep(validation=validation).fit(X, target).history_[-1]


def test_without_early_stopping_every_case_is_trained_on(make_deep, panel, target):
    assert "valid_loss" not in make_deep().fit(*_few(panel, target)).history_[-1]


def _few(panel, target):
    return panel[0][:8], target[:8]


def test_too_few_cases_to_hold_any_out_warns_and_goes_on(make_deep, panel, target):
    with pytest.warns(UserWarning, match="holds out none, or all.*the training loss is watched"):
        estimator = make_deep(early_stopping=True).fit(panel[0][:4], target[:4])
    assert "valid_loss" not in estimator.history_[-1]


@pytest.mark.parametrize("validation", [0.25, GroupShuffleSplit(1, test_size=0.25, random_state=0)])
def test_groups_stay_together(make_deep, panel, target, validation):
    X, _ = panel
    groups = np.repeat(np.arange(8), 3)
    held_out = []

    class Watch(Callback):
        def on_train_begin(self, net, X=None, **kwargs):
            held_out.append(net.train_split(X)[1].X)

    make_deep(validation=validation, callbacks=[Watch()]).fit(X, target, groups=groups)
    cases = {int(np.flatnonzero((case.numpy() == X).all((1, 2)))[0]) for case in held_out[0]}
    assert len(cases) == 6
    assert all({3 * g, 3 * g + 1, 3 * g + 2} <= cases or not {3 * g, 3 * g + 1, 3 * g + 2} & cases for g in range(8))


def test_progress_bar_and_lines(make_deep, panel, target, capsys):
    X, _ = panel
    make_deep(verbose=1).fit(X, target)
    silent = capsys.readouterr()
    assert silent.out == ""
    assert "training: 100%" in silent.err
    assert "3/3" in silent.err
    make_deep(verbose=2).fit(X, target)
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.strip()[:1].isdigit()]) == 3
    make_deep().fit(X, target)
    assert capsys.readouterr() == ("", "")


def test_net_params_reach_the_net(make_deep, panel, target):
    estimator = make_deep(net_params={"optimizer": torch.optim.SGD}).fit(*_few(panel, target))
    assert estimator.net_.optimizer is torch.optim.SGD


def test_warm_start_goes_on_from_the_last_weights(make_deep, panel, target):
    X, y = _few(panel, target)
    estimator = make_deep(warm_start=True, lr=1e-9, ssm_lr=0.0, weight_decay=0.0).fit(X, y)
    before = estimator.net_.module_.encoder.weight.clone()
    assert torch.allclose(estimator.fit(X, y).net_.module_.encoder.weight, before, atol=1e-6)
    again = make_deep(warm_start=True, random_state=5, lr=1e-9).fit(X, y)
    assert not torch.allclose(again.net_.module_.encoder.weight, before, atol=1e-3)


def test_net_params_that_would_be_lost_are_refused(make_deep, panel, target):
    with pytest.raises(ValueError, match=r"net_params cannot set \['train_split', 'iterator_train__num_workers'\]"):
        make_deep(net_params={"train_split": None, "iterator_train__num_workers": 2}).fit(panel[0], target)


def test_warm_start_keeps_what_the_weights_mean(make_deep_classifier, make_deep_regressor, panel):
    X, y = panel
    with pytest.raises(ValueError, match=r"goes on with the classes \['fast', 'slow'\]; y has \['a', 'b'\]"):
        make_deep_classifier(warm_start=True).fit(X, y).fit(X, np.where(y == "slow", "a", "b"))
    with pytest.raises(ValueError, match=r"cannot go on with other values of \['standardize'\]"):
        make_deep_classifier(warm_start=True).fit(X, y).set_params(standardize=None).fit(X, y)
    reg = make_deep_regressor(warm_start=True).fit(X, X.mean((1, 2)))
    before = reg.predict(X)
    frozen = {"lr": 1e-12, "ssm_lr": 0.0, "weight_decay": 0.0, "max_epochs": 1, "norm": "batch"}
    after = reg.set_params(**frozen).fit(X, 5 + X.mean((1, 2))).predict(X)
    np.testing.assert_allclose(after, before, atol=0.2)


def test_warm_start_with_another_network_is_refused(make_deep, panel, target):
    X, y = _few(panel, target)
    estimator = make_deep(warm_start=True).fit(X, y).set_params(d_model=4)
    with pytest.raises(ValueError, match="warm_start=True goes on from the last fit's weights, which do not fit"):
        estimator.fit(X, y)


def test_prediction_does_not_depend_on_its_batches(make_deep, panel, target, output):
    X, y = panel[0], target
    estimator = make_deep().fit(X, y)
    expected = output(estimator, X)
    np.testing.assert_allclose(output(estimator.set_params(predict_batch_size=5), X), expected, rtol=1e-5, atol=1e-6)


def test_bfloat16_learns_too(make_deep, panel, target):
    X = np.tile(panel[0], 5)  # longer than a chunk
    estimator = make_deep(precision="bf16", max_epochs=40).fit(X, target)
    assert estimator.score(X, target) > 0.7


def test_causal_networks(make_deep, panel, target, output):
    estimator = make_deep(bidirectional=False, pooling="last").fit(panel[0], target)
    assert np.isfinite(output(estimator, panel[0])).all()


@pytest.mark.parametrize(
    "params",
    [
        {"norm": "layer"},
        {"prenorm": False},
        {"pooling": "max"},
        {"standardize": "series"},
        {"standardize": None},
        {"differences": False},
        {"gradient_clip": None},
        {"schedule": "constant", "warmup": 0.0},
        {"max_epochs": "auto", "batch_size": "auto", "d_model": 4},
    ],
)
def test_every_option_trains(make_deep, panel, target, output, params):
    X, y = panel[0], target
    assert np.isfinite(output(make_deep(**params).fit(X, y), X)).all()


def test_parameter_groups_have_their_own_rates(make_deep, panel, target):
    seen = []

    class Watch(Callback):
        def on_train_begin(self, net, **kwargs):
            seen.extend(
                (group["initial_lr"], group["weight_decay"], len(group["params"]))
                for group in net.optimizer_.param_groups
            )

    estimator = make_deep(lr=0.01, ssm_lr=0.002, weight_decay=0.3, n_layers=2, callbacks=[Watch()]).fit(
        *_few(panel, target)
    )
    assert [group[:2] for group in seen] == [(0.002, 0.0), (0.01, 0.3), (0.01, 0.0)]
    n_ssm, n_decay, n_rest = (group[2] for group in seen)
    assert n_ssm == sum(len(list(block.layer.ssm_parameters())) for block in estimator.net_.module_.blocks)
    assert n_decay == 2 + 2  # encoder, two mixing maps, head
    assert n_ssm + n_decay + n_rest == len(list(estimator.net_.module_.parameters()))
