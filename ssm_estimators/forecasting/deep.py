"""The deep forecasters: a linear forecast, and a network that corrects it."""

import inspect
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ssm_estimators.declaration import parameters
from ssm_estimators.estimators.parameters import LiquidS4Parameters, LSSLParameters, NetworkParameters, S4DParameters
from ssm_estimators.estimators.regressors import LiquidS4Regressor, LSSLRegressor, S4DRegressor, S4Regressor
from ssm_estimators.forecasting.base import LEAST_MOVEMENT, WindowForecaster
from ssm_estimators.forecasting.conformal import ErrorQuantiles
from ssm_estimators.forecasting.linear import LinearFit
from ssm_estimators.forecasting.ridge import errors_ahead
from ssm_estimators.forecasting.windows import in_portions

Array = NDArray[Any]

MOST_TIMEPOINTS = 512  # that the network reads of a window
MOST_CASES = 8192  # windows, each of one channel, that it is trained on
LEAST_CASES = 8  # to judge it by
DOUBT = 50.0  # windows that do not overlap, of which half of what the network corrects is believed


@parameters
class NetworkWindowForecaster(WindowForecaster, NetworkParameters):
    """Adds to the linear forecast what a network learns of its errors."""

    d_model = 32
    n_layers = 2
    pooling: Literal["mean", "max", "last"] = "last"
    max_epochs = 20
    patience = 5
    early_stopping = True

    _regressor: ClassVar[type[Any]]
    _attributes_doc: ClassVar[str] = """forecast_ : LinearForecast
        The linear part.
    network_ : estimator or None
        The fitted regressor of the linear part's errors, one channel per case; None where there are too few windows.
    gain_ : float
        By which its output is multiplied, 0 to 1: the best one on the windows that were held out of its training, and
        less the fewer windows there are that do not overlap."""

    def _fit(self, series: list[Array], scale: list[Array]) -> ErrorQuantiles:
        fit = self._fit_linear(series, scale)
        self.forecast_, self.network_, self.gain_ = fit.forecast, None, 0.0
        errors = errors_ahead(fit, series, self.n_timepoints_, self.horizon, self._movement)
        X, Y, held_out = self._cases(fit, series)
        if min(held_out.sum(), (~held_out).sum()) < LEAST_CASES:
            return errors
        own = set(inspect.signature(self._regressor).parameters) & set(self.get_params(deep=False))
        network = self._regressor(**{name: getattr(self, name) for name in own})
        network.set_params(validation=(X[held_out], Y[held_out]), standardize=None)
        network.fit(X[~held_out], Y[~held_out])
        network.set_params(validation=None)  # it need not keep the windows
        correction, wanted = network.predict(X[held_out]).reshape(len(Y[held_out]), -1), Y[held_out]
        power = (correction**2).sum()
        gain = float(np.clip((correction * wanted).sum() / power, 0, 1)) if power > 0 else 0.0
        n_free = fit.n_windows * self.n_channels_in_ / self.horizon  # windows that do not overlap
        self.gain_ = gain * n_free / (n_free + DOUBT)
        self.network_ = network if self.gain_ > 0 else None
        left = (wanted - self.gain_ * correction).std() / (wanted.std() or 1.0)
        return ErrorQuantiles(errors.shape, errors.spread * left, errors.freedom)

    def _predict(self, windows: Array) -> Array:
        linear = self.forecast_.predict(windows)
        if self.network_ is None:
            return linear
        inputs, unit = self._inputs(windows)
        correction = self.network_.predict(inputs).reshape(linear.shape)
        return linear + self.gain_ * unit[..., None] * correction

    def _cases(self, fit: LinearFit, series: list[Array]) -> tuple[Array, Array, Array]:
        """Windows of one channel each, what the linear part misses of what comes after them, and which to hold out.

        The linear part is fitted to what came before the last fold, which is held out; gaps are left out.
        """
        last = fit.segment.max()
        kept = np.flatnonzero(fit.segment % 2 == 0)
        kept = kept[:: -(-len(kept) * self.n_channels_in_ // MOST_CASES)]
        inputs, targets, held_out = [], [], []
        for _, portion, windows, after in in_portions(series, fit.origins[kept], self.n_timepoints_, self.horizon):
            values, unit = self._inputs(windows)
            moved = unit.ravel() > 0
            error = (after - fit.before[-1].predict(windows)).reshape(len(values), -1)[moved]
            inputs.append(values[moved])
            targets.append(error / unit.ravel()[moved, None])
            held_out.append(np.repeat(fit.segment[kept[portion]] == last, self.n_channels_in_)[moved])
        return np.concatenate(inputs), np.concatenate(targets), np.concatenate(held_out)

    def _inputs(self, windows: Array) -> tuple[Array, Array]:
        """What the network reads, one channel per case: windows less their last value, over their spread, and that.

        The spread is 0 of a channel that never moves, and of others bounded below.
        """
        near = windows[..., -min(MOST_TIMEPOINTS, len(self.lag_features_.matrix)) :]
        moved = np.nan_to_num(near - near[..., -1:])
        spread = np.maximum(np.sqrt((moved**2).mean(axis=-1)), LEAST_MOVEMENT * self.moves_)
        scaled = moved / np.where(spread > 0, spread, 1.0)[..., None]
        return scaled.reshape(-1, 1, near.shape[-1]), spread


@parameters
class LSSLWindowForecaster(NetworkWindowForecaster, LSSLParameters):
    """Forecasts what follows windows: linear in state-space features, corrected by an LSSL network.

    Parameters
    ----------
    horizon : int, default=12
        Steps to forecast.
    season : int, default=1
        Time points after which the series' main rhythm repeats; 1: none is known. A season is used where the longest
        series shows two of them, and with ``difference="season"``.
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
    forecast_ : LinearForecast
        The linear part.
    network_ : estimator or None
        The fitted regressor of the linear part's errors, one channel per case; None where there are too few windows.
    gain_ : float
        By which its output is multiplied, 0 to 1: the best one on the windows that were held out of its training, and
        less the fewer windows there are that do not overlap.
    n_channels_in_ : int
    log_ : Logarithm
        Which channels are transformed.
    lag_features_ : LagFeatures
        Which features of a window are used.
    season_ : int
        The season that is used; 1: none.
    n_timepoints_ : int
        Of a window.
    moves_ : ndarray of shape (n_channels,)
        Root mean square of the differences between neighbouring values, of the series that moves most.
    errors_ : ErrorQuantiles
        Of windows that were left out.
    """

    _regressor = LSSLRegressor


@parameters
class S4WindowForecaster(NetworkWindowForecaster):
    """Forecasts what follows windows: linear in state-space features, corrected by an S4 network.

    Parameters
    ----------
    horizon : int, default=12
        Steps to forecast.
    season : int, default=1
        Time points after which the series' main rhythm repeats; 1: none is known. A season is used where the longest
        series shows two of them, and with ``difference="season"``.
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
    forecast_ : LinearForecast
        The linear part.
    network_ : estimator or None
        The fitted regressor of the linear part's errors, one channel per case; None where there are too few windows.
    gain_ : float
        By which its output is multiplied, 0 to 1: the best one on the windows that were held out of its training, and
        less the fewer windows there are that do not overlap.
    n_channels_in_ : int
    log_ : Logarithm
        Which channels are transformed.
    lag_features_ : LagFeatures
        Which features of a window are used.
    season_ : int
        The season that is used; 1: none.
    n_timepoints_ : int
        Of a window.
    moves_ : ndarray of shape (n_channels,)
        Root mean square of the differences between neighbouring values, of the series that moves most.
    errors_ : ErrorQuantiles
        Of windows that were left out.
    """

    _regressor = S4Regressor


@parameters
class S4DWindowForecaster(NetworkWindowForecaster, S4DParameters):
    """Forecasts what follows windows: linear in state-space features, corrected by an S4D network.

    Parameters
    ----------
    horizon : int, default=12
        Steps to forecast.
    season : int, default=1
        Time points after which the series' main rhythm repeats; 1: none is known. A season is used where the longest
        series shows two of them, and with ``difference="season"``.
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
    forecast_ : LinearForecast
        The linear part.
    network_ : estimator or None
        The fitted regressor of the linear part's errors, one channel per case; None where there are too few windows.
    gain_ : float
        By which its output is multiplied, 0 to 1: the best one on the windows that were held out of its training, and
        less the fewer windows there are that do not overlap.
    n_channels_in_ : int
    log_ : Logarithm
        Which channels are transformed.
    lag_features_ : LagFeatures
        Which features of a window are used.
    season_ : int
        The season that is used; 1: none.
    n_timepoints_ : int
        Of a window.
    moves_ : ndarray of shape (n_channels,)
        Root mean square of the differences between neighbouring values, of the series that moves most.
    errors_ : ErrorQuantiles
        Of windows that were left out.
    """

    _regressor = S4DRegressor


@parameters
class LiquidS4WindowForecaster(NetworkWindowForecaster, LiquidS4Parameters):
    """Forecasts what follows windows: linear in state-space features, corrected by a Liquid-S4 network.

    Parameters
    ----------
    horizon : int, default=12
        Steps to forecast.
    season : int, default=1
        Time points after which the series' main rhythm repeats; 1: none is known. A season is used where the longest
        series shows two of them, and with ``difference="season"``.
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
    forecast_ : LinearForecast
        The linear part.
    network_ : estimator or None
        The fitted regressor of the linear part's errors, one channel per case; None where there are too few windows.
    gain_ : float
        By which its output is multiplied, 0 to 1: the best one on the windows that were held out of its training, and
        less the fewer windows there are that do not overlap.
    n_channels_in_ : int
    log_ : Logarithm
        Which channels are transformed.
    lag_features_ : LagFeatures
        Which features of a window are used.
    season_ : int
        The season that is used; 1: none.
    n_timepoints_ : int
        Of a window.
    moves_ : ndarray of shape (n_channels,)
        Root mean square of the differences between neighbouring values, of the series that moves most.
    errors_ : ErrorQuantiles
        Of windows that were left out.
    """

    _regressor = LiquidS4Regressor
