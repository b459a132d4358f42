"""The classifiers with sktime's interface."""

from typing import Any

import numpy as np

from ssm_estimators import estimators
from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.parameters import ClassWeight, LiquidS4Parameters, LSSLParameters, S4DParameters
from ssm_estimators.estimators.ridge_stack import Members, Verbose
from ssm_estimators.random_features.parameters import FeatureParameters
from ssm_estimators.sktime.adapter import DeepParameters, SeriesAdapter
from ssm_estimators.sktime.bases import BaseClassifier


@parameters
class SeriesClassifier(SeriesAdapter, BaseClassifier):
    """Fits one of this package's classifiers."""

    class_weight: ClassWeight = None

    _tags = {"capability:predict_proba": True, "capability:class_weight": True}

    def _predict_proba(self, X: Any) -> np.ndarray:
        return self.estimator_.predict_proba(X)


@parameters
class LiquidS4Classifier(LiquidS4Parameters, DeepParameters, SeriesClassifier):
    """:class:`ssm_estimators.LiquidS4Classifier` with sktime's interface.

    Series may be multivariate, of unequal length and, with ``missing="mask"``, have missing values.

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
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import LiquidS4Classifier
    >>> from sktime.datasets import load_unit_test
    >>> X_train, y_train = load_unit_test(split="train")
    >>> X_test, y_test = load_unit_test(split="test")
    >>> clf = LiquidS4Classifier(d_model=8, n_layers=1, max_epochs=30, random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (22, 2)
    >>> bool(clf.score(X_test, y_test) > 0.8)
    True
    """

    _estimator = estimators.LiquidS4Classifier


@parameters
class S4DClassifier(S4DParameters, DeepParameters, SeriesClassifier):
    """:class:`ssm_estimators.S4DClassifier` with sktime's interface.

    Series may be multivariate, of unequal length and, with ``missing="mask"``, have missing values.

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
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import S4DClassifier
    >>> from sktime.datasets import load_unit_test
    >>> X_train, y_train = load_unit_test(split="train")
    >>> X_test, y_test = load_unit_test(split="test")
    >>> clf = S4DClassifier(d_model=8, n_layers=1, max_epochs=30, random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (22, 2)
    >>> bool(clf.score(X_test, y_test) > 0.8)
    True
    """

    _estimator = estimators.S4DClassifier


@parameters
class S4Classifier(DeepParameters, SeriesClassifier):
    """:class:`ssm_estimators.S4Classifier` with sktime's interface.

    Series may be multivariate, of unequal length and, with ``missing="mask"``, have missing values.

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
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import S4Classifier
    >>> from sktime.datasets import load_unit_test
    >>> X_train, y_train = load_unit_test(split="train")
    >>> X_test, y_test = load_unit_test(split="test")
    >>> clf = S4Classifier(d_model=8, n_layers=1, max_epochs=30, random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (22, 2)
    >>> bool(clf.score(X_test, y_test) > 0.8)
    True
    """

    _estimator = estimators.S4Classifier


@parameters
class LSSLClassifier(LSSLParameters, DeepParameters, SeriesClassifier):
    """:class:`ssm_estimators.LSSLClassifier` with sktime's interface.

    Series may be multivariate, of unequal length and, with ``missing="mask"``, have missing values.

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
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import LSSLClassifier
    >>> from sktime.datasets import load_unit_test
    >>> X_train, y_train = load_unit_test(split="train")
    >>> X_test, y_test = load_unit_test(split="test")
    >>> clf = LSSLClassifier(d_model=8, n_layers=1, max_epochs=30, random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (22, 2)
    >>> bool(clf.score(X_test, y_test) > 0.8)
    True
    """

    _estimator = estimators.LSSLClassifier


@parameters
class StateSpaceRidgeClassifier(FeatureParameters, SeriesClassifier):
    """:class:`ssm_estimators.StateSpaceRidgeClassifier` with sktime's interface.

    Series may be multivariate, of unequal length and, with ``missing="mask"``, have missing values.

    Parameters
    ----------
    n_kernels : int, default=8000
        Responses in all, shared out evenly among representations, directions and longest time constants, and rounded up
        to whole groups there. Short series get fewer: at most 64 per time point in each representation and direction.
    max_memory : float, default=2.0
        Gigabytes for what is computed on the way, all threads together; series and features come on top.
    n_jobs : int or None, default=None
        Threads, each with cases of its own; the features do not depend on it. None takes as many as PyTorch uses, so
        one in joblib's worker processes; -1 takes one per core.
    random_state : int, RandomState instance or None, default=None
        Source of the kernels and of their thresholds. None draws anew each time; no global random state is read or
        changed.
    missing : {"error", "mask"}, default="error"
        With ``"error"``, NaN is refused. With ``"mask"``, what is missing excites no state, and nothing is pooled where
        all channels miss.
    standardize : {"channel", "series"}, default="channel"
        Zero mean and unit variance: of each channel by the training set's statistics, or of each series and channel by
        its own, which makes level and scale irrelevant.
    representations : tuple of str, default=("raw", "difference", "second difference")
        The series as it is and its differences, where it is long enough to have them.
    pooling : tuple of {"share", "excess", "max", "energy", "wins", "losses", "last"} or "auto", default="auto"
        From a response to numbers. ``share`` is the share of time points above the kernel's threshold, and ``excess``
        their mean excess over it. ``max`` is the maximum, ``energy`` the logarithm of the mean square. ``wins`` and
        ``losses`` are what a kernel gets where it has its group's highest or lowest response: the root of the mean of
        such responses, and of the share of such points. ``last`` is the response at the end. ``"auto"`` takes share,
        excess, wins and losses, and for series of fewer than 16 points the last too.
    n_windows : int, default=4
        Parts over which responses are pooled besides all time. They are equally long but for the last, which may be
        shorter, and fewer where they would have less than four points in the longest training series. 1 makes none.
    bidirectional : bool, default=True
        Half of the kernels run backward in time.
    n_modes : int, default=2
        Damped modes per kernel, at most.
    max_time_constants : tuple of float or "auto", default="auto"
        Longest time constants of kernels in lengths of the longest training series; the shortest is one sample. Each
        has kernels of its own. ``"auto"`` takes 0.05 and 0.5, and 20 samples too where there are at least 500 cases of
        1,000 time points.
    frequencies : (float, float), default=(0.05, 2.0)
        Lowest and highest frequency of a mode in cycles per time constant; never above half a cycle per sample.
    group_size : int, default=8
        Kernels that compete for wins and losses, and that hear the same random mixture of the channels.
    device : str or torch.device, default="cpu"
        Where responses are computed.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class. ``"balanced"`` weighs each class inversely to its share of the cases.
    members : tuple of {"linear", "gaussian"} or "auto", default="auto"
        Kinds of regressions. ``linear`` is linear in the features. ``gaussian`` is linear in Gaussians of distances: to
        all training cases up to 6,000, else to 2,000 of them, and to fewer where ``max_memory`` has no room. It keeps
        the features of these cases. ``"auto"`` takes both if there are at least 50 training cases, and ten a class on
        average; else linear ones.
    verbose : int, default=0
        1 shows a bar over a fit and, before a long one, how long it may take.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import StateSpaceRidgeClassifier
    >>> from sktime.datasets import load_unit_test
    >>> X_train, y_train = load_unit_test(split="train")
    >>> X_test, y_test = load_unit_test(split="test")
    >>> clf = StateSpaceRidgeClassifier(n_kernels=64, random_state=0).fit(X_train, y_train)
    >>> clf.predict_proba(X_test).shape
    (22, 2)
    >>> bool(clf.score(X_test, y_test) > 0.8)
    True
    """

    members: Members = "auto"
    verbose: Verbose = 0

    _estimator = estimators.StateSpaceRidgeClassifier
