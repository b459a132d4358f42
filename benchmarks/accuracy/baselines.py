"""What networks are compared with in the same run: simple predictors, a recurrent network, the features, MiniRocket.

Each is a factory, ``make(task, seed, jobs)``, of what has ``fit`` and ``predict``.
"""

import tempfile

import numpy as np
import torch
from peers import peer_rows
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import ssm_estimators
from ssm_estimators import S4DClassifier, S4DRegressor

PENALTIES = np.logspace(-3, 5, 17)


class GRULayer(torch.nn.Module):
    """A recurrent layer in the place of a state-space layer, half of its features in each direction."""

    def __init__(self, d_model, generator=None, **_):
        super().__init__()
        self.d_model = self.d_output = d_model
        self.gru = torch.nn.GRU(d_model, d_model // 2, bidirectional=True)
        bound = (d_model // 2) ** -0.5
        for parameter in self.gru.parameters():
            with torch.no_grad():
                parameter.uniform_(-bound, bound, generator=generator)

    def forward(self, u, *, lengths=None, rate=1.0):
        x = u.permute(2, 1, 0)
        if lengths is None:
            return self.gru(x)[0].permute(2, 1, 0)
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], total_length=len(x))
        return y.permute(2, 1, 0)


class GRUClassifier(S4DClassifier):
    _layer = GRULayer


class GRURegressor(S4DRegressor):
    _layer = GRULayer


def flat(X):
    """All values of a case, zeros past its end."""
    return np.nan_to_num(X.reshape(len(X), -1))


def bag(X):
    """How often each token stands in a case."""
    n_tokens = int(X.max())
    return np.stack([np.bincount(case[case > 0], minlength=n_tokens + 1) for case in X.reshape(len(X), -1)])


def features(task, seed, jobs):
    """Random state-space features and a ridge."""
    missing = "mask" if task.ends_differ else "error"
    return getattr(ssm_estimators, f"StateSpaceRidge{task.kind}")(random_state=seed, n_jobs=jobs, missing=missing)


def linear(task, seed, jobs):
    """Ridge on raw points or bag of tokens."""
    ridge = RidgeClassifierCV if task.kind == "Classifier" else RidgeCV
    read = FunctionTransformer(bag if task.n_tokens else flat)
    return make_pipeline(read, StandardScaler(), ridge(PENALTIES))


def neighbour(task, seed, jobs):
    """Nearest neighbour of raw points or bag of tokens."""
    nearest = KNeighborsClassifier if task.kind == "Classifier" else KNeighborsRegressor
    return make_pipeline(FunctionTransformer(bag if task.n_tokens else flat), nearest(1, n_jobs=jobs))


def constant(task, seed, jobs):
    """Mean or majority."""
    return DummyClassifier() if task.kind == "Classifier" else DummyRegressor()


BASELINES = {"constant": constant, "linear": linear, "1-NN": neighbour, "features": features}
PEERS = ("MiniRocket", "MultiRocketHydra")  # of aeon
OF_VALUES = ("features", *PEERS)  # tokens are none


def peer_row(model, names, cases, seed, jobs):
    """Scores by name, seconds and memory of one fit of aeon's."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/set.npz"
        keys = ("X_train", "y_train", "X_test", "y_test")
        np.savez(path, **{key: np.nan_to_num(value) for key, value in zip(keys, cases, strict=True)})
        (row,) = peer_rows([model], [path], seed, jobs)
    values = row["rmse"] if "rmse" in row else [row["accuracy"]]
    return dict(zip(names, values, strict=True)) | {k: row[k] for k in ("fit_seconds", "predict_seconds", "peak_GB")}
