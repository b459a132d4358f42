"""The parameters that all deep estimators share: declared, constrained and documented once."""

from numbers import Real
from typing import Any

import torch
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from ssm_estimators.declaration import at_least, parameters
from ssm_estimators.environment import PRECISIONS
from ssm_estimators.estimator import Estimator
from ssm_estimators.networks.modules import NORMS, POOLINGS
from ssm_estimators.training.fit_network import SCHEDULES

NETWORK = """d_model : int, default=64
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=3
        Residual blocks.
    dropout : float, default=0.05
        Share of the features dropped in each block while training, the same at all time points of a case.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="mean"
        From time points to one vector a case.
    differences : bool, default=True
        Add the first difference of each channel as a further channel.
    dt_min, dt_max : float or "auto", default="auto"
        Range of the systems' steps at the start; their longest time constants are 2 / dt samples, 1 / dt of S4 and
        LSSL. ``"auto"``: from 0.5 down to one over the points of the longest series, or 0.01 if that is more.
    max_epochs : int or "auto", default="auto"
        ``"auto"``: 30 to 60 by the number of cases, more where that is less than 700 steps.
    batch_size : int or "auto", default="auto"
        ``"auto"``: from the number of cases.
    lr, ssm_lr : float, default=0.004, 0.001
        Learning rates, at their highest, of the network and of the state-space parameters.
    weight_decay : float, default=0.01
        Of the linear maps' weights (AdamW).
    schedule : {"cosine", "constant"}, default="cosine"
        Course of the learning rates after the warm-up.
    warmup : float, default=0.1
        Share of the steps over which the learning rates rise.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient.
    early_stopping : bool, default=False
        Stop when the validation loss (without validation: the training loss) has not improved for ``patience`` epochs.
    patience : int, default=30
    device : str or torch.device, default="auto"
        ``"auto"``: CUDA where it is there, else the CPU. MPS has no float64, and is refused.
    precision : {"float32", "tf32", "bf16"}, default="float32"
        Of a network's matrix products. ``"bf16"`` leaves the state-space layers in float32; ``"tf32"`` (CUDA only; at
        prediction float32 where there is none) applies to them too.
    cuda_graph : {"auto", False}, default="auto"
        On CUDA, capture a training step of full batches of series of one length, and replay it: a step of many short
        operations is then as fast as the device. Only the main thread does so, and meanwhile no other thread may use
        the device. False: never.
    n_threads : int or None, default=None
        Threads of PyTorch while fitting and predicting; ``None``: as they are.
    predict_batch_size : int or "auto", default="auto"
        Most cases that are predicted at once; ``"auto"``: as many as are fast. On a CPU series of more than 700 time
        points are predicted one at a time, and shorter ones in float64: what is predicted of a case then does not
        depend on the others.
    random_state : int, RandomState instance or None, default=None
        Start values, dropout, validation split and order of the batches. ``None`` draws anew each time; no global
        random state is read or changed.
    verbose : int, default=0
        1: a progress bar over the batches, which in a log is a line every ten seconds; 2: a line an epoch.
    callbacks : list of skorch callbacks or None, default=None
        Instances, classes or ``(name, instance)`` pairs, such as ``[TrainingCheckpoint("run.pt")]`` of
        ``ssm_estimators.training``, with which a killed fit goes on. Of held-out cases ``history_`` has the
        ``valid_accuracy`` or ``valid_r2``; ``skorch.callbacks.EpochScoring`` adds any score of scikit-learn. It sees
        labels as positions in ``classes_``, and targets of mean 0 and variance 1.
    net_params : dict or None, default=None
        Further parameters of the skorch net, such as ``{"optimizer": torch.optim.RMSprop}``."""

DATA = """validation : "auto", float, splitter, (X, y) or None, default="auto"
        What to judge epochs by: a share of the training cases, the first split of a scikit-learn splitter, data of its
        own, or the training loss (None). ``"auto"`` is 0.1 with ``early_stopping``, else None. The weights of the best
        epoch are kept in every case.
    input : {"values", "tokens"}, default="values"
        With ``"tokens"``, X holds whole numbers from 1 on, and 0 past the end of each text; they are embedded, and
        neither scaled nor differenced. Two channels are two texts that are compared.
    n_tokens : int or "auto", default="auto"
        Largest token; ``"auto"``: that of the training set. Not of values.
    standardize : {"auto", "channel", "timepoint", "series", None}, default="auto"
        Zero mean and unit variance by the training set's statistics a channel or a channel and time point, by each
        series' own, or neither. A network that does so by time points takes no longer series than those of its fit.
        ``"auto"``: by channel; by time point where series deviate from their mean course by less than 1 % of the
        variance, as spectra do.
    missing : {"error", "mask"}, default="error"
        Refuse NaN, or tell the network which values are missing by one more channel each; NaN in all channels at the
        end of a case is then what lies past its end.
    warm_start : bool, default=False
        Begin ``fit`` with the weights of the last one, on data of the same kind."""

ATTRIBUTES = """net_ : skorch.NeuralNet
        The trained net; its network is ``net_.module_``.
    history_ : skorch.History
        One row an epoch; ``history_[:, "train_loss"]`` is a column.
    n_iter_ : int
        Epochs trained.
    device_ : torch.device
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted."""

_POSITIVE = Interval(Real, 0, None, closed="neither")
_SHARE = Interval(Real, 0, 1, closed="left")


@parameters
class NetworkParameters(Estimator):
    """Parameters of a network and its training; the constructor only stores them."""

    d_model: int = 64
    d_state: int = 16
    n_layers: int = 3
    dropout: float = 0.05
    bidirectional: bool = True
    norm: str = "batch"
    prenorm: bool = True
    pooling: str = "mean"
    differences: bool = True
    dt_min: float | str = "auto"
    dt_max: float | str = "auto"
    max_epochs: int | str = "auto"
    batch_size: int | str = "auto"
    lr: float = 4e-3
    ssm_lr: float = 1e-3
    weight_decay: float = 0.01
    schedule: str = "cosine"
    warmup: float = 0.1
    gradient_clip: float | None = 1.0
    early_stopping: bool = False
    patience: int = 30
    device: Any = "auto"
    precision: str = "float32"
    cuda_graph: str | bool = "auto"
    n_threads: int | None = None
    predict_batch_size: int | str = "auto"
    random_state: Any = None
    verbose: int = 0
    callbacks: list[Any] | None = None
    net_params: dict[str, Any] | None = None

    _parameters_doc = NETWORK
    _constraints = {
        "d_model": [at_least(1)],
        "d_state": [at_least(2)],
        "n_layers": [at_least(1)],
        "dropout": [_SHARE],
        "bidirectional": ["boolean"],
        "norm": [StrOptions(set(NORMS))],
        "prenorm": ["boolean"],
        "pooling": [StrOptions(set(POOLINGS))],
        "differences": ["boolean"],
        "dt_min": [StrOptions({"auto"}), _POSITIVE],
        "dt_max": [StrOptions({"auto"}), _POSITIVE],
        "max_epochs": [StrOptions({"auto"}), at_least(1)],
        "batch_size": [StrOptions({"auto"}), at_least(1)],
        "lr": [_POSITIVE],
        "ssm_lr": [Interval(Real, 0, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "schedule": [StrOptions(set(SCHEDULES))],
        "warmup": [_SHARE],
        "gradient_clip": [None, _POSITIVE],
        "early_stopping": ["boolean"],
        "device": [str, torch.device],
        "patience": [at_least(1)],
        "precision": [StrOptions(set(PRECISIONS))],
        "cuda_graph": [StrOptions({"auto"}), Options(bool, {False})],
        "n_threads": [None, at_least(1)],
        "predict_batch_size": [StrOptions({"auto"}), at_least(1)],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "callbacks": [None, list],
        "net_params": [None, dict],
    }


@parameters
class Parameters(NetworkParameters):
    """And how cases are read and held out, for estimators of whole series."""

    validation: Any = "auto"
    input: str = "values"
    n_tokens: int | str = "auto"
    standardize: str | None = "auto"
    missing: str = "error"
    warm_start: bool = False

    _parameters_doc = DATA
    _attributes_doc = ATTRIBUTES
    _constraints = {
        "validation": [
            StrOptions({"auto"}),
            None,
            Interval(Real, 0, 1, closed="neither"),
            HasMethods(["split", "get_n_splits"]),
            tuple,
        ],
        "input": [StrOptions({"values", "tokens"})],
        "n_tokens": [StrOptions({"auto"}), at_least(1)],
        "standardize": [None, StrOptions({"auto", "channel", "timepoint", "series"})],
        "missing": [StrOptions({"error", "mask"})],
        "warm_start": ["boolean"],
    }
