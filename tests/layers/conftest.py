"""Every layer, small: an entry here runs the whole contract."""

import pytest
import torch

from ssm_estimators.layers import S4D, LiquidS4

H, N = 3, 8
LAYERS = {
    "s4d": lambda **kw: S4D(H, N, **kw),
    "s4d-bilinear-legs": lambda **kw: S4D(H, N, init="legs", discretization="bilinear", **kw),
    "s4d-inv": lambda **kw: S4D(H, N, init="inv", **kw),
    "liquid-2": lambda **kw: LiquidS4(H, N, **kw),
    "liquid-3": lambda **kw: LiquidS4(H, N, liquid_degree=3, **kw),
}


@pytest.fixture(params=LAYERS)
def make(request):
    def build(**kw):
        layer = LAYERS[request.param](generator=torch.Generator().manual_seed(1), **kw)
        with torch.no_grad():  # LegS' input vector is real and B large: try a general one, of size 1
            layer.B.copy_(torch.randn(layer.B.shape, generator=torch.Generator().manual_seed(2)))
        return layer

    return build
