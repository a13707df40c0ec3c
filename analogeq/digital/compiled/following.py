"""Error-controlled steps, each sample by itself: nobody waits for the slowest; see `analogeq.digital.adaptive`."""

from __future__ import annotations

import math

from analogeq.digital.adaptive import GROW, SAFETY, SHRINK, TINY
from analogeq.digital.compiled.jit import jit
from analogeq.digital.compiled.products import add_both_ways
from analogeq.network.network import Floats, Ints


@jit
def follow(
    flat: Floats,
    table: Ints,
    constant: Floats,
    decay: Floats,
    duration: float,
    tolerance: float,
    most: int,
    s: Floats,
    work: Floats,
    tries: Ints,
    b: int,
) -> None:
    """Follow sample ``b`` of ``s`` in place; ``tries[b]`` is how many steps it tried, above ``most`` if in vain.

    ``work`` is working space, three arrays like ``s``.
    """
    slope, euler, second = work[0], work[1], work[2]
    force(flat, table, constant, decay, s, slope, b)
    step, left = first_step(slope[b], duration, tolerance), duration
    tries[b] = 0
    while left > 0.0 and tries[b] <= most:
        tries[b] += 1
        stage(s[b], slope[b], step, euler[b])
        force(flat, table, constant, decay, euler, second, b)
        error = correct(s[b], euler[b], second[b], step)
        if error <= tolerance:
            left -= step
            s[b] = second[b]
            force(flat, table, constant, decay, s, slope, b)
        step = min(step * factor(error, tolerance), left)


@jit
def force(flat: Floats, table: Ints, constant: Floats, decay: Floats, s: Floats, out: Floats, b: int) -> None:
    """Write the rate of change of sample ``b`` without the rails to ``out[b]``."""
    push, held, now = out[b], constant[b], s[b]
    for j in range(s.shape[1]):
        push[j] = held[j] - decay[j] * now[j]
    for link in range(len(table)):
        line = table[link]
        matrix = flat[line[4] : line[4] + line[1] * line[3]].reshape((line[1], line[3]))
        add_both_ways(matrix, s, line[0], line[2], out, b, b + 1)


@jit
def stage(now: Floats, slope: Floats, step: float, euler: Floats) -> None:
    """Take Euler's step to ``euler``, between the rails."""
    low, high, h = now.dtype.type(0.0), now.dtype.type(1.0), now.dtype.type(step)
    for j in range(len(now)):
        euler[j] = min(max(now[j] + h * slope[j], low), high)


@jit
def correct(now: Floats, euler: Floats, second: Floats, step: float) -> float:
    """Put Heun's step in place of the slope in ``second``; return how far it is from Euler's."""
    low, high = now.dtype.type(0.0), now.dtype.type(1.0)
    h, half, error = now.dtype.type(step), now.dtype.type(0.5), now.dtype.type(0.0)
    for j in range(len(now)):
        second[j] = min(max(half * (now[j] + euler[j] + h * second[j]), low), high)
        error = max(error, abs(second[j] - euler[j]))
    return float(error)


@jit
def first_step(slope: Floats, duration: float, tolerance: float) -> float:
    """Step in which the fastest neuron moves by the root of the tolerance, or the whole phase."""
    fastest = slope.dtype.type(0.0)
    for j in range(len(slope)):
        fastest = max(fastest, abs(slope[j]))
    return min(math.sqrt(tolerance) / max(float(fastest), tolerance), duration)


@jit
def factor(error: float, tolerance: float) -> float:
    """What the next step is of this one."""
    return min(max(SAFETY * math.sqrt(tolerance / max(error, TINY)), SHRINK), GROW)
