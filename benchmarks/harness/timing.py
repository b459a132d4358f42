"""How speed is measured: versions in turn, in one process; memory in processes of their own."""

import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.harness.arguments import arguments
from benchmarks.harness.folders import RESULTS
from benchmarks.harness.processes import in_new_process


def speed_arguments(doc, **more):
    """The command line of a study of speed; sets the number of threads.

    Quick profiles end within 3 minutes, and write no results unless told where.
    """
    args = arguments(doc, profile={"choices": ("full", "quick"), "default": "full"}, threads={}, output={}, **more)
    torch.set_num_threads(args.threads)
    return args


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


def peak_memory(made, *case):
    """MB that the second of two functions, which ``made(*case)`` returns, adds at its peak; the first one warms up."""
    return in_new_process(_added_memory_of, torch.get_num_threads(), made, case)


def _added_memory_of(threads, made, case):
    torch.set_num_threads(threads)
    warm_up, function = made(*case)
    warm_up()
    return added_memory(function)


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


def report(args, rows, columns, **facts):
    """Print a table, whose ``columns`` map titles to functions of a row; write the rows and ``facts`` as JSON."""
    table = [list(columns), *([str(value(row)) for value in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table if columns else ():
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    name = Path(sys.argv[0]).stem
    output = args.output or (RESULTS / f"speed_{name}.json" if args.profile == "full" else None)
    if output is not None:
        result = {"torch": torch.__version__, "threads": args.threads, **facts, "rows": rows}
        output.write_text(json.dumps(result, indent=1) + "\n")
