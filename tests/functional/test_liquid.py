"""The forms of a liquid system against each other and against its recurrence."""

from itertools import chain, combinations, combinations_with_replacement

import pytest
import torch

from ssm_estimators.functional import reference
from ssm_estimators.functional.liquid import exact_scan as scan_module
from ssm_estimators.functional.liquid import input_products as products_module
from ssm_estimators.functional.liquid.degree import Degree
from ssm_estimators.functional.liquid.exact import Exact
from ssm_estimators.functional.liquid.exact_scan import LiquidScan
from ssm_estimators.functional.liquid.input_products import add_products, input_products
from ssm_estimators.functional.liquid.products import KB, PB, liquid_inputs
from ssm_estimators.functional.liquid.symmetric_sums import symmetric_sums
from ssm_estimators.functional.systems.diagonal import DiagonalSystem

H, P, BATCH = 2, 3, 2


@pytest.fixture
def system():
    A_bar = torch.polar(0.5 + 0.4 * torch.rand(H, P).double(), torch.rand(H, P).double())
    B_bar, C = torch.randn(2, H, P, dtype=torch.complex128)
    return A_bar, 0.3 * B_bar, C, torch.zeros(H, dtype=torch.float64)


def _term(C, coefficient, u, factors):
    return (2 * (C * coefficient).sum(-1).real)[:, None] * torch.stack([u[..., k] for k in factors]).prod(0)


def test_kb_of_degree_2_is_exact_for_two_inputs(system):
    A_bar, B_bar, C, D = system
    u = torch.randn(H, BATCH, 2, dtype=torch.float64)
    torch.testing.assert_close(
        reference.liquid_kb(A_bar, B_bar, C, D, u, 2),
        reference.liquid_exact(A_bar, B_bar, C, D, u),
        rtol=1e-13,
        atol=1e-13,
    )


@pytest.mark.parametrize("degree", [2, 3])
def test_kb_misses_the_stated_terms_of_three_inputs(system, degree):
    A_bar, B_bar, C, D = system
    u = torch.randn(H, BATCH, 3, dtype=torch.float64)
    missing = reference.liquid_exact(A_bar, B_bar, C, D, u) - reference.liquid_kb(A_bar, B_bar, C, D, u, degree)
    expected = _term(C, A_bar * B_bar**2, u, (0, 2))
    if degree == 2:
        expected = expected + _term(C, B_bar**3, u, (0, 1, 2))
    torch.testing.assert_close(missing[..., 2], expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(missing[..., :2], torch.zeros_like(missing[..., :2]), rtol=0, atol=1e-13)


@pytest.mark.parametrize("degree", [2, 4])
def test_products_go_on_from_the_past(degree):
    u = torch.randn(H, BATCH, 9)
    whole = input_products(u, degree)
    tail = input_products(u[..., 5:], degree, u[..., 5 - degree + 1 : 5])
    for product, rest in zip(whole, tail, strict=True):
        assert torch.equal(product[..., 5:], rest)


def test_products_are_of_successive_inputs_and_missing_ones_are_zero():
    squares, cubes = input_products(torch.tensor([2.0, 3.0, 4.0]), 3)
    assert squares.tolist() == [0, 6, 12]
    assert cubes.tolist() == [0, 0, 24]


def test_each_degree_enters_by_a_power_scaled_with_the_rate(system):
    _, B_bar, *_ = system
    vectors = liquid_inputs(B_bar, 3, rate=2.0)
    for q, vector in enumerate(vectors, start=1):
        torch.testing.assert_close(vector, B_bar**q * 2.0 ** (1 - q))


def _scan(form, system, u, **kw):
    A_bar, B_bar, C, D = system
    discrete = DiagonalSystem(A_bar, B_bar[None], C[None], D)
    return form.scan(lambda rate: discrete, u, **kw)


@pytest.mark.parametrize("L", [1, 2, 5, 8])
def test_degree_as_long_as_the_series_is_exact(system, L):
    u = torch.randn(H, BATCH, L, dtype=torch.float64)
    expected = reference.liquid_exact(*system, u)
    for degree in (max(L, 2), L + 3):
        torch.testing.assert_close(_scan(Degree(degree), system, u)[0], expected, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(_scan(Exact(guard=False), system, u)[0], expected, rtol=1e-12, atol=1e-13)


def test_degree_as_long_as_the_series_is_exact_across_chunks(system):
    """Series of 130 points of which five, on both sides of a chunk's end at 44, are not zero."""
    u = torch.zeros(H, BATCH, 130, dtype=torch.float64)
    u[..., [40, 42, 43, 44, 46]] = torch.randn(H, BATCH, 5, dtype=torch.float64)
    expected = reference.liquid_exact(*system, u)
    torch.testing.assert_close(_scan(Degree(5), system, u)[0], expected, rtol=1e-11, atol=1e-12)
    assert (_scan(Degree(4), system, u)[0] - expected).abs().max() > 1e-9


def test_each_degree_adds_what_scales_with_that_power_of_the_input(system):
    u = torch.randn(H, BATCH, 20, dtype=torch.float64)
    for q in (2, 3, 4):
        below = (lambda u, q=q: _scan(Degree(q - 1), system, u)[0]) if q > 2 else (lambda u: _linear(system, u))
        part, doubled = (_scan(Degree(q), system, s * u)[0] - below(s * u) for s in (1, 2))
        torch.testing.assert_close(doubled, 2**q * part, rtol=1e-9, atol=1e-11)


def _linear(system, u):
    return reference.recurrence(*system, u)[0]


def test_pb_is_the_newest_response_of_kb(system):
    """What kb adds to an impulse response's newest point; later points it does not have."""
    u = torch.zeros(H, BATCH, 10, dtype=torch.float64)
    u[..., :2] = torch.randn(H, BATCH, 2, dtype=torch.float64)
    linear = _linear(system, u)
    kb, pb = (_scan(form(2), system, u)[0] - linear for form in (KB, PB))
    torch.testing.assert_close(pb[..., :2], kb[..., :2], rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(pb[..., 2:], torch.zeros_like(pb[..., 2:]), rtol=0, atol=1e-13)
    assert (kb[..., 2:] != 0).any()


@pytest.mark.parametrize("guard", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_gradcheck_of_the_liquid_scan(system, guard, given, monkeypatch):
    monkeypatch.setattr(scan_module, "CHUNK", 32 * P * H * BATCH)  # steps of 32: three chunks
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)  # so two groups of columns
    A_bar, B_bar, C, _ = system
    u = 2 * torch.randn(H, BATCH, 70, dtype=torch.float64)  # the guard acts on some
    initial = torch.randn(H, BATCH, P, dtype=torch.complex128, requires_grad=True) if given else None
    lengths = torch.tensor([70, 0] if given else [40, 64])
    leaves = [value.detach().requires_grad_() for value in (A_bar, B_bar, C)]
    scale = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)  # of the inputs: one number for 280

    def outputs(A_bar, B_bar, C, scale, initial):
        return LiquidScan.apply(A_bar, B_bar, C[None], scale * u, initial, lengths, guard)[:2]

    assert torch.autograd.gradcheck(outputs, [*leaves, scale, initial], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize(("steps", "threads"), [(1, 1), (7, 2), (70, 4), (1000, 3)])
def test_chunks_and_groups_of_columns_do_not_matter(system, n_directions, steps, threads, monkeypatch):
    A_bar, B_bar, C, D = system
    discrete = DiagonalSystem(A_bar, B_bar[None], torch.stack([C, 2 * C][:n_directions]), D)
    u = torch.randn(H, BATCH, 70, dtype=torch.float64)
    expected, _, of_guard = Exact().scan_guarded(discrete, u)
    monkeypatch.setattr(scan_module, "CHUNK", steps * P * H * BATCH * n_directions)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    y, _, of_groups = Exact().scan_guarded(discrete, u)
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(of_groups, of_guard, rtol=1e-12, atol=1e-12)


def test_guard_keeps_the_state_bounded_and_says_what_it_did(system):
    A_bar, B_bar, C, D = system
    u = torch.ones(H, BATCH, 2000, dtype=torch.float64)
    strong = (A_bar.abs() + 0j, B_bar.abs() + 0j, C, D)  # transitions above 1 at every step
    assert _scan(Exact(guard=False), strong, u)[0].abs().max() > 1e30
    y, _ = _scan(Exact(), strong, u)
    torch.testing.assert_close(y, reference.liquid_exact(*strong, u, guard=True))
    discrete = DiagonalSystem(strong[0], strong[1][None], C[None], D)
    modulus = strong[0].abs() + strong[1].abs()
    u[:, 1, 3:] = 0
    _, _, (clamped, growth) = Exact().scan_guarded(discrete, u, lengths=torch.tensor([2000, 3]))
    assert clamped == pytest.approx((modulus > 1).double().mean().item(), abs=1e-6)
    assert growth == pytest.approx(modulus.log().max().item(), rel=1e-5)
    _, _, (clamped, growth) = Exact().scan_guarded(discrete, 0 * u)
    assert clamped == 0
    assert growth == pytest.approx(A_bar.abs().max().log().item(), rel=1e-5)


@pytest.mark.parametrize("degree", [2, 3, 4])
def test_gradcheck_of_symmetric_sums(degree):
    u = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(3 * degree, 2, 5, dtype=torch.float64)

    def total(u):
        return sum(w * part for w, part in zip(weights, chain(*symmetric_sums(u, degree)), strict=True))

    assert torch.autograd.gradcheck(total, u)


def test_symmetric_sums_are_those_of_all_products():
    u = torch.randn(6, dtype=torch.float64)
    sums, inputs, suffixes = symmetric_sums(u, 4)
    for m in range(4):
        for j in range(6):
            of_first = sum(torch.prod(torch.stack(c)) for c in combinations(u[: j + 1], m)) if m else torch.tensor(1.0)
            complete = combinations_with_replacement(u[: j + 1], m)
            of_complete = (-1) ** m * sum(torch.prod(torch.stack(c)) if c else 1.0 for c in complete)
            of_later = sum(torch.prod(torch.stack(c)) if c else 1.0 for c in combinations(u[j + 1 :], m))
            assert sums[m][j] == pytest.approx(float(of_first), abs=1e-12)
            assert inputs[m][j] == pytest.approx(float(u[j] * of_complete), abs=1e-12)
            assert suffixes[m][j] == pytest.approx(float(u[j] * of_later), abs=1e-12)


@pytest.mark.parametrize("degree", [2, 4])
@pytest.mark.parametrize("L", [1, 2, 6])
def test_gradcheck_of_input_products(degree, L):
    u, past = torch.randn(2, L, dtype=torch.float64), torch.randn(2, degree - 1, dtype=torch.float64)
    leaves = [u.requires_grad_(), past.requires_grad_()]
    assert torch.autograd.gradcheck(lambda u, past: tuple(input_products(u, degree, past)), leaves)


@pytest.mark.parametrize("degree", [2, 4])
@pytest.mark.parametrize("n_directions", [1, 2])
@pytest.mark.parametrize("L", [1, 3, 7])
def test_gradcheck_of_added_products(degree, n_directions, L, monkeypatch):
    monkeypatch.setattr(products_module, "ROWS", 2 * L)  # two series at a time
    y, u = torch.randn(2, H, L, BATCH, dtype=torch.float64).transpose(-1, -2)  # not contiguous
    past = torch.randn(H, BATCH, degree - 1, dtype=torch.float64) if n_directions == 1 else None
    gains = torch.randn(n_directions, degree - 1, H, dtype=torch.float64)
    leaves = [value if value is None else value.detach().requires_grad_() for value in (y, u, gains, past)]
    assert torch.autograd.gradcheck(add_products, leaves)
    if n_directions == 2:
        flipped = add_products(torch.zeros_like(y), u.flip(-1), gains[1:]).flip(-1)
        expected = add_products(y, u, gains[:1]) + flipped
        torch.testing.assert_close(add_products(y, u, gains), expected, rtol=1e-12, atol=1e-12)
