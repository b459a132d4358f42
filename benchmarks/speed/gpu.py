"""On a CUDA device: the contract suite, then scans, layers, blocks and training, in ms, forward and backward.

    python benchmarks/speed/gpu.py [--profile quick] [--skip-tests]

Medians over device events after a warm-up, the device's cache flushed between; batch x length 65,536, H = 256, N = 64.
Beside ours, in the same run: the papers' formulation in PyTorch's own operators (textbook.py), and the copies that a
block cannot do without at the bandwidth of a large copy. Needs the checkout and PyTorch with Triton; pytest for the
suite, scikit-learn and skorch for whole fits. Writes benchmarks/results/speed_gpu.json, with the card's name.

What is captured in a CUDA graph, as training steps are, stands beside what is launched from Python.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
# found in the checkout alone, which need not be installed: hence below the path that leads to it
import textbook  # noqa: E402

from ssm_estimators.functional.scan import chunked_scan  # noqa: E402
from ssm_estimators.layers import S4, S4D, LiquidS4  # noqa: E402
from ssm_estimators.networks import SequenceNetwork  # noqa: E402
from ssm_estimators.networks.network import ResidualBlock  # noqa: E402

H, N, POINTS = 256, 64, 65_536
LENGTHS = (1024, 4096, 16_384, 65_536)
PRECISIONS = ("float32", "tf32")
HAS_TRAINING = find_spec("skorch") is not None and find_spec("sklearn") is not None
LAYERS = {"S4D": S4D, "S4": S4}
FORMS = {f"LiquidS4, {form}": {"liquid": form} for form in ("pb", "kb", "degree", "exact")}


def milliseconds(function, repeats):
    """Median time on the device, its cache flushed before each call."""
    flush = torch.empty(2**28, dtype=torch.int8, device="cuda")
    times = []
    for repeat in range(repeats + 3):
        flush.zero_()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        function()
        end.record()
        end.synchronize()
        if repeat >= 3:
            times.append(start.elapsed_time(end))
    return round(statistics.median(times), 4)


def peak_megabytes(function):
    """Memory of one call beyond what is there before it."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    function()
    torch.cuda.synchronize()
    return round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)


class Called(torch.nn.Module):
    """A module with how it is called."""

    def __init__(self, module, call):
        super().__init__()
        self.module, self.call = module, call

    def forward(self, x):
        return self.module(x) if self.call is None else self.call(self.module, x)


def passes(module, x, gradient, call=None, captured=False):
    """A function that runs a module forward and backward."""
    module, leaf = Called(module, call), x.detach().clone().requires_grad_()
    if captured:
        module = torch.cuda.make_graphed_callables(module, (leaf.detach().clone().requires_grad_(),))

    def once():
        y = module(leaf)
        return torch.autograd.grad(y, [leaf, *module.parameters()], gradient, allow_unused=True)

    return once


def error_against_float64(layer, u):
    """Relative, of outputs."""
    with torch.no_grad():
        y = layer(u).double()
        expected = layer.double()(u.double())
    layer.float()
    return float(f"{((y - expected).norm() / expected.norm()).item():.1e}")


def scan_of(layer, u, **options):
    """The scan alone: block matrices given."""
    u = u.to(options.pop("dtype", u.dtype))
    blocks = layer._system(1.0).blocks(64, u.float())
    parts = [*blocks.toeplitz, *blocks.into_state, *blocks.from_state, blocks.transition]
    leaves = [part.detach().requires_grad_() for part in parts]
    n, k, d = len(blocks.toeplitz), len(blocks.into_state), len(blocks.from_state)
    given = replace(
        blocks,
        toeplitz=tuple(leaves[:n]),
        into_state=tuple(leaves[n : n + k]),
        from_state=tuple(leaves[n + k : n + k + d]),
        transition=leaves[-1],
    )
    gradient = torch.randn_like(u)

    def once():
        leaf = u.detach().requires_grad_()
        y, _ = chunked_scan(leaf, given, return_state=False, **options)
        torch.autograd.grad(y, [leaf, *leaves], gradient)

    return once


def fourier(layer, u):
    """A Fourier convolution alone: kernel given."""
    kernel, L = layer.kernel(u.shape[-1]).detach().requires_grad_(), u.shape[-1]
    gradient = torch.randn_like(u)

    def once():
        leaf = u.detach().requires_grad_()
        spectrum = torch.fft.rfft(leaf, n=2 * L) * torch.fft.rfft(kernel, n=2 * L)[:, None]
        torch.autograd.grad(torch.fft.irfft(spectrum, n=2 * L)[..., :L], [leaf, kernel], gradient)

    return once


def bandwidth(repeats):
    """Bytes read and written a ms by a large copy."""
    source = torch.empty(2**28, device="cuda")
    return 2 * source.nbytes / milliseconds(lambda: source.clone(), repeats)


def floor_of_block(bytes_a_ms):
    """What a block must read and write, in ms: forward x in, sum out, what the backward needs; twice that backward."""
    return round(9 * 4 * H * POINTS / bytes_a_ms, 3)


def run_block(block, x):
    return block(x, None, 1.0)


def rows_of(L, precision, repeats, bytes_a_ms):
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(H, POINTS // L, L, generator=generator).cuda()
    gradient, rows = torch.randn_like(u), []
    for name, cls in LAYERS.items():
        layer = cls(H, N, generator=generator).cuda()
        both = ResidualBlock(cls(H, N, bidirectional=True, generator=generator), "batch", True, 0.0, generator).cuda()
        row = {"L": L, "precision": precision, "model": name}
        row["scan"] = milliseconds(scan_of(layer, u), repeats)
        row["scan, bf16"] = milliseconds(scan_of(layer, u, dtype=torch.bfloat16), repeats)
        row["scan, MB"] = peak_megabytes(scan_of(layer, u))
        row["scan, states recomputed"] = milliseconds(scan_of(layer, u, recompute=True), repeats)
        row["scan, states recomputed, MB"] = peak_megabytes(scan_of(layer, u, recompute=True))
        for way, captured in (("", False), (", captured", True)):
            row[f"layer{way}"] = milliseconds(passes(layer, u, gradient, captured=captured), repeats)
            row[f"block{way}"] = milliseconds(passes(both, u, gradient, run_block, captured), repeats)
        row["block, floor of traffic"] = floor_of_block(bytes_a_ms)
        row["block, MB"] = peak_megabytes(passes(both, u, gradient, run_block))
        row["error"] = error_against_float64(layer, u[:, :1, :4096])
        row["Fourier convolution"] = milliseconds(fourier(layer, u), repeats)
        x = u.permute(1, 2, 0).contiguous()
        by_the_book = passes(both, x, torch.randn_like(x), textbook.block)
        try:
            row["textbook block"], row["textbook block, MB"] = milliseconds(by_the_book, 5), peak_megabytes(by_the_book)
        except torch.OutOfMemoryError:
            row["textbook block"] = row["textbook block, MB"] = None
        rows.append(row)
        print(row, flush=True)
    for name, params in FORMS.items():
        layer = LiquidS4(H, N, generator=generator, **params).cuda()
        rows.append({"L": L, "precision": precision, "model": name})
        rows[-1]["layer"] = milliseconds(passes(layer, u, gradient), repeats)
        print(rows[-1], flush=True)
    return rows


def training_step(precision, repeats):
    """BIDMC's: 32 cases of 4,000 points of two signals, 6 blocks of 128 features; as launched, and as captured."""
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    params = {"d_state": 64, "bidirectional": True, "dt_min": 0.001, "dt_max": 0.1}
    network = SequenceNetwork(S4D, params, n_channels=2, n_outputs=3, d_model=128, n_layers=6, seed=0).cuda()
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)
    X, y = torch.randn(32, 2, 4000, device="cuda"), torch.randn(32, 3, device="cuda")

    def step_of(passes):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(passes(X), y).backward()
        optimizer.step()

    row = {"model": "BIDMC's training step", "precision": precision}
    row["step"] = milliseconds(lambda: step_of(network), repeats)
    if not HAS_TRAINING:
        return row
    from ssm_estimators.training.graph import EAGER, CapturedPasses

    captured = CapturedPasses(network, torch.rand, precision)
    for _ in range(EAGER + 1):
        step_of(captured)
    return row | {"step, captured": milliseconds(lambda: step_of(captured), repeats)}


def fits():
    """Seconds of default fits and transforms of sets of GunPoint's size, the second time: kernels are compiled then."""
    import ssm_estimators
    from ssm_estimators.features import StateSpaceFeatures

    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(50, 1, 150, generator=generator).numpy(), torch.arange(50).numpy() % 2
    many = torch.randn(2000, 1, 500, generator=generator).numpy()
    row = {"model": "fits of GunPoint's size, s"}
    for name in ("S4DClassifier", "LiquidS4Classifier", "StateSpaceRidgeClassifier"):
        made = getattr(ssm_estimators, name)(random_state=0, device="cuda")
        row[name] = min(seconds(lambda made=made: made.fit(X, y)) for _ in range(2))
    features = StateSpaceFeatures(device="cuda", random_state=0).fit(many[:100])
    row["StateSpaceFeatures, 2,000 cases of 500 points"] = min(seconds(lambda: features.transform(many)) for _ in "12")
    return row


def seconds(function):
    start = time.perf_counter()
    function()
    return round(time.perf_counter() - start, 2)


def contract_suite():
    """Whether the contracts hold on the device."""
    files = ["tests/functional/test_scan.py", "tests/functional/test_triton.py"]
    files += ["tests/training/test_graph.py", "tests/features/test_transformer.py"] if HAS_TRAINING else []
    options = ["-q", "-p", "no:cacheprovider", "-m", "not full"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files], cwd=ROOT, env=os.environ | {"TEST_DEVICE": "cuda"}
    )
    return run.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", choices=("quick", "full"), default="full")
    parser.add_argument("--skip-tests", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results" / "speed_gpu.json")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("No CUDA device is here; this script measures one.")
    result = {"card": torch.cuda.get_device_name(), "torch": torch.__version__}
    result["contract suite"] = "skipped" if args.skip_tests else contract_suite()
    repeats = 10 if args.profile == "quick" else 30
    bytes_a_ms = bandwidth(repeats)
    result["copy, GB/s"] = round(bytes_a_ms / 1e6)
    lengths = LENGTHS[:2] if args.profile == "quick" else LENGTHS
    result["rows"] = [row for p in PRECISIONS for L in lengths for row in rows_of(L, p, repeats, bytes_a_ms)]
    result["rows"] += [training_step(precision, repeats) for precision in PRECISIONS]
    result["rows"] += [fits()] if HAS_TRAINING else []
    print(json.dumps(result, indent=1))
    if args.profile == "full":
        args.output.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(0 if result["contract suite"] else 1)


if __name__ == "__main__":
    main()
