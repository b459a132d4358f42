"""The networks of a task: ours, and a recurrent one of the same size."""

import torch

import ssm_estimators
from ssm_estimators import S4DClassifier, S4DRegressor
from ssm_estimators.layers import S4D
from ssm_estimators.networks import SequenceNetwork


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


RECURRENT = {"Classifier": GRUClassifier, "Regressor": GRURegressor}


def network(task, model, profile, **more):
    """An untrained network with the task's parameters of a profile, and ``more``."""
    params = {**task.params[profile], **more}
    if task.n_tokens:
        params |= {"input": "tokens", "n_tokens": task.n_tokens}
    if task.ends_differ:
        params["missing"] = "mask"
    if model == "GRU":
        params["d_model"] = width_of_gru(**params)
        params["batch_size"] *= 4  # a time step takes as long for more cases: an epoch then takes about S4D's time
    cls = RECURRENT[task.kind] if model == "GRU" else getattr(ssm_estimators, f"{model}{task.kind}")
    if not hasattr(cls, "bandlimit"):
        params.pop("bandlimit", None)  # other systems have no modes
    return cls(**params)


def width_of_gru(d_model=64, n_layers=3, d_state=16, **_):
    """Features of a recurrent network with about as many parameters as S4D's."""
    systems = {"d_state": d_state, "bidirectional": True, "dt_min": 0.01, "dt_max": 0.5}

    def size(layer, width):
        return sum(p.numel() for p in SequenceNetwork(layer, systems, 1, 1, width, n_layers).parameters())

    wanted = size(S4D, d_model)
    return min(range(4, d_model + 1, 4), key=lambda width: abs(size(GRULayer, width) - wanted))
