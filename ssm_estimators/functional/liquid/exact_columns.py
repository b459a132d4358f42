"""Series as columns beside each other: arrays (G, n, k, P, R) of G groups, n steps, k parts, P modes, R columns each.

A column is a direction, feature and case, in this order. There are as many groups as threads, so that every operation,
on one step or on many, gives a thread the same group: threads that read what others wrote wait for it longer than the
arithmetic takes.
"""

import math

import torch
from torch import Tensor


def to_columns(pairs: Tensor) -> Tensor:
    """Complex (n_directions, H, batch, P) as real (G, 1, 2, P, R)."""
    return _in_groups(torch.view_as_real(pairs.resolve_conj()).permute(4, 3, 0, 1, 2).flatten(2)[None])


def from_columns(columns: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Real (G, 1, k, P, R) as (n_directions, H, batch, P, k); ``shape`` is the first three.

    >>> pairs = torch.randn(2, 3, 4, 5, dtype=torch.complex64)
    >>> torch.equal(torch.view_as_complex(from_columns(to_columns(pairs), (2, 3, 4))), pairs)
    True
    """
    values: Tensor = columns[:, 0].movedim(0, 2).flatten(2).unflatten(2, shape).permute(2, 3, 4, 1, 0).contiguous()
    return values


def to_input_columns(u: Tensor, n_directions: int) -> Tensor:
    """(H, batch, L) as (G, L, 1, 1, R), the second direction's columns reversed in time."""
    directions = u[None] if n_directions == 1 else torch.stack([u, u.flip(-1)])
    return _in_groups(directions.flatten(0, 2).T[:, None, None])


def from_input_columns(columns: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(G, L, 1, 1, R) as (H, batch, L), the directions added up; ``shape`` is (n_directions, H, batch).

    >>> u = torch.randn(3, 4, 7)
    >>> torch.equal(from_input_columns(to_input_columns(u, 2), (2, 3, 4)), 2 * u)
    True
    """
    forward, *backward = columns[:, :, 0, 0].mT.reshape(*shape, -1)
    total: Tensor = forward + backward[0].flip(-1) if backward else forward
    return total


def last_steps(lengths: Tensor, columns: Tensor) -> Tensor:
    """Place of each column's last input, (G, R), by the lengths of the cases; -1 if there is none."""
    return lengths.repeat(columns[:, 0].numel() // len(lengths)).view(len(columns), -1) - 1


def _in_groups(columns: Tensor) -> Tensor:
    """(..., columns) as (G, ..., R)."""
    n_groups = math.gcd(columns.shape[-1], torch.get_num_threads())
    groups: Tensor = columns.unflatten(-1, (n_groups, -1)).movedim(-2, 0).contiguous()
    return groups
