"""Products of a small batch with a matrix of long rows, four rows at a time.

Four rows stay in the first-level cache while all samples pass over them, so every weight is read
from further away once a product. Four zeros are skipped: blank pixels and neurons at the lower rail
cost nothing.
"""

from __future__ import annotations

import numpy as np

from analogeq.digital.compiled.jit import jit
from analogeq.network.network import Floats

Scalar = np.floating
"""A number of the arrays' own type: a Python float would widen float32 sums to float64."""


@jit
def add_forward(matrix: Floats, x: Floats, x0: int, out: Floats, out0: int, first: int, last: int) -> None:
    """Add ``x[:, x0:] @ matrix`` to ``out[:, out0:]`` for samples ``first`` to ``last``."""
    n_rows, n = matrix.shape
    whole = n_rows - n_rows % 4
    for r in range(0, whole, 4):
        w0, w1, w2, w3 = matrix[r], matrix[r + 1], matrix[r + 2], matrix[r + 3]
        for b in range(first, last):
            x_0, x_1, x_2, x_3 = x[b, x0 + r], x[b, x0 + r + 1], x[b, x0 + r + 2], x[b, x0 + r + 3]
            if x_0 == 0 and x_1 == 0 and x_2 == 0 and x_3 == 0:
                continue
            into = out[b, out0 : out0 + n]
            for j in range(n):
                into[j] += x_0 * w0[j] + x_1 * w1[j] + x_2 * w2[j] + x_3 * w3[j]
    for r in range(whole, n_rows):
        w0 = matrix[r]
        for b in range(first, last):
            x_0 = x[b, x0 + r]
            into = out[b, out0 : out0 + n]
            for j in range(n):
                into[j] += x_0 * w0[j]


@jit
def add_backward(matrix: Floats, x: Floats, x0: int, out: Floats, out0: int, first: int, last: int) -> None:
    """Add ``x[:, x0:] @ matrix.T`` to ``out[:, out0:]`` for samples ``first`` to ``last``."""
    n_rows, n = matrix.shape
    whole = n_rows - n_rows % 4
    for r in range(0, whole, 4):
        w0, w1, w2, w3 = matrix[r], matrix[r + 1], matrix[r + 2], matrix[r + 3]
        for b in range(first, last):
            along = x[b, x0 : x0 + n]
            zero = x.dtype.type(0.0)
            t0, t1, t2, t3 = zero, zero, zero, zero
            for j in range(n):
                t0 += w0[j] * along[j]
                t1 += w1[j] * along[j]
                t2 += w2[j] * along[j]
                t3 += w3[j] * along[j]
            out[b, out0 + r] += t0
            out[b, out0 + r + 1] += t1
            out[b, out0 + r + 2] += t2
            out[b, out0 + r + 3] += t3
    for r in range(whole, n_rows):
        w0 = matrix[r]
        for b in range(first, last):
            along = x[b, x0 : x0 + n]
            t0 = x.dtype.type(0.0)
            for j in range(n):
                t0 += w0[j] * along[j]
            out[b, out0 + r] += t0


@jit
def add_both_ways(matrix: Floats, s: Floats, rows0: int, along0: int, out: Floats, first: int, last: int) -> None:
    """Add what the two layers of a coupling send each other; every weight is read once for both."""
    n_rows, n = matrix.shape
    whole = n_rows - n_rows % 4
    for r in range(0, whole, 4):
        w0, w1, w2, w3 = matrix[r], matrix[r + 1], matrix[r + 2], matrix[r + 3]
        at = rows0 + r
        for b in range(first, last):
            s0, s1, s2, s3 = s[b, at], s[b, at + 1], s[b, at + 2], s[b, at + 3]
            along, into = s[b, along0 : along0 + n], out[b, along0 : along0 + n]
            zero = s.dtype.type(0.0)
            t0, t1, t2, t3 = zero, zero, zero, zero
            for j in range(n):
                x = along[j]
                a0, a1, a2, a3 = w0[j], w1[j], w2[j], w3[j]
                into[j] += s0 * a0 + s1 * a1 + s2 * a2 + s3 * a3
                t0 += a0 * x
                t1 += a1 * x
                t2 += a2 * x
                t3 += a3 * x
            out[b, at] += t0
            out[b, at + 1] += t1
            out[b, at + 2] += t2
            out[b, at + 3] += t3
    for r in range(whole, n_rows):
        w0 = matrix[r]
        at = rows0 + r
        for b in range(first, last):
            s0 = s[b, at]
            along, into = s[b, along0 : along0 + n], out[b, along0 : along0 + n]
            t0 = s.dtype.type(0.0)
            for j in range(n):
                a0 = w0[j]
                into[j] += s0 * a0
                t0 += a0 * along[j]
            out[b, at] += t0


@jit
def add_outer(matrix: Floats, x: Floats, x0: int, d: Floats, d0: int, scale: Scalar, first: int, last: int) -> None:
    """Add ``scale · x[:, x0:].T @ d[:, d0:]`` to the rows ``first`` to ``last`` of ``matrix``.

    Only the samples whose ``x`` is not zero are visited, four at a time.
    """
    n = matrix.shape[1]
    who = np.empty(len(x), dtype=np.intp)
    for r in range(first, last):
        found = 0
        for b in range(len(x)):
            if x[b, x0 + r] != 0:
                who[found] = b
                found += 1
        row = matrix[r]
        whole = found - found % 4
        for k in range(0, whole, 4):
            b0, b1, b2, b3 = who[k], who[k + 1], who[k + 2], who[k + 3]
            x_0, x_1 = scale * x[b0, x0 + r], scale * x[b1, x0 + r]
            x_2, x_3 = scale * x[b2, x0 + r], scale * x[b3, x0 + r]
            p0, p1, p2, p3 = d[b0, d0 : d0 + n], d[b1, d0 : d0 + n], d[b2, d0 : d0 + n], d[b3, d0 : d0 + n]
            for j in range(n):
                row[j] += x_0 * p0[j] + x_1 * p1[j] + x_2 * p2[j] + x_3 * p3[j]
        for k in range(whole, found):
            b0 = who[k]
            x_0 = scale * x[b0, x0 + r]
            p0 = d[b0, d0 : d0 + n]
            for j in range(n):
                row[j] += x_0 * p0[j]
