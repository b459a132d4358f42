"""Which chunks Triton's kernels can take: an estimate of the shared memory that a walk along the chunks needs.

The walk keeps the matrices of a system on the chip. What it needs there was read off Triton's compiler for sm_90, and
the tests hold every case to it. The doubling of dense systems keeps them there too. All other kernels work by tiles,
which always fit.
"""

import warnings

import torch

from ssm_estimators.functional.block_matrices import Sizes

CHUNKS = (64, 32, 16)  # time points
ROWS = 16  # of a tile of states: the least that tensor cores take
GROUP = 64  # states of a diagonal system that a program walks along at once; more lack registers
WIDEST = 128  # inputs per chunk, all that drive a state together; more lack registers
HOPPER = LARGEST_SHARED_MEMORY = 232_448  # bytes that a program may have on an H100 or its successors
MANY = 8192  # numbers in the matrices of a walk, for more of which four warps lack registers
VERY_MANY = 16_384  # for more of which there is no room to fetch ahead either
DOUBLED = ((64, 2**17), (32, 2**15))  # states, and the bytes that doubling so many takes

_TOO_LARGE: set[tuple[Sizes, int, torch.device, str]] = set()  # what a GPU has refused all the same


def tile_width(n: int) -> int:
    """The least size of a tile that holds n.

    Examples
    --------
    >>> tile_width(3), tile_width(40)
    (16, 64)
    """
    return max(ROWS, 1 << (n - 1).bit_length())


def precision() -> str:
    """How products of float32 are made: ``"tf32"`` if the caller allows that, else from three of those."""
    return "tf32" if torch.backends.cuda.matmul.fp32_precision == "tf32" else "tf32x3"


def shared_memory(device: torch.device) -> int:
    """Bytes of shared memory that a program may have; where no kernel is run, as many as on the largest GPU."""
    if device.type != "cuda":
        return LARGEST_SHARED_MEMORY
    size: int = torch.cuda.get_device_properties(device).shared_memory_per_block_optin  # type: ignore[attr-defined]  # missing in PyTorch's types
    return size


def chunk_that_fits(sizes: Sizes, n_timepoints: int, device: torch.device) -> int | None:
    """Time points per chunk: as many as fit, and no more than hold the series; None if not even the shortest fits."""
    enough = [T for T in CHUNKS if 2 * tile_width(n_timepoints) > T] or [CHUNKS[-1]]
    return next((T for T in enough if fits(sizes, T, device)), None)


def fits(sizes: Sizes, T: int, device: torch.device) -> bool:
    """Whether the kernels take chunks of T time points."""
    known_to_fail = (sizes, T, device, precision()) in _TOO_LARGE
    is_narrow = _widths(sizes, T)[0] <= WIDEST
    return T in CHUNKS and is_narrow and not known_to_fail and walk_bytes(sizes, T) <= shared_memory(device)


def note_too_large(sizes: Sizes, T: int, device: torch.device, error: Exception) -> None:
    """Remember, and tell, that a GPU refused a kernel in spite of the estimate."""
    _TOO_LARGE.add((sizes, T, device, precision()))
    warnings.warn(
        f"{device} refuses a kernel for {sizes.n_states} states in chunks of {T} time points ({error}). This scan runs "
        "by PyTorch's own operators, the next by shorter chunks where they fit. Please report the device.",
        UserWarning,
        stacklevel=2,
    )


def doubling_fits(n_states: int, T: int, device: torch.device) -> bool:
    """Whether a kernel can double dense systems up to T time points: a power of 2 that tensor cores take."""
    most = next((n for n, size in DOUBLED if size <= shared_memory(device)), 0)
    return T >= ROWS and T & (T - 1) == 0 and n_states <= most


def walk_bytes(sizes: Sizes, T: int) -> int:
    """Bytes of shared memory of the walk, of states in the forward pass and of gradients in the backward pass."""
    width, state, moving = _widths(sizes, T)
    copies = 2 if precision() == "tf32x3" else 1  # the high and the low half of each number
    buffers = (walk_options(sizes, T)["num_stages"] - 1) * ROWS * width  # inputs that are fetched ahead
    return 4 * (copies * (width * state + moving) + buffers + (copies if moving else 1) * ROWS * state)


def walk_options(sizes: Sizes, T: int) -> dict[str, int]:
    """Warps of a program that walks along the chunks, and stages, of which all but one are buffers."""
    width, state, moving = _widths(sizes, T)
    n_numbers = width * state + moving
    is_large = width == WIDEST or n_numbers > MANY
    return {"num_warps": 8 if is_large else 4, "num_stages": 1 if n_numbers > VERY_MANY else 3}


def walk_width(n_states: int, is_diagonal: bool) -> int:
    """States that a program walks along: of dense systems all; of diagonal ones a group, where there are many."""
    return min(tile_width(n_states), GROUP) if is_diagonal else tile_width(n_states)


def options_of_sums(device: torch.device) -> tuple[int, dict[str, int]]:
    """For the gradients of matrices: output columns, at most, of a program; chunks to sum over at once, and warps.

    GPUs for data centres, from Hopper on, multiply from shared memory: on an H200 four warps took two thirds of eight's
    time, although the sums of both directions then lack some registers. Other GPUs lack them for large tiles.
    """
    if shared_memory(device) >= HOPPER:
        return 64, {"ROWS": 2 * ROWS, "num_warps": 4, "num_stages": 1}
    return 32, {"ROWS": ROWS, "num_warps": 8, "num_stages": 3}


def _widths(sizes: Sizes, T: int) -> tuple[int, int, int]:
    """Rows and columns of the matrix that inputs drive states by, and numbers in that which moves states."""
    width = tile_width(max(sizes.n_inputs, sizes.n_outputs) * T)
    state = walk_width(sizes.n_states, sizes.is_diagonal)
    return width, state, 0 if sizes.is_diagonal else state * state
