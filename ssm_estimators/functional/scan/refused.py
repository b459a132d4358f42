"""What takes the place of Triton's kernels where a GPU refuses one: the same scan by PyTorch's operators."""

from torch import Tensor
from torch.nn.functional import pad

from ssm_estimators.functional.scan.torch_scan import scan


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
    """As :class:`~ssm_estimators.functional.triton.scan.TritonScan`."""
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
