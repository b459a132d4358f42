"""The chunked scan of a diagonal system against the textbook: Vandermonde kernel and FFT convolution.

Forward and backward, block matrices included, float32, batch x length = 65,536; the two are timed in turn, in one
process, and the medians' ratio is printed with each one's error against float64.

    python benchmarks/speed/scan.py [--threads 2] [--output results.json]
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import torch

from ssm_estimators.functional.blocks import diagonal_blocks
from ssm_estimators.functional.discretize import zoh
from ssm_estimators.functional.hippo import s4d_lin
from ssm_estimators.functional.scan import chunk_length, chunked_scan

H, N = 64, 64
TARGETS = {1024: 2.5, 4096: 6.0, 16_384: 20.0}


def chunked(u, log_dt, A_real, A_imag, C):
    """Ours: float64 block matrices, float32 scan."""
    A, C = torch.complex(A_real.double(), A_imag.double()), torch.view_as_complex(C.double())
    A_bar, B_bar = zoh(A, torch.ones_like(A), log_dt.double().exp())
    blocks = diagonal_blocks(A_bar, B_bar[None], C[None], torch.zeros(H).double(), chunk_length(u.shape[-1]), u)
    return chunked_scan(u, blocks, return_state=False)[0]


def textbook(u, log_dt, A_real, A_imag, C):
    """As in the papers: the kernel of length L from a Vandermonde matrix, then a zero-padded FFT convolution."""
    L, A = u.shape[-1], torch.complex(A_real, A_imag)
    z = A * log_dt.exp()[:, None]
    C_bar = torch.view_as_complex(C) * (torch.exp(z) - 1) / A
    vandermonde = torch.exp(z[..., None] * torch.arange(L, device=u.device))
    kernel = 2 * torch.einsum("hn,hnl->hl", C_bar, vandermonde).real
    spectrum = torch.fft.rfft(u, n=2 * L) * torch.fft.rfft(kernel, n=2 * L)[:, None]
    return torch.fft.irfft(spectrum, n=2 * L)[..., :L]


def seconds(function, tensors, gradient):
    start = time.perf_counter()
    torch.autograd.grad(function(*tensors), tensors, gradient)
    return time.perf_counter() - start


def error(function, tensors):
    with torch.no_grad():
        exact = textbook(*(tensor.double() for tensor in tensors))
        return ((function(*tensors) - exact).norm() / exact.norm()).item()


def compare(L, repeats):
    generator = torch.Generator().manual_seed(0)
    A, _ = s4d_lin(N)
    tensors = [
        torch.randn(H, 65_536 // L, L, generator=generator),
        torch.linspace(math.log(1e-3), math.log(1e-1), H),
        A.real.float().repeat(H, 1),
        A.imag.float().repeat(H, 1),
        torch.randn(H, N // 2, 2, generator=generator),
    ]
    tensors = [tensor.requires_grad_() for tensor in tensors]
    gradient = torch.randn(H, 65_536 // L, L, generator=generator)
    functions = {"chunked": chunked, "textbook": textbook}
    times = {name: [] for name in functions}
    for i in range(repeats + 1):
        for name, function in functions.items():
            elapsed = seconds(function, tensors, gradient)
            if i:  # the first of each warms up
                times[name].append(elapsed)
    row = {"L": L, "batch": 65_536 // L}
    for name, function in functions.items():
        row[f"{name}_ms"] = round(1e3 * statistics.median(times[name]), 1)
        row[f"{name}_error"] = float(f"{error(function, tensors):.1e}")
    row["ratio"] = round(row["textbook_ms"] / row["chunked_ms"], 2)
    row["target"] = TARGETS[L]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rows = []
    print(f"torch {torch.__version__}, {args.threads} threads, H = {H}, N = {N}, forward + backward, float32")
    for L in TARGETS:
        rows.append(compare(L, args.repeats))
        print("  ".join(f"{name} {value}" for name, value in rows[-1].items()), flush=True)
    if args.output:
        args.output.write_text(
            json.dumps({"torch": torch.__version__, "threads": args.threads, "rows": rows}, indent=1)
        )


if __name__ == "__main__":
    main()
