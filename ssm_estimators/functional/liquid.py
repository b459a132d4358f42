"""Products of neighbouring inputs, through which a liquid system's state depends on more than its input's sum."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def input_products(u: Tensor, degree: int, past: Tensor | None = None) -> list[Tensor]:
    r"""Products of each input with its predecessors: :math:`u_k u_{k-1} \cdots u_{k-q+1}` for q = 2 ... degree.

    Parameters
    ----------
    u : Tensor of shape (..., L)
    degree : int
        Largest number of factors, at least 2.
    past : Tensor of shape (..., degree - 1) or None, default=None
        The inputs before the first, oldest first; ``None`` is zero.

    Returns
    -------
    list of Tensor of shape (..., L)

    Examples
    --------
    >>> [p.tolist() for p in input_products(torch.tensor([2.0, 3.0, 5.0]), 3)]
    [[0.0, 6.0, 15.0], [0.0, 0.0, 30.0]]
    """
    L = u.shape[-1]
    known = pad(u, (degree - 1, 0)) if past is None else torch.cat([past, u], dim=-1)
    products, product = [], u
    for lag in range(1, degree):
        product = product * known[..., degree - 1 - lag : degree - 1 - lag + L]
        products.append(product)
    return products


def liquid_inputs(B_bar: Tensor, degree: int, rate: float = 1.0) -> Tensor:
    r"""How input and products enter the state in the liquid form ``kb``: :math:`\bar B^q` for q = 1 ... degree.

    The kernel of the products of q inputs is then :math:`K^{(q)}_l = C \bar A^l \bar B^q`: the terms of the liquid
    recurrence :math:`x_k = \bar A x_{k-1} + u_k (\bar B \odot x_{k-1}) + \bar B u_k` that come from q successive
    inputs. Products are one a sample, not one a unit of time: their terms carry the factor rate^(1 - q), without which
    a network trained at one sampling rate does not fit another.

    Parameters
    ----------
    B_bar : Tensor of shape (H, P), complex
        Discretised at the given rate.
    degree : int
        Largest number of factors.
    rate : float, default=1.0
        How many times coarser than at training the input is sampled.

    Returns
    -------
    Tensor of shape (degree, H, P), complex

    References
    ----------
    .. [1] "Liquid Structural State-Space Models", arXiv:2209.12951, proposition 1. The published code computes
       something else: time-reversed products and constants that are not trained.
    """
    return torch.stack([B_bar**q * rate ** (1 - q) for q in range(1, degree + 1)])
