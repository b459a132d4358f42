"""The contract of the chunked scan: equal to its slow definition, in value and gradient, whatever the chunk length."""

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.blocks import _Circulant, toeplitz
from ssm_estimators.functional.diagonal import DiagonalSystem, complex_powers
from ssm_estimators.functional.scan import chunk_length, chunked_scan
from ssm_estimators.functional.torch_scan import ChunkedScan

H, P, BATCH = 3, 4, 2
LENGTHS = [1, 2, 7, 16, 23]
CHUNKS = [1, 4, 7, 64]


@pytest.fixture
def system():
    """Stable A_bar; B_bar; readouts of two directions; D: leaves that want gradients."""
    radius, angle = 0.6 + 0.39 * torch.rand(H, P).double(), 3 * torch.rand(H, P).double()
    A_bar = torch.polar(radius, angle)
    B_bar = torch.randn(H, P, dtype=torch.complex128)
    C = torch.randn(2, H, P, dtype=torch.complex128)
    D = torch.randn(H, dtype=torch.float64)
    return [value.requires_grad_() for value in (A_bar, B_bar, C, D)]


def _series(L):
    return torch.randn(H, BATCH, L, dtype=torch.float64, requires_grad=True)


def _real(state):
    return torch.view_as_real(state).flatten(-2)


def _assert_same(fast, slow, leaves):
    """Values, and gradients of a random projection, agree to rounding."""
    for value, expected in zip(fast, slow, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-11, atol=1e-11)
    weights = [torch.randn_like(value) for value in slow]
    gradients = [
        torch.autograd.grad(sum((w * value).sum() for w, value in zip(weights, values, strict=True)), leaves)
        for values in (fast, slow)
    ]
    for gradient, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(gradient, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("L", LENGTHS)
@pytest.mark.parametrize("T", CHUNKS)
@pytest.mark.parametrize("given", [False, True], ids=["from-zero", "from-state"])
def test_scan_is_the_recurrence(system, L, T, given):
    A_bar, B_bar, C, D = system
    u = _series(L)
    start = torch.randn(H, BATCH, P, dtype=torch.complex128, requires_grad=True) if given else None
    blocks = DiagonalSystem(A_bar, B_bar[None], C[:1], D).blocks(T, u)
    y, state = chunked_scan(u, blocks, None if start is None else _real(start))
    expected, end = reference.recurrence(A_bar, B_bar, C[0], D, u, start)
    leaves = [u, A_bar, B_bar, C, D] + ([start] if given else [])
    _assert_same([y, state], [expected, _real(end)], leaves)
    torch.testing.assert_close(
        y, chunked_scan(u, blocks, None if start is None else _real(start), return_state=False)[0]
    )


@pytest.mark.parametrize("L", LENGTHS)
def test_recurrence_is_the_convolution(system, L):
    A_bar, B_bar, C, D = system
    u = _series(L)
    convolved = reference.convolution(reference.kernel(A_bar, B_bar, C[0], L), u) + D[:, None, None] * u
    _assert_same([convolved], [reference.recurrence(A_bar, B_bar, C[0], D, u)[0]], [u, A_bar, B_bar, C, D])


@pytest.mark.parametrize("L", LENGTHS)
@pytest.mark.parametrize("T", CHUNKS)
def test_both_directions_are_two_recurrences(system, L, T):
    A_bar, B_bar, C, D = system
    u = _series(L)
    y, state = chunked_scan(u, DiagonalSystem(A_bar, B_bar[None], C, D).blocks(T, u), return_state=False)
    forward, _ = reference.recurrence(A_bar, B_bar, C[0], D, u)
    backward, _ = reference.recurrence(A_bar, B_bar, C[1], torch.zeros_like(D), u.flip(-1))
    assert state is None
    _assert_same([y], [forward + backward.flip(-1)], [u, A_bar, B_bar, C, D])


@pytest.mark.parametrize("T", CHUNKS)
@pytest.mark.parametrize("n_directions", [1, 2])
def test_several_inputs_share_one_state(system, T, n_directions):
    A_bar, B_bar, C, D = system
    inputs = [_series(11) for _ in range(1 + n_directions)]  # the input, then a second one a direction
    blocks = DiagonalSystem(A_bar, torch.stack([B_bar, 2 * B_bar]), C[:n_directions], D).blocks(T, inputs[0])
    y, _ = chunked_scan(inputs, blocks, return_state=False)
    expected = 0
    for direction, second in enumerate(inputs[1:]):
        for vector, skip, u in ((B_bar, D * (direction == 0), inputs[0]), (2 * B_bar, 0 * D, second)):
            u = u.flip(-1) if direction else u
            response, _ = reference.recurrence(A_bar, vector, C[direction], skip, u)
            expected = expected + (response.flip(-1) if direction else response)
    _assert_same([y], [expected], [*inputs, A_bar, B_bar, C, D])


@pytest.mark.parametrize("T", CHUNKS)
def test_state_of_each_case_is_that_at_its_own_length(system, T):
    A_bar, B_bar, C, D = system
    lengths = torch.tensor([13, 0, 5, 8, 12])
    u = torch.randn(H, len(lengths), 13, dtype=torch.float64)
    u = torch.where(torch.arange(13) < lengths[:, None], u, 0).requires_grad_()
    start = torch.randn(H, len(lengths), P, dtype=torch.complex128, requires_grad=True)
    _, state = chunked_scan(u, DiagonalSystem(A_bar, B_bar[None], C[:1], D).blocks(T, u), _real(start), lengths=lengths)
    ends = [
        start[:, i]
        if n == 0
        else reference.recurrence(A_bar, B_bar, C[0], D, u[:, i : i + 1, :n], start[:, i : i + 1])[1][:, 0]
        for i, n in enumerate(lengths.tolist())
    ]
    _assert_same([state], [_real(torch.stack(ends, dim=1))], [A_bar, B_bar, start])


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("with_states", [True, False])
def test_gradcheck_of_the_scan(system, n_directions, with_states):
    A_bar, B_bar, C, D = system
    T, n_chunks = 3, 3 if with_states else 1
    u = _series(T * n_chunks)
    blocks = DiagonalSystem(A_bar, B_bar[None], C[:n_directions], D).blocks(T, u)
    initial = torch.randn(H, BATCH, 2 * P, dtype=torch.float64) if with_states and n_directions == 1 else None
    tensors = [initial, blocks.transition, u, *blocks.toeplitz, *blocks.into_state, *blocks.from_state]
    tensors = [None if t is None else t.detach().requires_grad_() for t in tensors]

    def outputs(*tensors):
        return [out for out in ChunkedScan.apply(blocks.routes, with_states, *tensors) if out is not None]

    assert torch.autograd.gradcheck(outputs, tensors)


def test_gradcheck_of_the_blocks(system):
    A_bar, *_ = system
    assert torch.autograd.gradcheck(lambda a: complex_powers(a, 5), A_bar)
    period = torch.randn(2, 10, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(_Circulant.apply, period)


def test_powers_are_powers(system):
    A_bar, *_ = system
    for n in (1, 2, 5, 8):
        expected = torch.stack([A_bar**k for k in range(n + 1)], dim=-1)
        torch.testing.assert_close(complex_powers(A_bar, n), expected, rtol=1e-12, atol=0)


def test_toeplitz_of_two_directions():
    forward, backward = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[10.0, 20.0, 30.0]])
    assert toeplitz(forward, backward)[0].tolist() == [[11, 2, 3], [20, 11, 2], [30, 20, 11]]


@pytest.mark.parametrize("L", [1, 63, 64, 65, 150, 1000, 16_384])
def test_chunk_length_wastes_less_than_one_place_a_chunk(L):
    T = chunk_length(L)
    n_chunks = -(-L // T)
    assert T <= 64
    assert 0 <= n_chunks * T - L < n_chunks


def test_wrong_number_of_inputs_is_refused(system):
    A_bar, B_bar, C, D = system
    u = _series(5)
    blocks = DiagonalSystem(A_bar, B_bar[None], C[:1], D).blocks(4, u)
    with pytest.raises(ValueError, match=r"Expected 1 inputs of one shape \(3, batch, L\); got shapes"):
        chunked_scan([u, u], blocks)
    with pytest.raises(ValueError, match="both directions has no state"):
        chunked_scan(u, DiagonalSystem(A_bar, B_bar[None], C, D).blocks(4, u))


def test_autocast_leaves_the_scan_in_float32(system):
    A_bar, B_bar, C, D = system
    u = torch.randn(H, BATCH, 20)
    blocks = DiagonalSystem(A_bar, B_bar[None], C[:1], D).blocks(4, u)
    expected, _ = chunked_scan(u, blocks)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y, _ = chunked_scan(u, blocks)
    assert y.dtype == torch.float32
    assert torch.equal(y, expected)
