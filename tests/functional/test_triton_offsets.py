"""Triton's kernels on arrays whose parts lie more than 2^31 numbers apart.

Run where TRITON_INTERPRET=1 is in the environment, or TEST_DEVICE=cuda; see conftest.py.
"""

import os

import pytest
import torch

from ssm_estimators.functional.systems.diagonal import DiagonalSystem

DEVICE = os.environ.get("TEST_DEVICE", "cpu")


@pytest.mark.parametrize("axis", ["inputs", "features", "cases"])
def test_offsets_need_more_than_32_bits(by_triton, axis):
    """Of inputs so far apart that the third lies 2^31 numbers on; what lies between takes no memory of a CPU."""
    from ssm_estimators.functional.triton.scan import TritonScan

    if DEVICE == "cuda" and torch.cuda.mem_get_info()[0] < 2**34:
        pytest.skip("needs 16 GB on the device")
    L, T, sizes, strides = 20, 16, [1, 1, 1], [1, 1, 1]
    position = ["inputs", "features", "cases"].index(axis)
    sizes[position], strides[position] = 3, 2**30
    Q, H, batch = sizes
    memory = torch.empty(2**32 + L, dtype=torch.bfloat16)  # with room for offsets that have become negative
    u = memory.as_strided((Q, H, batch, L), (*strides, 1), storage_offset=2**31)
    u.copy_(torch.randn(u.shape))
    system = DiagonalSystem(
        torch.polar(0.9 * torch.ones(H, 4).double(), torch.rand(H, 4).double()),
        torch.randn(Q, H, 4, dtype=torch.complex128),
        torch.randn(1, H, 4, dtype=torch.complex128),
        torch.randn(H).double(),
    )
    blocks, found = system.blocks(T, torch.zeros(1)), []
    for inputs in (u, u.contiguous()):
        leaves = [inputs.detach().requires_grad_(), *(matrix.detach().requires_grad_() for matrix in blocks.stacked)]
        y, _ = TritonScan.apply(None, 2, False, leaves[0], None, blocks.transition, *leaves[1:])
        found.append([y.detach(), *torch.autograd.grad(y.square().sum(), leaves)])
    for value, expected in zip(*found, strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=0)


@pytest.mark.parametrize("axis", ["outputs", "features", "cases"])
def test_offsets_of_outputs_and_their_gradients_need_more_than_32_bits(by_triton, axis):
    from ssm_estimators.functional.triton import scan as triton_scan

    if DEVICE == "cuda" and torch.cuda.mem_get_info()[0] < 2**34:
        pytest.skip("needs 16 GB on the device")
    L, T, N, sizes, strides = 20, 16, 16, [1, 1, 1], [1, 1, 1]
    position = ["outputs", "features", "cases"].index(axis)
    sizes[position], strides[position] = 3, 2**30
    M, H, batch = sizes
    memory = torch.empty(2**32 + L, dtype=torch.bfloat16)  # with room for offsets that have become negative
    far = memory.as_strided((M, H, batch, L), (*strides, 1), storage_offset=2**31)
    near, scan = torch.empty(M, H, batch, L, dtype=torch.bfloat16), triton_scan._Scan(T, 2, 1, N, True)
    u, toeplitz = torch.randn(1, H, batch, L), torch.randn(H, T, M * T)
    states, readout = torch.randn(1, H, batch, 2, N), torch.randn(1, H, N, M * T)
    for y in (far, near):
        triton_scan._outputs(scan, u, y, toeplitz, states, readout)
    torch.testing.assert_close(far, near, rtol=0, atol=0)
    found = [triton_scan._matrix_gradients(scan, u, y, states, states) for y in (far, near)]
    for value, expected in zip(*found, strict=True):
        torch.testing.assert_close(value, expected, rtol=0, atol=0)
