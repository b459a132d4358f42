"""Captured training passes, without a GPU: what stands in for a graph runs the passes again."""

import contextlib
import gc
import threading
import weakref

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import ssm_estimators.training.net
from ssm_estimators import LiquidS4Classifier, LSSLClassifier, S4Classifier, S4DClassifier
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4
from ssm_estimators.networks import SequenceNetwork
from ssm_estimators.training.cuda_graph import EAGER, has_graphs
from ssm_estimators.training.net import SeriesNet

SYSTEMS = {"d_state": 4, "bidirectional": True, "dt_min": 0.01, "dt_max": 0.5}


class Graph:
    """As ``torch.cuda.make_graphed_callables``: passes to warm up, then arguments are copied to where the first lay."""

    def __init__(self, passes, arguments, allow_unused_input):
        assert allow_unused_input
        self.passes, self.static, self.n_replays = passes, arguments, 0
        self.itself = self  # which only the garbage collector frees, as PyTorch's
        for _ in range(3):
            passes(*arguments).sum().backward()
        passes.zero_grad()

    def __call__(self, *arguments):
        self.n_replays += 1
        for own, given in zip(self.static, arguments, strict=True):
            assert own.shape == given.shape
            own.copy_(given)
        return self.passes(*self.static)


class Streams:
    """As those of ``torch.cuda``."""

    current = "of the caller"

    def current_stream(self, device=None):
        return self.current

    @contextlib.contextmanager
    def stream(self, stream):
        before, self.current = self.current, stream
        try:
            yield
        finally:
            self.current = before


@pytest.fixture
def streams(monkeypatch):
    made = Streams()
    for name in ("current_stream", "stream"):
        monkeypatch.setattr(torch.cuda, name, getattr(made, name))
    return made


@pytest.fixture
def graphs(monkeypatch, streams):
    """All graphs that are made, on a device that seems to have them."""
    made = []
    monkeypatch.setattr(ssm_estimators.training.net, "has_graphs", lambda device: True)
    monkeypatch.setattr(
        torch.cuda, "make_graphed_callables", lambda *args, **params: made.append(Graph(*args, **params)) or made[-1]
    )
    return made


def _fit(cls, n_cases=22, **params):
    X = np.random.default_rng(0).normal(size=(n_cases, 2, 30))
    small = {"d_model": 8, "d_state": 4, "n_layers": 2, "batch_size": 5, "max_epochs": 6, "dropout": 0.3}
    return cls(**{**small, "device": "cpu", "random_state": 0, **params}).fit(X, np.arange(n_cases) % 2)


@pytest.mark.parametrize("cls", [S4DClassifier, S4Classifier, LSSLClassifier, LiquidS4Classifier])
@pytest.mark.parametrize("params", [{}, {"norm": "layer", "dropout": 0.0}, {"validation": 0.2}])
def test_a_captured_training_is_the_same(graphs, cls, params):
    captured, plain = _fit(cls, **params), _fit(cls, cuda_graph=False, **params)
    n_train = 22 if "validation" not in params else 18
    assert [graph.static[0].shape for graph in graphs] == [(5, 2, 30)]
    assert graphs[0].n_replays == 6 * (n_train // 5) - EAGER  # the last, smaller batches of the epochs run as they are
    assert captured.history_[:, "train_loss"] == plain.history_[:, "train_loss"]
    expected = plain.net_.module_.state_dict()
    for name, value in captured.net_.module_.state_dict().items():
        np.testing.assert_array_equal(value, expected[name])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("cls", [S4DClassifier, S4Classifier, LSSLClassifier, LiquidS4Classifier])
@pytest.mark.parametrize("params", [{}, {"norm": "layer", "dropout": 0.0}, {"precision": "bf16"}])
def test_a_captured_training_is_the_same_on_a_gpu(monkeypatch, cls, params):
    replayed, replay = [], torch.cuda.CUDAGraph.replay
    monkeypatch.setattr(torch.cuda.CUDAGraph, "replay", lambda graph: replayed.append(graph) or replay(graph))
    captured, plain = (_fit(cls, device="cuda", cuda_graph=mode, **params) for mode in ("auto", False))
    assert len(replayed) == 2 * (6 * (22 // 5) - EAGER)  # forward and backward
    losses = [estimator.history_[:, "train_loss"] for estimator in (captured, plain)]
    np.testing.assert_allclose(*losses, rtol=1e-3 if "precision" not in params else 5e-2)


def test_what_cannot_be_captured_runs_as_it_is(graphs):
    _fit(LiquidS4Classifier, liquid="exact")
    _fit(LSSLClassifier, trainable="none")
    ragged = [np.ones((1, length)) * np.arange(length) for length in range(20, 42)]
    S4DClassifier(d_model=4, max_epochs=6, batch_size=5, device="cpu", random_state=0).fit(ragged, np.arange(22) % 2)
    assert not graphs


def test_a_failed_capture_is_told_and_done_without(graphs, streams, monkeypatch):
    def fail(*args, **params):
        streams.current = "of the capture"  # where PyTorch leaves it
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", fail)
    with pytest.warns(UserWarning, match=r"not permitted when .* cuda_graph=False does so without trying"):
        captured = _fit(S4DClassifier)
    assert streams.current == "of the caller"
    plain = _fit(S4DClassifier, cuda_graph=False)
    assert captured.history_[:, "train_loss"] == plain.history_[:, "train_loss"]


@pytest.mark.parametrize("cls", [S4DClassifier, LSSLClassifier])
def test_no_autograd_node_outlives_its_step(monkeypatch, cls):
    """One that did would keep the stream on which it was made, and PyTorch refuses to capture beside such a node."""
    infer, n_steps = SeriesNet.infer, []

    def nodes(net):
        trained = [parameter for parameter in net.module_.parameters() if parameter.requires_grad]
        return [torch.autograd.graph.get_gradient_edge(parameter).node for parameter in trained]

    def watched(self, x, **params):
        if self.module_.training:
            n_steps.append(len(x["X"]))
            assert not [node for node in nodes(self) if "used" in node.metadata]
        outputs = infer(self, x, **params)
        if self.module_.training:
            for node in nodes(self):
                node.metadata["used"] = True
            assert all("used" in node.metadata for node in nodes(self))  # as long as the outputs need them
        return outputs

    monkeypatch.setattr(SeriesNet, "infer", watched)
    _fit(cls)
    assert len(n_steps) == 6 * 5


def test_a_graph_is_freed_when_its_training_ends(monkeypatch, graphs):
    """Even where the garbage collector has not come by on its own, which may take long."""
    made = []

    def kept_by_nobody(*args, **params):
        graph = Graph(*args, **params)
        made.append(weakref.ref(graph))
        return graph

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", kept_by_nobody)
    gc.disable()
    try:
        _fit(S4DClassifier)
        assert [reference() for reference in made] == [None]
    finally:
        gc.enable()


def test_garbage_is_collected_before_a_capture(monkeypatch, graphs):
    """What it would free on the device during one breaks it."""
    found = []

    class Garbage:
        def __init__(self):
            self.itself = self

    garbage = weakref.ref(Garbage())
    monkeypatch.setattr(
        torch.cuda,
        "make_graphed_callables",
        lambda *args, **params: found.append(garbage()) or Graph(*args, **params),
    )
    gc.disable()
    try:
        _fit(S4DClassifier)
    finally:
        gc.enable()
    assert found == [None]


@pytest.mark.parametrize("after", ["forward", "backward"])
@pytest.mark.parametrize(("of_training", "size"), [(True, 5), (True, 3), (False, 4)])
@pytest.mark.parametrize("n_before", [0, 6])
def test_where_memory_runs_out_beside_a_graph_it_is_done_without(
    monkeypatch, graphs, after, of_training, size, n_before
):
    """A full batch, an epoch's last one or the validation batch finds no room: at once, or later."""
    plain = _fit(S4DClassifier, cuda_graph=False, validation=0.2)
    get_loss, seen, n_failed = SeriesNet.get_loss, [], []

    def limited(self, y_pred, y_true, X=None, training=False):
        loss = get_loss(self, y_pred, y_true, X=X, training=training)
        if self.passes_.replay is not None:
            seen.append(len(y_pred))
            if training == of_training and len(y_pred) == size and len(seen) > n_before:
                n_failed.append(True)
                if after == "backward" and training:
                    loss.backward()
                raise torch.OutOfMemoryError("no memory")
        return loss

    monkeypatch.setattr(SeriesNet, "get_loss", limited)
    captured = _fit(S4DClassifier, validation=0.2)
    assert len(graphs) == len(n_failed) == 1
    assert captured.history_[:, "valid_loss"] == plain.history_[:, "valid_loss"]
    assert captured.history_[:, "train_loss"] == plain.history_[:, "train_loss"]
    expected = plain.net_.module_.state_dict()
    for name, value in captured.net_.module_.state_dict().items():
        np.testing.assert_array_equal(value, expected[name])


def test_only_the_main_thread_captures():
    """While one thread captures, what another asks of the device fails."""
    found = []
    thread = threading.Thread(target=lambda: found.append(has_graphs(torch.device("cuda"))))
    thread.start()
    thread.join()
    assert (has_graphs(torch.device("cuda")), *found) == (True, False)
    assert not has_graphs(torch.device("cpu"))


def test_cuda_graph_is_auto_or_off():
    with pytest.raises(ValueError, match="'cuda_graph' parameter"):
        _fit(S4DClassifier, cuda_graph=True)


class StaysOnDevice(TorchDispatchMode):
    """Refuses every operation that touches another device, or reads there whether a matrix could be inverted.

    A tensor without numbers may lie anywhere: PyTorch 2.11 makes one on the CPU wherever it recomputes a part.
    """

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        assert operator is not torch.ops.aten._linalg_check_errors.default
        made = operator(*args, **(kwargs or {}))
        for value in tree_leaves((args, kwargs, made)):
            assert not isinstance(value, torch.Tensor) or value.is_meta or not value.numel(), operator
        return made


@pytest.mark.parametrize(
    ("layer", "systems", "network"),
    [
        (S4D, {}, {}),
        (S4D, {"bandlimit": 0.5, "discretization": "bilinear"}, {"norm": "layer", "prenorm": False}),
        (S4D, {}, {"missing": "mask", "standardize": "series", "differences": True, "pooling": "max"}),
        (S4D, {}, {"standardize": "channel", "differences": True, "pooling": "last"}),
        (S4D, {}, {"n_tokens": 9}),
        (S4, {}, {}),
        (LSSL, {"n_channels": 2}, {}),
        (LSSL, {"trainable": "dt"}, {}),
        (LiquidS4, {"liquid": "kb", "liquid_degree": 3}, {}),
        (LiquidS4, {"liquid": "pb"}, {}),
        (LiquidS4, {"liquid": "degree"}, {}),
        (LiquidS4, {"liquid": "degree", "liquid_degree": 3}, {}),
    ],
)
@pytest.mark.parametrize("L", [30, 1200])
def test_a_capturable_pass_asks_the_device_for_nothing(monkeypatch, host_code, layer, systems, network, L):
    """Tensors that hold no values stand in for those of a GPU: reading one raises. No kernel is run."""
    backend, launched = host_code
    monkeypatch.setattr(torch, "autocast", lambda *args, **params: contextlib.nullcontext())  # knows no such device
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)
    monkeypatch.setattr(torch, "get_rng_state", None)  # of the device it could not be read either
    made = SequenceNetwork(layer, SYSTEMS | systems, 2, 3, d_model=4, n_layers=2, dropout=0.1, seed=0, **network)
    assert made.capturable
    made.to("meta").set_uniform(lambda *shape: torch.empty(shape, device="meta"))
    X = torch.ones(3, 2, L, device="meta")
    with StaysOnDevice():
        made(X).square().sum().backward()
    assert bool(launched) == (backend == "triton")
    assert all(value.is_meta for value in launched if isinstance(value, torch.Tensor))
