import contextlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from ssm_estimators.environment import resolve_device, settings
from ssm_estimators.series.data import SeriesData
from ssm_estimators.training.callbacks import CosineWarmup
from ssm_estimators.training.split import validation_split


def _data(n=10):
    X = torch.arange(n * 2 * 4).reshape(n, 2, 4).float()
    return SeriesData(X, torch.arange(n) % 4 + 1, torch.arange(n), torch.ones(n))


def test_batches_cover_every_case_once_in_order_or_shuffled():
    data = replace(_data(), lengths=None)
    in_order = [y for _, y in data.batches(3)]
    assert torch.cat(in_order).tolist() == list(range(10))
    shuffled = [torch.cat([y for _, y in data.batches(3, torch.Generator().manual_seed(s))]) for s in (0, 0, 1)]
    assert shuffled[0].sort().values.tolist() == list(range(10))
    assert torch.equal(shuffled[0], shuffled[1])
    assert not torch.equal(shuffled[0], shuffled[2])
    assert len(data.batches(3)) == 4


def test_a_batch_is_cut_to_its_longest_case_and_keeps_its_parts_together():
    data = _data()
    inputs, y = data[torch.tensor([4, 1])]
    assert inputs["lengths"].tolist() == [1, 2]
    assert inputs["X"].shape == (2, 2, 2)
    assert torch.equal(inputs["X"], data.X[[4, 1], :, :2])
    assert y.tolist() == [4, 1]
    assert set(inputs) == {"X", "lengths", "sample_weight"}
    assert set(SeriesData(data.X)[:3][0]) == {"X"}


def test_split_keeps_the_shares_of_the_classes():
    labels = np.r_[np.zeros(30), np.ones(10)]
    train, held_out = validation_split(0.2, labels, True, None, seed=0)
    assert sorted([*train, *held_out]) == list(range(40))
    assert (labels[held_out] == 1).sum() == 2


def test_split_survives_a_class_with_one_member():
    for seed in range(20):
        train, held_out = validation_split(0.2, np.r_[np.zeros(19), 1], True, None, seed=seed)
        assert 19 in train
        assert len(held_out) in (3, 4)
        assert len(train) + len(held_out) == 20


def test_schedule_rises_then_falls_to_zero():
    schedule = CosineWarmup(100, 0.1, cosine=True)
    factors = [schedule(step) for step in range(100)]
    assert np.argmax(factors) == 10
    assert (np.diff(factors[:11]) > 0).all()
    assert (np.diff(factors[10:]) < 0).all()
    assert factors[0] > 0
    assert schedule(100) == pytest.approx(0)
    assert CosineWarmup(100, 0.0, cosine=False)(99) == 1


def test_settings_are_restored_even_after_an_error():
    threads = torch.get_num_threads()

    def fail():
        with settings("float32", threads + 1, torch.device("cpu")):
            assert torch.get_num_threads() == threads + 1
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert torch.get_num_threads() == threads


def test_a_gpu_is_the_current_one_while_settings_last(monkeypatch):
    """Of several: its streams and CUDA graphs would else be those of another."""
    events = []

    @contextlib.contextmanager
    def device(chosen):
        events.append(chosen)
        yield
        events.append("left")

    monkeypatch.setattr(torch.cuda, "device", device)
    second = torch.device("cuda", 1)
    with settings("float32", None, second):
        assert events == [second]
    assert events == [second, "left"]


def test_a_device_without_float64_is_refused():
    with pytest.raises(ValueError, match=r"'mps' has no float64.* device='cpu'"):
        resolve_device("mps")
    assert resolve_device("auto").type in ("cpu", "cuda")


def test_auto_is_the_best_device_that_is_there():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert resolve_device("auto").type == expected
    assert resolve_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("n_cases", [1, 5, 24, 95])
def test_batches_of_unequal_lengths_cover_every_case_once_with_little_padding(n_cases):
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 500, (n_cases,), generator=generator)
    data = SeriesData(torch.zeros(n_cases, 1, 500), lengths, torch.arange(n_cases))
    shuffled, again = ([y for _, y in data.batches(4, torch.Generator().manual_seed(s))] for s in (1, 2))
    in_order = [*data.batches(4)]
    for batches in (shuffled, again, [y for _, y in in_order]):
        assert torch.cat(batches).sort().values.tolist() == [*range(n_cases)]
        assert len(batches) == len(data.batches(4))
    ends = [int(batch["lengths"].max()) for batch, _ in in_order]
    assert ends == sorted(ends)
    if n_cases == 95:
        assert not any(torch.equal(a, b) for a, b in zip(shuffled, again, strict=True))
        padded = sum(int(lengths[y].max()) * len(y) for y in shuffled)
        assert padded < 1.25 * int(lengths.sum())  # in random order it is 1.6
