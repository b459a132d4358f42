"""What takes the place of Triton's kernels where a GPU refuses one: the same scan by PyTorch's operators."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.torch_scan import scan


def by_operators(
    n_chunks: int,
    recompute: bool,
    u: Tensor,
    initial: Tensor | None,
    transition: Tensor,
    toeplitz: Tensor,
    into: Tensor,
    readout: Tensor,
) -> tuple[Tensor, Tensor]:
    """As :class:`~ssm_estimators.functional.triton_scan.TritonScan`."""
    Q, T = len(u), into.shape[2] // len(u)
    y, states = scan(
        pad(u, (0, n_chunks * T - u.shape[-1])).to(toeplitz).unbind(),
        tuple((q, d) for d in range(len(into)) for q in range(Q)),
        transition,
        toeplitz.split(T, dim=1),
        [matrix for of_direction in into for matrix in of_direction.split(T, dim=1)],
        readout.unbind(),
        initial,
        with_states=True,
        recompute=recompute,
    )
    return y[..., : u.shape[-1]].to(u), states


def gradients_by_operators(
    n_chunks: int, given: list[Tensor], dy: Tensor | None, dstates: Tensor | None
) -> Sequence[Tensor | None]:
    """As of :class:`~ssm_estimators.functional.triton_scan.TritonScan`."""
    with torch.enable_grad():
        leaves = [None if tensor is None else tensor.detach().requires_grad_() for tensor in given]
        made = by_operators(n_chunks, False, *leaves)
        wanted = [leaf for leaf in leaves if leaf is not None]
        pairs = [pair for pair in zip(made, (dy, dstates), strict=True) if pair[1] is not None]
        found = iter(torch.autograd.grad([y for y, _ in pairs], wanted, [dy for _, dy in pairs]))
    return [None if leaf is None else next(found) for leaf in leaves]
