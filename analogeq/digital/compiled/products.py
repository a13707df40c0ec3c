"""Products of a small batch with a matrix of long rows, four rows at a time.

Four rows stay in the first-level cache while all samples pass over them, so every weight is read
from further away once a product. Four zeros are skipped: blank pixels and neurons at the lower rail
cost nothing.
"""

from __future__ import annotations

import numpy as np

from analogeq.digital.compiled.jit import jit
from analogeq.network.network import Floats, Ints

Scalar = np.floating
"""A number of the arrays' own type: a Python float would widen float32 sums to float64."""

GROUP = 20
"""Samples whose rows of 500 numbers fit the first-level cache."""


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
    """Add ``x[:, x0:] @ matrix.T`` to ``out[:, out0:]`` for samples ``first`` to ``last``, two at a time."""
    n_rows, n = matrix.shape
    whole = n_rows - n_rows % 4
    zero = x.dtype.type(0.0)
    for r in range(0, whole, 4):
        w0, w1, w2, w3 = matrix[r], matrix[r + 1], matrix[r + 2], matrix[r + 3]
        for b in range(first, last, 2):
            paired = b + 1 < last  # the last of an odd number is paired with itself
            one, two = x[b, x0 : x0 + n], x[b + paired, x0 : x0 + n]
            t0, t1, t2, t3 = zero, zero, zero, zero
            u0, u1, u2, u3 = zero, zero, zero, zero
            for j in range(n):
                a0, a1, a2, a3 = w0[j], w1[j], w2[j], w3[j]
                v, w = one[j], two[j]
                t0 += a0 * v
                t1 += a1 * v
                t2 += a2 * v
                t3 += a3 * v
                u0 += a0 * w
                u1 += a1 * w
                u2 += a2 * w
                u3 += a3 * w
            into = out[b, out0 + r : out0 + r + 4]
            into[0] += t0
            into[1] += t1
            into[2] += t2
            into[3] += t3
            if paired:
                into = out[b + 1, out0 + r : out0 + r + 4]
                into[0] += u0
                into[1] += u1
                into[2] += u2
                into[3] += u3
    for r in range(whole, n_rows):
        w0 = matrix[r]
        for b in range(first, last):
            one = x[b, x0 : x0 + n]
            t0 = zero
            for j in range(n):
                t0 += w0[j] * one[j]
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
    """Add ``scale · x[:, x0:].T @ d[:, d0:]`` to the rows ``first`` to ``last`` of ``matrix``, two at a time.

    Only the samples whose ``x`` is not zero are visited, four at a time; `GROUP` samples, whose ``d``
    stays in the first-level cache, pass over all rows before the next do.
    """
    n = matrix.shape[1]
    zero = matrix.dtype.type(0.0)
    who = np.empty(GROUP + 3, dtype=np.intp)
    upper, lower = np.empty(GROUP + 3, dtype=matrix.dtype), np.empty(GROUP + 3, dtype=matrix.dtype)
    spare = np.zeros(n, dtype=matrix.dtype)
    for start in range(0, len(x), GROUP):
        for r in range(first, last, 2):
            paired = r + 1 < last
            found = 0
            for b in range(start, min(start + GROUP, len(x))):
                one, two = x[b, x0 + r], x[b, x0 + r + 1] if paired else zero
                if one != 0 or two != 0:
                    who[found], upper[found], lower[found] = b, scale * one, scale * two
                    found += 1
            for k in range(found, found + 3):
                who[k], upper[k], lower[k] = start, zero, zero
            if paired:
                _add_fours(matrix[r], matrix[r + 1], d, d0, found, who, upper, lower)
            else:
                _add_fours(matrix[r], spare, d, d0, found, who, upper, lower)


@jit
def _add_fours(
    row: Floats, other: Floats, d: Floats, d0: int, found: int, who: Ints, upper: Floats, lower: Floats
) -> None:
    n = len(row)
    for k in range(0, found, 4):
        x_0, x_1, x_2, x_3 = upper[k], upper[k + 1], upper[k + 2], upper[k + 3]
        y_0, y_1, y_2, y_3 = lower[k], lower[k + 1], lower[k + 2], lower[k + 3]
        d_0, d_1 = d[who[k], d0 : d0 + n], d[who[k + 1], d0 : d0 + n]
        d_2, d_3 = d[who[k + 2], d0 : d0 + n], d[who[k + 3], d0 : d0 + n]
        for j in range(n):
            p0, p1, p2, p3 = d_0[j], d_1[j], d_2[j], d_3[j]
            row[j] += x_0 * p0 + x_1 * p1 + x_2 * p2 + x_3 * p3
            other[j] += y_0 * p0 + y_1 * p1 + y_2 * p2 + y_3 * p3
