"""The one primitive: inputs and block matrices in, outputs and the state out."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.backend import takes_triton
from ssm_estimators.functional.block_matrices import Blocks, DiscreteSystem, move
from ssm_estimators.functional.scan.convolution import convolve, is_matrix_cheap
from ssm_estimators.functional.scan.refused import by_operators
from ssm_estimators.functional.scan.torch_scan import scan as torch_scan
from ssm_estimators.functional.triton.sizes import chunk_that_fits, fits

# longest chunks up to so many inputs per feature: making block matrices costs the more, the longer the chunks
LONGEST_UP_TO = ((2_500, 24), (6_000, 32), (12_000, 48), (30_000, 64))
LONGEST, LONGEST_OF_SEVERAL_INPUTS = 128, 64
# up to there Fourier transforms cost less than block matrices: time points, and inputs per feature
SHORT_SERIES, FEW_INPUTS = 1_000, 20_000


def chunk_length(L: int, longest: int = 64) -> int:
    """Inputs a chunk: at most ``longest``, and chosen so that the last chunk is as full as it can be.

    Examples
    --------
    >>> chunk_length(150), chunk_length(1024), chunk_length(1)
    (50, 64, 1)
    """
    return -(-L // -(-L // longest))


def scan_system(
    u: Tensor | Sequence[Tensor],
    system: DiscreteSystem,
    state: Tensor | None = None,
    *,
    lengths: Tensor | None = None,
    return_state: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Run systems over time, as is fastest: by :func:`chunked_scan`, or by their kernels.

    Parameters
    ----------
    u, state, lengths, return_state
        As of :func:`chunked_scan`.
    system : DiscreteSystem

    Returns
    -------
    y, state
        As of :func:`chunked_scan`.
    """
    inputs = (u,) if isinstance(u, Tensor) else u
    first = inputs[0]
    L = first.shape[-1]
    if takes_triton(first) and (T := chunk_that_fits(system.sizes, L, first.device)) is not None:
        return chunked_scan(inputs, system.blocks(T, first), state, lengths=lengths, return_state=return_state)
    batch = first.shape[1]
    # of a causal system not even rounding may let an output depend on later inputs
    short = len(system.C) == 2 and L <= SHORT_SERIES and batch * L <= FEW_INPUTS
    by_matrix = is_matrix_cheap(L, batch, len(inputs))
    if state is None and not return_state and (short or by_matrix):
        with torch.autocast(first.device.type, enabled=False):
            return convolve(inputs, system.kernels(L, first), by_matrix), None
    longest = next((T for most, T in LONGEST_UP_TO if batch * L <= most), LONGEST)
    longest = longest if len(inputs) == 1 else min(longest, LONGEST_OF_SEVERAL_INPUTS)
    blocks = system.blocks(chunk_length(L, longest), first)
    return chunked_scan(inputs, blocks, state, lengths=lengths, return_state=return_state)


def chunked_scan(
    u: Tensor | Sequence[Tensor],
    blocks: Blocks,
    state: Tensor | None = None,
    *,
    lengths: Tensor | None = None,
    return_state: bool = True,
    recompute: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Run H linear systems over time, chunk by chunk: O(L (T + 2 N)) operations, O(L) memory, any length.

    Dense transitions add O(L N^2 / T) operations.

    Parameters
    ----------
    u : Tensor of shape (H, batch, L), or a sequence of them
        Inputs of one system, as many as ``blocks`` reads, zero past ``lengths``. They may be of less precision than
        ``blocks``, such as bfloat16; states and sums are of that of the latter.
    blocks : Blocks
        The discrete systems, as a system's ``blocks`` makes them.
    state : Tensor of shape (H, batch, N) or None, default=None
        State before the first input; ``None`` is zero.
    lengths : Tensor of shape (batch,), integer, or None, default=None
        Inputs a case, for the returned state; ``None`` is L for all.
    return_state : bool, default=True
        Whether to compute the state after the last input.
    recompute : bool, default=False
        Whether the backward pass makes the states between chunks, N / T numbers a number of ``u`` and direction, anew
        instead of finding them in memory.

    Returns
    -------
    y : Tensor of shape (H * M, batch, L), of the dtype of ``u``
    state : Tensor of shape (H, batch, N) or None

    Raises
    ------
    ValueError
        If the number of inputs or their shapes do not fit ``blocks``, or if a state is given to or wanted of systems
        that also run backward.

    Notes
    -----
    Slow twin: :func:`ssm_estimators.functional.reference.recurrence`.

    Examples
    --------
    A sum that forgets half at each step:

    >>> from ssm_estimators.functional.systems.diagonal import DiagonalSystem
    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1, 1) + 0j
    >>> blocks = DiagonalSystem(half, one, one / 2, torch.zeros(1)).blocks(T=2, like=torch.zeros(1))
    >>> y, state = chunked_scan(torch.ones(1, 1, 3), blocks)
    >>> y.flatten().tolist()
    [1.0, 1.5, 1.75]
    """
    inputs = (u,) if isinstance(u, Tensor) else tuple(u)
    H, T = len(blocks.transition), blocks.chunk_length
    L = inputs[0].shape[-1]
    n_inputs = 1 + max(q for q, _ in blocks.inputs)
    if len(inputs) != n_inputs or any(x.shape != inputs[0].shape or len(x) != H for x in inputs):
        raise ValueError(
            f"Expected {n_inputs} inputs of one shape ({H}, batch, L); got shapes {[tuple(x.shape) for x in inputs]}."
        )
    check_directions(len(blocks.from_state), state, return_state)

    # with one more chunk than is full, every length up to L lies strictly inside some chunk
    n_chunks = L // T + 1 if return_state else -(-L // T)
    by_triton = takes_triton(blocks.toeplitz[0]) and fits(blocks.sizes, T, blocks.toeplitz[0].device)
    missing = 0 if by_triton and not return_state else n_chunks * T - L
    dtype = inputs[0].dtype if by_triton else blocks.toeplitz[0].dtype
    padded = [
        pad(inputs[q][..., shift:].to(dtype), (0, missing + min(shift, L))) if missing or shift else inputs[q].to(dtype)
        for q, shift in blocks.inputs
    ]
    with torch.autocast(inputs[0].device.type, enabled=False):
        if by_triton:
            from ssm_estimators.functional.triton.scan import scan as triton_scan  # needs triton

            y, states = triton_scan(padded, blocks, state, n_chunks, recompute, by_operators)
        else:
            y, states = torch_scan(
                padded,
                blocks.routes,
                blocks.transition,
                blocks.toeplitz,
                blocks.into_state,
                blocks.from_state,
                state,
                with_states=return_state or state is not None or n_chunks > 1,
                recompute=recompute,
            )
        y = (y[..., :L] if missing else y).to(inputs[0].dtype)
        if not return_state:
            return y, None
        return y, _state_inside_chunk(padded, states, blocks, known_lengths(inputs[0], lengths))


def known_lengths(u: Tensor, lengths: Tensor | None) -> Tensor:
    """Inputs of each case of (H, batch, L): ``lengths``, or all."""
    return torch.full((u.shape[1],), u.shape[2], device=u.device) if lengths is None else lengths


def check_directions(n_directions: int, state: Tensor | None, return_state: bool) -> None:
    """Raise if a state is given or asked for that does not exist."""
    if n_directions == 2 and (state is not None or return_state):
        raise ValueError("A system that runs in both directions has no state before the first or after the last input.")


def _state_inside_chunk(inputs: list[Tensor], states: Tensor, blocks: Blocks, lengths: Tensor) -> Tensor:
    """State of each case after ``lengths`` inputs: A_bar^r S + the r inputs of its last, unfinished chunk."""
    T = blocks.chunk_length
    chunk, rest = lengths // T, lengths % T
    case = torch.arange(len(lengths), device=lengths.device)
    state, power = states[:, case, chunk], blocks.A_bar  # (H, batch, N)
    for bit in range(T.bit_length()):
        odd = ((rest >> bit) & 1).bool()[:, None]
        state = torch.where(odd, move(state, power.to(blocks.transition)), state)
        power = power * power if power.is_complex() else power @ power
    # the rest of each case, moved to the right end of a chunk: position i holds input i - (T - rest)
    position = torch.arange(T, device=lengths.device) - (T - rest)[:, None]
    for u, into_state in zip(inputs, blocks.into_state, strict=True):
        tail = u.unflatten(-1, (-1, T))[:, case, chunk]  # (H, batch, T)
        tail = torch.where(position >= 0, tail.gather(-1, position.clamp(min=0).expand_as(tail)), 0)
        state = state + torch.bmm(tail.to(into_state), into_state)
    return state
