"""How time and memory of one layer grow with the length of a series: batch 1, H = 16, N = 64, both directions.

Forward and backward, float32; the exponent is the slope of the logarithms, 1 is linear.

    python -m benchmarks.speed.length [--profile quick] [--threads 2]
"""

import torch

from benchmarks.harness.timing import exponent, milliseconds, peak_memory, report, speed_arguments
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4

H, N = 16, 64
LAYERS = {"S4D": S4D, "S4": S4, "LSSL": LSSL, "LiquidS4": LiquidS4}
LENGTHS = {"full": [4**k for k in range(5, 11)], "quick": [4**k for k in range(5, 9)]}
MOST = 1.05


def run(name, L):
    generator = torch.Generator().manual_seed(0)
    layer = LAYERS[name](H, N, bidirectional=True, generator=generator)
    u, gradient = torch.randn(2, H, 1, L, generator=generator)
    u.requires_grad_()
    return lambda: torch.autograd.grad(layer(u), [u, *layer.parameters()], gradient)


def short_and_long(name, L):
    return run(name, 1024), run(name, L)


def main():
    args = speed_arguments(__doc__)
    lengths = LENGTHS[args.profile]
    rows = []
    for name in LAYERS:
        ms = milliseconds({L: run(name, L) for L in lengths}, 3)
        memory = {L: peak_memory(short_and_long, name, L) for L in lengths}
        large = lengths[1:]  # the smallest is mostly what does not depend on length
        row = {
            "model": name,
            "ms": {L: round(value, 1) for L, value in ms.items()},
            "peak_MB": {L: round(value, 1) for L, value in memory.items()},
            "exponent of time": round(exponent(lengths, [ms[L] for L in lengths]), 3),
            "exponent of memory": round(exponent(large, [memory[L] for L in large]), 3),
        }
        rows.append(row)
        print(row, flush=True)
    columns = {
        "model": lambda r: r["model"],
        **{f"{L:,}, ms": lambda r, L=L: r["ms"][L] for L in lengths},
        f"exponent of time (at most {MOST})": lambda r: r["exponent of time"],
        "of memory": lambda r: r["exponent of memory"],
    }
    report(args, rows, columns)


if __name__ == "__main__":
    main()
