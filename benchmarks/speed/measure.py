"""How the scripts of this folder measure: in turn, in one process; memory in processes of their own."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

RESULTS = Path(__file__).parents[1] / "results"


def parser_of(doc):
    """The options that all scripts have; quick ones end within 3 minutes and write no results unless told where."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--profile", choices=("full", "quick"), default="full")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, help="JSON; default: results/speed_<script>.json for the full profile")
    parser.add_argument("--peak", nargs="+", help=argparse.SUPPRESS)  # one case, for peak_memory
    return parser


def milliseconds(functions, repeats):
    """Median of each named function's times, all run in turn after one round that warms up."""
    times = {name: [] for name in functions}
    for i in range(repeats + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if i:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def peak_memory(*case):
    """MB that a case adds at its peak: this script run anew with ``--peak`` and the case, which prints it."""
    command = [sys.executable, sys.argv[0], "--peak", *map(str, case)]
    return float(subprocess.check_output(command, text=True).splitlines()[-1])


def added_memory(function):
    """MB by which the process' resident memory, at its peak, exceeds what it was (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmRSS")
    function()
    return (_status("VmHWM") - before) / 1000


def _status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])


def as_leaves(blocks):
    """The block matrices of a scan as if they were given, and a list of them."""
    stacked = getattr(blocks, "stacked", None)  # which older versions have not
    names = ("toeplitz", "into_state", "from_state") if stacked is None else ("stacked",)
    own = {name: tuple(matrix.detach().requires_grad_() for matrix in getattr(blocks, name)) for name in names}
    own["transition"] = (blocks.transition.detach().requires_grad_(),)
    leaves = [matrix for matrices in own.values() for matrix in matrices]
    return replace(blocks, **(own | {"transition": own["transition"][0]})), leaves


def relative_error(value, exact):
    return ((value.double() - exact).norm() / exact.norm()).item()


def exponent(sizes, costs):
    """Slope of the logarithm of costs over that of sizes, by least squares."""
    x, y = (torch.tensor(values, dtype=torch.float64).log() for values in (sizes, costs))
    x = x - x.mean()
    return ((x @ y) / (x @ x)).item()


def report(rows, columns):
    """Print a table: ``columns`` maps a title to a function of a row."""
    table = [list(columns), *([str(value(row)) for value in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def write(args, rows, **facts):
    """The rows as JSON, with what they were measured on."""
    name = Path(sys.argv[0]).stem
    output = args.output or (RESULTS / f"speed_{name}.json" if args.profile == "full" else None)
    if output is not None:
        result = {"torch": torch.__version__, "threads": args.threads, **facts, "rows": rows}
        output.write_text(json.dumps(result, indent=1) + "\n")
