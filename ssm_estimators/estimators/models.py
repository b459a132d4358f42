"""The four models: which layer, and which of its parameters an estimator has."""

from numbers import Real
from typing import ClassVar

from sklearn.utils._param_validation import Interval, StrOptions

from ssm_estimators.declaration import at_least, parameters
from ssm_estimators.functional.systems.discretize import DISCRETIZATIONS
from ssm_estimators.functional.systems.hippo import SPECTRA
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4
from ssm_estimators.layers.liquid_s4 import FORMS
from ssm_estimators.layers.lssl import TRAINABLE


@parameters
class LSSLModel:
    """Parameters of the dense layer."""

    n_channels: int = 1
    trainable: str = "all"
    shared: bool = True

    _layer = LSSL
    _layer_params: ClassVar[tuple[str, ...]] = ("n_channels", "trainable", "shared")
    _constraints = {"n_channels": [at_least(1)], "trainable": [StrOptions(set(TRAINABLE))], "shared": ["boolean"]}
    _parameters_doc = """n_channels : int, default=1
        Outputs of each feature's system.
    trainable : {"all", "A", "dt", "none"}, default="all"
        What of the systems is trained beside their readouts: transitions with input vectors, steps, both or neither.
    shared : bool, default=True
        One transition and input vector for all features, which then differ in their steps; else one a feature."""


@parameters
class S4Model:
    """The diagonal plus low-rank layer has no parameters of its own."""

    _layer = S4


@parameters
class S4DModel:
    """Parameters of the diagonal layer."""

    init: str = "lin"
    discretization: str = "zoh"
    bandlimit: float | None = None

    _layer = S4D
    _layer_params: ClassVar[tuple[str, ...]] = ("init", "discretization", "bandlimit")
    _constraints = {
        "init": [StrOptions(set(SPECTRA))],
        "discretization": [StrOptions(set(DISCRETIZATIONS))],
        "bandlimit": [None, Interval(Real, 0, None, closed="neither")],
    }
    _parameters_doc = """init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
    bandlimit : float or None, default=None
        Leave out modes of higher frequencies than this share of half the sampling rate: of a fit with 1 / r,
        ``predict(X, rate=r)`` loses the least."""


@parameters
class LiquidS4Model(S4DModel):
    """Parameters of the liquid layer."""

    liquid: str = "kb"
    liquid_degree: int = 2

    _layer = LiquidS4
    _layer_params = (*S4DModel._layer_params, "liquid", "liquid_degree")
    _constraints = {"liquid": [StrOptions(set(FORMS))], "liquid_degree": [at_least(2)]}
    _parameters_doc = """liquid : {"kb", "pb", "degree", "exact"}, default="kb"
        What is kept of the liquid system: products of successive inputs, remembered as inputs are (``"kb"``) or acting
        at their own time only (``"pb"``); all products of up to ``liquid_degree`` inputs (``"degree"``); the system
        itself (``"exact"``), at some thirty times S4D's cost.
    liquid_degree : int, default=2
        Largest number of inputs in a product; ``"exact"`` has no such bound."""
