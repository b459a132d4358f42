"""Parts that time kernels at one length and precision: scans, blocks, layers, liquid forms, launch options."""

import torch

from benchmarks.harness.timing import as_leaves
from benchmarks.speed import textbook
from ssm_estimators.functional.scan import chunked_scan
from ssm_estimators.functional.triton import scan as triton_scan
from ssm_estimators.functional.triton import sizes as triton_sizes
from ssm_estimators.layers import S4, S4D, LiquidS4
from ssm_estimators.networks.modules import ResidualBlock

T = 64
LAYERS = {"S4D": S4D, "S4": S4}
FORMS = ("pb", "kb", "degree", "exact")


class Called(torch.nn.Module):
    """A module with how it is called."""

    def __init__(self, module, call):
        super().__init__()
        self.module, self.call = module, call

    def forward(self, x):
        return self.module(x) if self.call is None else self.call(self.module, x)


def passes(device, module, x, call=None, captured=False):
    """A function that runs a module forward and backward."""
    module, leaf = Called(module, call), x.detach().clone().requires_grad_()
    if captured:
        module = device.captured(module, leaf)
    gradient = torch.randn_like(module(leaf).detach())

    def once():
        y = module(leaf)
        return torch.autograd.grad(y, [leaf, *module.parameters()], gradient, allow_unused=True)

    return once


def series(device, L):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(device.H, max(1, device.points // L), L, generator=generator).to(device.name), generator


def scan_of(layer, u, dtype=torch.float32, recompute=False):
    """The scan alone: block matrices given."""
    u = u.to(dtype)
    given, leaves = as_leaves(layer.discrete_system().blocks(T, u.float()))
    gradient = torch.randn_like(u)

    def once():
        leaf = u.detach().requires_grad_()
        y, _ = chunked_scan(leaf, given, return_state=False, recompute=recompute)
        torch.autograd.grad(y, [leaf, *leaves], gradient)

    return once


def scans(verdict, device, L, precision, args):
    for name, cls in LAYERS.items():
        for n_directions in (1, 2):

            def measures(cls=cls, n_directions=n_directions):
                u, generator = series(device, L)
                layer = cls(device.H, device.N, bidirectional=n_directions == 2, generator=generator).to(device.name)
                yield "device, host", lambda: device.time(scan_of(layer, u))
                yield "bf16 inputs", lambda: device.time(scan_of(layer, u, torch.bfloat16))
                yield "MB", lambda: device.megabytes(scan_of(layer, u))
                yield "states recomputed", lambda: device.time(scan_of(layer, u, recompute=True))
                yield "states recomputed, MB", lambda: device.megabytes(scan_of(layer, u, recompute=True))
                if n_directions == 1:
                    yield "Fourier convolution", lambda: device.time(fourier(layer, u))
                    yield "error", lambda: error_against_float64(layer, u[:, :1, :4096])

            verdict.row(measures, part="scan", L=L, precision=precision, model=name, directions=n_directions)


def fourier(layer, u):
    """A Fourier convolution alone: kernel given."""
    kernel, L = layer.kernel(u.shape[-1]).detach().requires_grad_(), u.shape[-1]
    gradient = torch.randn_like(u)

    def once():
        leaf = u.detach().requires_grad_()
        spectrum = torch.fft.rfft(leaf, n=2 * L) * torch.fft.rfft(kernel, n=2 * L)[:, None]
        torch.autograd.grad(torch.fft.irfft(spectrum, n=2 * L)[..., :L], [leaf, kernel], gradient)

    return once


def error_against_float64(layer, u):
    """Relative, of outputs."""
    with torch.no_grad():
        y = layer(u).double()
        expected = layer.double()(u.double())
    layer.float()
    return float(f"{((y - expected).norm() / expected.norm()).item():.1e}")


def run_block(block, x):
    return block(x, None, 1.0)


def blocks(verdict, device, L, precision, args):
    for name, cls in LAYERS.items():

        def measures(cls=cls):
            u, generator = series(device, L)
            layer = cls(device.H, device.N, bidirectional=True, generator=generator)
            block = ResidualBlock(layer, "batch", True, 0.0, generator).to(device.name)
            yield "captured", lambda: device.time(passes(device, block, u, run_block, captured=True))
            yield "eager", lambda: device.time(passes(device, block, u, run_block))
            yield "MB", lambda: device.megabytes(passes(device, block, u, run_block))
            # forward x in, sum out, what the backward needs; twice that backward
            yield "floor of traffic", lambda: round(9 * u.nbytes / device.bytes_a_ms(), 3)
            x = u.permute(1, 2, 0).contiguous()
            yield "textbook", lambda: device.time(passes(device, block, x, textbook.block))
            yield "textbook, MB", lambda: device.megabytes(passes(device, block, x, textbook.block))

        verdict.row(measures, part="block", L=L, precision=precision, model=name)


def layers(verdict, device, L, precision, args):
    for name, cls in LAYERS.items():

        def measures(cls=cls):
            u, generator = series(device, L)
            layer = cls(device.H, device.N, generator=generator).to(device.name)
            yield "captured", lambda: device.time(passes(device, layer, u, captured=True))
            yield "eager", lambda: device.time(passes(device, layer, u))

        verdict.row(measures, part="layer", L=L, precision=precision, model=name)


def liquid_forms(verdict, device, L, precision, args):
    for form in FORMS:

        def measures(form=form):
            u, generator = series(device, L)
            layer = LiquidS4(device.H, device.N, liquid=form, generator=generator).to(device.name)
            yield "eager", lambda: device.time(passes(device, layer, u))
            yield "MB", lambda: device.megabytes(passes(device, layer, u))

        verdict.row(measures, part="liquid", L=L, precision=precision, model=f"LiquidS4, {form}")


def sweep(verdict, device, L, precision, args):
    """The scan of S4D with other launch options of the walk than those that it chooses."""
    chosen = triton_scan.walk_options
    for warps in (2, 4, 8):
        for stages in (1, 2, 3, 4):

            def measures(options={"num_warps": warps, "num_stages": stages}):  # noqa: B006  # the loop's own
                u, generator = series(device, L)
                layer = S4D(device.H, device.N, bidirectional=True, generator=generator).to(device.name)
                triton_scan.walk_options = lambda sizes, T: options
                triton_sizes._TOO_LARGE.clear()  # of other options
                yield "device, host", lambda: device.time(scan_of(layer, u))

            facts = {"L": L, "precision": precision, "warps": warps, "stages": stages}
            verdict.row(measures, part="sweep", **facts)
    triton_scan.walk_options = chosen
    triton_sizes._TOO_LARGE.clear()


PARTS = {"scan": scans, "block": blocks, "layer": layers, "liquid": liquid_forms, "sweep": sweep}
