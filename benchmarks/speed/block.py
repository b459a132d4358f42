"""A whole bidirectional block, forward and backward, against the textbook's and against the floor under its time.

H = 64, N = 64, float32, batch x length = 65,536: norm, state-space layer, GELU, dropout, linear map and gate, residual,
as in the estimators. Interleaved in one process; peak memory in processes of their own; errors of outputs and gradients
against float64.

    python -m benchmarks.speed.block [--profile quick] [--norm layer] [--threads 2]
"""

import copy

import torch

from benchmarks.harness.timing import milliseconds, peak_memory, relative_error, report, speed_arguments
from benchmarks.speed import textbook
from benchmarks.speed.floor import pieces
from ssm_estimators.layers import LSSL, S4, S4D
from ssm_estimators.networks.modules import ResidualBlock

H, N, POINTS = 64, 64, 65_536
LAYERS = {"S4D": S4D, "S4": S4, "LSSL": LSSL}
# at least so many times faster than the textbook
TARGETS = {("S4D", 4096): 7, ("S4", 4096): 5, ("LSSL", 4096): 4.5, ("S4D", 16_384): 22, ("S4", 16_384): 14,
           ("LSSL", 16_384): 13}  # fmt: skip
LONGEST_OF_TEXTBOOK = 16_384  # beyond, its memory, which grows with N L, is more than some machines have


class Nothing(torch.nn.Module):
    """In a layer's place."""

    d_model = d_output = H

    def forward(self, u, **kwargs):
        return u


def block_of(name, norm, dropout, generator):
    layer = LAYERS[name](H, N, bidirectional=True, generator=generator) if name in LAYERS else Nothing()
    return ResidualBlock(layer, norm, prenorm=True, dropout=dropout, generator=generator)


def run(block, x, gradient, version, with_layer=True):
    """Output and gradients, of x first."""
    feature_first = version == "ours"
    x = (x if feature_first else x.permute(1, 2, 0).contiguous()).detach().requires_grad_()
    gradient = gradient if feature_first else gradient.permute(1, 2, 0).contiguous()

    def once():
        y = block(x, None, 1.0) if feature_first else textbook.block(block, x, with_layer)
        return y, torch.autograd.grad(y, [x, *block.parameters()], gradient)

    return once


def errors(name, norm, L):
    """Relative, of the output and of each gradient: ours and the textbook's, against ours in float64."""
    generator = torch.Generator().manual_seed(1)
    block = block_of(name, norm, 0.0, generator)
    x, gradient = torch.randn(2, H, POINTS // L, L, generator=generator)
    y, grads = run(copy.deepcopy(block).double(), x.double(), gradient.double(), "ours")()
    names = ["output", "input", *(key for key, _ in block.named_parameters())]
    result = {}
    for version in ("ours", "textbook")[: 1 + (L <= LONGEST_OF_TEXTBOOK)]:
        value, gradients = run(block, x, gradient, version)()
        values = [value, *gradients]
        if version == "textbook":
            values[:2] = [v.permute(2, 0, 1) for v in values[:2]]
        result[version] = {
            key: float(f"{relative_error(v, exact):.1e}")
            for key, v, exact in zip(names, values, [y, *grads], strict=True)
        }
    return result


def compare(name, L, norm, repeats):
    generator = torch.Generator().manual_seed(0)
    block, bare = block_of(name, norm, 0.05, generator), block_of("nothing", norm, 0.05, generator)
    x, gradient = torch.randn(2, H, POINTS // L, L, generator=generator)
    functions = {
        "ours": run(block, x, gradient, "ours"),
        "floor": pieces(block.layer, L, POINTS // L),
        "ours, no layer": run(bare, x, gradient, "ours"),
        "stock, no layer": run(bare, x, gradient, "textbook", with_layer=False),
    }
    if L <= LONGEST_OF_TEXTBOOK:
        functions["textbook"] = run(block, x, gradient, "textbook")
    ms = milliseconds(functions, repeats)
    return {"model": name, "L": L, "norm": norm, "ms": {key: round(value, 1) for key, value in ms.items()}}


def passes(name, L, norm, version):
    """A short pass and a pass over so many time points."""
    generator = torch.Generator().manual_seed(0)
    block = block_of(name, norm, 0.05, generator)
    small = torch.randn(2, H, 1, 256, generator=generator)
    return run(block, *small, version), run(block, *torch.randn(2, H, POINTS // L, L, generator=generator), version)


def worst(row):
    """Largest ratio of an error of ours to the textbook's."""
    ours, textbook = row["error"]["ours"], row["error"].get("textbook")
    return "" if textbook is None else f"{max(ours[key] / max(textbook[key], 1e-12) for key in ours):.2f}"


def main():
    args = speed_arguments(
        __doc__,
        norm={"choices": ("batch", "layer"), "default": "batch", "help": "of the blocks"},
        model={"choices": LAYERS, "default": list(LAYERS)},
        lengths={},
    )
    quick = args.profile == "quick"
    rows = []
    for L in args.lengths or ((4096,) if quick else (256, 1024, 4096, 16_384, 65_536)):
        for name in args.model:
            row = compare(name, L, args.norm, 3 if quick else 7)
            row["target"] = TARGETS.get((name, L))
            row["error"] = errors(name, args.norm, L)
            row["peak_MB"] = {v: round(peak_memory(passes, name, L, args.norm, v)) for v in row["error"]}
            rows.append(row)
            print(row, flush=True)
    columns = {
        "model": lambda r: r["model"],
        "L": lambda r: r["L"],
        "ours, ms": lambda r: r["ms"]["ours"],
        "textbook / ours": lambda r: f"{r['ms']['textbook'] / r['ms']['ours']:.2f}" if "textbook" in r["ms"] else "",
        "(at least)": lambda r: r["target"] or "",
        "ours / floor (at most 2)": lambda r: f"{r['ms']['ours'] / r['ms']['floor']:.2f}",
        "no layer: ours / stock": lambda r: f"{r['ms']['ours, no layer'] / r['ms']['stock, no layer']:.2f}",
        "memory: ours, MB": lambda r: r["peak_MB"]["ours"],
        "of the textbook's": lambda r: (
            f"{r['peak_MB']['ours'] / r['peak_MB']['textbook']:.3f}" if "textbook" in r["peak_MB"] else ""
        ),
        "worst error: ours / textbook": worst,
    }
    report(args, rows, columns, norm=args.norm)


if __name__ == "__main__":
    main()
