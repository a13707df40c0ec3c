"""One sample after the other with exponential diodes; the method is that of `analogeq.engines.native.stiff`."""

from __future__ import annotations

import math

import numpy as np

from analogeq.engines.native.compiled.diode import clamp
from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.compiled.product import product
from analogeq.engines.native.coupling import Array, Ints
from analogeq.engines.native.stiff import CHANGE, COLUMNS, FIRST, FIRST_ORDER

Constants = tuple[float, float, float, float]


@jit
def follow(
    table: Ints,
    ends: Ints,
    to_outer: Array,
    to_inner: Array,
    factor: float,
    load: Array,
    currents: Array,
    rail: float,
    diodes: Constants,
    states: Array,
    duration: float,
    tolerance: float,
    most: int,
    stops: Array,
    kept: Array,
    times: Array,
    counts: Ints,
) -> None:
    """Move every row of ``states`` on by ``duration``, stopping at ``stops``, the last of which is the end.

    ``kept`` (batch, stop, node) takes the states there; the rest is as in `compiled.transient.follow`.
    """
    n = states.shape[1]
    first, stiffness, flow, z = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    rows, older = np.zeros((COLUMNS, n)), np.zeros((COLUMNS, n))
    wishes, costs = np.zeros(COLUMNS + 1), np.zeros(COLUMNS + 2)
    for k in range(1, COLUMNS + 2):
        costs[k] = 1 + k * (k - 1) // 2
    for sample in range(states.shape[0]):
        v, current = states[sample], currents[sample]
        now, h, order, stale = 0.0, FIRST, FIRST_ORDER, True
        for stop in range(stops.size):
            while now < stops[stop] and counts[sample, 2] < most:
                rest = stops[stop] - now
                tried = rest if rest <= 1.1 * h else h
                if stale:
                    product(table, ends, to_outer, to_inner, factor, v, first)
                    _rate(v, current, load, rail, diodes, first, stiffness)
                    stale = False
                passed, k, last = 0, 0, min(order + 1, COLUMNS)
                while passed == 0 and k < last:
                    k += 1
                    part = tried / k
                    for j in range(n):
                        z[j] = v[j] + part * first[j] / (1.0 + part * stiffness[j])
                    for _ in range(1, k):
                        product(table, ends, to_outer, to_inner, factor, z, flow)
                        _advance(z, current, load, rail, diodes, flow, stiffness, part)
                    error = max(_extrapolate(k, z, rows, older), 1e-300)
                    rows, older = older, rows
                    if k > 1:
                        scale = 0.9 * (tolerance / error) ** (1.0 / k) if error < np.inf else 0.0
                        wishes[k] = tried * min(max(scale, 0.05), 5.0)
                        if error <= tolerance and k >= order - 1:
                            passed = k
                counts[sample, 2] += int(costs[k])
                if passed > 0:
                    product(table, ends, to_outer, to_inner, factor, rows[passed - 1], flow)
                    _rate(rows[passed - 1], current, load, rail, diodes, flow, z)
                    if _overlooked(tried, tolerance, stiffness, z, flow):
                        passed = 0
                        h, order = 0.3 * tried, max(order - 1, 2)
                        continue
                    v[:] = rows[passed - 1]
                    first[:], stiffness[:] = flow, z
                    now = stops[stop] if tried >= rest else now + tried
                    if counts[sample, 0] < times.shape[1]:
                        times[sample, counts[sample, 0]] = now
                    counts[sample, 0] += 1
                length, target = _next(wishes, costs, passed, order)
                if passed > 0 and tried < 0.9 * h:
                    h = max(h, length)  # a mark came in the way: go on as before
                else:
                    h, order = length, target
            if stop < kept.shape[1]:
                kept[sample, stop] = v
        if now < duration:
            counts[sample, 0] = -1


@jit
def _overlooked(h: float, tolerance: float, before: Array, after: Array, flow: Array) -> bool:
    """See `analogeq.engines.native.stiff.overlooked`, of one sample."""
    for j in range(flow.size):
        then, now = 1.0 + h * before[j], 1.0 + h * after[j]
        changed = max(then, now) > CHANGE * min(then, now)
        if changed and abs(h * flow[j] * (1.0 / now - 1.0 / then)) > 10.0 * tolerance:
            return True
    return False


@jit
def _next(wishes: Array, costs: Array, passed: int, order: int) -> tuple[float, int]:
    """Length and order of the next step: where the evaluations for a unit of time are fewest."""
    k = passed if passed > 0 else order
    now = costs[k] / wishes[k]
    lower = costs[k - 1] / max(wishes[k - 1], 1e-300) if k > 2 else np.inf
    if lower < 0.8 * now:
        return wishes[k - 1], k - 1
    if now < 0.9 * lower and passed > 0 and k < COLUMNS - 1:
        return wishes[k] * costs[k + 1] / costs[k], k + 1
    return wishes[k], k


@jit
def _rate(v: Array, current: Array, load: Array, rail: float, diodes: Constants, flow: Array, stiffness: Array) -> None:
    """Complete ``flow`` to dv/dt, and give the slope that is taken implicitly."""
    for j in range(v.size):
        drawn, slope = clamp(v[j], rail, diodes[0], diodes[1], diodes[2], diodes[3])
        flow[j] += current[j] - load[j] * v[j] - drawn
        stiffness[j] = load[j] + slope


@jit
def _advance(
    z: Array,
    current: Array,
    load: Array,
    rail: float,
    diodes: Constants,
    flow: Array,
    stiffness: Array,
    part: float,
) -> None:
    for j in range(z.size):
        drawn, _ = clamp(z[j], rail, diodes[0], diodes[1], diodes[2], diodes[3])
        rate = flow[j] + current[j] - load[j] * z[j] - drawn
        z[j] += part * rate / (1.0 + part * stiffness[j])


@jit
def _extrapolate(k: int, z: Array, older: Array, new: Array) -> float:
    """Write row k of the table into ``new``; return the difference of its last two columns."""
    new[0] = z
    for m in range(1, k):
        share = (k - m) / m
        for j in range(z.size):
            new[m, j] = new[m - 1, j] + (new[m - 1, j] - older[m - 1, j]) * share
    if k == 1:
        return np.inf
    error = 0.0
    for j in range(z.size):
        apart = abs(new[k - 1, j] - new[k - 2, j])
        if not math.isfinite(apart):
            return np.inf
        error = max(error, apart)
    return error
