"""Launches of a block on CUDA and the bytes that it moves there, forward and backward, counted without a GPU.

Tensors that hold no values go through S4D in both directions, with H = 256, N = 64 and 65,536 inputs per feature. No
kernel runs. Each operator of PyTorch counts as one launch, except those that only look at a tensor or reserve memory.
Bytes are those of the tensors that a launch reads and writes, each once, in multiples of the block's input. ``scan`` is
the chunked scan alone, its block matrices given. With ``--before``, another version of the package is counted too.

    python -m benchmarks.speed.launches [--before ../older]
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from triton.runtime.jit import JITFunction

from benchmarks.harness.folders import ROOT
from benchmarks.harness.timing import as_leaves, report, speed_arguments
from ssm_estimators.functional.scan import chunked_scan, set_backend
from ssm_estimators.layers import S4D
from ssm_estimators.networks.modules import ResidualBlock

H, N, POINTS, T = 256, 64, 65_536, 64
LENGTHS = (1024, 4096, 16_384, 65_536)
UNTOUCHED = {  # tensors that a kernel, perhaps of an older version, leaves alone unless an option says otherwise
    "SAVE": ("states",),
    "WRITE": ("y",),
    "DRIVEN": ("u", "into"),
    "START": ("start",),
    "INITIAL": ("initial",),
    "ADDED": ("added",),
    "OTHER": ("other", "other_readout"),
}
OVERWRITTEN = ("copy_", "zero_", "fill_")  # operators that do not read what they change


class Count(TorchDispatchMode):
    """Counts launches and bytes, by name."""

    def __init__(self):
        super().__init__()
        self.launches, self.bytes = Counter(), Counter()

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        made = operator(*args, **(kwargs or {}))
        name, written = operator.overloadpacket.__name__, _tensors(made)
        if written and not _is_free(operator, name):
            read = _tensors((args[1:] if name in OVERWRITTEN else args, kwargs))
            self.add(name, read + written)
        return made

    def launch(self, kernel, *args, grid, warmup, **options):
        """Stands in for the launch of one of Triton's kernels."""
        named = dict(zip(kernel.arg_names, args, strict=False)) | options
        left_alone = [name for flag, names in UNTOUCHED.items() if named.get(flag) is False for name in names]
        tensors = {id(t): t for name, t in named.items() if isinstance(t, torch.Tensor) and name not in left_alone}
        self.add(f"{kernel.fn.__name__} (Triton)", [*tensors.values()])

    def add(self, name, tensors):
        self.launches[name] += 1
        self.bytes[name] += sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _tensors(values):
    return [value for value in tree_leaves(values) if isinstance(value, torch.Tensor) and value.is_meta]


def _is_free(operator, name):
    looks_only = any(made.alias_info is not None and not made.alias_info.is_write for made in operator._schema.returns)
    return looks_only or "empty" in name or name == "_unsafe_view"


def block(x):
    """A block, forward and backward."""
    made = ResidualBlock(S4D(H, N, bidirectional=True), "batch", True, 0.0, torch.Generator().manual_seed(0))
    made.to("meta")

    def run():
        y = made(x, None, 1.0)
        y.backward(torch.empty_like(y))

    return run


def scan(x):
    """The scan of a block alone, forward and backward."""
    given, _ = as_leaves(S4D(H, N, bidirectional=True).to("meta").discrete_system().blocks(T, x))

    def run():
        y, _ = chunked_scan(x, given, return_state=False)
        y.backward(torch.empty_like(y))

    return run


def counts(of, L):
    x = torch.empty(H, POINTS // L, L, device="meta", requires_grad=True)
    once, count = of(x), Count()
    JITFunction.run = lambda kernel, *args, **options: count.launch(kernel, *args, **options)
    with count:
        once()
    shares = {name: round(size / x.nbytes, 2) for name, size in count.bytes.most_common()}
    return {
        "of": of.__name__,
        "L": L,
        "batch": POINTS // L,
        "launches": sum(count.launches.values()),
        "bytes of the input": round(sum(count.bytes.values()) / x.nbytes, 1),
        "each": {name: [n, shares[name]] for name, n in count.launches.most_common()},
    }


def rows_of(folder, profile):
    """The rows of the version of the package that lies in a folder."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import ssm_estimators; sys.path.pop(0); "
    code += "from benchmarks.speed.launches import main; main()"
    with tempfile.TemporaryDirectory() as made:
        output = Path(made) / "rows.json"
        command = [sys.executable, "-c", code, "--profile", profile, "--output", output]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return json.loads(output.read_text())["rows"]


def main():
    args = speed_arguments(__doc__, before={})
    JITFunction.run = lambda *args, **options: None  # making block matrices launches kernels too
    set_backend("triton")
    torch.autocast = lambda *args, **options: contextlib.nullcontext()  # knows no tensors without values
    torch.is_autocast_enabled = lambda device: False
    lengths = LENGTHS if args.profile == "full" else LENGTHS[::3]
    rows = [{"version": "after"} | counts(of, L) for L in lengths for of in (block, scan)]
    if args.before:
        rows += [row | {"version": "before"} for row in rows_of(args.before.resolve(), args.profile)]
    rows.sort(key=lambda row: (row["of"], row["L"], row["version"] == "after"))
    titles = ("of", "L", "batch", "version", "launches", "bytes of the input")
    report(args, rows, {title: lambda row, title=title: row[title] for title in titles})


if __name__ == "__main__":
    main()
