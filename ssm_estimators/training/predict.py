"""Run a trained network: outputs of all cases, each of which does not depend on the others."""

import copy
import math
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from ssm_estimators.environment import autocast, settings, single_threads
from ssm_estimators.series.data import SeriesData

BATCHED_UP_TO = 700  # time points: longer series are run one at a time
POINTS_IN_CACHE, POINTS_OF_DEVICE = 2**13, 2**19  # time points per batch, by default
FILLED = 1.5  # longest over shortest series of a batch, at most: what lies past the end of a series costs time


def predict(
    module: torch.nn.Module,
    data: SeriesData,
    batch_size: int | None,
    device: torch.device,
    precision: str,
    n_threads: int | None,
    rate: float = 1.0,
) -> Tensor:
    """Outputs of all cases, on the CPU in float64.

    On a CPU the output of a case does not depend on the cases beside it. A library of matrix products rounds a row
    differently by its place among the others, and no choice of its routines prevents that everywhere. Series of up to
    700 time points are therefore run in float64, where this rounding is near 1e-15 of the output; longer ones are run
    one at a time, by operations that are then the same in every call. On other devices the outputs of a case agree to
    about 1e-6.

    Parameters
    ----------
    module : Module
        On ``device``, in evaluation mode.
    data : SeriesData
        On the CPU; batches are moved.
    batch_size : int or None
        Most cases a batch; ``None``: as many as are fast.
    device : torch.device
    precision : {"float32", "tf32", "bf16"}
        ``"tf32"`` is float32 where there is none.
    n_threads : int or None
    rate : float, default=1.0
        How many times coarser than in training the series are sampled.

    Returns
    -------
    Tensor of shape (n_cases, n_outputs), float64
    """
    if len(data) == 0:
        raise ValueError("Expected at least one case to predict.")
    lengths = torch.full((len(data),), data.X.shape[-1]) if data.lengths is None else data.lengths
    on_cpu = device.type == "cpu"
    exact = copy.deepcopy(module).double() if on_cpu and lengths.min() <= BATCHED_UP_TO else module

    def run(cases: Tensor) -> Tensor:
        longest = int(lengths[cases].max())
        in_float64 = on_cpu and longest <= BATCHED_UP_TO
        X = data.X[cases, :, :longest]
        inputs: dict[str, Any] = {"X": X.double() if in_float64 else X.to(device)}
        if (lengths[cases] < longest).any():
            inputs["lengths"] = lengths[cases].to(device)
        with torch.inference_mode(), autocast("float32" if in_float64 else precision, device):
            outputs: Tensor = (exact if in_float64 else module)(**inputs, rate=rate)
            return outputs.cpu().double()

    batches = list(_alike(lengths, batch_size, on_cpu))
    if on_cpu:
        n_workers = min(n_threads or torch.get_num_threads(), len(batches))
        with settings(precision, 1, device), single_threads(n_workers) as threads:
            outputs = list(threads.map(run, batches))
    else:
        with settings(precision, n_threads, device):
            outputs = [run(cases) for cases in batches]
    result = outputs[0].new_empty(len(data), outputs[0].shape[1])
    for cases, values in zip(batches, outputs, strict=True):
        result[cases] = values
    return result


def _alike(lengths: Tensor, batch_size: int | None, alone: bool) -> Iterator[Tensor]:
    """Positions of the cases of each batch, which are of similar length; the long ones perhaps alone."""
    order = torch.argsort(lengths, stable=True)
    ordered = lengths[order].tolist()
    start = 0
    while start < len(ordered):
        shortest, most = ordered[start], len(ordered) if batch_size is None else batch_size
        most = min(most, 1) if alone and shortest > BATCHED_UP_TO else most
        end = bisect_right(ordered, BATCHED_UP_TO if alone and shortest <= BATCHED_UP_TO else math.inf)
        end = min(end, start + most, bisect_right(ordered, FILLED * shortest))
        if batch_size is None:
            points = POINTS_IN_CACHE if alone else POINTS_OF_DEVICE
            end = min(end, start + max(1, points // ordered[end - 1]))
        yield order[start:end]
        start = end
