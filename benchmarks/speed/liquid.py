"""What the forms of a liquid layer cost beside S4D, forward and backward, both causal and bidirectional.

H = 64, N = 64, float32, 16 series of 4,096 time points. In brackets the target: at most so many times S4D's time. The
loops over time are the definition of ``exact`` under autograd in real arithmetic: one as it is, of 256 time points and
scaled, and one by torch.compile, 16 steps at a time, which needs a C++ compiler (full profile only).

    python -m benchmarks.speed.liquid [--profile quick] [--threads 2]
"""

import torch

from benchmarks.harness.timing import milliseconds, peak_memory, report, speed_arguments
from ssm_estimators.layers import S4D, LiquidS4

H, N, BATCH, L = 64, 64, 16, 4096
FORMS = {
    "pb": ({"liquid": "pb"}, 1.25),
    "kb": ({"liquid": "kb"}, 1.7),
    "kb, degree 3": ({"liquid": "kb", "liquid_degree": 3}, None),
    "degree": ({"liquid": "degree"}, 3),
    "degree, degree 3": ({"liquid": "degree", "liquid_degree": 3}, None),
    "exact": ({"liquid": "exact"}, 30),
}
MEMORY = {"degree, degree 3": 2}  # times S4D's, at most


def layers(bidirectional):
    def generator():
        return torch.Generator().manual_seed(0)

    made = {"S4D": S4D(H, N, bidirectional=bidirectional, generator=generator())}
    for name, (params, _) in FORMS.items():
        made[name] = LiquidS4(H, N, bidirectional=bidirectional, generator=generator(), **params)
    return made


def run(layer, u, gradient):
    u = u.requires_grad_()
    return lambda: torch.autograd.grad(layer(u), [u, *layer.parameters()], gradient)


def unrolled(A_real, A_imag, B_real, B_imag, C_real, C_imag, x_real, x_imag, u):
    """The guarded system step by step, in real arithmetic: parameters (P, H, 1), states (P, H, batch)."""
    outputs = []
    for u_k in u.unbind():
        driven_real, driven_imag = B_real * u_k, B_imag * u_k
        a_real, a_imag = A_real + driven_real, A_imag + driven_imag
        scale = (a_real * a_real + a_imag * a_imag).clamp(min=1).rsqrt()
        a_real, a_imag = a_real * scale, a_imag * scale
        x_real, x_imag = (
            a_real * x_real - a_imag * x_imag + driven_real,
            a_real * x_imag + a_imag * x_real + driven_imag,
        )
        outputs.append(2 * (C_real * x_real - C_imag * x_imag).sum(0))
    return torch.stack(outputs), x_real, x_imag


def loop(layer, walk, u, gradient):
    """A loop over time with autograd, in pieces of 16 steps."""
    u, gradient = (value.permute(2, 0, 1).contiguous() for value in (u.detach(), gradient))
    u.requires_grad_()
    trained = [parameter for name, parameter in layer.named_parameters() if name != "D"]

    def once():
        system = layer.discrete_system(1.0)
        parts = (
            part.T[..., None]
            for value in (system.A_bar, system.B_bar[0], system.C[0])
            for part in (value.real, value.imag)
        )
        parameters = [part.float() for part in parts]
        states, outputs = [u.new_zeros(N // 2, H, BATCH)] * 2, []
        for inputs in u.split(16):
            y, *states = walk(*parameters, *states, inputs)
            outputs.append(y)
        return torch.autograd.grad(torch.cat(outputs), [u, *trained], gradient)

    return once


def loops(layer, u, gradient):
    """Milliseconds of the definition as a loop: an eager one, measured on 256 points and scaled, and a compiled one."""
    eager = loop(layer, unrolled, u[..., :256], gradient[..., :256])
    compiled = loop(layer, torch.compile(unrolled, dynamic=False), u, gradient)
    return {
        "eager loop": L / 256 * milliseconds({"loop": eager}, 3)["loop"],
        "compiled loop": milliseconds({"loop": compiled}, 3)["loop"],
    }


def short_and_long(name, bidirectional):
    layer = layers(bidirectional)[name]
    return run(layer, *torch.randn(2, H, 1, 256)), run(layer, *torch.randn(2, H, BATCH, L))


def main():
    args = speed_arguments(__doc__)
    quick = args.profile == "quick"
    rows = []
    for bidirectional in (False, True):
        u, gradient = torch.randn(2, H, BATCH, L, generator=torch.Generator().manual_seed(0))
        made = layers(bidirectional)
        cheap = {name: run(layer, u, gradient) for name, layer in made.items() if name != "exact"}
        ms = milliseconds(cheap, 3 if quick else 9)
        ms |= milliseconds({"exact": run(made["exact"], u, gradient)}, 3)
        if not bidirectional and not quick:
            ms |= loops(made["exact"], u, gradient)
        for name, value in ms.items():
            rows.append(
                {
                    "form": name,
                    "bidirectional": bidirectional,
                    "ms": round(value, 1),
                    "times S4D": round(value / ms["S4D"], 2),
                    "target": FORMS[name][1] if name in FORMS else None,
                    "peak_MB": round(peak_memory(short_and_long, name, bidirectional)) if name in made else None,
                }
            )
            print(rows[-1], flush=True)
    columns = {
        "form": lambda r: r["form"] + (", both directions" if r["bidirectional"] else ""),
        "ms": lambda r: r["ms"],
        "times S4D": lambda r: f"{r['times S4D']:.2f}",
        "(at most)": lambda r: r["target"] or "",
        "peak, MB": lambda r: r["peak_MB"] or "",
    }
    report(args, rows, columns)


if __name__ == "__main__":
    main()
