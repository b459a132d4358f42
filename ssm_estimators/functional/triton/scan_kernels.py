"""The three kernels of the chunked scan for CUDA: states along the chunks, outputs of all chunks, and gradients.

:func:`walk` moves states from chunk to chunk, one program for some pieces of series. What depends on no order has
kernels of its own, with a program for each tile of chunks: :func:`outputs`, and :func:`matrix_gradients`. The backward
pass uses the same three: gradients travel through the transposed matrices, against time.
"""

import triton
import triton.language as tl

from ssm_estimators.functional.triton.power import power_of


@triton.jit
def walk(
    u, u_q, u_h, u_b,
    into, into_d, into_h, into_i, into_j,
    transition, start, added, states, ends,
    L, n_chunks, n_pieces, piece, n_rows, exponent,
    T: tl.constexpr, Q: tl.constexpr, WIDTH_IN: tl.constexpr, N: tl.constexpr, WIDTH_STATE: tl.constexpr,
    ROWS: tl.constexpr, DIAGONAL: tl.constexpr, GRADIENT: tl.constexpr, DRIVEN: tl.constexpr, SAVE: tl.constexpr,
    START: tl.constexpr, ADDED: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Move the state of every row along its piece of ``piece`` chunks, and keep the state before each chunk.

    The third axis of the grid counts directions: the first runs forward in time and the second backward. Gradients run
    the other way, through conjugate or transposed transitions. A chunk drives the state by its inputs if DRIVEN, and by
    what is ``added`` to it if ADDED. Without inputs, diagonal transitions are first raised to the power ``exponent``.

    A pair's real and imaginary part lie beside each other among the N numbers of a state. As pairs do not mix, the
    third axis counts groups of WIDTH_STATE numbers too where there are more. Of dense systems it holds all states.
    """
    n_groups: tl.constexpr = (N + WIDTH_STATE - 1) // WIDTH_STATE
    h, d, group = tl.program_id(1).to(tl.int64), tl.program_id(2) // n_groups, tl.program_id(2) % n_groups
    system = d * tl.num_programs(1) + h
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    case, first = (row // n_pieces).to(tl.int64), (row % n_pieces) * piece
    n = group * WIDTH_STATE + tl.arange(0, WIDTH_STATE)
    in_n = n < N
    is_row = row < n_rows
    of_row = is_row[:, None] & in_n[None, :]
    at = (system * n_rows + row[:, None]) * N + n[None, :]

    S = tl.zeros((ROWS, WIDTH_STATE), tl.float32)
    if START:
        S = tl.load(start + at, of_row, 0.0)
    if DIAGONAL:
        real = group * WIDTH_STATE + 2 * tl.arange(0, WIDTH_STATE // 2)
        A = tl.load(transition + h * N + real, real < N, 0.0)[None, :]
        A_imag = tl.load(transition + h * N + real + 1, real < N, 0.0)[None, :] * (-1.0 if GRADIENT else 1.0)
        if not DRIVEN:
            A, A_imag = power_of(A.to(tl.float64), A_imag.to(tl.float64), tl.full((1, 1), exponent, tl.int32), 30)
            A, A_imag = A.to(tl.float32), A_imag.to(tl.float32)
    else:
        inside = h * N * N + (n[:, None] + n[None, :] * N if GRADIENT else n[:, None] * N + n[None, :])
        A = tl.load(transition + inside, in_n[:, None] & in_n[None, :], 0.0)
    if DRIVEN:
        i = tl.arange(0, WIDTH_IN)
        in_i = i < Q * T
        of = into + d.to(tl.int64) * into_d + h * into_h + i[:, None] * into_i
        Into = tl.load(of + n[None, :] * into_j, in_i[:, None] & in_n[None, :], 0.0)
        u_row = u + h * u_h + case[:, None] * u_b + (i // T)[None, :].to(tl.int64) * u_q

    is_backward = (d == 0) == GRADIENT
    begin, ahead = tl.where(is_backward, piece - 1, 0), tl.where(is_backward, -1, 1)
    for step in range(piece):
        chunk = first + begin + ahead * step
        of_chunk = (is_row & (chunk < n_chunks))[:, None] & in_n[None, :]
        at_chunk = ((system * (n_rows // n_pieces) + case) * n_chunks + chunk)[:, None] * N + n[None, :]
        if SAVE:
            tl.store(states + at_chunk, S, of_chunk)
        if DIAGONAL:
            S_real, S_imag = tl.split(tl.reshape(S, (ROWS, WIDTH_STATE // 2, 2)))
            moved = tl.join(A * S_real - A_imag * S_imag, A * S_imag + A_imag * S_real)
            S = tl.reshape(moved, (ROWS, WIDTH_STATE))
        else:
            S = tl.dot(S, A, input_precision=PRECISION)
        if DRIVEN:
            time = chunk[:, None].to(tl.int64) * T + (i % T)[None, :]
            U = tl.load(u_row + time, is_row[:, None] & in_i[None, :] & (time < L), 0.0).to(tl.float32)
            S = tl.dot(U, Into, S, input_precision=PRECISION)
        if ADDED:
            S += tl.load(added + at_chunk, of_chunk, 0.0)
    tl.store(ends + at, S, of_row)


@triton.jit
def outputs(
    u, u_q, u_h, u_b,
    y, y_m, y_h, y_b,
    toeplitz, toeplitz_h, toeplitz_i, toeplitz_j,
    states, readout, readout_d, readout_h, readout_i, readout_j,
    L, n_chunks, n_rows,
    T: tl.constexpr, Q: tl.constexpr, M: tl.constexpr, N: tl.constexpr, D: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, DEPTH: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Outputs of a tile of chunks: their inputs by ``toeplitz``, and the states of each direction by ``readout``."""
    h = tl.program_id(1).to(tl.int64)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    case, chunk = (row // n_chunks).to(tl.int64)[:, None], (row % n_chunks).to(tl.int64)[:, None]
    is_row = (row < n_rows)[:, None]
    j = tl.program_id(2) * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    k, in_j = tl.arange(0, DEPTH), j < M * T
    Y = tl.zeros((ROWS, COLUMNS), tl.float32)
    for begin in range(0, Q * T, DEPTH):
        i = begin + k
        time = chunk * T + (i % T)[None, :]
        is_input = is_row & (i < Q * T)[None, :] & (time < L)
        U = tl.load(u + h * u_h + case * u_b + (i // T)[None, :].to(tl.int64) * u_q + time, is_input, 0.0)
        of = toeplitz + h * toeplitz_h + i[:, None] * toeplitz_i + j * toeplitz_j
        Y = tl.dot(U.to(tl.float32), tl.load(of, (i < Q * T)[:, None] & in_j, 0.0), Y, input_precision=PRECISION)
    for d in tl.static_range(D):
        for begin in range(0, N, DEPTH):
            n = begin + k
            place = (d * tl.num_programs(1) + h) * n_rows + row[:, None]
            S = tl.load(states + place * N + n[None, :], is_row & (n < N)[None, :], 0.0)
            of = readout + d * readout_d + h * readout_h + n[:, None] * readout_i + j * readout_j
            Y = tl.dot(S, tl.load(of, (n < N)[:, None] & in_j, 0.0), Y, input_precision=PRECISION)
    time = chunk * T + j % T
    to = y + h * y_h + case * y_b + (j // T).to(tl.int64) * y_m + time
    tl.store(to, Y.to(y.dtype.element_ty), is_row & in_j & (time < L))


@triton.jit
def matrix_gradients(
    u, u_q, u_h, u_b,
    dy, dy_m, dy_h, dy_b,
    before, after, sums,
    L, n_chunks, n_rows, n_tiles,
    T: tl.constexpr, Q: tl.constexpr, M: tl.constexpr, N: tl.constexpr, D: tl.constexpr,
    TILE_IN: tl.constexpr, TILE_OUT: tl.constexpr, TILE_STATE: tl.constexpr, WIDTH_STATE: tl.constexpr,
    ROWS: tl.constexpr, DIAGONAL: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Sums, over ``n_tiles`` tiles of chunks, of inputs and states before, times gradients of outputs and states after.

    A program makes a tile of each matrix, of both directions at once. Where matrices are larger than a tile, the third
    axis of the grid counts tiles of inputs, outputs and states. A tile that several programs make is written by one.
    ``sums`` has, for each part of the chunks, the gradients of ``toeplitz``, of ``into`` and ``readout`` of each
    direction, and of the transition, one after the other.

    Of pairs, the gradient of the transition is conj(state) times the gradient, real and imaginary part side by side.
    It is taken from the products of all states with all gradients: tensor cores make those sooner than others sum few.
    """
    h, part = tl.program_id(0).to(tl.int64), tl.program_id(1)
    H, job = tl.num_programs(0), tl.program_id(2)
    n_in: tl.constexpr = (Q * T + TILE_IN - 1) // TILE_IN
    n_out: tl.constexpr = (M * T + TILE_OUT - 1) // TILE_OUT
    tile_in, tile_out, tile_state = job % n_in, job // n_in % n_out, job // (n_in * n_out)
    i, j = tile_in * TILE_IN + tl.arange(0, TILE_IN), tile_out * TILE_OUT + tl.arange(0, TILE_OUT)
    n, m = tile_state * TILE_STATE + tl.arange(0, TILE_STATE), tl.arange(0, WIDTH_STATE)
    in_i, in_j, in_n, in_m = i < Q * T, j < M * T, n < N, m < N
    Toeplitz = tl.zeros((TILE_IN, TILE_OUT), tl.float32)
    Into = tl.zeros((TILE_IN, TILE_STATE), tl.float32)
    Readout = tl.zeros((TILE_STATE, TILE_OUT), tl.float32)
    if D == 2:
        Into_back, Readout_back = tl.zeros_like(Into), tl.zeros_like(Readout)
    A = tl.zeros((TILE_STATE, TILE_STATE if DIAGONAL else WIDTH_STATE), tl.float32)
    for tile in range(n_tiles):
        row = (part * n_tiles + tile) * ROWS + tl.arange(0, ROWS)
        is_row = (row < n_rows)[:, None]
        case, chunk = (row // n_chunks).to(tl.int64)[:, None], (row % n_chunks).to(tl.int64)[:, None]
        time = chunk * T + (i % T)[None, :]
        U = tl.load(u + h * u_h + case * u_b + (i // T)[None, :].to(tl.int64) * u_q + time,
                    is_row & in_i[None, :] & (time < L), 0.0).to(tl.float32)  # fmt: skip
        time = chunk * T + (j % T)[None, :]
        DY = tl.load(dy + h * dy_h + case * dy_b + (j // T)[None, :].to(tl.int64) * dy_m + time,
                     is_row & in_j[None, :] & (time < L), 0.0).to(tl.float32)  # fmt: skip
        Toeplitz = tl.dot(tl.trans(U), DY, Toeplitz, input_precision=PRECISION)
        for d in tl.static_range(D):
            at = (d * H + h) * n_rows * N + row[:, None].to(tl.int64) * N
            S = tl.load(before + at + n[None, :], is_row & in_n[None, :], 0.0)
            G = tl.load(after + at + n[None, :], is_row & in_n[None, :], 0.0)
            if d == 0:
                Into = tl.dot(tl.trans(U), G, Into, input_precision=PRECISION)
                Readout = tl.dot(tl.trans(S), DY, Readout, input_precision=PRECISION)
            else:
                Into_back = tl.dot(tl.trans(U), G, Into_back, input_precision=PRECISION)
                Readout_back = tl.dot(tl.trans(S), DY, Readout_back, input_precision=PRECISION)
            if DIAGONAL or WIDTH_STATE == TILE_STATE:
                A = tl.dot(tl.trans(S), G, A, input_precision=PRECISION)
            else:
                all_G = tl.load(after + at + m[None, :], is_row & in_m[None, :], 0.0)
                A = tl.dot(tl.trans(S), all_G, A, input_precision=PRECISION)
    per_feature: tl.constexpr = Q * T * M * T + D * N * (Q * T + M * T) + (N if DIAGONAL else N * N)
    to = sums + part.to(tl.int64) * H * per_feature
    if tile_state == 0:
        tl.store(to + (h * Q * T + i[:, None]) * M * T + j[None, :], Toeplitz, in_i[:, None] & in_j[None, :])
    to += H * Q * T * M * T
    if tile_out == 0:
        at = (h * Q * T + i[:, None]) * N + n[None, :]
        tl.store(to + at, Into, in_i[:, None] & in_n[None, :])
        if D == 2:
            tl.store(to + H * Q * T * N + at, Into_back, in_i[:, None] & in_n[None, :])
    to += D * H * Q * T * N
    if tile_in == 0:
        at = (h * N + n[:, None]) * M * T + j[None, :]
        tl.store(to + at, Readout, in_n[:, None] & in_j[None, :])
        if D == 2:
            tl.store(to + H * N * M * T + at, Readout_back, in_n[:, None] & in_j[None, :])
    to += D * H * N * M * T
    if tile_in + tile_out == 0:
        if DIAGONAL:  # of all products of two numbers, those of a pair
            k, other = tl.arange(0, TILE_STATE)[:, None], tl.arange(0, TILE_STATE)[None, :]
            same = tl.sum(tl.where(k == other, A, 0.0), 1)
            crossed = tl.sum(tl.where(k == (other ^ 1), A * (1 - 2 * (k % 2)), 0.0), 1)
            pair = tile_state * TILE_STATE + 2 * tl.arange(0, TILE_STATE // 2)
            tl.store(to + h * N + pair, tl.sum(tl.reshape(same, (TILE_STATE // 2, 2)), 1), pair < N)
            tl.store(to + h * N + pair + 1, tl.sum(tl.reshape(crossed, (TILE_STATE // 2, 2)), 1), pair < N)
        else:
            tl.store(to + (h * N + n[:, None]) * N + m[None, :], A, in_n[:, None] & in_m[None, :])
