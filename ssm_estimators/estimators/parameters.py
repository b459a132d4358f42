"""The parameters of the deep estimators: of the four models, of a network and its training, and of how cases are read.

Those that classes with other bases share, such as sktime's, have their type, constraint and text under a name here.
"""

from numbers import Real
from typing import Annotated, Any, Literal

import torch
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ssm_estimators.declaration import NOT_NEGATIVE, POSITIVE, SHARE, Doc, at_least, parameters

Auto = Literal["auto"]

ClassWeight = Annotated[
    dict[Any, float] | Literal["balanced"] | None,
    Doc('Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.'),
]
Validation = Annotated[
    Any,
    StrOptions({"auto"}), None, Interval(Real, 0, 1, closed="neither"), HasMethods(["split", "get_n_splits"]), tuple,
    Doc(
        "What epochs are judged by: a share of the training cases, the first split of a scikit-learn splitter, data "
        'of its own, or the training loss (None). ``"auto"`` is 0.1 with ``early_stopping``, else None. The weights '
        "of the best epoch are kept in every case.",
        kind='"auto", float, splitter, (X, y) or None',
    ),
]  # fmt: skip
Missing = Annotated[
    Literal["error", "mask"],
    Doc(
        'With ``"error"``, NaN is refused. With ``"mask"``, one more channel for each tells the network which values '
        "are missing. NaN in all channels at the end of a case then lies past its end."
    ),
]
Standardize = Annotated[
    Literal["auto", "channel", "timepoint", "series"] | None,
    Doc(
        "Zero mean and unit variance: by the training set's statistics of each channel, or of each channel and time "
        "point; by each series' own; or not at all. A network that does so by time points takes no longer series "
        'than those of its fit. ``"auto"`` takes time points where series deviate from their mean course by less '
        "than 1 % of the variance, as spectra do, and else channels.",
    ),
]
Input = Annotated[
    Literal["values", "tokens"],
    Doc(
        'With ``"tokens"``, X holds whole numbers from 1 on, and 0 past the end of each text. They are embedded, and '
        "neither scaled nor differenced. Two channels are two texts that are compared."
    ),
]
NTokens = Annotated[
    int | Auto,
    at_least(1),
    Doc('The largest token; ``"auto"`` is that of the training set. It is for tokens, not for values.'),
]
Init = Annotated[
    Literal["lin", "inv", "legs"],
    Doc("Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS."),
]
Discretization = Annotated[
    Literal["zoh", "bilinear"], Doc("How steps in time are made: by a zero-order hold or by the bilinear rule.")
]
Bandlimit = Annotated[
    float | None,
    POSITIVE,
    Doc(
        "Leave out modes of higher frequencies than this share of half the sampling rate. After a fit with 1 / r, "
        "``predict(X, rate=r)`` loses the least."
    ),
]


@parameters
class NetworkParameters:
    """Parameters of a network and its training, those first that are changed most often."""

    d_model: Annotated[int, at_least(1), Doc("Features of the network.")] = 64
    d_state: Annotated[int, at_least(2), Doc("Real state size of each feature's system, even but for LSSL.")] = 16
    n_layers: Annotated[int, at_least(1), Doc("Residual blocks.")] = 3
    dropout: Annotated[
        float,
        SHARE,
        Doc("Share of the features that each block drops while training, the same at all time points of a case."),
    ] = 0.05
    max_epochs: Annotated[
        int | Auto,
        at_least(1),
        Doc(
            'Passes over the training cases. ``"auto"`` is 30 to 60 by the number of cases, and more where that is '
            "less than 700 steps."
        ),
    ] = "auto"
    batch_size: Annotated[
        int | Auto, at_least(1), Doc('Cases per training step. ``"auto"`` follows from the number of cases.')
    ] = "auto"
    lr: Annotated[float, POSITIVE, Doc("Highest learning rate of the network.")] = 4e-3
    ssm_lr: Annotated[float, NOT_NEGATIVE, Doc("Highest learning rate of the state-space parameters.")] = 1e-3
    weight_decay: Annotated[float, NOT_NEGATIVE, Doc("Decay of the linear maps' weights (AdamW).")] = 0.01
    schedule: Annotated[Literal["cosine", "constant"], Doc("Course of the learning rates after the warm-up.")] = (
        "cosine"
    )
    warmup: Annotated[float, SHARE, Doc("Share of the steps over which the learning rates rise.")] = 0.1
    gradient_clip: Annotated[float | None, POSITIVE, Doc("Largest norm of the gradient.")] = 1.0
    early_stopping: Annotated[
        bool,
        Doc(
            "Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training "
            "loss counts."
        ),
    ] = False
    patience: Annotated[int, at_least(1), Doc("Epochs without improvement, with ``early_stopping``.")] = 30
    bidirectional: Annotated[bool, Doc("Read series in both directions; False makes every layer causal.")] = True
    norm: Annotated[
        Literal["batch", "layer"], Doc("Normalise each feature over the batch, or the features of each time point.")
    ] = "batch"
    prenorm: Annotated[bool, Doc("Normalise before each layer, else after each sum.")] = True
    pooling: Annotated[
        Literal["mean", "max", "last"], Doc("How the features of all time points become one vector per case.")
    ] = "mean"
    differences: Annotated[bool, Doc("Add the first difference of each channel as a further channel.")] = True
    dt_min: Annotated[
        float | Auto,
        POSITIVE,
        Doc(
            "Smallest step of the systems at the start. Their longest time constants are 2 / dt samples, and 1 / dt "
            'those of S4 and LSSL. ``"auto"`` is one over the points of the longest series, but at least 0.01.'
        ),
    ] = "auto"
    dt_max: Annotated[float | Auto, POSITIVE, Doc('Largest step of the systems at the start. ``"auto"`` is 0.5.')] = (
        "auto"
    )
    random_state: Annotated[
        Any,
        "random_state",
        Doc(
            "Source of the start values, of dropout, of the validation split and of the order of the batches. None "
            "draws anew each time; no global random state is read or changed.",
            kind="int, RandomState instance or None",
        ),
    ] = None
    verbose: Annotated[
        int,
        "verbose",
        Doc(
            "1 shows a progress bar over the batches, which in a log is a line every ten seconds. 2 prints a line per "
            "epoch."
        ),
    ] = 0
    device: Annotated[
        str | torch.device,
        Doc(
            'Where to train and predict. ``"auto"`` is CUDA where it is there, else the CPU. MPS has no float64, and '
            "is refused.",
            kind="str or torch.device",
        ),
    ] = "auto"
    precision: Annotated[
        Literal["float32", "tf32", "bf16"],
        Doc(
            'Precision of the matrix products. ``"bf16"`` leaves the state-space layers in float32. ``"tf32"`` is for '
            "CUDA only and applies to them too; a prediction elsewhere is made in float32."
        ),
    ] = "float32"
    cuda_graph: Annotated[
        Literal["auto", False],
        Doc(
            "On CUDA, capture a training step of full batches of series of one length, and replay it. A step of many "
            "short operations is then as fast as the device. Only the main thread does so, and meanwhile no other "
            "thread may use the device. False never does."
        ),
    ] = "auto"
    n_threads: Annotated[
        int | None, at_least(1), Doc("Threads of PyTorch while fitting and predicting; None leaves them as they are.")
    ] = None
    predict_batch_size: Annotated[
        int | Auto,
        at_least(1),
        Doc(
            'Most cases that are predicted at once; ``"auto"`` takes as many as are fast. On a CPU, series of more '
            "than 700 time points are predicted one at a time, and shorter ones in float64. What is predicted of a "
            "case then does not depend on the others."
        ),
    ] = "auto"
    callbacks: Annotated[
        list[Any] | None,
        Doc(
            'Instances, classes or ``(name, instance)`` pairs, such as ``[TrainingCheckpoint("run.pt")]`` of '
            "``ssm_estimators.training``, with which a killed fit goes on. For held-out cases ``history_`` has the "
            "``valid_accuracy`` or ``valid_r2``; ``skorch.callbacks.EpochScoring`` adds any score of scikit-learn. It "
            "sees labels as positions in ``classes_``, and targets of mean 0 and variance 1.",
            kind="list of skorch callbacks or None",
        ),
    ] = None
    net_params: Annotated[
        dict[str, Any] | None,
        Doc(
            'Further parameters of the skorch net, such as ``{"optimizer": torch.optim.RMSprop}``. With '
            '``{"accelerator": accelerate.Accelerator()}`` all processes of that train together, each on '
            "``batch_size`` cases of every batch; all must call ``fit`` with the same data."
        ),
    ] = None


@parameters
class LSSLParameters:
    """Parameters of the dense layer."""

    n_channels: Annotated[int, at_least(1), Doc("Outputs of each feature's system.")] = 1
    trainable: Annotated[
        Literal["all", "A", "dt", "none"],
        Doc(
            "What of the systems is trained beside their readouts: transitions with input vectors, steps, both or "
            "neither."
        ),
    ] = "all"
    shared: Annotated[
        bool,
        Doc(
            "One transition and input vector for all features, which then differ in their steps; else one per feature."
        ),
    ] = True


@parameters
class S4DParameters:
    """Parameters of the diagonal layer."""

    init: Init = "lin"
    discretization: Discretization = "zoh"
    bandlimit: Bandlimit = None


@parameters
class LiquidS4Parameters:
    """Parameters of the liquid layer, a diagonal one that products of inputs drive too."""

    liquid: Annotated[
        Literal["kb", "pb", "degree", "exact"],
        Doc(
            'What is kept of the liquid system. ``"kb"`` keeps products of successive inputs, remembered as inputs '
            'are; ``"pb"`` lets the same products act at their own time only. ``"degree"`` keeps all products of up '
            'to ``liquid_degree`` inputs. ``"exact"`` is the system itself, at some thirty times the cost of S4D.'
        ),
    ] = "kb"
    liquid_degree: Annotated[
        int, at_least(2), Doc('Largest number of inputs in a product; ``"exact"`` has no such bound.')
    ] = 2
    init: Init = "lin"
    discretization: Discretization = "zoh"
    bandlimit: Bandlimit = None
