"""What each model has of its own."""

import warnings

import pytest
from skorch.callbacks import Callback

import ssm_estimators


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("S4D", {"init": "legs", "discretization": "bilinear"}),
        ("S4D", {"init": "inv", "bandlimit": 0.5}),
        *[("LiquidS4", {"liquid": liquid, "liquid_degree": 3}) for liquid in ("kb", "pb", "degree", "exact")],
        *[("LSSL", {"trainable": trainable, "n_channels": 2}) for trainable in ("none", "dt", "A", "all")],
        ("LiquidS4", {"liquid": "degree", "precision": "bf16"}),
        ("LSSL", {"shared": False, "d_state": 7}),
    ],
)
def test_every_option_of_a_model_learns(panel, small, model, params):
    for bidirectional in (True, False):
        clf = getattr(ssm_estimators, f"{model}Classifier")(
            **{**small, "max_epochs": 40, "lr": 0.01, "bidirectional": bidirectional, **params}
        )
        assert clf.fit(*panel).score(*panel) >= 0.9


def test_one_warning_when_only_the_guard_kept_an_exact_liquid_system_bounded(panel, small):
    X, y = panel
    clf = ssm_estimators.LiquidS4Classifier(**{**small, "n_layers": 2}, liquid="exact")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.fit(X, y)
    assert all(0 <= block.layer.clamped < 1 for block in clf.net_.module_.blocks)

    class Destabilise(Callback):
        def on_train_begin(self, net, **kwargs):
            for block in net.module_.blocks:
                block.layer.B.data.fill_(10)

    with pytest.warns(UserWarning, match="only the guard kept the state from growing. Lower dt_max") as caught:
        clf.set_params(callbacks=[Destabilise()]).fit(X, y)
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("model", "params", "message"),
    [
        ("S4D", {"init": "fourier"}, "The 'init' parameter .* must be a str among .*'legs'"),
        ("S4D", {"discretization": "euler"}, "The 'discretization' parameter .* must be a str among"),
        ("S4D", {"d_state": 7}, "d_state must be even and at least 2, for conjugate pairs; got 7"),
        ("S4", {"d_state": 7}, "d_state must be even and at least 2, for conjugate pairs; got 7"),
        ("S4D", {"bandlimit": 0}, "The 'bandlimit' parameter .* must be None or a float in the range"),
        ("LiquidS4", {"liquid": "PB"}, "The 'liquid' parameter .* must be a str among .*'degree'"),
        ("LiquidS4", {"liquid_degree": 1}, r"The 'liquid_degree' parameter .* must be an int in the range \[2, inf\)"),
        ("LSSL", {"trainable": "B"}, "The 'trainable' parameter .* must be a str among .*'none'"),
        ("LSSL", {"n_channels": 0}, r"The 'n_channels' parameter .* must be an int in the range \[1, inf\)"),
        ("LSSL", {"shared": "yes"}, "The 'shared' parameter .* must be an instance of 'bool'"),
    ],
)
def test_unknown_values_of_a_models_own_parameters(panel, model, params, message):
    for task, target in (("Classifier", panel[1]), ("Regressor", panel[0].mean((1, 2)))):
        estimator = getattr(ssm_estimators, model + task)(**params)
        with pytest.raises(ValueError, match=message):
            estimator.fit(panel[0], target)
