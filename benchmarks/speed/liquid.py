"""What the forms of a liquid layer cost beside S4D, forward and backward, both causal and bidirectional.

H = 64, N = 64, float32, 16 series of 4,096 time points. In brackets the target: at most so many times S4D's time. The
eager loop over time is the definition of ``exact``, one operation a time step under autograd (of one series of 256 time
points, taken 256 times).

    python benchmarks/speed/liquid.py [--profile quick] [--threads 2]
"""

import measure
import torch

from ssm_estimators.functional import reference
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


def eager_loop(layer):
    """Milliseconds of the definition, scaled from one short series to all."""
    u, gradient = torch.randn(2, H, 1, 256)
    u.requires_grad_()

    def once():
        system = layer._system(1.0)
        parts = (part.to(torch.complex64) for part in (system.A_bar, system.B_bar[0], system.C[0]))
        y = reference.liquid_exact(*parts, system.D.float(), u, guard=True)
        return torch.autograd.grad(y, [u, *layer.parameters()], gradient)

    return BATCH * L / 256 * measure.milliseconds({"loop": once}, 3)["loop"]


def main():
    args = measure.parser_of(__doc__).parse_args()
    torch.set_num_threads(args.threads)
    if args.peak:
        name, bidirectional = args.peak[0], args.peak[1] == "True"
        layer = layers(bidirectional)[name]
        run(layer, *torch.randn(2, H, 1, 256))()
        return print(measure.added_memory(run(layer, *torch.randn(2, H, BATCH, L))))
    quick = args.profile == "quick"
    rows = []
    for bidirectional in (False, True):
        u, gradient = torch.randn(2, H, BATCH, L, generator=torch.Generator().manual_seed(0))
        made = layers(bidirectional)
        cheap = {name: run(layer, u, gradient) for name, layer in made.items() if name != "exact"}
        ms = measure.milliseconds(cheap, 3 if quick else 9)
        ms["exact"] = measure.milliseconds({"exact": run(made["exact"], u, gradient)}, 1)["exact"]
        if not bidirectional:
            ms["eager loop"] = eager_loop(made["exact"])
        for name, value in ms.items():
            rows.append(
                {
                    "form": name,
                    "bidirectional": bidirectional,
                    "ms": round(value, 1),
                    "times S4D": round(value / ms["S4D"], 2),
                    "target": FORMS[name][1] if name in FORMS else None,
                    "peak_MB": round(measure.peak_memory(name, bidirectional)) if name in made else None,
                }
            )
            print(rows[-1], flush=True)
    measure.report(
        rows,
        {
            "form": lambda r: r["form"] + (", both directions" if r["bidirectional"] else ""),
            "ms": lambda r: r["ms"],
            "times S4D": lambda r: f"{r['times S4D']:.2f}",
            "(at most)": lambda r: r["target"] or "",
            "peak, MB": lambda r: r["peak_MB"] or "",
        },
    )
    measure.write(args, rows)


if __name__ == "__main__":
    main()
