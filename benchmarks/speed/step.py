"""What one step of a network costs: 4 layers, d_model 64, d_state 64, causal, batch norm; one stream and many.

Beside it, the same outputs by running a window of 1,024 points anew for each. All in turn, in one process. A step's
time is the mean over 24, after which a stepper is where it was; the longest of a call is of one run.

    python -m benchmarks.speed.step [--profile quick] [--threads 2]
"""

import time

import torch

from benchmarks.harness.timing import milliseconds, report, speed_arguments
from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4
from ssm_estimators.networks import NetworkStepper, SequenceNetwork

LAYERS = {"S4D": S4D, "S4": S4, "LSSL": LSSL, "LiquidS4": LiquidS4}
CYCLE, WINDOW = 24, 1024
STREAMS = {"full": (1, 16, 256, 1024), "quick": (1, 256)}
# milliseconds of one stream's step, microseconds a stream of 256, times faster than a window
MOST_OF_ONE, MOST_OF_256, LEAST = 0.5, 5, 20


def cycle(network, n_streams):
    stepper, X = NetworkStepper(network, n_streams), torch.randn(n_streams, 1)

    def once():
        for _ in range(CYCLE):
            stepper.step(X)

    return once, stepper, X


def longest(stepper, X):
    """Milliseconds of the longest of some calls."""
    times = []
    for _ in range(20 * CYCLE):
        start = time.perf_counter()
        stepper.step(X)
        times.append(time.perf_counter() - start)
    return 1e3 * max(times)


def main():
    args = speed_arguments(__doc__)
    rows = []
    for name, layer in LAYERS.items():
        network = SequenceNetwork(layer, {"d_state": 64}, 1, 3, d_model=64, n_layers=4, seed=0).eval()
        X = torch.randn(1, 1, WINDOW)
        with torch.inference_mode():
            made = {n: cycle(network, n) for n in STREAMS[args.profile]}
            run = {n: once for n, (once, _, _) in made.items()}
            ms = milliseconds({**run, "window": lambda: network(X)}, 20 if args.profile == "quick" else 100)  # noqa: B023
            row = {
                "model": name,
                "step, ms": {n: round(ms[n] / CYCLE, 4) for n in made},
                "longest, ms": {n: round(longest(*stepper), 3) for n, (_, *stepper) in made.items()},
                "window, ms": round(ms["window"], 3),
            }
        rows.append(row)
        print(row, flush=True)
    columns = {
        "model": lambda r: r["model"],
        f"one stream, ms (at most {MOST_OF_ONE})": lambda r: f"{r['step, ms'][1]:.3f}",
        f"of 256, us a stream (at most {MOST_OF_256})": lambda r: f"{1e3 * r['step, ms'][256] / 256:.2f}",
        "longest call of 256, ms": lambda r: f"{r['longest, ms'][256]:.2f}",
        f"window / step (at least {LEAST})": lambda r: f"{r['window, ms'] / r['step, ms'][1]:.1f}",
    }
    report(args, rows, columns)


if __name__ == "__main__":
    main()
