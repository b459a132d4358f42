"""From responses at all time points to a few numbers a kernel."""

from collections.abc import Sequence

import torch
from torch import Tensor

POOLINGS = ("share", "excess", "max", "energy", "wins", "losses", "last")
SILENT = 1e-5  # responses of unit kernels to standardised series below this are rounding, and win nothing
HIDDEN = -1e30


def pool(y: Tensor, thresholds: Tensor, observed: Tensor, group_size: int, poolings: Sequence[str]) -> Tensor:
    """Poolings over time, of responses that are overwritten.

    Parameters
    ----------
    y : Tensor of shape (n_kernels, T, n_chunks, n_cases)
        Responses in chunks of T time points.
    thresholds : Tensor of shape (n_kernels,)
    observed : Tensor of shape (T, n_chunks, n_cases), float
        1 where a time point counts, else 0.
    group_size : int
        Neighbouring kernels that compete.
    poolings : sequence of str
        Of :data:`POOLINGS`: the share of time points above the threshold and their mean excess over it, the maximum,
        the logarithm of the mean square, and what a kernel gets where it has the highest or lowest response of its
        group: the root of the mean of such responses (``"wins"``), of the share of such points (``"losses"``); and the
        response at the last observed time point.

    Returns
    -------
    Tensor of shape (n_cases, n_kernels, n_poolings)
    """
    n = observed.sum((0, 1)).clamp_min(1)  # (n_cases,)
    y = y.mul_(observed)
    scratch = torch.empty_like(y)
    pooled = {}
    if "last" in poolings:
        at = (
            torch.arange(observed[..., 0].numel(), device=y.device).view(-1, len(observed)).T[..., None]
        )  # (T, n_chunks, 1)
        last = (observed * (at + 1)).amax((0, 1))  # (n_cases,), 0 if nothing was observed
        pooled["last"] = _sum(torch.mul(y, at + 1 == last, out=scratch))
    if "energy" in poolings:
        pooled["energy"] = torch.log(_sum(torch.mul(y, y, out=scratch)) / n + 1e-6)
    groups, group_scratch = (t.view(-1, group_size, *t.shape[1:]) for t in (y, scratch))
    if "wins" in poolings:
        highest = groups.amax(1, keepdim=True).clamp_min_(SILENT)
        torch.ge(groups, highest, out=group_scratch).mul_(groups)
        pooled["wins"] = (_sum(scratch) / n).sqrt()
    if "losses" in poolings:
        lowest = groups.amin(1, keepdim=True).clamp_max_(-SILENT)
        torch.le(groups, lowest, out=group_scratch)
        pooled["losses"] = (_sum(scratch) / n).sqrt()
    above = y.sub_(thresholds[:, None, None, None]).add_((1 - observed) * HIDDEN)
    if "max" in poolings:
        highest = above.amax(1).amax(1)
        pooled["max"] = torch.where(highest > HIDDEN / 2, highest + thresholds[:, None], 0)
    n_above = _sum(torch.gt(above, 0, out=scratch))
    pooled["share"] = n_above / n
    if "excess" in poolings:
        pooled["excess"] = _sum(above.clamp_min_(0)) / n_above.clamp_min(1)
    return torch.stack([pooled[name] for name in poolings], dim=-1).transpose(0, 1)


def _sum(values: Tensor) -> Tensor:
    """Sum over time: (n_kernels, T, n_chunks, n_cases) to (n_kernels, n_cases)."""
    return values.flatten(2).sum(1).view(len(values), *values.shape[2:]).sum(1)
