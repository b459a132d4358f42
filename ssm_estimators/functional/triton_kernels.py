"""The two kernels of the chunked scan for CUDA: a walk along the chunks, and the gradients of the block matrices.

The same walk serves the forward and the backward pass: gradients travel through the transposed matrices, against time.
Rows of a tile are pieces of series, so that few long series fill a chip as many short ones do.
"""

import triton
import triton.language as tl

LEAST = 16  # rows and columns that tensor cores take


def tile_width(n: int) -> int:
    """The least size of a tile that holds n."""
    width: int = max(LEAST, triton.next_power_of_2(n))
    return width


@triton.jit
def walk(
    u, u_q, u_h, u_b,
    y, y_m, y_h, y_b,
    toeplitz, toeplitz_h, toeplitz_i, toeplitz_j,
    into, into_h, into_i, into_j,
    readout, readout_h, readout_i, readout_j,
    transition, other, other_readout, other_h, other_i, other_j,
    initial, ends, added, states,
    L, n_chunks, n_pieces, piece, n_rows,
    T: tl.constexpr, Q: tl.constexpr, WIDTH_IN: tl.constexpr, M: tl.constexpr, WIDTH_OUT: tl.constexpr,
    N: tl.constexpr, WIDTH_STATE: tl.constexpr, ROWS: tl.constexpr,
    DIAGONAL: tl.constexpr, REVERSE: tl.constexpr, WRITE: tl.constexpr, SAVE: tl.constexpr,
    INITIAL: tl.constexpr, ADDED: tl.constexpr, OTHER: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Move the state of every row along its piece of ``piece`` chunks; write outputs, and the state before each chunk.

    Of pairs, WIDTH_STATE counts pairs, whose real and imaginary parts lie beside each other in memory; of dense systems
    it counts states.
    """
    h = tl.program_id(0).to(tl.int64)
    row = tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    case, first = (row // n_pieces).to(tl.int64), (row % n_pieces) * piece
    i, j, n = tl.arange(0, WIDTH_IN), tl.arange(0, WIDTH_OUT), tl.arange(0, WIDTH_STATE)
    in_i, in_j = i < Q * T, j < M * T
    per: tl.constexpr = 2 if DIAGONAL else 1
    in_n = per * n < N
    is_row = row < n_rows
    of_row = is_row[:, None] & in_n[None, :]

    Into = tl.load(
        into + h * into_h + i[:, None] * into_i + per * n[None, :] * into_j, in_i[:, None] & in_n[None, :], 0.0
    )
    at = (h * n_rows + row[:, None]) * N + per * n[None, :]
    S = tl.zeros((ROWS, WIDTH_STATE), tl.float32)
    if INITIAL:
        S = tl.load(initial + at, of_row, 0.0)
    if DIAGONAL:
        Into_imag = tl.load(
            into + h * into_h + i[:, None] * into_i + (2 * n[None, :] + 1) * into_j, in_i[:, None] & in_n[None, :], 0.0
        )
        S_imag = tl.zeros((ROWS, WIDTH_STATE), tl.float32)
        if INITIAL:
            S_imag = tl.load(initial + at + 1, of_row, 0.0)
        A = tl.load(transition + h * N + 2 * n, in_n, 0.0)[None, :]
        A_imag = tl.load(transition + h * N + 2 * n + 1, in_n, 0.0)[None, :]
    else:
        A = tl.load(transition + (h * N + n[:, None]) * N + n[None, :], in_n[:, None] & in_n[None, :], 0.0)
    if WRITE:
        Toeplitz = tl.load(
            toeplitz + h * toeplitz_h + i[:, None] * toeplitz_i + j[None, :] * toeplitz_j,
            in_i[:, None] & in_j[None, :],
            0.0,
        )
        Read = tl.load(
            readout + h * readout_h + per * n[:, None] * readout_i + j[None, :] * readout_j,
            in_n[:, None] & in_j[None, :],
            0.0,
        )
        if DIAGONAL:
            Read_imag = tl.load(
                readout + h * readout_h + (2 * n[:, None] + 1) * readout_i + j[None, :] * readout_j,
                in_n[:, None] & in_j[None, :],
                0.0,
            )
        if OTHER:
            k = tl.arange(0, per * WIDTH_STATE)
            in_k = k < N
            Other_read = tl.load(
                other_readout + h * other_h + k[:, None] * other_i + j[None, :] * other_j,
                in_k[:, None] & in_j[None, :],
                0.0,
            )

    u_row = u + h * u_h + case[:, None] * u_b + (i // T)[None, :] * u_q
    y_row = y + h * y_h + case[:, None] * y_b + (j // T)[None, :] * y_m
    for step in range(piece):
        chunk = first + (piece - 1 - step if REVERSE else step)
        time = chunk[:, None].to(tl.int64) * T + (i % T)[None, :]
        U = tl.load(u_row + time, is_row[:, None] & in_i[None, :] & (time < L), 0.0).to(tl.float32)
        is_chunk = is_row & (chunk < n_chunks)
        of_chunk = is_chunk[:, None] & in_n[None, :]
        place = (h * (n_rows // n_pieces) + case) * n_chunks + chunk
        at_chunk = place[:, None] * N + per * n[None, :]
        if SAVE:
            tl.store(states + at_chunk, S, of_chunk)
            if DIAGONAL:
                tl.store(states + at_chunk + 1, S_imag, of_chunk)
        if WRITE:
            Y = tl.dot(U, Toeplitz, input_precision=PRECISION)
            Y = tl.dot(S, Read, Y, input_precision=PRECISION)
            if DIAGONAL:
                Y = tl.dot(S_imag, Read_imag, Y, input_precision=PRECISION)
            if OTHER:
                O = tl.load(other + place[:, None] * N + k[None, :], is_chunk[:, None] & in_k[None, :], 0.0)
                Y = tl.dot(O, Other_read, Y, input_precision=PRECISION)
            time_out = chunk[:, None].to(tl.int64) * T + (j % T)[None, :]
            tl.store(y_row + time_out, Y.to(y.dtype.element_ty), is_row[:, None] & in_j[None, :] & (time_out < L))
        if DIAGONAL:
            moved = A * S - A_imag * S_imag
            S_imag = tl.dot(U, Into_imag, A * S_imag + A_imag * S, input_precision=PRECISION)
            S = tl.dot(U, Into, moved, input_precision=PRECISION)
            if ADDED:
                S += tl.load(added + at_chunk, of_chunk, 0.0)
                S_imag += tl.load(added + at_chunk + 1, of_chunk, 0.0)
        else:
            S = tl.dot(U, Into, tl.dot(S, A, input_precision=PRECISION), input_precision=PRECISION)
            if ADDED:
                S += tl.load(added + at_chunk, of_chunk, 0.0)
    tl.store(ends + at, S, of_row)
    if DIAGONAL:
        tl.store(ends + at + 1, S_imag, of_row)


@triton.jit
def matrix_gradients(
    u, u_q, u_h, u_b,
    dy, dy_m, dy_h, dy_b,
    before, after, dtoeplitz, dinto, dreadout, dtransition,
    L, n_chunks, n_rows, n_tiles,
    T: tl.constexpr, Q: tl.constexpr, WIDTH_IN: tl.constexpr, M: tl.constexpr, WIDTH_OUT: tl.constexpr,
    N: tl.constexpr, WIDTH_STATE: tl.constexpr, ROWS: tl.constexpr,
    DIAGONAL: tl.constexpr, TOEPLITZ: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Sums, over ``n_tiles`` tiles of chunks, of inputs and states before, times gradients of outputs and states after.

    Of pairs, the gradient of the transition is conj(state) times the gradient, real and imaginary part side by side.
    """
    h, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    place = h * tl.num_programs(1) + part
    i, j, n = tl.arange(0, WIDTH_IN), tl.arange(0, WIDTH_OUT), tl.arange(0, WIDTH_STATE)
    in_i, in_j, in_n = i < Q * T, j < M * T, n < N
    Toeplitz = tl.zeros((WIDTH_IN, WIDTH_OUT), tl.float32)
    Into = tl.zeros((WIDTH_IN, WIDTH_STATE), tl.float32)
    Readout = tl.zeros((WIDTH_STATE, WIDTH_OUT), tl.float32)
    if DIAGONAL:
        p = tl.arange(0, WIDTH_STATE // 2)
        A = tl.zeros((WIDTH_STATE // 2,), tl.float32)
        A_imag = tl.zeros((WIDTH_STATE // 2,), tl.float32)
    else:
        A = tl.zeros((WIDTH_STATE, WIDTH_STATE), tl.float32)
    for tile in range(n_tiles):
        row = (part * n_tiles + tile) * ROWS + tl.arange(0, ROWS)
        is_row = row < n_rows
        case, chunk = (row // n_chunks).to(tl.int64)[:, None], (row % n_chunks).to(tl.int64)[:, None]
        time = chunk * T + (i % T)[None, :]
        U = tl.load(u + h * u_h + case * u_b + (i // T)[None, :] * u_q + time,
                    is_row[:, None] & in_i[None, :] & (time < L), 0.0).to(tl.float32)  # fmt: skip
        time = chunk * T + (j % T)[None, :]
        DY = tl.load(dy + h * dy_h + case * dy_b + (j // T)[None, :] * dy_m + time,
                     is_row[:, None] & in_j[None, :] & (time < L), 0.0).to(tl.float32)  # fmt: skip
        if TOEPLITZ:
            Toeplitz = tl.dot(tl.trans(U), DY, Toeplitz, input_precision=PRECISION)
        at = (h * n_rows + row)[:, None] * N
        S = tl.load(before + at + n[None, :], is_row[:, None] & in_n[None, :], 0.0)
        G = tl.load(after + at + n[None, :], is_row[:, None] & in_n[None, :], 0.0)
        Into = tl.dot(tl.trans(U), G, Into, input_precision=PRECISION)
        Readout = tl.dot(tl.trans(S), DY, Readout, input_precision=PRECISION)
        if DIAGONAL:
            pair = at + 2 * p[None, :]
            is_pair = is_row[:, None] & (2 * p < N)[None, :]
            S_real, S_imag = tl.load(before + pair, is_pair, 0.0), tl.load(before + pair + 1, is_pair, 0.0)
            G_real, G_imag = tl.load(after + pair, is_pair, 0.0), tl.load(after + pair + 1, is_pair, 0.0)
            A += tl.sum(S_real * G_real + S_imag * G_imag, 0)
            A_imag += tl.sum(S_real * G_imag - S_imag * G_real, 0)
        else:
            A = tl.dot(tl.trans(S), G, A, input_precision=PRECISION)
    if TOEPLITZ:
        tl.store(dtoeplitz + (place * Q * T + i[:, None]) * M * T + j[None, :], Toeplitz, in_i[:, None] & in_j[None, :])
    tl.store(dinto + (place * Q * T + i[:, None]) * N + n[None, :], Into, in_i[:, None] & in_n[None, :])
    tl.store(dreadout + (place * N + n[:, None]) * M * T + j[None, :], Readout, in_n[:, None] & in_j[None, :])
    if DIAGONAL:
        tl.store(dtransition + place * N + 2 * p, A, 2 * p < N)
        tl.store(dtransition + place * N + 2 * p + 1, A_imag, 2 * p < N)
    else:
        tl.store(dtransition + (place * N + n[:, None]) * N + n[None, :], A, in_n[:, None] & in_n[None, :])
