"""The forecasters."""

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.parameters import LiquidS4Parameters, LSSLParameters, NetworkParameters, S4DParameters
from ssm_estimators.forecasting import deep
from ssm_estimators.forecasting.deep import NetworkWindowForecaster
from ssm_estimators.forecasting.ridge import StateSpaceRidgeWindowForecaster
from ssm_estimators.sktime.forecaster_adapter import SeriesForecaster


@parameters
class DeepForecaster(SeriesForecaster, NetworkParameters):
    """A forecaster that trains a network."""

    d_model, n_layers = NetworkWindowForecaster.d_model, NetworkWindowForecaster.n_layers
    pooling, max_epochs = NetworkWindowForecaster.pooling, NetworkWindowForecaster.max_epochs
    patience, early_stopping = NetworkWindowForecaster.patience, NetworkWindowForecaster.early_stopping

    _tags = {"capability:random_state": True, "property:randomness": "derandomized"}

    _small = {"d_model": 4, "d_state": 2, "n_layers": 1, "max_epochs": 1, "random_state": 0, "device": "cpu"}
    _test_params = [{**_small, "n_lags": 3, "window": 6}, {**_small, "transform": None, "norm": "layer"}]


@parameters
class StateSpaceRidgeForecaster(SeriesForecaster):
    """Forecaster that is linear in state-space features of the past, fitted in closed form: seconds, and strong.

    All columns of ``y``, and all series of a panel, are learnt from at once; ``fit`` after
    ``pretrain`` takes the pretrained forecaster as it is. Variables in ``X`` must be known in the future; they act by
    their linear effect at the same time, estimated on differences. A time in the sample is forecast one step ahead from
    the values before it. The first time point is its own forecast. Intervals come from the errors of windows that the
    fit had not seen. ``update`` learns the effects of ``X`` again, unless ``update_params=False``. Arrays have no
    times, so ``fit`` takes them, but ``update`` and the ``X`` of ``predict`` need an index. Where values are
    log-transformed, forecasts are medians. Rows of ``X`` after the end of ``y`` are kept, and used where ``predict``
    gets no others. What a forecaster needs of the past it keeps itself (``predict_residuals``
    needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"`` reaches as far as ``fh`` in ``fit``. Without ``fh`` it is a season, at least 12
        time points, but at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"`` follows from the index's
        frequency: a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
        A season is used where the longest series shows two of them, and with ``difference="season"``.
    window : int or "auto", default="auto"
        Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that the
        longest series has before the horizon. Damped modes reach back a quarter of that series.
    n_lags : int or "auto", default="auto"
        Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least one
        season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 windows.
    transform : {"auto", "log"} or None, default="auto"
        ``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.
    difference : {"auto", "last", "season"}, default="auto"
        What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, for
        which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and exponential
        smoothing, weighted by their errors on left-out windows.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import StateSpaceRidgeForecaster
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = StateSpaceRidgeForecaster().fit(y[:-12], fh=range(1, 13))
    >>> bool(abs(forecaster.predict() / y[-12:] - 1).mean() < 0.1)
    True
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)
    """

    _estimator = StateSpaceRidgeWindowForecaster


@parameters
class LiquidS4Forecaster(DeepForecaster, LiquidS4Parameters):
    """Forecaster that is linear in state-space features of the past, corrected by a Liquid-S4 network.

    All columns of ``y``, and all series of a panel, are learnt from at once; ``fit`` after
    ``pretrain`` takes the pretrained forecaster as it is. Variables in ``X`` must be known in the future; they act by
    their linear effect at the same time, estimated on differences. A time in the sample is forecast one step ahead from
    the values before it. The first time point is its own forecast. Intervals come from the errors of windows that the
    fit had not seen. ``update`` learns the effects of ``X`` again, unless ``update_params=False``. Arrays have no
    times, so ``fit`` takes them, but ``update`` and the ``X`` of ``predict`` need an index. Where values are
    log-transformed, forecasts are medians. Rows of ``X`` after the end of ``y`` are kept, and used where ``predict``
    gets no others. What a forecaster needs of the past it keeps itself (``predict_residuals``
    needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"`` reaches as far as ``fh`` in ``fit``. Without ``fh`` it is a season, at least 12
        time points, but at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"`` follows from the index's
        frequency: a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
        A season is used where the longest series shows two of them, and with ``difference="season"``.
    window : int or "auto", default="auto"
        Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that the
        longest series has before the horizon. Damped modes reach back a quarter of that series.
    n_lags : int or "auto", default="auto"
        Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least one
        season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 windows.
    transform : {"auto", "log"} or None, default="auto"
        ``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.
    difference : {"auto", "last", "season"}, default="auto"
        What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, for
        which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and exponential
        smoothing, weighted by their errors on left-out windows.
    d_model : int, default=32
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=2
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default=20
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
    early_stopping : bool, default=True
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=5
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="last"
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

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import LiquidS4Forecaster
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = LiquidS4Forecaster(d_model=8, n_layers=1, max_epochs=5, random_state=0)
    >>> forecaster = forecaster.fit(y[:-12], fh=range(1, 13))
    >>> bool(abs(forecaster.predict() / y[-12:] - 1).mean() < 0.1)
    True
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)
    """

    _estimator = deep.LiquidS4WindowForecaster


@parameters
class S4DForecaster(DeepForecaster, S4DParameters):
    """Forecaster that is linear in state-space features of the past, corrected by an S4D network.

    All columns of ``y``, and all series of a panel, are learnt from at once; ``fit`` after
    ``pretrain`` takes the pretrained forecaster as it is. Variables in ``X`` must be known in the future; they act by
    their linear effect at the same time, estimated on differences. A time in the sample is forecast one step ahead from
    the values before it. The first time point is its own forecast. Intervals come from the errors of windows that the
    fit had not seen. ``update`` learns the effects of ``X`` again, unless ``update_params=False``. Arrays have no
    times, so ``fit`` takes them, but ``update`` and the ``X`` of ``predict`` need an index. Where values are
    log-transformed, forecasts are medians. Rows of ``X`` after the end of ``y`` are kept, and used where ``predict``
    gets no others. What a forecaster needs of the past it keeps itself (``predict_residuals``
    needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"`` reaches as far as ``fh`` in ``fit``. Without ``fh`` it is a season, at least 12
        time points, but at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"`` follows from the index's
        frequency: a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
        A season is used where the longest series shows two of them, and with ``difference="season"``.
    window : int or "auto", default="auto"
        Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that the
        longest series has before the horizon. Damped modes reach back a quarter of that series.
    n_lags : int or "auto", default="auto"
        Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least one
        season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 windows.
    transform : {"auto", "log"} or None, default="auto"
        ``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.
    difference : {"auto", "last", "season"}, default="auto"
        What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, for
        which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and exponential
        smoothing, weighted by their errors on left-out windows.
    d_model : int, default=32
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=2
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default=20
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
    early_stopping : bool, default=True
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=5
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="last"
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
    init : {"lin", "inv", "legs"}, default="lin"
        Spectrum at the start: evenly spaced frequencies, an inverse law, or the normal part of HiPPO-LegS.
    discretization : {"zoh", "bilinear"}, default="zoh"
        How steps in time are made: by a zero-order hold or by the bilinear rule.
    bandlimit : float or None, default=None
        Leave out modes of higher frequencies than this share of half the sampling rate. After a fit with 1 / r,
        ``predict(X, rate=r)`` loses the least.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import S4DForecaster
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = S4DForecaster(d_model=8, n_layers=1, max_epochs=5, random_state=0)
    >>> forecaster = forecaster.fit(y[:-12], fh=range(1, 13))
    >>> bool(abs(forecaster.predict() / y[-12:] - 1).mean() < 0.1)
    True
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)
    """

    _estimator = deep.S4DWindowForecaster


@parameters
class S4Forecaster(DeepForecaster):
    """Forecaster that is linear in state-space features of the past, corrected by an S4 network.

    All columns of ``y``, and all series of a panel, are learnt from at once; ``fit`` after
    ``pretrain`` takes the pretrained forecaster as it is. Variables in ``X`` must be known in the future; they act by
    their linear effect at the same time, estimated on differences. A time in the sample is forecast one step ahead from
    the values before it. The first time point is its own forecast. Intervals come from the errors of windows that the
    fit had not seen. ``update`` learns the effects of ``X`` again, unless ``update_params=False``. Arrays have no
    times, so ``fit`` takes them, but ``update`` and the ``X`` of ``predict`` need an index. Where values are
    log-transformed, forecasts are medians. Rows of ``X`` after the end of ``y`` are kept, and used where ``predict``
    gets no others. What a forecaster needs of the past it keeps itself (``predict_residuals``
    needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"`` reaches as far as ``fh`` in ``fit``. Without ``fh`` it is a season, at least 12
        time points, but at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"`` follows from the index's
        frequency: a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
        A season is used where the longest series shows two of them, and with ``difference="season"``.
    window : int or "auto", default="auto"
        Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that the
        longest series has before the horizon. Damped modes reach back a quarter of that series.
    n_lags : int or "auto", default="auto"
        Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least one
        season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 windows.
    transform : {"auto", "log"} or None, default="auto"
        ``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.
    difference : {"auto", "last", "season"}, default="auto"
        What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, for
        which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and exponential
        smoothing, weighted by their errors on left-out windows.
    d_model : int, default=32
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=2
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default=20
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
    early_stopping : bool, default=True
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=5
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="last"
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

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import S4Forecaster
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = S4Forecaster(d_model=8, n_layers=1, max_epochs=5, random_state=0)
    >>> forecaster = forecaster.fit(y[:-12], fh=range(1, 13))
    >>> bool(abs(forecaster.predict() / y[-12:] - 1).mean() < 0.1)
    True
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)
    """

    _estimator = deep.S4WindowForecaster


@parameters
class LSSLForecaster(DeepForecaster, LSSLParameters):
    """Forecaster that is linear in state-space features of the past, corrected by an LSSL network.

    All columns of ``y``, and all series of a panel, are learnt from at once; ``fit`` after
    ``pretrain`` takes the pretrained forecaster as it is. Variables in ``X`` must be known in the future; they act by
    their linear effect at the same time, estimated on differences. A time in the sample is forecast one step ahead from
    the values before it. The first time point is its own forecast. Intervals come from the errors of windows that the
    fit had not seen. ``update`` learns the effects of ``X`` again, unless ``update_params=False``. Arrays have no
    times, so ``fit`` takes them, but ``update`` and the ``X`` of ``predict`` need an index. Where values are
    log-transformed, forecasts are medians. Rows of ``X`` after the end of ``y`` are kept, and used where ``predict``
    gets no others. What a forecaster needs of the past it keeps itself (``predict_residuals``
    needs ``set_config(remember_data=True)``).

    Parameters
    ----------
    horizon : int or "auto", default="auto"
        Steps to forecast. ``"auto"`` reaches as far as ``fh`` in ``fit``. Without ``fh`` it is a season, at least 12
        time points, but at most a quarter of the series.
    season : int or "auto", default="auto"
        Time points after which the series' main rhythm repeats; 1: none is known. ``"auto"`` follows from the index's
        frequency: a minute of seconds, a day of minutes or hours, a week of days, a year of weeks, months or quarters.
        A season is used where the longest series shows two of them, and with ``difference="season"``.
    window : int or "auto", default="auto"
        Time points that a forecast sees. ``"auto"`` is 30 seasons (300 time points without a season), or all that the
        longest series has before the horizon. Damped modes reach back a quarter of that series.
    n_lags : int or "auto", default="auto"
        Last values of the window that are used as they are. ``"auto"`` is a sixth of the longest series: at least one
        season, at most two (of 10 where there is none) and 512, and fewer where that would leave fewer than 20 windows.
    transform : {"auto", "log"} or None, default="auto"
        ``"auto"`` takes the logarithm of channels that are positive and whose spread grows with their level.
    difference : {"auto", "last", "season"}, default="auto"
        What forecasts are shrunk toward where little can be learned: the last value, or that of one season before, for
        which ``n_lags`` must be at least a season. ``"auto"`` is the mean of three forecasts, those two and exponential
        smoothing, weighted by their errors on left-out windows.
    d_model : int, default=32
        Features of the network.
    d_state : int, default=16
        Real state size of each feature's system, even but for LSSL.
    n_layers : int, default=2
        Residual blocks.
    dropout : float, default=0.05
        Share of the features that each block drops while training, the same at all time points of a case.
    max_epochs : int or "auto", default=20
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
    early_stopping : bool, default=True
        Stop when the validation loss has not improved for ``patience`` epochs. Without validation, the training loss
        counts.
    patience : int, default=5
        Epochs without improvement, with ``early_stopping``.
    bidirectional : bool, default=True
        Read series in both directions; False makes every layer causal.
    norm : {"batch", "layer"}, default="batch"
        Normalise each feature over the batch, or the features of each time point.
    prenorm : bool, default=True
        Normalise before each layer, else after each sum.
    pooling : {"mean", "max", "last"}, default="last"
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
    n_channels : int, default=1
        Outputs of each feature's system.
    trainable : {"all", "A", "dt", "none"}, default="all"
        What of the systems is trained beside their readouts: transitions with input vectors, steps, both or neither.
    shared : bool, default=True
        One transition and input vector for all features, which then differ in their steps; else one per feature.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator of ``ssm_estimators``.

    Examples
    --------
    >>> from ssm_estimators.sktime import LSSLForecaster
    >>> from sktime.datasets import load_airline
    >>> y = load_airline()
    >>> forecaster = LSSLForecaster(d_model=8, n_layers=1, max_epochs=5, random_state=0)
    >>> forecaster = forecaster.fit(y[:-12], fh=range(1, 13))
    >>> bool(abs(forecaster.predict() / y[-12:] - 1).mean() < 0.1)
    True
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)
    """

    _estimator = deep.LSSLWindowForecaster
