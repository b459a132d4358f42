"""The unavoidable pieces of a block alone: the floor under its time.

The matrix products of the chunked scan, forward and backward, each one call of BLAS on contiguous memory; the products
that mix the channels; the activations read and written once forward and once backward. Of S4 and LSSL also the products
that make their blocks: powers of the transition by doubling and what they apply to, in float64 forward, in float32
backward.
"""

import torch

from ssm_estimators.functional.scan.scan import LONGEST, chunk_length


def pieces(layer, L, batch):
    """A function that runs them all, with memory of its own."""
    H, N = layer.d_model, layer.d_state
    T, n_directions = chunk_length(L, LONGEST), 1 + layer.bidirectional
    rows = batch * -(-L // T)
    chunks, outputs, states = torch.randn(H, rows, T), torch.empty(H, rows, T), torch.randn(H, rows, N)
    toeplitz, into_state, from_state = torch.randn(H, T, T), torch.randn(H, T, N), torch.randn(H, N, T)
    activations, copy = torch.randn(H, batch * L), torch.empty(H, batch * L)
    mixing, mixed = torch.randn(2 * H, H), torch.randn(2 * H, batch * L)
    powers, columns = torch.randn(H, N, N).double(), torch.randn(H, N, T).double()

    def scan():
        torch.bmm(chunks, toeplitz, out=outputs)  # forward
        torch.bmm(outputs, toeplitz.mT, out=chunks)  # backward
        torch.bmm(chunks.mT, outputs)
        for _ in range(n_directions):
            torch.bmm(chunks, into_state, out=states)
            torch.bmm(states, from_state, out=outputs)
            torch.bmm(outputs, from_state.mT, out=states)
            torch.bmm(states.mT, outputs)
            torch.bmm(states, into_state.mT, out=chunks)
            torch.bmm(chunks.mT, states)

    def mix():
        torch.mm(mixing, activations, out=mixed)
        torch.mm(mixing.T, mixed, out=activations)
        torch.mm(mixed, activations.T)

    def move():
        copy.copy_(activations)
        activations.copy_(copy)

    def make():
        """Forward in float64; backward, of each product two, in float32."""
        doublings = (T - 1).bit_length()
        single_powers, single_columns = powers.float(), columns.float()
        for i in range(doublings):
            added = min(2**i, T - 2**i)
            powers @ powers
            single_powers @ single_powers
            single_powers @ single_powers
            for _ in range(1 + n_directions):  # columns A^l B, rows C A^(l+1)
                powers @ columns[..., :added]
                single_powers @ single_columns[..., :added]
                single_columns[..., :added] @ single_columns[..., :added].mT

    def pass_states():
        """Dense transitions, of all chunks in one product."""
        for _ in range(n_directions):
            torch.bmm(states, powers32)  # forward
            torch.bmm(states, powers32.mT)  # backward
            torch.bmm(states.mT, states)  # of the transition

    powers32 = powers.float()
    dense = type(layer).__name__ != "S4D"

    def run():
        scan()
        mix()
        move()
        if dense:
            make()
            pass_states()

    return run
