"""Public modules under their names of release 0.1, for one release more: importing one works, with a warning."""

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# modules that keep their name, by the folders that they came from and went to
FOLDERS = {
    ("features", "random_features"): "filter_bank parameters pooling responses ridge thresholds tiling transformer",
    ("functional", "functional.fused"): "gated_mixing layer_norm slices",
    ("functional", "functional.liquid"): "input_products symmetric_sums",
    ("functional", "functional.scan"): "convolution stepper torch_scan",
    ("functional", "functional.systems"): "dense diagonal discretize dplr hippo quasiseparable",
    ("functional", "random_features"): "damped_modes shared_input",
}
RENAMED = {
    "features": "random_features",
    "functional.blocks": "functional.block_matrices",
    "functional.columns": "functional.liquid.exact_columns",
    "functional.liquid_degree": "functional.liquid.degree",
    "functional.liquid_exact": "functional.liquid.exact",
    "functional.liquid_products": "functional.liquid.products",
    "functional.liquid_scan": "functional.liquid.exact_scan",
    "functional.modes": "functional.systems.mode_powers",
}
MOVED = RENAMED | {f"{old}.{name}": f"{new}.{name}" for (old, new), names in FOLDERS.items() for name in names.split()}


class _Finder(MetaPathFinder, Loader):
    """Asked first, since a folder under its old name leads to files that are there under the new one too."""

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
    sys.meta_path.insert(0, _Finder())
