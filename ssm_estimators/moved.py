"""Modules under their names of release 0.1, for one release more: an import by such a name works, with a warning."""

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED = {
    "functional.blocks": "functional.block_matrices",
    "functional.columns": "functional.liquid.exact_columns",
    "functional.convolution": "functional.scan.convolution",
    "functional.damped_modes": "features.damped_modes",
    "functional.dense": "functional.systems.dense",
    "functional.diagonal": "functional.systems.diagonal",
    "functional.discretize": "functional.systems.discretize",
    "functional.dplr": "functional.systems.dplr",
    "functional.gated_mixing": "functional.fused.gated_mixing",
    "functional.hippo": "functional.systems.hippo",
    "functional.input_products": "functional.liquid.input_products",
    "functional.layer_norm": "functional.fused.layer_norm",
    "functional.liquid_degree": "functional.liquid.degree",
    "functional.liquid_exact": "functional.liquid.exact",
    "functional.liquid_products": "functional.liquid.products",
    "functional.liquid_scan": "functional.liquid.exact_scan",
    "functional.modes": "functional.systems.mode_powers",
    "functional.quasiseparable": "functional.systems.quasiseparable",
    "functional.shared_input": "features.shared_input",
    "functional.slices": "functional.fused.slices",
    "functional.stepper": "functional.scan.stepper",
    "functional.symmetric_sums": "functional.liquid.symmetric_sums",
    "functional.torch_scan": "functional.scan.torch_scan",
}


class _Finder(MetaPathFinder, Loader):
    """Asked last, after every finder that looks for files."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        package, _, old = fullname.partition(".")
        if package != "ssm_estimators" or old not in MOVED:
            return None
        return ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__
        new = f"ssm_estimators.{MOVED[old.partition('.')[2]]}"
        message = f"{old} is now {new}. The old name goes with the next release."
        warnings.warn(message, FutureWarning, stacklevel=2)  # the lines of the import system do not count
        sys.modules[old] = import_module(new)


def redirect() -> None:
    """Let imports by old names find the modules."""
    sys.meta_path.append(_Finder())
