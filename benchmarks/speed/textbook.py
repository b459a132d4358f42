"""The block as one writes it from the papers, with PyTorch's own operators on (batch, n_timepoints, features).

It takes the parameters of one of our blocks; kernels of length L and FFT convolutions as in the papers: Vandermonde
products (S4D), Cauchy products with Woodbury's identity (S4), a Krylov matrix by doubling (LSSL).
"""

import torch
from torch.nn import functional as F

from ssm_estimators.functional import reference


def vandermonde(layer, L):
    """S4D as in its paper: kernels from the matrix of all powers, one per direction."""
    A = torch.complex(-layer.log_A_real.exp(), layer.A_imag)
    B = torch.view_as_complex(layer.B)
    return [reference.vandermonde_kernel(A, B, C, layer.log_dt.exp(), L) for C in torch.view_as_complex(layer.C)]


def cauchy(layer, L):
    """S4 as in its paper: the generating function at the roots of unity; its C stands for C (1 - A_bar^L)."""
    Lambda = torch.complex(-layer.log_A_real.exp(), layer.A_imag)
    P, B = (torch.view_as_complex(value) for value in (layer.P, layer.B))
    dt = layer.log_dt.exp()
    return [reference.cauchy_kernel(Lambda, P, B, C, dt, L) for C in torch.view_as_complex(layer.C)]


def krylov(layer, L):
    """LSSL as in its paper: the Krylov matrix, once for all directions; A_bar and B_bar are made as in our layer."""
    system = layer.discrete_system(1.0)
    dtype = layer.C.dtype
    both = torch.cat(list(system.C), dim=1).to(dtype)
    return list(reference.krylov_kernel(system.A_bar.to(dtype), system.B_bar.to(dtype), both, L).unbind(1))


KERNELS = {"S4D": vandermonde, "S4": cauchy, "LSSL": krylov}


def system(layer, u):
    """(batch, H, L) through a layer's convolution: one FFT product for both directions."""
    L = u.shape[-1]
    kernels = KERNELS[type(layer).__name__](layer, L)
    period = F.pad(kernels[0], (0, L))
    if len(kernels) == 2:  # lag -l at place 2 L - l
        period = period + F.pad(kernels[1][:, 1:].flip(-1), (L + 1, 0)) + F.pad(kernels[1][:, :1], (0, 2 * L - 1))
    y = torch.fft.irfft(torch.fft.rfft(u, n=2 * L) * torch.fft.rfft(period), n=2 * L)[..., :L]
    return y + layer.D.view(-1, 1) * u


def block(ours, x, with_layer=True):
    """[norm, layer, GELU, dropout, linear map and gate, dropout] beside an identity, (batch, L, H) to the same."""
    h = _norm(ours.norm, x)
    if with_layer:
        h = system(ours.layer, h.transpose(1, 2)).transpose(1, 2)
    h = _dropout(F.gelu(h), ours.dropout.p)
    return x + _dropout(F.glu(F.linear(h, ours.mixing.weight, ours.mixing.bias)), ours.dropout.p)


def _norm(norm, x):
    if hasattr(norm, "running_mean"):
        return F.batch_norm(x.transpose(1, 2), None, None, norm.weight, norm.bias, True, 0.1, norm.eps).transpose(1, 2)
    return F.layer_norm(x, x.shape[-1:], norm.weight, norm.bias, norm.eps)


def _dropout(x, p):
    """Whole features of a case."""
    return x * F.dropout(x.new_ones(len(x), 1, x.shape[-1]), p) if p else x
