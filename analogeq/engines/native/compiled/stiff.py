"""One sample after the other with exponential diodes; the method is that of `analogeq.engines.native.stiff`."""

from __future__ import annotations

import math

import numpy as np

from analogeq.engines.native.compiled.diode import clamp
from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.compiled.product import product
from analogeq.engines.native.coupling import Array, Ints
from analogeq.engines.native.stiff import COLUMNS, FIRST

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
    for sample in range(states.shape[0]):
        v, current = states[sample], currents[sample]
        now, h = 0.0, FIRST
        for stop in range(stops.size):
            while now < stops[stop] and counts[sample, 2] < most:
                rest = stops[stop] - now
                tried = min(h, rest)
                if rest <= 1.1 * tried:
                    tried = rest
                product(table, ends, to_outer, to_inner, factor, v, first)
                _rate(v, current, load, rail, diodes, first, stiffness)
                counts[sample, 2] += 1
                good, best, cheapest, before, work = False, 0.2 * tried, np.inf, np.inf, 1
                for k in range(1, COLUMNS + 1):
                    part = tried / k
                    for j in range(n):
                        z[j] = v[j] + part * first[j] / (1.0 + part * stiffness[j])
                    for _ in range(1, k):
                        product(table, ends, to_outer, to_inner, factor, z, flow)
                        _advance(z, current, load, rail, diodes, flow, stiffness, part)
                    work += k - 1
                    error = _extrapolate(k, z, rows, older)
                    rows, older = older, rows
                    if k == 1:
                        continue
                    scale = 0.9 * (tolerance / max(error, 1e-300)) ** (1.0 / k) if error < np.inf else 0.1
                    wish = tried * min(max(scale, 0.1), 5.0)
                    if work / wish < cheapest:
                        best, cheapest = wish, work / wish
                    if error <= tolerance:
                        good = True
                        break
                    if error > 4.0 * before:
                        break
                    before = error
                counts[sample, 2] += work - 1
                if good:
                    v[:] = rows[k - 1]
                    now = stops[stop] if tried >= rest else now + tried
                    h = max(h, best) if tried < h else best
                    if counts[sample, 0] < times.shape[1]:
                        times[sample, counts[sample, 0]] = now
                    counts[sample, 0] += 1
                else:
                    h = best
            if stop < kept.shape[1]:
                kept[sample, stop] = v
        if now < duration:
            counts[sample, 0] = -1


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
