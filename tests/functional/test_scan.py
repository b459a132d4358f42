"""The contract of the chunked scan: equal to its slow definition, in value and gradient, whatever the chunk length.

PyTorch's operators run it in float64. Where TRITON_INTERPRET=1 is in the environment, or TEST_DEVICE=cuda, Triton's
kernels do so, in float32.
"""

import os
from dataclasses import replace

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.scan import chunk_length, chunked_scan, scan_system, set_backend
from ssm_estimators.functional.scan.convolution import convolve
from ssm_estimators.functional.scan.torch_scan import ChunkedScan, ChunkStates
from ssm_estimators.functional.systems.dense import DenseSystem

H, P, BATCH = 3, 4, 2
LENGTHS = [1, 2, 7, 16, 23]
DEVICE = os.environ.get("TEST_DEVICE", "cpu")
BY_TRITON = os.environ.get("TRITON_INTERPRET") == "1" or DEVICE == "cuda"
CHUNKS = [16, 32] if BY_TRITON else [1, 4, 7, 64]
DTYPE = torch.float32 if BY_TRITON else torch.float64


@pytest.fixture(autouse=True)
def _backend():
    set_backend("triton" if BY_TRITON else "torch")
    with torch.device(DEVICE):
        yield
    set_backend("auto")


def _leaves(system):
    return [system.A_bar, system.B_bar, system.C, system.D]


def _slow(system, u, direction=0, state=None):
    """Outputs and end of one direction, the definition."""
    D = system.D if direction == 0 else torch.zeros_like(system.D)
    if isinstance(system, DenseSystem):
        return reference.dense_recurrence(system.A_bar, system.B_bar, system.C[direction], D, u, state)
    state = None if state is None else torch.view_as_complex(state.unflatten(-1, (-1, 2)))
    y, end = reference.recurrence(system.A_bar, system.B_bar[0], system.C[direction], D, u, state)
    return y, torch.view_as_real(end).flatten(-2)


def _causal(system):
    return replace(system, C=system.C[:1])


def _series(L, batch=BATCH):
    return torch.randn(H, batch, L, dtype=torch.float64, requires_grad=True)


def _assert_close(value, expected, dtype):
    """As far as this precision of what made the value allows."""
    if dtype == torch.float64:
        return torch.testing.assert_close(value, expected, rtol=1e-10, atol=1e-10)
    assert (value - expected).norm() <= 1e-5 * expected.norm()


def _fast(u, system, T, *args, **kwargs):
    """The scan in the backend's own precision."""
    u = [each.to(DTYPE) for each in u] if isinstance(u, list) else u.to(DTYPE)
    like = u[0] if isinstance(u, list) else u
    args = [None if state is None else state.to(DTYPE) for state in args]
    return chunked_scan(u, system.blocks(T, like), *args, **kwargs)


def _assert_same(fast, slow, leaves):
    """Values, and gradients of a random projection, agree to rounding."""
    for value, expected in zip(fast, slow, strict=True):
        _assert_close(value, expected, fast[0].dtype)
    weights = [torch.randn_like(value) for value in slow]
    gradients = [
        torch.autograd.grad(
            sum((w * value).sum() for w, value in zip(weights, values, strict=True)), leaves, materialize_grads=True
        )
        for values in (fast, slow)
    ]
    for gradient, expected in zip(*gradients, strict=True):
        _assert_close(gradient, expected, fast[0].dtype)


@pytest.mark.parametrize("L", LENGTHS)
@pytest.mark.parametrize("T", CHUNKS)
@pytest.mark.parametrize("given", [False, True], ids=["from-zero", "from-state"])
def test_scan_is_the_recurrence(system, L, T, given):
    u, causal = _series(L), _causal(system)
    start = torch.randn(H, BATCH, 2 * P, dtype=torch.float64, requires_grad=True) if given else None
    fast = _fast(u, causal, T, start)
    _assert_same(fast, _slow(system, u, state=start), [u, *_leaves(system)] + ([start] if given else []))
    torch.testing.assert_close(fast[0], _fast(u, causal, T, start, return_state=False)[0])


@pytest.mark.parametrize("L", LENGTHS)
def test_recurrence_is_the_convolution(system, L):
    u = _series(L)
    if isinstance(system, DenseSystem):
        K = reference.dense_kernel(system.A_bar, system.B_bar, system.C[0], L).flatten(0, 1)
    else:
        K = reference.kernel(system.A_bar, system.B_bar[0], system.C[0], L)
    M = len(K) // H
    each = u.repeat_interleave(M, 0)
    convolved = reference.convolution(K, each) + system.D.reshape(-1, 1, 1) * each
    _assert_same([convolved], [_slow(system, u)[0]], [u, *_leaves(system)])


@pytest.mark.parametrize("L", LENGTHS)
@pytest.mark.parametrize("T", CHUNKS)
def test_both_directions_are_two_recurrences(system, L, T):
    u = _series(L)
    y, state = _fast(u, system, T, return_state=False)
    expected = _slow(system, u)[0] + _slow(system, u.flip(-1), direction=1)[0].flip(-1)
    assert state is None
    _assert_same([y], [expected], [u, *_leaves(system)])


@pytest.mark.parametrize("given", [False, True], ids=["from-zero", "from-state"])
def test_recomputed_states_are_those_that_were_kept(system, given):
    u, T = _series(70), CHUNKS[0]
    start = torch.randn(H, BATCH, 2 * P, dtype=torch.float64, requires_grad=True) if given else None
    found = []
    for recompute in (False, True):
        y, end = _fast(u, _causal(system), T, start, recompute=recompute)
        both = _fast(u, system, T, return_state=False, recompute=recompute)[0]
        total = sum(
            (value * torch.cos(torch.arange(value.numel())).view(value.shape)).sum() for value in (y, end, both)
        )
        found.append(torch.autograd.grad(total, [u, *_leaves(system)] + ([start] if given else [])))
    for kept, made in zip(*found, strict=True):
        assert torch.equal(kept, made)


@pytest.mark.parametrize("L", [23, 70])
def test_bfloat16_inputs_of_float32_blocks(system, L):
    """Only inputs, outputs and their gradients are rounded: states are not."""
    u, weight = _series(L).detach().bfloat16().requires_grad_(), torch.randn(L).bfloat16()
    wide = u.detach().float().requires_grad_()
    blocks = system.blocks(CHUNKS[1], wide)
    found = []
    for series in (u, wide):
        y, _ = chunked_scan(series, blocks, return_state=False)
        found.append([y, *torch.autograd.grad((y * weight).sum(), [series, system.C], retain_graph=True)])
    y, du, dC = found[0]
    assert y.dtype == du.dtype == torch.bfloat16
    rounding = {"rtol": 2**-7, "atol": 1e-6}  # Triton's interpreter rounds toward zero
    torch.testing.assert_close(y.float(), found[1][0], **rounding)
    torch.testing.assert_close(du.float(), found[1][1], **rounding)
    torch.testing.assert_close(dC, found[1][2], rtol=1e-3, atol=1e-3)
    ends = [chunked_scan(series, _causal(system).blocks(CHUNKS[1], wide))[1] for series in (u, wide)]
    assert ends[0].dtype == torch.float32
    torch.testing.assert_close(*ends)


@pytest.mark.parametrize("L", [16 * 32, 16 * 34 + 3] if BY_TRITON else [32, 67])
@pytest.mark.parametrize("direction", ["forward", "from-state", "both"])
def test_many_chunks_of_few_series(system, L, direction):
    u = _series(L)
    start = torch.randn(H, BATCH, 2 * P, dtype=torch.float64, requires_grad=True) if direction == "from-state" else None
    if direction == "both":
        y, _ = _fast(u, system, CHUNKS[0], return_state=False)
        expected = _slow(system, u)[0] + _slow(system, u.flip(-1), direction=1)[0].flip(-1)
        return _assert_same([y], [expected], [u, *_leaves(system)])
    fast = _fast(u, _causal(system), CHUNKS[0], start)
    _assert_same(fast, _slow(system, u, state=start), [u, *_leaves(system)] + ([start] if start is not None else []))


@pytest.mark.parametrize("T", CHUNKS)
@pytest.mark.parametrize("n_directions", [1, 2])
def test_several_inputs_share_one_state(T, n_directions, diagonal):
    system = diagonal
    leaves = [leaf.requires_grad_() for leaf in _leaves(system)]
    inputs = [_series(11) for _ in range(3)]

    def several():
        B_bar = torch.cat([system.B_bar, 2 * system.B_bar, 3 * system.B_bar])
        return replace(system, B_bar=B_bar, C=system.C[:n_directions])

    def expected():
        total = 0
        for direction in range(n_directions):
            for q, u in enumerate(inputs):
                one = replace(system, B_bar=(1 + q) * system.B_bar, D=system.D if q == 0 else 0 * system.D)
                early = torch.nn.functional.pad(u[..., q:], (0, q)) if direction else u
                response, _ = _slow(one, early.flip(-1) if direction else u, direction)
                total = total + (response.flip(-1) if direction else response)
        return total

    y, _ = _fast(inputs, several(), T, return_state=False)
    _assert_same([y], [expected()], [*inputs, *leaves])
    for by_matrix in (True, False):
        y = convolve(inputs, several().kernels(11, inputs[0]), by_matrix)
        _assert_same([y], [expected()], [*inputs, *leaves])


@pytest.mark.parametrize("T", CHUNKS)
def test_state_of_each_case_is_that_at_its_own_length(system, T):
    lengths = torch.tensor([13, 0, 5, 8, 12])
    u = torch.where(torch.arange(13) < lengths[:, None], _series(13, batch=5), 0)
    start = torch.randn(H, len(lengths), 2 * P, dtype=torch.float64, requires_grad=True)
    _, state = _fast(u, _causal(system), T, start, lengths=lengths)
    ends = [
        start[:, i] if n == 0 else _slow(system, u[:, i : i + 1, :n], state=start[:, i : i + 1])[1][:, 0]
        for i, n in enumerate(lengths.tolist())
    ]
    _assert_same([state], [torch.stack(ends, dim=1)], [system.A_bar, system.B_bar, start])


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("with_states", [True, False])
def test_gradcheck_of_the_scan(system, n_directions, with_states):
    T, n_chunks = 3, 3 if with_states else 1
    u = _series(T * n_chunks)
    blocks = replace(system, C=system.C[:n_directions]).blocks(T, u)
    initial = torch.randn(H, BATCH, 2 * P, dtype=torch.float64) if with_states and n_directions == 1 else None
    tensors = [initial, blocks.transition, u, *blocks.toeplitz, *blocks.into_state, *blocks.from_state]
    tensors = [None if t is None else t.detach().requires_grad_() for t in tensors]

    def outputs(*tensors):
        return [out for out in ChunkedScan.apply(blocks.routes, with_states, False, *tensors) if out is not None]

    assert torch.autograd.gradcheck(outputs, tensors)


@pytest.mark.parametrize("given", [False, True])
def test_gradcheck_of_the_states_alone(system, given):
    transition = system.blocks(3, _series(3)).transition.detach().requires_grad_()
    left = torch.randn(H, BATCH * 4, 2 * P, dtype=torch.float64, requires_grad=True)
    initial = torch.randn(H, BATCH, 2 * P, dtype=torch.float64, requires_grad=True) if given else None
    assert torch.autograd.gradcheck(lambda *t: ChunkStates.apply(*t, BATCH), [left, transition, initial])


@pytest.mark.parametrize("L", [1, 63, 64, 65, 150, 1000, 16_384])
def test_chunk_length_wastes_less_than_one_place_a_chunk(L):
    T = chunk_length(L)
    n_chunks = -(-L // T)
    assert T <= 64
    assert 0 <= n_chunks * T - L < n_chunks


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize(("L", "batch"), [(1, 1), (5, 2), (16, 2), (40, 1)], ids=["point", "matrix", "full", "Fourier"])
def test_kernels_alone_give_the_outputs(system, L, batch, n_directions):
    u, system = _series(L, batch), replace(system, C=system.C[:n_directions])
    expected = _slow(system, u)[0]
    if n_directions == 2:
        expected = expected + _slow(system, u.flip(-1), direction=1)[0].flip(-1)
    _assert_same([scan_system(u, system)[0]], [expected], [u, *_leaves(system)])


@pytest.mark.parametrize(("L", "batch"), [(100, 1), (300, 300), (400, 1000), (40_000, 1)])
def test_scan_of_a_system_is_the_scan_of_its_blocks(L, batch, diagonal):
    set_backend("torch")  # whose ways are many
    system, u = _causal(diagonal), torch.randn(H, batch, L)
    expected, end = chunked_scan(u, system.blocks(32, u))
    torch.testing.assert_close(scan_system(u, system)[0], expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(scan_system(u, system, return_state=True), (expected, end), rtol=1e-4, atol=1e-4)


def test_wrong_number_of_inputs_is_refused(system):
    u = _series(5)
    blocks = _causal(system).blocks(4, u)
    with pytest.raises(ValueError, match=r"Expected 1 inputs of one shape \(3, batch, L\); got shapes"):
        chunked_scan([u, u], blocks)
    with pytest.raises(ValueError, match="both directions has no state"):
        chunked_scan(u, system.blocks(4, u))


def test_autocast_leaves_the_scan_in_float32(system):
    u = torch.randn(H, BATCH, 20)
    blocks = _causal(system).blocks(4, u)
    expected, _ = chunked_scan(u, blocks)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = chunked_scan(u, blocks)
    assert y.dtype == torch.float32
    assert torch.equal(y, expected)
