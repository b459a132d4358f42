"""A verdict on a CUDA device in one call: do the kernels hold their contracts, and how fast are they?

    python3 benchmarks/speed/gpu.py --out FOLDER
    python3 benchmarks/speed/gpu.py --out FOLDER --parts scan block --lengths 16384 65536 --precisions tf32
    python3 benchmarks/speed/gpu.py --dry-run

It runs from the checkout and needs PyTorch 2.11 to 2.13 with Triton 3.6 or 3.7, pytest and pytest-xdist. What trains
needs scikit-learn, pandas and skorch too. Wheels of pure Python that the folder ``.whl`` of the checkout holds are
found there: ``pip download --no-deps -d .whl skorch==1.4.0 tabulate tqdm``.

The parts come in the order in which they are named: the contract suite, a training step of BIDMC, scans, blocks,
layers, liquid forms and whole fits; on demand a sweep of the scan's launch options, and NVIDIA's sanitizer. Each row
is written to ``FOLDER/rows.jsonl`` as soon as it is there, with the card's name, whose kernels ran the scans, and how
many were refused. After ``--minutes`` no new row begins, and those left out are named. What fails leaves an error in
its row, and the script ends with status 1.

Times are medians on the device, in ms, forward and backward, the device's cache flushed before each. A wait on the
device before each call lets all launches queue up, so that their own cost is not measured; that is ``host``. Batch x
length is 65,536, H = 256, N = 64. Beside ours stand the papers' formulation in PyTorch's own operators (textbook.py),
and the copies that a block cannot do without, at the bandwidth of a large copy. ``--dry-run`` walks through every part
on a CPU, with tiny shapes and Triton's interpreter; its times mean nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
WHEELS = [str(wheel) for wheel in sorted((ROOT / ".whl").glob("*-none-any.whl"))]
sys.path[:0] = [str(ROOT), *WHEELS]
if "--dry-run" in sys.argv:
    os.environ["TRITON_INTERPRET"] = "1"  # read when Triton is first imported
# found in the checkout alone, which need not be installed: hence below the path that leads to it
import textbook  # noqa: E402
import torch  # noqa: E402
from gpu_device import Cuda, Rehearsal, Verdict  # noqa: E402
from measure import as_leaves  # noqa: E402

from ssm_estimators.functional.scan import chunked_scan, set_backend  # noqa: E402
from ssm_estimators.functional.triton import scan as triton_scan  # noqa: E402
from ssm_estimators.functional.triton import sizes as triton_sizes  # noqa: E402
from ssm_estimators.layers import S4, S4D, LiquidS4  # noqa: E402
from ssm_estimators.networks import SequenceNetwork  # noqa: E402
from ssm_estimators.networks.modules import ResidualBlock  # noqa: E402

LENGTHS, T = (1024, 4096, 16_384, 65_536), 64
LAYERS = {"S4D": S4D, "S4": S4}
FORMS = ("pb", "kb", "degree", "exact")
NEEDED = [name for name in ("skorch", "sklearn", "pandas", "tabulate", "tqdm") if find_spec(name) is None]
TESTS = [f"tests/functional/test_{name}.py" for name in ("scan", "triton", "triton_offsets")]
TESTS_OF_TRAINING = ["tests/training/test_cuda_graph.py", "tests/random_features/test_transformer.py"]


def allow(precision):
    torch.backends.cuda.matmul.fp32_precision = "tf32" if precision == "tf32" else "ieee"


class Called(torch.nn.Module):
    """A module with how it is called."""

    def __init__(self, module, call):
        super().__init__()
        self.module, self.call = module, call

    def forward(self, x):
        return self.module(x) if self.call is None else self.call(self.module, x)


def passes(device, module, x, call=None, captured=False):
    """A function that runs a module forward and backward."""
    module, leaf = Called(module, call), x.detach().clone().requires_grad_()
    if captured:
        module = device.captured(module, leaf)
    gradient = torch.randn_like(module(leaf).detach())

    def once():
        y = module(leaf)
        return torch.autograd.grad(y, [leaf, *module.parameters()], gradient, allow_unused=True)

    return once


def series(device, L):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(device.H, max(1, device.points // L), L, generator=generator).to(device.name), generator


def scan_of(layer, u, dtype=torch.float32, recompute=False):
    """The scan alone: block matrices given."""
    u = u.to(dtype)
    given, leaves = as_leaves(layer.discrete_system(1.0).blocks(T, u.float()))
    gradient = torch.randn_like(u)

    def once():
        leaf = u.detach().requires_grad_()
        y, _ = chunked_scan(leaf, given, return_state=False, recompute=recompute)
        torch.autograd.grad(y, [leaf, *leaves], gradient)

    return once


def scans(verdict, device, L, precision, args):
    for name, cls in LAYERS.items():
        for n_directions in (1, 2):

            def measures(cls=cls, n_directions=n_directions):
                u, generator = series(device, L)
                layer = cls(device.H, device.N, bidirectional=n_directions == 2, generator=generator).to(device.name)
                yield "device, host", lambda: device.time(scan_of(layer, u))
                yield "bf16 inputs", lambda: device.time(scan_of(layer, u, torch.bfloat16))
                yield "MB", lambda: device.megabytes(scan_of(layer, u))
                yield "states recomputed", lambda: device.time(scan_of(layer, u, recompute=True))
                yield "states recomputed, MB", lambda: device.megabytes(scan_of(layer, u, recompute=True))
                if n_directions == 1:
                    yield "Fourier convolution", lambda: device.time(fourier(layer, u))
                    yield "error", lambda: error_against_float64(layer, u[:, :1, :4096])

            verdict.row(measures, part="scan", L=L, precision=precision, model=name, directions=n_directions)


def fourier(layer, u):
    """A Fourier convolution alone: kernel given."""
    kernel, L = layer.kernel(u.shape[-1]).detach().requires_grad_(), u.shape[-1]
    gradient = torch.randn_like(u)

    def once():
        leaf = u.detach().requires_grad_()
        spectrum = torch.fft.rfft(leaf, n=2 * L) * torch.fft.rfft(kernel, n=2 * L)[:, None]
        torch.autograd.grad(torch.fft.irfft(spectrum, n=2 * L)[..., :L], [leaf, kernel], gradient)

    return once


def error_against_float64(layer, u):
    """Relative, of outputs."""
    with torch.no_grad():
        y = layer(u).double()
        expected = layer.double()(u.double())
    layer.float()
    return float(f"{((y - expected).norm() / expected.norm()).item():.1e}")


def run_block(block, x):
    return block(x, None, 1.0)


def blocks(verdict, device, L, precision, args):
    for name, cls in LAYERS.items():

        def measures(cls=cls):
            u, generator = series(device, L)
            layer = cls(device.H, device.N, bidirectional=True, generator=generator)
            block = ResidualBlock(layer, "batch", True, 0.0, generator).to(device.name)
            yield "captured", lambda: device.time(passes(device, block, u, run_block, captured=True))
            yield "eager", lambda: device.time(passes(device, block, u, run_block))
            yield "MB", lambda: device.megabytes(passes(device, block, u, run_block))
            # forward x in, sum out, what the backward needs; twice that backward
            yield "floor of traffic", lambda: round(9 * u.nbytes / device.bytes_a_ms(), 3)
            x = u.permute(1, 2, 0).contiguous()
            yield "textbook", lambda: device.time(passes(device, block, x, textbook.block))
            yield "textbook, MB", lambda: device.megabytes(passes(device, block, x, textbook.block))

        verdict.row(measures, part="block", L=L, precision=precision, model=name)


def layers(verdict, device, L, precision, args):
    for name, cls in LAYERS.items():

        def measures(cls=cls):
            u, generator = series(device, L)
            layer = cls(device.H, device.N, generator=generator).to(device.name)
            yield "captured", lambda: device.time(passes(device, layer, u, captured=True))
            yield "eager", lambda: device.time(passes(device, layer, u))

        verdict.row(measures, part="layer", L=L, precision=precision, model=name)


def liquid_forms(verdict, device, L, precision, args):
    for form in FORMS:

        def measures(form=form):
            u, generator = series(device, L)
            layer = LiquidS4(device.H, device.N, liquid=form, generator=generator).to(device.name)
            yield "eager", lambda: device.time(passes(device, layer, u))
            yield "MB", lambda: device.megabytes(passes(device, layer, u))

        verdict.row(measures, part="liquid", L=L, precision=precision, model=f"LiquidS4, {form}")


def sweep(verdict, device, L, precision, args):
    """The scan of S4D with other launch options of the walk than those that it chooses."""
    chosen = triton_scan.walk_options
    for warps in (2, 4, 8):
        for stages in (1, 2, 3, 4):

            def measures(options={"num_warps": warps, "num_stages": stages}):  # noqa: B006  # the loop's own
                u, generator = series(device, L)
                layer = S4D(device.H, device.N, bidirectional=True, generator=generator).to(device.name)
                triton_scan.walk_options = lambda sizes, T: options
                triton_sizes._TOO_LARGE.clear()  # of other options
                yield "device, host", lambda: device.time(scan_of(layer, u))

            facts = {"L": L, "precision": precision, "warps": warps, "stages": stages}
            verdict.row(measures, part="sweep", **facts)
    triton_scan.walk_options = chosen
    triton_sizes._TOO_LARGE.clear()


def training_step(verdict, device, args):
    """BIDMC's: 32 cases of 4,000 points of two signals, 6 blocks of 128 features; as launched, and as captured."""
    for precision in args.precisions:

        def measures(precision=precision):
            from ssm_estimators.training.cuda_graph import EAGER, CapturedPasses

            allow(precision)
            rehearsed = isinstance(device, Rehearsal)
            n_cases, n_points, d_model, n_layers = (2, 20, 4, 1) if rehearsed else (32, 4000, 128, 6)
            params = {"d_state": device.N, "bidirectional": True, "dt_min": 0.001, "dt_max": 0.1}
            network = SequenceNetwork(S4D, params, 2, 3, d_model, n_layers, seed=0).to(device.name)
            optimizer = torch.optim.AdamW(network.parameters(), fused=True)
            X = torch.randn(n_cases, 2, n_points, device=device.name)
            y = torch.randn(n_cases, 3, device=device.name)

            def step_of(passes):
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(passes(X), y).backward()
                optimizer.step()

            yield "eager", lambda: device.time(lambda: step_of(network))
            captured = CapturedPasses(network, torch.rand, precision)
            for _ in range(1 if rehearsed else EAGER + 1):
                step_of(captured)
            yield "captured", lambda: device.time(lambda: step_of(captured))
            yield "has a graph", lambda: rehearsed or _is_true(captured.replay is not None, "no graph was captured")

        trained(verdict, measures, part="step", model="BIDMC's training step", precision=precision)


def fits(verdict, device, args):
    """Seconds of default fits and transforms of sets of GunPoint's size, the second time: kernels are compiled then."""
    small = {"max_epochs": 1, "d_model": 4, "n_layers": 1} if isinstance(device, Rehearsal) else {}

    def measures():
        import ssm_estimators
        from ssm_estimators.random_features import StateSpaceFeatures

        allow("float32")
        replayed = _count_replays()
        generator = torch.Generator().manual_seed(0)
        X = torch.randn(*((8, 1, 20) if small else (50, 1, 150)), generator=generator).numpy()
        y = torch.arange(len(X)).numpy() % 2
        many = torch.randn(*((8, 1, 20) if small else (2000, 1, 500)), generator=generator).numpy()
        for name in ("S4DClassifier", "LiquidS4Classifier", "StateSpaceRidgeClassifier"):
            params = {"n_kernels": 64} if small and "Ridge" in name else {} if "Ridge" in name else small
            made = getattr(ssm_estimators, name)(random_state=0, device=device.name, **params)
            yield name, lambda made=made: min(seconds(lambda: made.fit(X, y)) for _ in range(2))
        yield "graphs replayed", lambda: "none" if small else _is_true(len(replayed), "no graph was replayed")
        features = StateSpaceFeatures(device=device.name, random_state=0, n_kernels=64 if small else 2000).fit(many)
        name = "StateSpaceFeatures, 2,000 cases of 500 points"
        yield name, lambda: min(seconds(lambda: features.transform(many)) for _ in range(2))

    trained(verdict, measures, part="fits", unit="s")


def _count_replays():
    """A list that grows by one with each replay of a CUDA graph: none may mean that all captures have failed."""
    replayed, replay = [], torch.cuda.CUDAGraph.replay

    def counted(graph):
        replayed.append(True)
        return replay(graph)

    torch.cuda.CUDAGraph.replay = counted
    return replayed


def _is_true(value, otherwise):
    if not value:
        raise RuntimeError(otherwise)
    return value


def trained(verdict, measures, **facts):
    if NEEDED:
        return verdict.row(lambda: (), **facts, skipped=f"needs {', '.join(NEEDED)}")
    return verdict.row(measures, **facts)


def seconds(function):
    start = time.perf_counter()
    function()
    return round(time.perf_counter() - start, 2)


def suite(verdict, device, args):
    """Whether the contracts hold on the device. What cannot be captured fails its test."""
    files = TESTS if NEEDED else [*TESTS, *TESTS_OF_TRAINING]
    options = ["-q", "-p", "no:cacheprovider", "--tb=short", "-n", str(args.processes), "-m", "not full"]
    options += ["-W", "error:The training step could not be captured", "-W", "error:.*refuses a kernel"]
    options += ["-W", "error:Triton cannot compile here"]
    if isinstance(device, Rehearsal):
        options += ["-k", "few_series or layer_norm or same_on_a_gpu"]
    pytest(verdict, device, args, [*options, *files], part="suite", processes=args.processes)


def sanitizer(verdict, device, args):
    """NVIDIA's memory checker on some whole layers, and its race checker on the one kernel that synchronises."""
    for tool, cases in (("memcheck", "100 and (s4d or kb-3 or lssl)"), ("racecheck", "5-exact")):
        prefix = [] if isinstance(device, Rehearsal) else ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9"]
        options = ["-q", "-p", "no:cacheprovider", "--tb=short", "-k", cases, "tests/functional/test_triton.py"]
        pytest(verdict, device, args, options, prefix, part="sanitizer", tool=tool)


def pytest(verdict, device, args, options, prefix=(), **facts):
    """A row of a run of the test suite, whose output goes to a file."""
    report = args.out / f"{'_'.join(str(value) for value in facts.values())}.txt"
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *WHEELS, os.environ.get("PYTHONPATH", "")]),
    }
    if not isinstance(device, Rehearsal):
        environment["TEST_DEVICE"] = "cuda"
    if prefix:
        environment["PYTORCH_NO_CUDA_MEMORY_CACHING"] = "1"  # else the checker sees few allocations

    def run():
        with report.open("w") as file:
            command = [*prefix, sys.executable, "-u", "-m", "pytest", *options]
            left = 60 * verdict.minutes_left()
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT, timeout=left
            )
        summary = report.read_text().splitlines()[-1]
        if done.returncode:
            raise RuntimeError(f"status {done.returncode}: {summary}; see {report}")
        return summary

    verdict.row(lambda: [("result", run)], **facts)


OF_A_LENGTH = {"scan": scans, "block": blocks, "layer": layers, "liquid": liquid_forms, "sweep": sweep}
OTHERS = {"suite": suite, "step": training_step, "fits": fits, "sanitizer": sanitizer}
DEFAULT = ("suite", "step", "scan", "block", "layer", "liquid", "fits")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for rows and reports; it may hold those of earlier calls")
    parser.add_argument("--parts", nargs="+", choices=(*OF_A_LENGTH, *OTHERS), help=f"default: {' '.join(DEFAULT)}")
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS)
    parser.add_argument("--precisions", nargs="+", choices=("float32", "tf32"), default=("tf32", "float32"))
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--processes", type=int, default=12, help="of the contract suite")
    parser.add_argument("--minutes", type=float, default=9.0, help="after which no new row begins")
    parser.add_argument("--dry-run", action="store_true", help="walk through all parts on a CPU")
    args = parser.parse_args()
    if not args.dry_run and not torch.cuda.is_available():
        sys.exit("No CUDA device is here; this script measures one. --dry-run walks through it on a CPU.")
    if args.dry_run:
        args.lengths, args.precisions, args.processes = (64,), ("float32",), 2
        args.out, args.parts = args.out or Path(tempfile.mkdtemp()), args.parts or [*OTHERS, *OF_A_LENGTH]
        set_backend("triton")
    elif args.out is None:
        parser.error("--out names the folder for what is measured.")
    args.out.mkdir(parents=True, exist_ok=True)
    device = (Rehearsal if args.dry_run else Cuda)(args.repeats)
    verdict = Verdict(args.out, device, args.minutes)
    for part in args.parts or DEFAULT:
        if part in OTHERS:
            OTHERS[part](verdict, device, args)
            continue
        for L in args.lengths:
            for precision in args.precisions:
                allow(precision)
                OF_A_LENGTH[part](verdict, device, L, precision, args)
    print(f"Written to {verdict.file}.")
    sys.exit(1 if verdict.has_failed else 0)


if __name__ == "__main__":
    main()
