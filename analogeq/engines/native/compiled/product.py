"""Currents among the neurons of one sample."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.coupling import Array, Ints

ONE, TWO, THREE, FOUR, FIVE = (np.uintp(i) for i in range(1, 6))


@jit
def product(table: Ints, ends: Ints, to_outer: Array, to_inner: Array, factor: float, x: Array, out: Array) -> None:
    """Write ``factor * M x`` into ``out``; the layout is that of `coupling.Packed`."""
    out[:] = 0.0
    add_product(table, ends, to_outer, to_inner, one_array(to_outer, to_inner), x, out)
    if factor != 1.0:
        for node in range(out.size):
            out[node] *= factor


@jit
def one_array(to_outer: Array, to_inner: Array) -> bool:
    """Whether both directions of all blocks share their values."""
    return bool(to_outer.ctypes.data == to_inner.ctypes.data)


@jit
def add_product(
    table: Ints,
    ends: Ints,
    to_outer: Array,
    to_inner: Array,
    shared: bool,  # noqa: FBT001  a kernel's flag
    x: Array,
    out: Array,
) -> None:
    """Add ``M x`` without its factor to ``out``; ``shared`` is what `one_array` said."""
    for link in range(table.shape[0]):
        first, n_outer, second = table[link, 1], table[link, 2], table[link, 3]
        n_inner, at = table[link, 4], table[link, 5]
        if table[link, 0] == 0 and shared:
            _symmetric(to_outer, at, first, n_outer, second, n_inner, x, out)
        elif table[link, 0] == 0:
            _dense(to_outer, to_inner, at, first, n_outer, second, n_inner, x, out)
        else:
            for edge in range(n_outer):
                near, far = ends[0, second + edge], ends[1, second + edge]
                out[near] += to_outer[at + edge] * x[far]
                out[far] += to_inner[at + edge] * x[near]


@jit
def _dense(
    to_outer: Array, to_inner: Array, at: int, first: int, n_outer: int, second: int, n_inner: int, x: Array, out: Array
) -> None:
    """Both directions of a dense block in one pass, five rows at a time.

    Every index is unsigned, for one that may count from the end keeps the compiler from making vector
    code, and slices, which would mend that, cost more than the short rows of a small layer themselves.
    """
    n, row, inner, outer, last = (
        np.uintp(n_inner),
        np.uintp(at),
        np.uintp(second),
        np.uintp(first),
        n_outer - n_outer % 5,
    )
    for k in range(outer, outer + np.uintp(last), FIVE):
        row1, row2, row3, row4 = row + n, row + TWO * n, row + THREE * n, row + FOUR * n
        x0, x1, x2, x3, x4 = x[k], x[k + ONE], x[k + TWO], x[k + THREE], x[k + FOUR]
        t0, t1, t2, t3, t4 = 0.0, 0.0, 0.0, 0.0, 0.0
        for col in range(n):
            own = x[inner + col]
            t0 += to_outer[row + col] * own
            t1 += to_outer[row1 + col] * own
            t2 += to_outer[row2 + col] * own
            t3 += to_outer[row3 + col] * own
            t4 += to_outer[row4 + col] * own
            sent = x0 * to_inner[row + col] + x1 * to_inner[row1 + col] + x2 * to_inner[row2 + col]
            out[inner + col] += sent + x3 * to_inner[row3 + col] + x4 * to_inner[row4 + col]
        out[k] += t0
        out[k + ONE] += t1
        out[k + TWO] += t2
        out[k + THREE] += t3
        out[k + FOUR] += t4
        row = row + FIVE * n
    for k in range(outer + np.uintp(last), outer + np.uintp(n_outer)):
        x0, t0 = x[k], 0.0
        for col in range(n):
            t0 += to_outer[row + col] * x[inner + col]
            out[inner + col] += x0 * to_inner[row + col]
        out[k] += t0
        row = row + n


@jit
def _symmetric(
    weights: Array, at: int, first: int, n_outer: int, second: int, n_inner: int, x: Array, out: Array
) -> None:
    """Do what `_dense` does with each value fetched once, where both directions share their array."""
    n, row, inner, outer, last = (
        np.uintp(n_inner),
        np.uintp(at),
        np.uintp(second),
        np.uintp(first),
        n_outer - n_outer % 5,
    )
    for k in range(outer, outer + np.uintp(last), FIVE):
        row1, row2, row3, row4 = row + n, row + TWO * n, row + THREE * n, row + FOUR * n
        x0, x1, x2, x3, x4 = x[k], x[k + ONE], x[k + TWO], x[k + THREE], x[k + FOUR]
        t0, t1, t2, t3, t4 = 0.0, 0.0, 0.0, 0.0, 0.0
        for col in range(n):
            own = x[inner + col]
            w0, w1, w2 = weights[row + col], weights[row1 + col], weights[row2 + col]
            w3, w4 = weights[row3 + col], weights[row4 + col]
            t0 += w0 * own
            t1 += w1 * own
            t2 += w2 * own
            t3 += w3 * own
            t4 += w4 * own
            out[inner + col] += x0 * w0 + x1 * w1 + x2 * w2 + x3 * w3 + x4 * w4
        out[k] += t0
        out[k + ONE] += t1
        out[k + TWO] += t2
        out[k + THREE] += t3
        out[k + FOUR] += t4
        row = row + FIVE * n
    for k in range(outer + np.uintp(last), outer + np.uintp(n_outer)):
        x0, t0 = x[k], 0.0
        for col in range(n):
            t0 += weights[row + col] * x[inner + col]
            out[inner + col] += x0 * weights[row + col]
        out[k] += t0
        row = row + n
