"""Triton's kernels beyond the scan's contract: blocks of systems, refusals and whole layers.

Run where TRITON_INTERPRET=1 is in the environment, or TEST_DEVICE=cuda; see conftest.py.
"""

import os
import warnings
from functools import partial

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.fused.gated_mixing import gated_mixing
from ssm_estimators.functional.fused.layer_norm import layer_norm
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.diagonal import DiagonalSystem
from ssm_estimators.functional.systems.discretize import discretize_modes
from ssm_estimators.functional.systems.dplr import discretize_dplr
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4

DEVICE = os.environ.get("TEST_DEVICE", "cpu")
LAYERS = {
    "s4d": lambda: S4D(3, 8),
    "s4d-both-directions": lambda: S4D(3, 40, bidirectional=True),
    "s4": lambda: S4(3, 8),
    "s4-both-directions": lambda: S4(3, 8, bidirectional=True),
    "lssl-3-outputs": lambda: LSSL(3, 6, n_channels=3, bidirectional=True),
    "kb-2": lambda: LiquidS4(3, 8),
    "kb-3-both-directions": lambda: LiquidS4(3, 8, liquid_degree=3, bidirectional=True),
    "pb": lambda: LiquidS4(3, 8, liquid="pb"),
    "degree": lambda: LiquidS4(3, 8, liquid="degree"),
    "exact": lambda: LiquidS4(3, 8, liquid="exact"),
    "exact-unguarded-both-directions": lambda: LiquidS4(3, 10, liquid="exact", guard=False, bidirectional=True),
    "exact-clamped": lambda: LiquidS4(3, 10, liquid="exact", dt_min=0.2, dt_max=0.5, bidirectional=True),
}


def _relative(value, expected):
    return ((value - expected).norm() / expected.norm().clamp(min=1e-30)).item()


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("L", [5, 100, 520])
def test_a_layer_is_itself_in_float64(by_triton, name, L):
    if "exact" in name:
        L = min(L, 75)  # in more than one chunk too
    layer = LAYERS[name]()
    u = torch.randn(3, 2, L)
    found = []
    for dtype in (torch.float32, torch.float64):
        layer, series = layer.to(dtype), u.to(dtype).requires_grad_()
        y = layer(series)
        weights = torch.linspace(-1, 2, y.numel(), dtype=dtype, device=DEVICE).view(y.shape)
        found.append([y.detach(), *torch.autograd.grad((y * weights).sum(), [series, *layer.parameters()])])
    value, *gradients = (_relative(*pair) for pair in zip(*found, strict=True))
    assert value <= 1e-5
    assert max(gradients) <= 5e-5


@pytest.mark.parametrize("name", ["s4d", "s4", "kb-2", "exact"])
def test_states_and_lengths_as_in_float64(by_triton, name):
    layer, lengths = LAYERS[name](), torch.tensor([70, 33, 1])
    state, u = torch.randn(layer.initial_state(3).shape), torch.randn(3, 3, 70)
    found = []
    for dtype in (torch.float32, torch.float64):
        layer = layer.to(dtype)
        start, series = state.to(dtype).requires_grad_(), u.to(dtype).requires_grad_()
        y, end = layer(series, lengths=lengths, state=start, return_state=True)
        total = (end * torch.linspace(-1, 2, end.numel(), dtype=dtype).view(end.shape)).sum() + y[..., 0].sum()
        found.append([end.detach(), *torch.autograd.grad(total, [start, series])])
        if name == "exact":
            layer.train()(series)
            found[-1].append(torch.tensor([layer.clamped, layer.growth]))
    assert max(_relative(*pair) for pair in zip(*found, strict=True)) <= 1e-5


@pytest.mark.parametrize("n_inputs", [1, 3])
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("T", [1, 16, 37])
def test_blocks_of_diagonal_systems_are_those_of_the_operators(by_triton, n_inputs, n_directions, T):
    leaves = [torch.polar(0.9 + 0.09 * torch.rand(3, 5).double(), 3 * torch.rand(3, 5).double())]
    leaves += [torch.randn(n, 3, 5, dtype=torch.complex128) for n in (n_inputs, n_directions)]
    leaves.append(torch.randn(3, dtype=torch.float64))
    system = DiagonalSystem(*(leaf.requires_grad_() for leaf in leaves))
    found = []
    for dtype in (torch.float32, torch.float64):  # float64 is left to the operators
        blocks = system.blocks(T, torch.zeros(1, dtype=dtype))
        made = [*blocks.toeplitz, *blocks.into_state, *blocks.from_state, torch.view_as_real(blocks.transition)]
        weights = [torch.cos(torch.arange(value.numel())).view(value.shape) for value in made]
        total = sum((value * w).sum() for value, w in zip(made, weights, strict=True))
        found.append([*(value.detach() for value in made), *torch.autograd.grad(total, leaves)])
    assert found[0][0].dtype == torch.float32
    assert max(_relative(*pair) for pair in zip(*found, strict=True)) <= 1e-6


@pytest.mark.parametrize("rule", ["zoh", "bilinear", "dplr"])
def test_discretisation_is_that_of_the_operators(by_triton, rule):
    """From steps that hardly decay or turn to some that do so many times."""
    vectors = [torch.randn(4, 7, 2) for _ in range(1 + (rule == "dplr"))]
    leaves = [torch.linspace(-12, 3, 7).expand(4, 7), 10 * torch.randn(4, 7), *vectors]
    leaves = [leaf.clone() for leaf in (*leaves, torch.tensor([-9.0, -3.0, -0.5, 0.0]))]
    leaves[1][:, :2] = 0
    discretize = discretize_dplr if rule == "dplr" else partial(discretize_modes, rule=rule)
    found = []
    for dtype in (torch.float32, torch.float64):  # float64 is left to the operators
        parameters = [leaf.to(dtype).requires_grad_() for leaf in leaves]
        made = discretize(*parameters, rate=0.5)
        weights = [torch.cos(torch.arange(value.numel())).view(value.shape) * (1 + 2j) for value in made]
        total = sum((value * w).sum() for value, w in zip(made, weights, strict=True)).real
        found.append([*(value.detach() for value in made), *torch.autograd.grad(total, parameters)])
    for i, (value, expected) in enumerate(zip(*found, strict=True)):
        is_gradient = i > 1  # which is rounded to the parameters' precision
        assert is_gradient or value.dtype == expected.dtype
        torch.testing.assert_close(value, expected.to(value.dtype), rtol=1e-6 if is_gradient else 1e-13, atol=1e-13)


@pytest.mark.parametrize(("N", "n_readouts", "T"), [(6, 1, 16), (20, 3, 32), (64, 2, 64)])
def test_powers_of_dense_systems_are_those_in_float64(by_triton, N, n_readouts, T):
    """Of slow systems too, whose powers differ little from the identity."""
    A_bar = torch.randn(2, N, N).double()
    slowness = torch.tensor([0.5, 0.01]).view(2, 1, 1)
    A_bar = torch.eye(N) + slowness * (0.9 * A_bar / torch.linalg.matrix_norm(A_bar, 2, keepdim=True) - torch.eye(N))
    leaves = [A_bar, torch.randn(2, N).double(), torch.randn(2, n_readouts, N).double()]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    system = DenseSystem(*leaves[:2], leaves[2][:, None].transpose(0, 1), torch.zeros(2, n_readouts).double())
    found = []
    for dtype in (torch.float32, torch.float64):  # float64 is left to the operators
        made = system._doubled(T, torch.zeros(1, dtype=dtype))
        weights = [torch.cos(torch.arange(value.numel())).view(value.shape) for value in made]
        total = sum((value * w).sum() for value, w in zip(made, weights, strict=True))
        found.append([*(value.detach() for value in made), *torch.autograd.grad(total, leaves)])
    assert found[0][0].dtype == torch.float32
    assert max(_relative(*pair) for pair in zip(*found, strict=True)) <= 2e-6


@pytest.fixture
def refusing(monkeypatch, by_triton):
    """Have a GPU refuse some launches of the scan; the chunk lengths of all that were tried."""
    from triton.runtime.errors import OutOfResources

    from ssm_estimators.functional.triton import scan as triton_scan
    from ssm_estimators.functional.triton import sizes as triton_sizes

    tried, launch = [], triton_scan.launch
    monkeypatch.setattr(triton_sizes, "_TOO_LARGE", set())

    def refuse(is_refused):
        def limited(kernel, grid, *args, **options):
            tried.append(options["T"])
            if is_refused(kernel.fn.__name__, options):
                raise OutOfResources(300_000, 232_448, "shared memory")
            launch(kernel, grid, *args, **options)

        monkeypatch.setattr(triton_scan, "launch", limited)
        return tried

    return refuse


REFUSED = {
    "walk": lambda name, options: name == "walk",
    "walk of gradients": lambda name, options: name == "walk" and options["GRADIENT"],
    "outputs": lambda name, options: name == "outputs",
    "gradients of matrices": lambda name, options: name == "matrix_gradients",
}


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("name", ["s4d-both-directions", "s4", "kb-3-both-directions", "lssl-3-outputs"])
def test_what_a_gpu_refuses_is_done_by_shorter_chunks_and_then_by_operators(refusing, name, refused):
    """Each time a scan, forward and backward, is right; what was refused is told, and not tried again."""
    tried = refusing(REFUSED[refused])
    layer, u = LAYERS[name](), torch.randn(3, 2, 100)
    expected, longest, n_told = _with_gradients(layer.double(), u.double()), [], []
    for _ in range(4):
        tried.clear()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = _with_gradients(layer.float(), u)
        n_told.append(len([warning for warning in told if "refuses a kernel for" in str(warning.message)]))
        assert max(_relative(*pair) for pair in zip(found, expected, strict=True)) <= 5e-5
        longest.append(max(tried, default=0))
    lengths = sorted(set(longest) - {0}, reverse=True)
    assert longest == lengths + [0] * (4 - len(lengths))
    assert n_told == [1] * len(lengths) + [0] * (4 - len(lengths))
    assert 0 < len(lengths) < 4


@pytest.mark.filterwarnings("ignore:.*refuses a kernel")
@pytest.mark.parametrize("given", [True, False])
def test_states_are_right_where_a_gpu_refuses_the_scan(refusing, given):
    """As are those of cases that end early, and the gradients that come by them alone."""
    refusing(REFUSED["walk of gradients"])
    layer, u, lengths = LAYERS["s4d"](), torch.randn(3, 3, 70), torch.tensor([70, 33, 1])
    state = torch.randn(layer.initial_state(3).shape) if given else None
    found = []
    for dtype in (torch.float64, torch.float32):
        start = None if state is None else state.to(dtype).requires_grad_()
        series = u.to(dtype).requires_grad_()
        _, end = layer.to(dtype)(series, lengths=lengths, state=start, return_state=True)
        found.append([end.detach(), *torch.autograd.grad(end.square().sum(), [series] + [start] * given)])
    assert max(_relative(*pair) for pair in zip(*found, strict=True)) <= 5e-5


def _with_gradients(layer, u):
    series = u.clone().requires_grad_()
    y = layer(series)
    weights = torch.linspace(-1, 2, y.numel(), dtype=u.dtype).view(y.shape)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), [series, *layer.parameters()])]


def test_few_series_are_walked_along_in_pieces(by_triton):
    from ssm_estimators.functional.triton.scan import _pieces

    assert _pieces(n_systems=3, batch=2, n_chunks=33) > 1
    assert _pieces(n_systems=256, batch=128, n_chunks=1024) == 1


@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize("shape", [(3, 2, 9), (5, 3, 700)])
def test_gated_mixing_is_its_definition(by_triton, shape, dropout):
    H, batch, _ = shape
    y, x = torch.randn(4, *shape[1:]), torch.randn(shape)
    leaves = [y, x, torch.randn(2 * H, 4), torch.randn(2 * H)]
    gains = [torch.rand(n, batch, 1) if dropout else None for n in (4, H)]
    _agree(leaves, lambda *t: gated_mixing(*t, *gains), lambda *t: reference.gated_mixing(*t, *_ones(gains)))


@pytest.mark.parametrize("shape", [(3, 2, 9), (6, 3, 70)])
def test_layer_norm_is_its_definition(by_triton, shape):
    leaves = [torch.randn(shape), torch.randn(shape[0]), torch.randn(shape[0])]
    _agree(leaves, lambda *t: layer_norm(*t, 1e-3), lambda *t: reference.layer_norm(*t, 1e-3))


def _ones(gains):
    return [torch.ones(()) if gain is None else gain for gain in gains]


def _agree(leaves, fast, slow):
    """Value and gradients of the fast, in float32, are those of the slow in float64."""
    found = []
    for function, dtype in ((fast, torch.float32), (slow, torch.float64)):
        own = [leaf.to(dtype).requires_grad_() for leaf in leaves]
        value = function(*own)
        weights = torch.linspace(-1, 2, value.numel(), dtype=dtype).view(value.shape)
        found.append([value.detach(), *torch.autograd.grad((value * weights).sum(), own)])
    assert max(_relative(*pair) for pair in zip(*found, strict=True)) <= 1e-6


def test_under_autocast_only_the_products_are_rounded(by_triton):
    y, x, weight, bias = (torch.randn(shape).requires_grad_() for shape in ((8, 2, 50), (8, 2, 50), (16, 8), (16,)))
    exact = gated_mixing(y, x, weight, bias)
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        rounded = gated_mixing(y, x, weight, bias)
    assert rounded.dtype == torch.float32
    assert 0 < (rounded - exact).abs().max() < 0.1
    assert all(gradient.dtype == torch.float32 for gradient in torch.autograd.grad(rounded.sum(), [y, x, weight, bias]))
