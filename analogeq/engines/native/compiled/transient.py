"""One sample after the other along its waveform; the method is that of `analogeq.engines.native.transient`."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.compiled.product import product
from analogeq.engines.native.compiled.roots import first_rise
from analogeq.engines.native.coupling import Array, Ints
from analogeq.engines.native.problem import AT_ONCE, HIGHEST

GROWTH = 2.0
"""Longest step, in units of the last one."""

MOVED = 2
"""Marks a node whose event was dealt with in this step."""


@jit
def follow(
    table: Ints,
    ends: Ints,
    to_outer: Array,
    to_inner: Array,
    factor: float,
    bend: float,
    load: Array,
    currents: Array,
    rail: float,
    states: Array,
    duration: float,
    tolerance: float,
    most: int,
    marks: Array,
    kept: Array,
    times: Array,
    counts: Ints,
) -> None:
    """Move every row of ``states`` on by ``duration``; see `analogeq.engines.native.transient.follow`.

    ``kept`` (batch, mark, node) takes the states at ``marks``, ``times`` (batch, any) the ends of the
    steps as far as it reaches, ``counts`` (batch, 3) steps, events and products.
    """
    n = states.shape[1]
    taylor, inflow = np.zeros((HIGHEST + 1, n)), np.zeros((HIGHEST + 1, n))
    held, free, reach, work = np.zeros(n, np.int64), np.zeros(n), np.zeros(n), np.zeros(n)
    who, when = np.zeros(n, np.int64), np.zeros(n)
    terms, extra = np.zeros(HIGHEST + 1), np.zeros(n)
    for sample in range(states.shape[0]):
        v, current = states[sample], currents[sample]
        for j in range(n):
            v[j] = min(max(v[j], 0.0), rail)
        now, last, mark, done = 0.0, 0.1, 0, False
        while not done and counts[sample, 0] < most:
            rest = duration - now
            product(table, ends, to_outer, to_inner, factor, v, inflow[0])
            aim, goal = min(GROWTH * last, rest), 0.2 * tolerance
            high, before = _hold(v, current, load, rail, aim, held, free, reach, taylor, inflow), 0.0
            order, power = 1, aim
            while order < HIGHEST:
                product(table, ends, to_outer, to_inner, factor, taylor[order], inflow[order])
                before = high
                high = _raise(order, load, free, aim, power, reach, taylor, inflow)
                order += 1
                power *= aim
                if order >= 3 and high * power <= goal and before * power <= 10.0 * goal * aim:
                    break
            counts[sample, 2] += order
            h = aim
            if high > 0.0:
                h = min(h, (tolerance / high) ** (1.0 / order))
            if before > 0.0:
                h = min(h, (10.0 * tolerance / before) ** (1.0 / (order - 1)))
            found = _events(order, h, rail, held, taylor, inflow, reach, terms, who, when)
            merge = marks.size == 0
            h = _shorten(order, h, rail, held, taylor, inflow, who, when, found, bend, tolerance, merge)
            while mark < marks.size and (marks[mark] <= now + h or h >= rest):
                _evaluate(order, min(max(marks[mark] - now, 0.0), h), rail, taylor, kept[sample, mark])
                mark += 1
            _evaluate(order, h, rail, taylor, work)
            used = 0
            for i in range(found):
                if when[i] <= h:
                    if used == 0:
                        extra[:] = 0.0
                    used += 1
                    j = who[i]
                    work[j], extra[j] = _corner(order, j, when[i], h, rail, load[j], held, taylor, inflow)
                    held[j] = MOVED
            if used > 0:
                product(table, ends, to_outer, to_inner, factor, extra, reach)
                counts[sample, 2] += 1
                for j in range(n):
                    if held[j] == 0:
                        work[j] = min(max(work[j] + reach[j], 0.0), rail)
            v[:] = work
            done = h >= rest
            now, last = now + h, h
            if counts[sample, 0] < times.shape[1]:
                times[sample, counts[sample, 0]] = duration if done else now
            counts[sample, 0] += 1
            counts[sample, 1] += used


@jit
def _hold(
    v: Array,
    current: Array,
    load: Array,
    rail: float,
    aim: float,
    held: Ints,
    free: Array,
    reach: Array,
    taylor: Array,
    inflow: Array,
) -> float:
    """Say which clamps conduct, and start the series; return its first term's largest magnitude."""
    high, own, net, slope = 0.0, taylor[0], inflow[0], taylor[1]
    for j in range(v.size):
        own[j] = v[j]
        net[j] += current[j] - load[j] * v[j]
        top, bottom = v[j] >= rail and net[j] > 0.0, v[j] <= 0.0 and net[j] < 0.0
        held[j] = 1 if top else (-1 if bottom else 0)
        free[j] = 0.0 if top or bottom else 1.0
        slope[j] = net[j] * free[j]
        reach[j] = abs(slope[j]) * aim
        high = max(high, abs(slope[j]))
    return high


@jit
def _raise(
    order: int, load: Array, free: Array, aim: float, power: float, reach: Array, taylor: Array, inflow: Array
) -> float:
    """Append the series' next term; return its largest magnitude.

    ``reach`` sums how far each node (or a held node's inflow) can get within ``aim``.
    """
    share, further, high = 1.0 / (order + 1), power * aim, 0.0
    own, flow, out = taylor[order], inflow[order], taylor[order + 1]
    for j in range(own.size):
        term = (flow[j] - load[j] * own[j]) * (share * free[j])
        out[j] = term
        reach[j] += abs(term) * further + (1.0 - free[j]) * abs(flow[j]) * power
        high = max(high, abs(term))
    return high


@jit
def _events(
    order: int,
    h: float,
    rail: float,
    held: Ints,
    taylor: Array,
    inflow: Array,
    reach: Array,
    terms: Array,
    who: Ints,
    when: Array,
) -> int:
    """Find which nodes reach a rail or leave one within ``h``, and when; return how many."""
    found = 0
    for j in range(held.size):
        at = -1.0
        if held[j] == 0:
            if taylor[0, j] + reach[j] > rail:
                for k in range(order + 1):
                    terms[k] = taylor[k, j]
                terms[0] -= rail
                at = first_rise(terms, order, h)
            if taylor[0, j] - reach[j] < 0.0:
                for k in range(order + 1):
                    terms[k] = -taylor[k, j]
                below = first_rise(terms, order, h)
                if below >= 0.0 and (at < 0.0 or below < at):
                    at = below
        elif abs(inflow[0, j]) < reach[j]:
            for k in range(order):
                terms[k] = -held[j] * inflow[k, j]
            at = first_rise(terms, order - 1, h)
        if at >= 0.0:
            who[found], when[found] = j, at
            found += 1
    return found


@jit
def _shorten(
    order: int,
    h: float,
    rail: float,
    held: Ints,
    taylor: Array,
    inflow: Array,
    who: Ints,
    when: Array,
    found: int,
    bend: float,
    tolerance: float,
    merge: bool,  # noqa: FBT001  a kernel's flag
) -> float:
    """End the step where what its events do to each other would pass the tolerance."""
    if found == 0:
        return h
    first = h
    for i in range(found):
        first = min(first, when[i])
    if not merge and first > AT_ONCE:
        return first
    for _ in range(200):
        error = 0.0
        for i in range(found):
            span = h - when[i]
            if span > 0.0:
                error += bend * span * span * _overshoot(order, who[i], when[i], h, rail, held, taylor, inflow) / 6.0
        if error <= tolerance:
            return h
        window = (h - first) * max(0.2, 0.9 * (tolerance / error) ** (1.0 / 3.0))
        if first > AT_ONCE and window < 1e-4 * first:
            return first
        h = first + window
    return h


@jit
def _overshoot(order: int, j: int, at: float, h: float, rail: float, held: Ints, taylor: Array, inflow: Array) -> float:
    """How far a node's true path leaves the series it is taken to follow [V]."""
    middle = 0.5 * (at + h)
    if held[j] != 0:
        end, half = _at(inflow, order - 1, j, h), _at(inflow, order - 1, j, middle)
        return max(abs(end), 2.0 * abs(half)) * (h - at) / 4.0
    end, half = _at(taylor, order, j, h), _at(taylor, order, j, middle)
    level = rail if half > 0.5 * rail else 0.0
    return max(abs(end - level), 2.0 * abs(half - level))


@jit
def _at(series: Array, degree: int, j: int, t: float) -> float:
    total: float = series[degree, j]
    for k in range(degree - 1, -1, -1):
        total = total * t + series[k, j]
    return total


@jit
def _area(series: Array, degree: int, j: int, start: float, stop: float) -> float:
    upper, lower = 0.0, 0.0
    for k in range(degree, -1, -1):
        term = series[k, j] / (k + 1)
        upper = (upper + term) * stop
        lower = (lower + term) * start
    return upper - lower


@jit
def _evaluate(order: int, t: float, rail: float, taylor: Array, out: Array) -> None:
    """Horner's rule for all nodes, three terms a pass."""
    k = order - order % 3
    c0, c1, c2 = taylor[k], taylor[min(k + 1, order)], taylor[min(k + 2, order)]
    one, two = (t if k + 1 <= order else 0.0), (t * t if k + 2 <= order else 0.0)
    for j in range(out.size):
        out[j] = c0[j] + one * c1[j] + two * c2[j]
    for low in range(k - 3, -1, -3):
        c0, c1, c2 = taylor[low], taylor[low + 1], taylor[low + 2]
        for j in range(out.size):
            out[j] = ((out[j] * t + c2[j]) * t + c1[j]) * t + c0[j]
    for j in range(out.size):
        out[j] = min(max(out[j], 0.0), rail)


@jit
def _corner(
    order: int,
    j: int,
    at: float,
    h: float,
    rail: float,
    load: float,
    held: Ints,
    taylor: Array,
    inflow: Array,
) -> tuple[float, float]:
    """Where node ``j`` ends, and the integral of what its neighbours were not told [V]."""
    if held[j] == 0:
        level = rail if _at(taylor, order, j, at) > 0.5 * rail else 0.0
        return level, level * (h - at) - _area(taylor, order, j, at, h)
    level = rail if held[j] > 0 else 0.0
    gone, span = _area(inflow, order - 1, j, at, h), h - at
    end = level + gone * (1.0 - load * span / 3.0)
    return min(max(end, 0.0), rail), gone * span / 3.0
