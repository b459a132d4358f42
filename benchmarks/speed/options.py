"""What options of PyTorch change about a step of training: one thread, bfloat16 autocast, torch.compile.

Three bidirectional layers, d_model 64, layer norm (the running averages of batch norm would make torch.compile start
anew), as a loss' value and all gradients. All in turn, in one process; compiling is timed apart, and needs a C++
compiler.

    python -m benchmarks.speed.options [--profile quick] [--threads 2]
"""

import time
import warnings

import torch

from benchmarks.harness.timing import milliseconds, report, speed_arguments
from ssm_estimators.layers import S4D, LiquidS4
from ssm_estimators.networks import SequenceNetwork

# layer, d_state, batch, time points
CASES = {
    "full": ((LiquidS4, 16, 8, 24), (LiquidS4, 16, 8, 150), (S4D, 64, 16, 1024), (S4D, 64, 16, 4096)),
    "quick": ((LiquidS4, 16, 8, 24), (LiquidS4, 16, 8, 150)),
}


def compare(layer, d_state, batch, L, threads, repeats):
    network = SequenceNetwork(
        layer, {"d_state": d_state, "bidirectional": True}, 2, 3, d_model=64, n_layers=3, norm="layer", seed=0
    )
    X = torch.randn(batch, 2, L, generator=torch.Generator().manual_seed(0))
    compiled = torch.compile(network)

    def step(forward):
        return lambda: torch.autograd.grad(forward(X).square().sum(), [*network.parameters()])

    def in_bfloat16(X):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return network(X)

    def on_one_thread():
        torch.set_num_threads(1)
        step(network)()
        torch.set_num_threads(threads)

    start = time.perf_counter()
    step(compiled)()
    seconds = time.perf_counter() - start
    ms = milliseconds(
        {
            "as it is": step(network),
            "one thread": on_one_thread,
            "bfloat16": step(in_bfloat16),
            "compiled": step(compiled),
        },
        repeats,
    )
    return {
        "model": layer.__name__,
        "batch": batch,
        "L": L,
        "ms": {key: round(value, 2) for key, value in ms.items()},
        "compiling, s": round(seconds, 1),
    }


def main():
    args = speed_arguments(__doc__)
    warnings.simplefilter("ignore")
    rows = []
    for case in CASES[args.profile]:
        rows.append(compare(*case, args.threads, 9 if args.profile == "quick" else 15))
        print(rows[-1], flush=True)
    columns = {
        "model": lambda r: r["model"],
        "batch x length": lambda r: f"{r['batch']} x {r['L']}",
        "a step, ms": lambda r: r["ms"]["as it is"],
        **{
            f"{name}, of that": lambda r, name=name: f"{r['ms'][name] / r['ms']['as it is']:.2f}"
            for name in ("one thread", "bfloat16", "compiled")
        },
        "compiling, s": lambda r: r["compiling, s"],
    }
    report(args, rows, columns)


if __name__ == "__main__":
    main()
