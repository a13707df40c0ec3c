"""Equilibria of two densely joined layers, one sample after the other; see `analogeq.engines.native.twolayer`."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.coupling import Array, Ints


@jit
def solve(
    to_outer: Array,
    to_inner: Array,
    load_outer: Array,
    load_inner: Array,
    current_outer: Array,
    current_inner: Array,
    rail: float,
    close: float,
    most: int,
    outer: Array,
    inner: Array,
    iterations: Ints,
) -> None:
    """Move every row of ``outer`` and ``inner`` to its equilibrium."""
    m, n = to_outer.shape
    reach, weighted = np.zeros(n), np.zeros((m, n))
    wish, system, right = np.zeros(m), np.zeros((m, m)), np.zeros(m)
    for sample in range(outer.shape[0]):
        y, h = outer[sample], inner[sample]
        far, patience, waiting = np.inf, 1, 0
        while iterations[sample] < most:
            iterations[sample] += 1
            _inner(to_inner, load_inner, current_inner[sample], rail, y, reach, h)
            _outer(to_outer, load_outer, current_outer[sample], h, wish)
            distance = 0.0
            for k in range(m):
                distance = max(distance, abs(min(max(wish[k], 0.0), rail) - y[k]))
            done = distance <= close
            if distance > 0.5 * far and waiting <= 0:
                waiting = patience
                patience = min(2 * patience, 64)
            waiting -= 1
            far = distance
            if done or waiting >= 0:
                for k in range(m):
                    y[k] = min(max(wish[k], 0.0), rail)
            else:
                _schur(to_outer, to_inner, load_outer, load_inner, rail, reach, weighted, system)
                _newton(system, right, load_outer, wish, rail, y)
            if done:
                break


@jit
def _inner(to_inner: Array, load: Array, current: Array, rail: float, y: Array, reach: Array, h: Array) -> None:
    reach[:] = current
    for k in range(y.size):
        own, row = y[k], to_inner[k]
        if own != 0.0:
            for j in range(reach.size):
                reach[j] += own * row[j]
    for j in range(reach.size):
        reach[j] /= load[j]
        h[j] = min(max(reach[j], 0.0), rail)


@jit
def _outer(to_outer: Array, load: Array, current: Array, h: Array, wish: Array) -> None:
    for k in range(wish.size):
        row, total = to_outer[k], 0.0
        for j in range(h.size):
            total += row[j] * h[j]
        wish[k] = (total + current[k]) / load[k]


@jit
def _schur(
    to_outer: Array,
    to_inner: Array,
    load_outer: Array,
    load_inner: Array,
    rail: float,
    reach: Array,
    weighted: Array,
    system: Array,
) -> None:
    """Build diag(load) - T_out diag(free / load) T_in^T."""
    m, n = to_outer.shape
    for k in range(m):
        row, out = to_outer[k], weighted[k]
        for j in range(n):
            free = reach[j] > 0.0 and reach[j] < rail
            out[j] = row[j] / load_inner[j] if free else 0.0
    for k in range(m):
        _against_all(weighted[k], to_inner, system[k])
        system[k, k] += load_outer[k]


@jit
def _against_all(a: Array, rows: Array, out: Array) -> None:
    """Write minus the products of ``a`` with every row, four rows at a time."""
    m, first = rows.shape[0], 0
    while first + 4 <= m:
        b0, b1, b2, b3 = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
        t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
        for j in range(a.size):
            x = a[j]
            t0 += x * b0[j]
            t1 += x * b1[j]
            t2 += x * b2[j]
            t3 += x * b3[j]
        out[first], out[first + 1], out[first + 2], out[first + 3] = -t0, -t1, -t2, -t3
        first += 4
    for row in range(first, m):
        b0, t0 = rows[row], 0.0
        for j in range(a.size):
            t0 += a[j] * b0[j]
        out[row] = -t0


@jit
def _newton(system: Array, right: Array, load: Array, wish: Array, rail: float, y: Array) -> None:
    """Gauss elimination with pivoting, then the step; nodes that wish to leave the box go to its rails."""
    m = y.size
    for k in range(m):
        if 0.0 < wish[k] < rail:
            right[k] = load[k] * (wish[k] - y[k])
        else:
            for j in range(m):
                system[k, j] = 0.0
            system[k, k] = 1.0
            right[k] = min(max(wish[k], 0.0), rail) - y[k]
    for col in range(m):
        pivot = col
        for row in range(col + 1, m):
            if abs(system[row, col]) > abs(system[pivot, col]):
                pivot = row
        if pivot != col:
            for j in range(m):
                system[col, j], system[pivot, j] = system[pivot, j], system[col, j]
            right[col], right[pivot] = right[pivot], right[col]
        for row in range(col + 1, m):
            share = system[row, col] / system[col, col]
            if share != 0.0:
                for j in range(col, m):
                    system[row, j] -= share * system[col, j]
                right[row] -= share * right[col]
    for col in range(m - 1, -1, -1):
        for j in range(col + 1, m):
            right[col] -= system[col, j] * right[j]
        right[col] /= system[col, col]
    for k in range(m):
        y[k] = min(max(y[k] + right[k], 0.0), rail)
