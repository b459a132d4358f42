"""The deep classifiers, one for each model."""

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.deep import DeepClassifier
from ssm_estimators.estimators.parameters import LiquidS4Parameters, LSSLParameters, S4DParameters
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4


@parameters
class LiquidS4Classifier(LiquidS4Parameters, DeepClassifier):
    """Time-series classifier of liquid state-space layers (Liquid-S4) [1]_.

    Parameters
    ----------
    liquid : {"kb", "pb", "degree", "exact"}, default="kb"
        What is kept of the liquid system. ``"kb"`` keeps products of successive inputs, remembered as inputs are;
        ``"pb"`` lets the same products act at their own time only. ``"degree"`` keeps all products of up to
        ``liquid_degree`` inputs. ``"exact"`` is the system itself, at some thirty times the cost of S4D.
    liquid_degree : int, default=2
        Largest number of inputs in a product; ``"exact"`` has no such bound.
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
        How steps in time are made: by a zero-order hold or by the bilinear rule.
    bandlimit : float or None, default=None
        Leave out modes of higher frequencies than this share of half the sampling rate. After a fit with 1 / r,
        ``predict(X, rate=r)`` loses the least.
    d_model : int, default=64
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=3
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default="auto"
        Passes over the training cases. ``"auto"`` is 30 to 60 by the number of cases, and more where that is less than
        700 steps.
    batch_size : int or "auto", default="auto"
        Cases per training step. ``"auto"`` follows from the number of cases.
    lr : float, default=0.004
        Highest learning rate of the network.
    ssm_lr : float, default=0.001
        Highest learning rate of the state-space parameters.
    weight_decay : float, default=0.01
        Decay of the linear maps' weights (AdamW).
    schedule : {"cosine", "constant"}, default="cosine"
        Course of the learning rates after the warm-up.
    warmup : float, default=0.1
        Share of the steps over which the learning rates rise.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient.
    early_stopping : bool, default=False
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=30
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="mean"
        How the features of all time points become one vector per case.
    differences : bool, default=True
        Add the first difference of each channel as a further channel.
    dt_min : float or "auto", default="auto"
        Smallest step of the systems at the start. Their longest time constants are 2 / dt samples, and 1 / dt those of
        S4 and LSSL. ``"auto"`` is one over the points of the longest series, but at least 0.01.
    dt_max : float or "auto", default="auto"
        Largest step of the systems at the start. ``"auto"`` is 0.5.
    random_state : int, RandomState instance or None, default=None
        Source of the start values, of dropout, of the validation split and of the order of the batches. None draws anew
        each time; no global random state is read or changed.
    verbose : int, default=0
        1 shows a progress bar over the batches, which in a log is a line every ten seconds. 2 prints a line per epoch.
    device : str or torch.device, default="auto"
        Where to train and predict. ``"auto"`` is CUDA where it is there, else the CPU. MPS has no float64, and is
        refused.
    precision : {"float32", "tf32", "bf16"}, default="float32"
        Precision of the matrix products. ``"bf16"`` leaves the state-space layers in float32. ``"tf32"`` is for CUDA
        only and applies to them too; a prediction elsewhere is made in float32.
    cuda_graph : {"auto", False}, default="auto"
        On CUDA, capture a training step of full batches of series of one length, and replay it. A step of many short
        operations is then as fast as the device. Only the main thread does so, and meanwhile no other thread may use
        the device. False never does.
    n_threads : int or None, default=None
        Threads of PyTorch while fitting and predicting; None leaves them as they are.
    predict_batch_size : int or "auto", default="auto"
        Most cases that are predicted at once; ``"auto"`` takes as many as are fast. On a CPU, series of more than 700
        time points are predicted one at a time, and shorter ones in float64. What is predicted of a case then does not
        depend on the others.
    callbacks : list of skorch callbacks or None, default=None
        Instances, classes or ``(name, instance)`` pairs, such as ``[TrainingCheckpoint("run.pt")]`` of
        ``ssm_estimators.training``, with which a killed fit goes on. For held-out cases ``history_`` has the
        ``valid_accuracy`` or ``valid_r2``; ``skorch.callbacks.EpochScoring`` adds any score of scikit-learn. It sees
        labels as positions in ``classes_``, and targets of mean 0 and variance 1.
    net_params : dict or None, default=None
        Further parameters of the skorch net, such as ``{"optimizer": torch.optim.RMSprop}``. With ``{"accelerator":
        accelerate.Accelerator()}`` all processes of that train together, each on ``batch_size`` cases of every batch;
        all must call ``fit`` with the same data.
    validation : "auto", float, splitter, (X, y) or None, default="auto"
        What epochs are judged by: a share of the training cases, the first split of a scikit-learn splitter, data of
        its own, or the training loss (None). ``"auto"`` is 0.1 with ``early_stopping``, else None. The weights of the
        best epoch are kept in every case.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, one more channel for each tells the network which values are
        missing. NaN in all channels at the end of a case then lies past its end.
    standardize : {"auto", "channel", "timepoint", "series"} or None, default="auto"
        Zero mean and unit variance: by the training set's statistics of each channel, or of each channel and time
        point; by each series' own; or not at all. A network that does so by time points takes no longer series than
        those of its fit. ``"auto"`` takes time points where series deviate from their mean course by less than 1 % of
        the variance, as spectra do, and else channels.
    input : {"values", "tokens"}, default="values"
        With ``"tokens"``, X holds whole numbers from 1 on, and 0 past the end of each text. They are embedded, and
        neither scaled nor differenced. Two channels are two texts that are compared.
    n_tokens : int or "auto", default="auto"
        The largest token; ``"auto"`` is that of the training set. It is for tokens, not for values.
    warm_start : bool, default=False
        Begin ``fit`` with the weights of the last one, on data of the same kind.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    net_ : skorch.NeuralNet
        The trained net; its network is ``net_.module_``.
    history_ : skorch.History
        One row per epoch; ``history_[:, "train_loss"]`` is a column.
    n_iter_ : int
        Epochs trained.
    device_ : torch.device
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = LiquidS4Classifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """

    _layer = LiquidS4


@parameters
class S4DClassifier(S4DParameters, DeepClassifier):
    """Time-series classifier of diagonal state-space layers (S4D) [1]_.

    Parameters
    ----------
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
        How steps in time are made: by a zero-order hold or by the bilinear rule.
    bandlimit : float or None, default=None
        Leave out modes of higher frequencies than this share of half the sampling rate. After a fit with 1 / r,
        ``predict(X, rate=r)`` loses the least.
    d_model : int, default=64
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=3
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default="auto"
        Passes over the training cases. ``"auto"`` is 30 to 60 by the number of cases, and more where that is less than
        700 steps.
    batch_size : int or "auto", default="auto"
        Cases per training step. ``"auto"`` follows from the number of cases.
    lr : float, default=0.004
        Highest learning rate of the network.
    ssm_lr : float, default=0.001
        Highest learning rate of the state-space parameters.
    weight_decay : float, default=0.01
        Decay of the linear maps' weights (AdamW).
    schedule : {"cosine", "constant"}, default="cosine"
        Course of the learning rates after the warm-up.
    warmup : float, default=0.1
        Share of the steps over which the learning rates rise.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient.
    early_stopping : bool, default=False
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=30
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="mean"
        How the features of all time points become one vector per case.
    differences : bool, default=True
        Add the first difference of each channel as a further channel.
    dt_min : float or "auto", default="auto"
        Smallest step of the systems at the start. Their longest time constants are 2 / dt samples, and 1 / dt those of
        S4 and LSSL. ``"auto"`` is one over the points of the longest series, but at least 0.01.
    dt_max : float or "auto", default="auto"
        Largest step of the systems at the start. ``"auto"`` is 0.5.
    random_state : int, RandomState instance or None, default=None
        Source of the start values, of dropout, of the validation split and of the order of the batches. None draws anew
        each time; no global random state is read or changed.
    verbose : int, default=0
        1 shows a progress bar over the batches, which in a log is a line every ten seconds. 2 prints a line per epoch.
    device : str or torch.device, default="auto"
        Where to train and predict. ``"auto"`` is CUDA where it is there, else the CPU. MPS has no float64, and is
        refused.
    precision : {"float32", "tf32", "bf16"}, default="float32"
        Precision of the matrix products. ``"bf16"`` leaves the state-space layers in float32. ``"tf32"`` is for CUDA
        only and applies to them too; a prediction elsewhere is made in float32.
    cuda_graph : {"auto", False}, default="auto"
        On CUDA, capture a training step of full batches of series of one length, and replay it. A step of many short
        operations is then as fast as the device. Only the main thread does so, and meanwhile no other thread may use
        the device. False never does.
    n_threads : int or None, default=None
        Threads of PyTorch while fitting and predicting; None leaves them as they are.
    predict_batch_size : int or "auto", default="auto"
        Most cases that are predicted at once; ``"auto"`` takes as many as are fast. On a CPU, series of more than 700
        time points are predicted one at a time, and shorter ones in float64. What is predicted of a case then does not
        depend on the others.
    callbacks : list of skorch callbacks or None, default=None
        Instances, classes or ``(name, instance)`` pairs, such as ``[TrainingCheckpoint("run.pt")]`` of
        ``ssm_estimators.training``, with which a killed fit goes on. For held-out cases ``history_`` has the
        ``valid_accuracy`` or ``valid_r2``; ``skorch.callbacks.EpochScoring`` adds any score of scikit-learn. It sees
        labels as positions in ``classes_``, and targets of mean 0 and variance 1.
    net_params : dict or None, default=None
        Further parameters of the skorch net, such as ``{"optimizer": torch.optim.RMSprop}``. With ``{"accelerator":
        accelerate.Accelerator()}`` all processes of that train together, each on ``batch_size`` cases of every batch;
        all must call ``fit`` with the same data.
    validation : "auto", float, splitter, (X, y) or None, default="auto"
        What epochs are judged by: a share of the training cases, the first split of a scikit-learn splitter, data of
        its own, or the training loss (None). ``"auto"`` is 0.1 with ``early_stopping``, else None. The weights of the
        best epoch are kept in every case.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, one more channel for each tells the network which values are
        missing. NaN in all channels at the end of a case then lies past its end.
    standardize : {"auto", "channel", "timepoint", "series"} or None, default="auto"
        Zero mean and unit variance: by the training set's statistics of each channel, or of each channel and time
        point; by each series' own; or not at all. A network that does so by time points takes no longer series than
        those of its fit. ``"auto"`` takes time points where series deviate from their mean course by less than 1 % of
        the variance, as spectra do, and else channels.
    input : {"values", "tokens"}, default="values"
        With ``"tokens"``, X holds whole numbers from 1 on, and 0 past the end of each text. They are embedded, and
        neither scaled nor differenced. Two channels are two texts that are compared.
    n_tokens : int or "auto", default="auto"
        The largest token; ``"auto"`` is that of the training set. It is for tokens, not for values.
    warm_start : bool, default=False
        Begin ``fit`` with the weights of the last one, on data of the same kind.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    net_ : skorch.NeuralNet
        The trained net; its network is ``net_.module_``.
    history_ : skorch.History
        One row per epoch; ``history_[:, "train_loss"]`` is a column.
    n_iter_ : int
        Epochs trained.
    device_ : torch.device
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

    References
    ----------
    .. [1] "On the Parameterization and Initialization of Diagonal State Space Models", arXiv:2206.11893.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = S4DClassifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """

    _layer = S4D


@parameters
class S4Classifier(DeepClassifier):
    """Time-series classifier of diagonal plus low-rank state-space layers (S4) [1]_.

    Parameters
    ----------
    d_model : int, default=64
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=3
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default="auto"
        Passes over the training cases. ``"auto"`` is 30 to 60 by the number of cases, and more where that is less than
        700 steps.
    batch_size : int or "auto", default="auto"
        Cases per training step. ``"auto"`` follows from the number of cases.
    lr : float, default=0.004
        Highest learning rate of the network.
    ssm_lr : float, default=0.001
        Highest learning rate of the state-space parameters.
    weight_decay : float, default=0.01
        Decay of the linear maps' weights (AdamW).
    schedule : {"cosine", "constant"}, default="cosine"
        Course of the learning rates after the warm-up.
    warmup : float, default=0.1
        Share of the steps over which the learning rates rise.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient.
    early_stopping : bool, default=False
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=30
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="mean"
        How the features of all time points become one vector per case.
    differences : bool, default=True
        Add the first difference of each channel as a further channel.
    dt_min : float or "auto", default="auto"
        Smallest step of the systems at the start. Their longest time constants are 2 / dt samples, and 1 / dt those of
        S4 and LSSL. ``"auto"`` is one over the points of the longest series, but at least 0.01.
    dt_max : float or "auto", default="auto"
        Largest step of the systems at the start. ``"auto"`` is 0.5.
    random_state : int, RandomState instance or None, default=None
        Source of the start values, of dropout, of the validation split and of the order of the batches. None draws anew
        each time; no global random state is read or changed.
    verbose : int, default=0
        1 shows a progress bar over the batches, which in a log is a line every ten seconds. 2 prints a line per epoch.
    device : str or torch.device, default="auto"
        Where to train and predict. ``"auto"`` is CUDA where it is there, else the CPU. MPS has no float64, and is
        refused.
    precision : {"float32", "tf32", "bf16"}, default="float32"
        Precision of the matrix products. ``"bf16"`` leaves the state-space layers in float32. ``"tf32"`` is for CUDA
        only and applies to them too; a prediction elsewhere is made in float32.
    cuda_graph : {"auto", False}, default="auto"
        On CUDA, capture a training step of full batches of series of one length, and replay it. A step of many short
        operations is then as fast as the device. Only the main thread does so, and meanwhile no other thread may use
        the device. False never does.
    n_threads : int or None, default=None
        Threads of PyTorch while fitting and predicting; None leaves them as they are.
    predict_batch_size : int or "auto", default="auto"
        Most cases that are predicted at once; ``"auto"`` takes as many as are fast. On a CPU, series of more than 700
        time points are predicted one at a time, and shorter ones in float64. What is predicted of a case then does not
        depend on the others.
    callbacks : list of skorch callbacks or None, default=None
        Instances, classes or ``(name, instance)`` pairs, such as ``[TrainingCheckpoint("run.pt")]`` of
        ``ssm_estimators.training``, with which a killed fit goes on. For held-out cases ``history_`` has the
        ``valid_accuracy`` or ``valid_r2``; ``skorch.callbacks.EpochScoring`` adds any score of scikit-learn. It sees
        labels as positions in ``classes_``, and targets of mean 0 and variance 1.
    net_params : dict or None, default=None
        Further parameters of the skorch net, such as ``{"optimizer": torch.optim.RMSprop}``. With ``{"accelerator":
        accelerate.Accelerator()}`` all processes of that train together, each on ``batch_size`` cases of every batch;
        all must call ``fit`` with the same data.
    validation : "auto", float, splitter, (X, y) or None, default="auto"
        What epochs are judged by: a share of the training cases, the first split of a scikit-learn splitter, data of
        its own, or the training loss (None). ``"auto"`` is 0.1 with ``early_stopping``, else None. The weights of the
        best epoch are kept in every case.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, one more channel for each tells the network which values are
        missing. NaN in all channels at the end of a case then lies past its end.
    standardize : {"auto", "channel", "timepoint", "series"} or None, default="auto"
        Zero mean and unit variance: by the training set's statistics of each channel, or of each channel and time
        point; by each series' own; or not at all. A network that does so by time points takes no longer series than
        those of its fit. ``"auto"`` takes time points where series deviate from their mean course by less than 1 % of
        the variance, as spectra do, and else channels.
    input : {"values", "tokens"}, default="values"
        With ``"tokens"``, X holds whole numbers from 1 on, and 0 past the end of each text. They are embedded, and
        neither scaled nor differenced. Two channels are two texts that are compared.
    n_tokens : int or "auto", default="auto"
        The largest token; ``"auto"`` is that of the training set. It is for tokens, not for values.
    warm_start : bool, default=False
        Begin ``fit`` with the weights of the last one, on data of the same kind.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    net_ : skorch.NeuralNet
        The trained net; its network is ``net_.module_``.
    history_ : skorch.History
        One row per epoch; ``history_[:, "train_loss"]`` is a column.
    n_iter_ : int
        Epochs trained.
    device_ : torch.device
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

    References
    ----------
    .. [1] "Efficiently Modeling Long Sequences with Structured State Spaces", arXiv:2111.00396.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = S4Classifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """

    _layer = S4


@parameters
class LSSLClassifier(LSSLParameters, DeepClassifier):
    """Time-series classifier of dense state-space layers that start at HiPPO-LegS (LSSL) [1]_.

    Parameters
    ----------
    n_channels : int, default=1
        Outputs of each feature's system.
    trainable : {"all", "A", "dt", "none"}, default="all"
        What of the systems is trained beside their readouts: transitions with input vectors, steps, both or neither.
    shared : bool, default=True
        One transition and input vector for all features, which then differ in their steps; else one per feature.
    d_model : int, default=64
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=3
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default="auto"
        Passes over the training cases. ``"auto"`` is 30 to 60 by the number of cases, and more where that is less than
        700 steps.
    batch_size : int or "auto", default="auto"
        Cases per training step. ``"auto"`` follows from the number of cases.
    lr : float, default=0.004
        Highest learning rate of the network.
    ssm_lr : float, default=0.001
        Highest learning rate of the state-space parameters.
    weight_decay : float, default=0.01
        Decay of the linear maps' weights (AdamW).
    schedule : {"cosine", "constant"}, default="cosine"
        Course of the learning rates after the warm-up.
    warmup : float, default=0.1
        Share of the steps over which the learning rates rise.
    gradient_clip : float or None, default=1.0
        Largest norm of the gradient.
    early_stopping : bool, default=False
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=30
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="mean"
        How the features of all time points become one vector per case.
    differences : bool, default=True
        Add the first difference of each channel as a further channel.
    dt_min : float or "auto", default="auto"
        Smallest step of the systems at the start. Their longest time constants are 2 / dt samples, and 1 / dt those of
        S4 and LSSL. ``"auto"`` is one over the points of the longest series, but at least 0.01.
    dt_max : float or "auto", default="auto"
        Largest step of the systems at the start. ``"auto"`` is 0.5.
    random_state : int, RandomState instance or None, default=None
        Source of the start values, of dropout, of the validation split and of the order of the batches. None draws anew
        each time; no global random state is read or changed.
    verbose : int, default=0
        1 shows a progress bar over the batches, which in a log is a line every ten seconds. 2 prints a line per epoch.
    device : str or torch.device, default="auto"
        Where to train and predict. ``"auto"`` is CUDA where it is there, else the CPU. MPS has no float64, and is
        refused.
    precision : {"float32", "tf32", "bf16"}, default="float32"
        Precision of the matrix products. ``"bf16"`` leaves the state-space layers in float32. ``"tf32"`` is for CUDA
        only and applies to them too; a prediction elsewhere is made in float32.
    cuda_graph : {"auto", False}, default="auto"
        On CUDA, capture a training step of full batches of series of one length, and replay it. A step of many short
        operations is then as fast as the device. Only the main thread does so, and meanwhile no other thread may use
        the device. False never does.
    n_threads : int or None, default=None
        Threads of PyTorch while fitting and predicting; None leaves them as they are.
    predict_batch_size : int or "auto", default="auto"
        Most cases that are predicted at once; ``"auto"`` takes as many as are fast. On a CPU, series of more than 700
        time points are predicted one at a time, and shorter ones in float64. What is predicted of a case then does not
        depend on the others.
    callbacks : list of skorch callbacks or None, default=None
        Instances, classes or ``(name, instance)`` pairs, such as ``[TrainingCheckpoint("run.pt")]`` of
        ``ssm_estimators.training``, with which a killed fit goes on. For held-out cases ``history_`` has the
        ``valid_accuracy`` or ``valid_r2``; ``skorch.callbacks.EpochScoring`` adds any score of scikit-learn. It sees
        labels as positions in ``classes_``, and targets of mean 0 and variance 1.
    net_params : dict or None, default=None
        Further parameters of the skorch net, such as ``{"optimizer": torch.optim.RMSprop}``. With ``{"accelerator":
        accelerate.Accelerator()}`` all processes of that train together, each on ``batch_size`` cases of every batch;
        all must call ``fit`` with the same data.
    validation : "auto", float, splitter, (X, y) or None, default="auto"
        What epochs are judged by: a share of the training cases, the first split of a scikit-learn splitter, data of
        its own, or the training loss (None). ``"auto"`` is 0.1 with ``early_stopping``, else None. The weights of the
        best epoch are kept in every case.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, one more channel for each tells the network which values are
        missing. NaN in all channels at the end of a case then lies past its end.
    standardize : {"auto", "channel", "timepoint", "series"} or None, default="auto"
        Zero mean and unit variance: by the training set's statistics of each channel, or of each channel and time
        point; by each series' own; or not at all. A network that does so by time points takes no longer series than
        those of its fit. ``"auto"`` takes time points where series deviate from their mean course by less than 1 % of
        the variance, as spectra do, and else channels.
    input : {"values", "tokens"}, default="values"
        With ``"tokens"``, X holds whole numbers from 1 on, and 0 past the end of each text. They are embedded, and
        neither scaled nor differenced. Two channels are two texts that are compared.
    n_tokens : int or "auto", default="auto"
        The largest token; ``"auto"`` is that of the training set. It is for tokens, not for values.
    warm_start : bool, default=False
        Begin ``fit`` with the weights of the last one, on data of the same kind.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels in sorted order.
    net_ : skorch.NeuralNet
        The trained net; its network is ``net_.module_``.
    history_ : skorch.History
        One row per epoch; ``history_[:, "train_loss"]`` is a column.
    n_iter_ : int
        Epochs trained.
    device_ : torch.device
    n_features_in_ : int
        ``X.shape[1]``: channels of three-dimensional input, time points of two-dimensional.
    n_channels_in_ : int
    n_timepoints_in_ : int or None
        Set by a fit on two-dimensional input, which fixes the length of series; else any length can be predicted.

    References
    ----------
    .. [1] "Combining Recurrent, Convolutional, and Continuous-time Models with Linear State-Space Layers",
       arXiv:2110.13985.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(50)
    >>> X = np.stack([np.sin(frequency * time) for frequency in [0.2, 0.25, 0.5, 0.55]])
    >>> clf = LSSLClassifier(d_model=8, n_layers=1, max_epochs=30, random_state=0)
    >>> clf.fit(X, ["slow", "slow", "fast", "fast"]).predict(X).tolist()
    ['slow', 'slow', 'fast', 'fast']
    """

    _layer = LSSL
