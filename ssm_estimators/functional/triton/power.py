"""A power of complex numbers, by squaring: what kernels of diagonal systems share."""

import triton
import triton.language as tl


@triton.jit
def power_of(A, A_imag, exponent, BITS: tl.constexpr):
    """A^exponent in double precision: pairs in a row, exponents, below 2^BITS, in a column."""
    real = tl.full((exponent.shape[0], A.shape[1]), 1.0, tl.float64)
    imag = tl.zeros((exponent.shape[0], A.shape[1]), tl.float64)
    for bit in range(BITS):
        is_set = ((exponent >> bit) & 1) == 1
        product, product_imag = real * A - imag * A_imag, real * A_imag + imag * A
        real, imag = tl.where(is_set, product, real), tl.where(is_set, product_imag, imag)
        A, A_imag = A * A - A_imag * A_imag, 2 * A * A_imag
    return real, imag
