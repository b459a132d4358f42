"""From responses at all time points to a few numbers per kernel."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ssm_estimators.series.moments import add_up

SILENT = 1e-5  # responses of kernels of unit energy to standardised series below this are rounding, and win nothing
HIDDEN = -1e30

# each from sums over the time points, (n_kernels or 1, n_windows, n_cases)
_FINISH = {
    "share": lambda sums: sums["above"] / sums["n"].clamp_min(1),
    "excess": lambda sums: sums["excess"] / sums["above"].clamp_min(1),
    "max": lambda sums: torch.where(sums["max"] > HIDDEN / 2, sums["max"], 0),
    "energy": lambda sums: torch.log(sums["energy"] / sums["n"].clamp_min(1) + 1e-6),
    "wins": lambda sums: (sums["wins"] / sums["n"].clamp_min(1)).sqrt(),
    "losses": lambda sums: (sums["losses"] / sums["n"].clamp_min(1)).sqrt(),
    "last": lambda sums: sums["last"],
}
POOLINGS = tuple(_FINISH)


def pool(
    y: Tensor, thresholds: Tensor, observed: Tensor, group_size: int, poolings: Sequence[str], windows: int = 1
) -> dict[str, Tensor]:
    """What poolings need of responses, which are overwritten: sums and maxima over windows of time.

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
    windows : int, default=1
        So many parts of equally many chunks.

    Returns
    -------
    dict of Tensor of shape (n_kernels, n_windows, n_cases)
        For :func:`finish`.
    """
    hidden = _partly_observed(observed)
    y[:, :, hidden].mul_(observed[:, hidden])
    scratch, sums = torch.empty_like(y), {}
    if "last" in poolings:
        number = torch.arange(observed[..., 0].numel(), device=y.device).view(-1, len(observed)).T[..., None] + 1
        last = (observed * number).amax((0, 1))  # (n_cases,), 0 if nothing was observed
        sums["last"] = _sum(torch.mul(y, number == last, out=scratch), windows)
    if "energy" in poolings:
        sums["energy"] = _sum(torch.mul(y, y, out=scratch), windows)
    groups, group_scratch = (t.view(-1, group_size, *t.shape[1:]) for t in (y, scratch))
    if "wins" in poolings:
        highest = groups.amax(1, keepdim=True).clamp_min_(SILENT)
        torch.ge(groups, highest, out=group_scratch).mul_(groups)
        sums["wins"] = _sum(scratch, windows)
    if "losses" in poolings:
        lowest = groups.amin(1, keepdim=True).clamp_max_(-SILENT)
        torch.le(groups, lowest, out=group_scratch)
        sums["losses"] = _sum(scratch, windows)
    above = y.sub_(thresholds[:, None, None, None])
    above[:, :, hidden].add_((1 - observed[:, hidden]) * HIDDEN)
    if "max" in poolings:
        sums["max"] = _max(above, windows) + thresholds[:, None, None]
    if "share" in poolings or "excess" in poolings:
        sums["above"] = _sum(torch.gt(above, 0, out=scratch), windows)
    if "excess" in poolings:
        sums["excess"] = _sum(above.clamp_min_(0), windows)
    return sums


def finish(sums: dict[str, Tensor], observed: Tensor, poolings: Sequence[str], windows: int = 1) -> list[Tensor]:
    """Poolings over all time and over windows of it.

    Parameters
    ----------
    sums : dict of Tensor of shape (n_kernels, n_windows, n_cases)
        From :func:`pool`.
    observed : Tensor of shape (T, n_chunks, n_cases), float
    poolings : sequence of str
    windows : int, default=1

    Returns
    -------
    list of Tensor
        Over all time, (n_cases, 1, n_kernels, n_poolings); if there is more than one window, over each
        (n_cases, n_windows, n_kernels, n_poolings) too, without ``"last"``.
    """
    sums = {**sums, "n": _sum(observed[None].clone(), windows)}
    total = {name: add_up(part.clone(), 1)[:, None] for name, part in sums.items() if name != "max"}
    if "max" in poolings:
        total["max"] = sums["max"].amax(1, keepdim=True)
    levels = [(total, poolings), (sums, windowed(poolings))]
    return [
        torch.stack([_FINISH[name](values) for name in names], dim=-1).permute(2, 1, 0, 3)
        for values, names in levels[: 1 + (sums["n"].shape[1] > 1)]
    ]


def windowed(poolings: Sequence[str]) -> list[str]:
    """Those that make sense over windows too."""
    return [name for name in poolings if name != "last"]


def _partly_observed(observed: Tensor) -> slice:
    """The chunks from the first to the last in which something is not observed: often only the last one."""
    partly = (observed.amin((0, 2)) < 1).nonzero().flatten().tolist()
    return slice(partly[0], partly[-1] + 1) if partly else slice(0, 0)


def _sum(values: Tensor, windows: int) -> Tensor:
    """Sums over time: (n_kernels, T, n_chunks, n_cases), which are overwritten, to (n_kernels, n_windows, n_cases)."""
    return add_up(add_up(values, 1).unflatten(1, (windows, -1)), 2).contiguous()


def _max(values: Tensor, windows: int) -> Tensor:
    """Likewise, maxima."""
    return values.amax(1).view(len(values), windows, -1, values.shape[3]).amax(2)
