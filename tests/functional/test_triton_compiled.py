"""That a GPU's compiler takes every kernel as it is launched, within the memory of several cards; no GPU is needed.

Tensors that hold no values go through layers and scans, forward and backward. Where a kernel would be launched, it is
compiled for a card, with the warps, stages and alignments that the launch asks for.
"""

import contextlib
import itertools
import re
import subprocess
from pathlib import Path

import pytest
import torch

from ssm_estimators.functional import scan
from ssm_estimators.functional.fused.gated_mixing import gated_mixing
from ssm_estimators.functional.fused.layer_norm import layer_norm
from ssm_estimators.functional.systems.dense import DenseSystem
from ssm_estimators.functional.systems.diagonal import DiagonalSystem
from ssm_estimators.functional.triton import sizes as triton_sizes
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4

triton = pytest.importorskip("triton")  # on Linux only

from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.runtime import driver, jit  # noqa: E402

CARDS = {"H100": (90, 232_448), "A100": (80, 166_912), "RTX 4090": (89, 101_376)}  # compute capability, shared memory
H, BATCH = 2, 3
IN_PIECES, ODD = 1024, 201  # time points
SCAN = {"walk", "outputs", "matrix_gradients"}
# bytes of a thread that may lie in memory though registers are too few: an H200 was faster so than with more warps
SPILLED = {("H100", "matrix_gradients"): 256}


def _diagonal(Q, N, n_directions):
    A_bar, B_bar, C = (torch.ones(*n, H, N // 2, dtype=torch.complex128) for n in ((), (Q,), (n_directions,)))
    return DiagonalSystem(A_bar, B_bar, C, torch.ones(H, dtype=torch.float64))


def _dense(M, N, n_directions):
    shapes = ((H, N, N), (H, N), (n_directions, H, M, N), (H, M))
    return DenseSystem(*(torch.ones(shape, dtype=torch.float64) for shape in shapes))


SYSTEMS = {f"degree {Q}": (_diagonal, Q) for Q in (1, 2, 3, 4)} | {
    f"dense, {M} outputs": (_dense, M) for M in (1, 2, 3)
}
LAYERS = {
    "S4D": S4D,
    "S4": S4,
    "LSSL": LSSL,
    "pb": lambda *args, **params: LiquidS4(*args, liquid="pb", **params),
    "degree": lambda *args, **params: LiquidS4(*args, liquid="degree", **params),
    "exact": lambda *args, **params: LiquidS4(*args, liquid="exact", **params),
}
STATES, PRECISIONS = (16, 64, 128, 256), ("tf32", "tf32x3", "bf16")


def _cases(apart, *choices):
    """All combinations, of which one in so many is part of every run of the tests."""
    return [
        pytest.param(*case, marks=() if i % apart == 0 else pytest.mark.full)
        for i, case in enumerate(itertools.product(CARDS, *choices))
    ]


class Device:
    """Stands in for a GPU's driver."""

    def __init__(self, index, capability):
        self.index, self.capability = index, capability

    def get_current_device(self):
        return self.index

    def get_current_stream(self, device):
        return 0

    def get_current_target(self):
        return GPUTarget("cuda", self.capability, 32)


@pytest.fixture
def compiled(monkeypatch):
    """A function that has launches compiled for a card, and gives the list to which they are added."""
    found, guarded = [], []
    run = jit.JITFunction.run

    @contextlib.contextmanager
    def device_of(tensor):
        guarded.append(tensor)
        yield
        guarded.pop()

    def compile_only(self, *args, grid, warmup, **options):
        assert guarded  # else it would run on the current device, whatever that of its tensors is
        assert max(grid[1:], default=1) < 2**16  # CUDA's limit
        made = run(self, *args, grid=grid, warmup=True, **options)
        found.append((self.fn.__name__, made))

    def for_card(card):
        capability, memory = CARDS[card]
        monkeypatch.setattr(driver, "_active", Device(capability, capability))
        monkeypatch.setattr(triton_sizes, "LARGEST_SHARED_MEMORY", memory)
        return found

    monkeypatch.setattr(jit.JITFunction, "run", compile_only)
    monkeypatch.setattr(torch.cuda, "device_of", device_of)
    monkeypatch.setattr(torch, "autocast", lambda *args, **params: contextlib.nullcontext())  # knows no such device
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)
    monkeypatch.setattr(torch.Tensor, "item", lambda self: 0.0)  # liquid="exact" reads how far its states have grown
    scan.set_backend("triton")
    with torch.device("meta"):
        yield for_card
    scan.set_backend("auto")


@pytest.fixture(autouse=True)
def _precision():
    before = torch.backends.cuda.matmul.fp32_precision
    yield
    torch.backends.cuda.matmul.fp32_precision = before


def _lacks_registers(made, folder, spilled):
    """Whether a thread keeps numbers in memory because registers are too few, more of them than ``spilled`` bytes.

    Four of them at most the assembler keeps there of its own choice, so that more programs run at once. It then takes
    fewer registers than there are.
    """
    tool, file = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump", folder / "cubin"
    file.write_bytes(made.asm["cubin"])
    read = subprocess.run([tool, "--dump-resource-usage", file], capture_output=True, text=True, check=True).stdout
    registers, stack, local = map(int, re.search(r"REG:(\d+) STACK:(\d+) .*LOCAL:(\d+)", read).groups())
    return stack + local > (16 if registers < 255 else spilled)


def _assert_runs(launched, card, folder, narrow=SCAN):
    """Memory of every kernel, and registers of the ``narrow`` ones, suffice."""
    _, memory = CARDS[card]
    assert [(name, made.metadata.shared) for name, made in launched if made.metadata.shared > memory] == []
    lacking = [
        name
        for name, made in launched
        if name in narrow and _lacks_registers(made, folder, SPILLED.get((card, name), 0))
    ]
    assert lacking == []


@pytest.mark.parametrize(
    ("card", "kind", "N", "n_directions", "precision"), _cases(23, SYSTEMS, STATES, (1, 2), PRECISIONS)
)
def test_a_scan_fits_a_card_or_is_left_to_operators(compiled, tmp_path, card, kind, N, n_directions, precision):
    make, size = SYSTEMS[kind]
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    launched, system = compiled(card), make(size, N, n_directions)
    leaves = [leaf.requires_grad_() for leaf in (system.A_bar, system.B_bar, system.C, system.D)]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    n_inputs = size if isinstance(system, DiagonalSystem) else 1
    inputs = [torch.ones(H, BATCH, IN_PIECES, dtype=dtype, requires_grad=True) for _ in range(n_inputs)]
    T = triton_sizes.chunk_that_fits(system.sizes, IN_PIECES, torch.device("meta"))
    causal = n_directions == 1
    if T is None:
        y, state = scan.scan_system([u.float() for u in inputs], system, return_state=causal)
    else:
        y, state = scan.chunked_scan(inputs, system.blocks(T, torch.ones(1)), return_state=causal)
    torch.autograd.grad(y.float().sum() + (state.sum() if causal else 0), [*inputs, *leaves])
    assert SCAN & {name for name, _ in launched} == (SCAN if T else set())
    assert T or not system.sizes.is_diagonal
    _assert_runs(launched, card, tmp_path)


@pytest.mark.parametrize(("card", "name", "N", "bidirectional"), _cases(19, LAYERS, STATES, (False, True)))
def test_a_layer_fits_a_card(compiled, tmp_path, card, name, N, bidirectional):
    """With all that makes its system, of series whose length no alignment divides."""
    launched = compiled(card)
    layer, u = LAYERS[name](H, N, bidirectional=bidirectional), torch.ones(H, BATCH, ODD, requires_grad=True)
    layer.to("meta")(u).sum().backward()
    assert launched or (name == "LSSL" and N >= 128)
    _assert_runs(launched, card, tmp_path)


@pytest.mark.parametrize("name", LAYERS)
def test_a_default_dtype_of_the_caller_s_reaches_no_kernel(compiled, name):
    launched = compiled("H100")
    torch.set_default_dtype(torch.float64)
    try:
        layer, u = LAYERS[name](H, 16, bidirectional=True), torch.ones(H, BATCH, 32, dtype=torch.float32)
        layer.to("meta")(u.requires_grad_()).sum().backward()
    finally:
        torch.set_default_dtype(torch.float32)
    assert launched


def test_short_series_of_systems_that_no_chunk_fits_are_left_to_operators(compiled):
    """Doubling up to a few time points would be too small for tensor cores."""
    launched, system = compiled("H100"), _dense(9, 16, 1)
    leaves = [leaf.requires_grad_() for leaf in (system.A_bar, system.B_bar, system.C, system.D)]
    y, state = scan.scan_system(torch.ones(H, BATCH, 8), system, return_state=True)
    torch.autograd.grad(y.sum() + state.sum(), leaves)
    assert not launched


@pytest.mark.parametrize("name", LAYERS)
def test_any_number_of_cases_can_be_launched(compiled, name):
    """The grid, that is: more programs than 65,535 fit along its first axis only."""
    launched = compiled("H100")
    layer, u = LAYERS[name](H, 16), torch.ones(H, 5_000_000, 16, requires_grad=True)
    layer.to("meta")(u).sum().backward()
    assert launched


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("n_features", [3, 64, 256, 1024, 4096])
def test_what_is_around_a_layer_fits_a_card(compiled, tmp_path, card, n_features):
    """However wide: of a layer norm, whose tiles hold all features, registers too."""
    launched = compiled(card)
    x, weight, bias = (torch.ones(n_features, *rest, requires_grad=True) for rest in ((BATCH, ODD), (), ()))
    layer_norm(x, weight, bias, 1e-3).sum().backward()
    twice = [torch.ones(2 * n_features, *rest, requires_grad=True) for rest in ((n_features,), ())]
    gated_mixing(x, x, *twice, torch.ones(n_features, BATCH, 1), None).sum().backward()
    assert len(launched) == 7
    _assert_runs(launched, card, tmp_path, narrow={name for name, _ in launched})
