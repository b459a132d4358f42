"""Every layer and form, small: an entry here runs the whole contract."""

import pytest
import torch

from ssm_estimators.layers import LSSL, S4, S4D, LiquidS4

H, N = 3, 8
LAYERS = {
    "s4d": lambda **kw: S4D(H, N, **kw),
    "s4d-bilinear-legs": lambda **kw: S4D(H, N, init="legs", discretization="bilinear", **kw),
    "s4d-inv": lambda **kw: S4D(H, N, init="inv", **kw),
    "s4": lambda **kw: S4(H, N, **kw),
    "lssl": lambda **kw: LSSL(H, N, **kw),
    "lssl-each-2-outputs": lambda **kw: LSSL(H, N, shared=False, n_channels=2, **kw),
    "lssl-dt": lambda **kw: LSSL(H, N, trainable="dt", **kw),
    "lssl-A": lambda **kw: LSSL(H, N, trainable="A", **kw),
    "lssl-fixed": lambda **kw: LSSL(H, N, trainable="none", n_channels=2, **kw),
    "kb-2": lambda **kw: LiquidS4(H, N, **kw),
    "kb-3": lambda **kw: LiquidS4(H, N, liquid_degree=3, **kw),
    "pb-2": lambda **kw: LiquidS4(H, N, liquid="pb", **kw),
    "pb-4": lambda **kw: LiquidS4(H, N, liquid="pb", liquid_degree=4, **kw),
    "degree-2": lambda **kw: LiquidS4(H, N, liquid="degree", **kw),
    "degree-3": lambda **kw: LiquidS4(H, N, liquid="degree", liquid_degree=3, **kw),
    "exact": lambda **kw: LiquidS4(H, N, liquid="exact", **kw),
    "exact-unguarded": lambda **kw: LiquidS4(H, N, liquid="exact", guard=False, **kw),
}


@pytest.fixture(params=LAYERS)
def make(request):
    def build(**kw):
        layer = LAYERS[request.param](generator=torch.Generator().manual_seed(1), **kw)
        with torch.no_grad():  # LegS' input vector is real and B large: try a general one, of size 1
            layer.B.copy_(torch.randn(layer.B.shape, generator=torch.Generator().manual_seed(2)))
        return layer

    return build
