import numpy as np
import pytest
import torch

from ssm_estimators import S4DClassifier
from ssm_estimators.networks import SequenceNetwork
from ssm_estimators.series.data import SeriesData
from ssm_estimators.training import device_memory as memory

CUDA = torch.device("cuda")
X, Y = np.random.default_rng(0).normal(size=(20, 1, 30)), np.arange(20) % 2


@pytest.fixture
def room(monkeypatch):
    """Set how many cases a device has memory for."""
    forward = SequenceNetwork.forward

    def set_room(n_cases):
        def limited(self, X, lengths=None, rate=1.0):
            if self.training and len(X) > n_cases:
                raise torch.OutOfMemoryError("out of memory")
            return forward(self, X, lengths, rate)

        monkeypatch.setattr(SequenceNetwork, "forward", limited)

    return set_room


@pytest.mark.parametrize(("n_cases", "fitting"), [(11, 8), (4, 4), (1, 1)])
def test_the_error_says_which_batch_fits(room, n_cases, fitting):
    room(n_cases)
    classifier = S4DClassifier(d_model=4, max_epochs=1, batch_size=16, device="cpu")
    advised = (
        rf"batch of 16 series of 30 time points does not fit .*'cpu'. One of {fitting} does: set batch_size={fitting}"
    )
    with pytest.raises(torch.OutOfMemoryError, match=advised):
        classifier.fit(X, Y)
    classifier.set_params(batch_size=fitting).fit(X, Y)


def test_the_error_where_nothing_fits(room):
    room(0)
    with pytest.raises(torch.OutOfMemoryError, match="A single case does not: shorten series, or take a smaller"):
        S4DClassifier(d_model=4, max_epochs=1, device="cpu").fit(X, Y)


def test_series_of_unequal_lengths_are_tried_by_the_longest(room):
    room(2)
    ragged = [case[:, : 10 + i] for i, case in enumerate(X)]
    with pytest.raises(torch.OutOfMemoryError, match="batch_size=2"):
        S4DClassifier(d_model=4, max_epochs=1, batch_size=8, device="cpu").fit(ragged, Y)


def test_data_too_large_for_the_device_stay_where_they_are(monkeypatch):
    data = SeriesData(torch.zeros(10, 1, 100), y=torch.zeros(10))
    assert data.n_bytes == 4 * (1000 + 10)
    moved = []
    monkeypatch.setattr(SeriesData, "to", lambda self, device: moved.append(device))
    for free, n_moved in ((data.n_bytes * 2 - 1, 0), (data.n_bytes * 2, 1)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10 * free))
        assert memory.placed(data, CUDA) is (None if n_moved else data)
        assert moved == [CUDA] * n_moved


def test_batches_move_to_a_device():
    data = SeriesData(torch.zeros(5, 1, 10), y=torch.zeros(5), sample_weight=torch.ones(5))
    for inputs, y in data.batches(2, device=torch.device("meta")):
        assert all(value.is_meta for value in (y, *inputs.values()))
