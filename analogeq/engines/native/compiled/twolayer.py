"""Equilibria of two densely joined layers, one sample after the other; see `analogeq.engines.native.twolayer`."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.compiled.diode import balance
from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.coupling import Array, Ints

Constants = tuple[float, float, float, float]


@jit
def solve(
    to_outer: Array,
    to_inner: Array,
    load_outer: Array,
    load_inner: Array,
    current_outer: Array,
    current_inner: Array,
    rail: float,
    diodes: Constants,
    close: float,
    most: int,
    outer: Array,
    inner: Array,
    iterations: Ints,
) -> None:
    """Move every row of ``outer`` and ``inner`` to its equilibrium; ``diodes[0]`` is 0 for ideal clamps."""
    m, n = to_outer.shape
    give, weighted = np.zeros(n), np.zeros((m, n))
    update, yields, system = np.zeros(m), np.zeros(m), np.zeros((m, m))
    for sample in range(outer.shape[0]):
        y, h = outer[sample], inner[sample]
        far, patience, waiting = np.inf, 1, 1
        while iterations[sample] < most:
            iterations[sample] += 1
            _into_inner(to_inner, current_inner[sample], y, h)
            _balance(h, load_inner, rail, diodes, give)
            _into_outer(to_outer, current_outer[sample], h, update)
            _balance(update, load_outer, rail, diodes, yields)
            distance = 0.0
            for k in range(m):
                distance = max(distance, abs(update[k] - y[k]))
            done = distance <= close
            if distance > 0.5 * far and waiting <= 0:
                waiting = patience
                patience = min(2 * patience, 64)
            waiting -= 1
            far = distance
            if done or waiting >= 0:
                y[:] = update
            else:
                _answers(to_outer, to_inner, give, yields, weighted, system)
                _newton(system, update, y)
                if diodes[0] == 0.0:
                    for k in range(m):
                        y[k] = min(max(y[k], 0.0), rail)
            if done:
                break


@jit
def _balance(x: Array, load: Array, rail: float, diodes: Constants, give: Array) -> None:
    """Turn inflows ``x`` into voltages in place, and say how far each gives way."""
    saturation, thermal, resistance, gmin = diodes
    if saturation == 0.0:
        for j in range(x.size):
            reach = x[j] / load[j]
            give[j] = 1.0 / load[j] if 0.0 < reach < rail else 0.0
            x[j] = min(max(reach, 0.0), rail)
    else:
        for j in range(x.size):
            x[j], give[j] = balance(x[j], load[j], rail, saturation, thermal, resistance, gmin)


@jit
def _into_inner(to_inner: Array, current: Array, y: Array, h: Array) -> None:
    h[:] = current
    for k in range(y.size):
        own, row = y[k], to_inner[k]
        if own != 0.0:
            for j in range(h.size):
                h[j] += own * row[j]


@jit
def _into_outer(to_outer: Array, current: Array, h: Array, update: Array) -> None:
    for k in range(update.size):
        row, total = to_outer[k], 0.0
        for j in range(h.size):
            total += row[j] * h[j]
        update[k] = total + current[k]


@jit
def _answers(to_outer: Array, to_inner: Array, give: Array, yields: Array, weighted: Array, system: Array) -> None:
    """Build 1 - diag(yields) T_out diag(give) T_in^T."""
    m, n = to_outer.shape
    for k in range(m):
        row, out = to_outer[k], weighted[k]
        for j in range(n):
            out[j] = row[j] * give[j]
    for k in range(m):
        _against_all(weighted[k], to_inner, -yields[k], system[k])
        system[k, k] += 1.0


@jit
def _against_all(a: Array, rows: Array, factor: float, out: Array) -> None:
    """Write ``factor`` times the products of ``a`` with every row, four rows at a time."""
    m, first = rows.shape[0], 0
    if factor == 0.0:
        out[:] = 0.0
        first = m
    while first + 4 <= m:
        b0, b1, b2, b3 = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
        t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
        for j in range(a.size):
            x = a[j]
            t0 += x * b0[j]
            t1 += x * b1[j]
            t2 += x * b2[j]
            t3 += x * b3[j]
        out[first], out[first + 1], out[first + 2], out[first + 3] = factor * t0, factor * t1, factor * t2, factor * t3
        first += 4
    for row in range(first, m):
        b0, t0 = rows[row], 0.0
        for j in range(a.size):
            t0 += a[j] * b0[j]
        out[row] = factor * t0


@jit
def _newton(system: Array, update: Array, y: Array) -> None:
    """Step ``y`` by the solution of ``system x = update - y``: elimination with pivoting."""
    m = y.size
    x = update
    for k in range(m):
        x[k] -= y[k]
    for col in range(m):
        pivot = col
        for row in range(col + 1, m):
            if abs(system[row, col]) > abs(system[pivot, col]):
                pivot = row
        if pivot != col:
            for j in range(m):
                system[col, j], system[pivot, j] = system[pivot, j], system[col, j]
            x[col], x[pivot] = x[pivot], x[col]
        for row in range(col + 1, m):
            share = system[row, col] / system[col, col]
            if share != 0.0:
                for j in range(col, m):
                    system[row, j] -= share * system[col, j]
                x[row] -= share * x[col]
    for col in range(m - 1, -1, -1):
        for j in range(col + 1, m):
            x[col] -= system[col, j] * x[j]
        x[col] /= system[col, col]
    for k in range(m):
        y[k] += x[k]
