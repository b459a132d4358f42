"""The chunked scan of S4D, S4 and LSSL against the textbook: a kernel of length L, then an FFT convolution.

Forward and backward of whole systems, block matrices included, float32, batch x length = 65,536, one direction. All
timed in turn, in one process; a row has the medians, their ratios (in brackets the target: at least it against the
textbook, at most it against S4D) and the errors against float64. The textbook kernels are the papers':
Vandermonde products (S4D), Cauchy products with Woodbury's identity (S4), a Krylov matrix by doubling (LSSL).

    python benchmarks/speed/scan.py [--threads 2] [--output results.json]
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch

from ssm_estimators.functional import reference
from ssm_estimators.layers import LSSL, S4, S4D

H, N = 64, 64
LAYERS = {"S4D": S4D, "S4": S4, "LSSL": LSSL}
# at least so many times faster than the textbook; at most so many times as slow as S4D
TARGETS = {
    1024: {"textbook / ours": {"S4D": 2.5}, "ours / S4D": {"S4": 1.6, "LSSL": 2.0}},
    4096: {"textbook / ours": {"S4D": 6.0}, "ours / S4D": {"S4": 1.6, "LSSL": 2.0}},
    16_384: {"textbook / ours": {"S4D": 20.0, "S4": 8.0, "LSSL": 8.0}, "ours / S4D": {"S4": 2.0, "LSSL": 2.5}},
}


def vandermonde(layer, u):
    """S4D as in its paper: kernel from the matrix of all powers."""
    A = torch.complex(-layer.log_A_real.exp(), layer.A_imag)
    B, C = torch.view_as_complex(layer.B), torch.view_as_complex(layer.C)[0]
    K = reference.vandermonde_kernel(A, B, C, layer.log_dt.exp(), u.shape[-1])
    return reference.fft_convolution(K, u) + layer.D[:, None, None] * u


def cauchy(layer, u):
    """S4 as in its paper: the generating function at the roots of unity; its C stands for C (1 - A_bar^L)."""
    Lambda = torch.complex(-layer.log_A_real.exp(), layer.A_imag)
    P, B, C = (torch.view_as_complex(value) for value in (layer.P, layer.B, layer.C[0]))
    K = reference.cauchy_kernel(Lambda, P, B, C, layer.log_dt.exp(), u.shape[-1])
    return reference.fft_convolution(K, u) + layer.D[:, None, None] * u


def krylov(layer, u):
    """LSSL as in its paper: the Krylov matrix, times C; A_bar and B_bar are made as in our layer."""
    system = layer._system(1.0)
    K = reference.krylov_kernel(system.A_bar.to(u), system.B_bar.to(u), system.C[0].to(u), u.shape[-1])[:, 0]
    return reference.fft_convolution(K, u) + layer.D[..., None] * u


TEXTBOOKS = {"S4D": vandermonde, "S4": cauchy, "LSSL": krylov}


def seconds(function, tensors, gradient):
    start = time.perf_counter()
    torch.autograd.grad(function(), tensors, gradient)
    return time.perf_counter() - start


def error(layer, function, u):
    """Relative error of a float32 output against the same parameters, scanned in float64."""
    double = type(layer)(H, N).double()
    double.load_state_dict(layer.state_dict())
    with torch.no_grad():
        exact = double(u.double())
        return float(f"{((function(layer, u) - exact).norm() / exact.norm()).item():.1e}")


def compare(L, repeats):
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(H, 65_536 // L, L, generator=generator, requires_grad=True)
    gradient = torch.randn(u.shape, generator=generator)
    layers = {name: layer(H, N, generator=generator) for name, layer in LAYERS.items()}
    runs = {}
    for name, layer in layers.items():
        runs[name] = lambda layer=layer: layer(u), [u, *layer.parameters()]
        runs[f"{name} textbook"] = (
            lambda layer=layer, textbook=TEXTBOOKS[name]: textbook(layer, u),
            [u, *layer.parameters()],
        )
    times = {name: [] for name in runs}
    for i in range(repeats + 1):
        for name, (function, tensors) in runs.items():
            elapsed = seconds(function, tensors, gradient)
            if i:  # the first of each warms up
                times[name].append(elapsed)
    medians = {name: statistics.median(values) for name, values in times.items()}
    row = {"L": L, "batch": 65_536 // L, "ms": {name: round(1e3 * value, 1) for name, value in medians.items()}}
    row["textbook / ours"] = {name: round(medians[f"{name} textbook"] / medians[name], 2) for name in LAYERS}
    row["ours / S4D"] = {name: round(medians[name] / medians["S4D"], 2) for name in ("S4", "LSSL")}
    row["error"] = {name: error(layer, lambda layer, u: layer(u), u) for name, layer in layers.items()}
    row["textbook error"] = {name: error(layers[name], TEXTBOOKS[name], u) for name in ("S4D", "LSSL")}
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--lengths", type=int, nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = []
    print(f"torch {torch.__version__}, {args.threads} threads, H = {H}, N = {N}, forward + backward, float32")
    for L in args.lengths:
        row = compare(L, args.repeats)
        print(f"\nL = {L}, batch = {row['batch']}")
        for key in list(row)[2:]:
            targets = TARGETS[L].get(key, {})
            values = [
                f"{name} {value} ({targets[name]})" if name in targets else f"{name} {value}"
                for name, value in row[key].items()
            ]
            print(f"  {key:16}", "  ".join(values), flush=True)
        rows.append(row)
    if args.output:
        results = {"torch": torch.__version__, "threads": args.threads, "rows": rows}
        args.output.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
