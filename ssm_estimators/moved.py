"""Modules under their names of release 0.1, for one release more: an import by such a name works, with a warning."""

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED = {
    "estimators.base": "estimators.deep",
    "estimators.intervals": "forecasting.conformal",
    "estimators.logarithm": "forecasting.log_transform",
    "estimators.models": "estimators.parameters",
    "estimators.network_window": "forecasting.deep",
    "estimators.predictions": "estimators.deep",
    "estimators.ridge_base": "estimators.ridge_average",
    "estimators.ridge_window": "forecasting.ridge",
    "estimators.tasks": "estimators.deep",
    "estimators.window": "forecasting.base",
    "features": "random_features",
    "features.block_ridge": "forecasting.block_ridge",
    "features.drawing": "random_features.fit",
    "features.filter_bank": "random_features.filter_bank",
    "features.kernels": "random_features.random_kernels",
    "features.linear_forecast": "forecasting.linear",
    "features.memory": "forecasting.lag_features",
    "features.parameters": "random_features.parameters",
    "features.pooling": "random_features.pooling",
    "features.representations": "random_features.views",
    "features.responses": "random_features.responses",
    "features.ridge": "random_features.ridge",
    "features.smoothing": "forecasting.exponential_smoothing",
    "features.thresholds": "random_features.thresholds",
    "features.tiling": "random_features.tiling",
    "features.transformer": "random_features.transformer",
    "functional.blocks": "functional.block_matrices",
    "functional.columns": "functional.liquid.exact_columns",
    "functional.convolution": "functional.scan.convolution",
    "functional.damped_modes": "random_features.damped_modes",
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
    "functional.shared_input": "random_features.shared_input",
    "functional.slices": "functional.fused.slices",
    "functional.stepper": "functional.scan.stepper",
    "functional.symmetric_sums": "functional.liquid.symmetric_sums",
    "functional.torch_scan": "functional.scan.torch_scan",
    "layers.scan_layer": "layers.base",
    "networks.feature_first": "networks.modules",
    "series.windows": "forecasting.windows",
    "sktime.delegation": "sktime.adapter",
    "sktime.forecasting": "sktime.forecaster_adapter",
    "training.graph": "training.cuda_graph",
    "training.memory": "training.device_memory",
    "training.train": "training.fit_network",
}


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
