"""The diode clamp of one node, in volts (currents over G0); the equations are those of `analogeq.hardware.diode`."""

from __future__ import annotations

import math

from analogeq.engines.native.compiled.jit import jit


@jit
def junction(v: float, saturation: float, thermal: float, gmin: float) -> tuple[float, float]:
    """Current and slope of a junction."""
    if v >= -3.0 * thermal:
        grow = saturation * math.exp(min(v / thermal, 500.0))
        return grow - saturation + gmin * v, grow / thermal + gmin
    cubed = (3.0 * thermal / (v * math.e)) ** 3
    return -saturation * (1.0 + cubed) + gmin * v, 3.0 * saturation * cubed / v + gmin


@jit
def diode(v: float, saturation: float, thermal: float, resistance: float, gmin: float) -> tuple[float, float]:
    """Current and slope of a junction behind its series resistance."""
    if resistance == 0.0:
        return junction(v, saturation, thermal, gmin)
    x = v
    if v > 0.0:
        x = min(v, thermal * math.log1p(v / (resistance * saturation)))
    for _ in range(60):
        current, slope = junction(x, saturation, thermal, gmin)
        step = (x + resistance * current - v) / (1.0 + resistance * slope)
        x -= step
        if abs(step) <= 1e-16 + 4e-16 * abs(x):
            break
    current, slope = junction(x, saturation, thermal, gmin)
    return current, slope / (1.0 + resistance * slope)


@jit
def clamp(
    v: float, rail: float, saturation: float, thermal: float, resistance: float, gmin: float
) -> tuple[float, float]:
    """What the two diodes draw from a node at ``v``, and the slope."""
    upper, rising = diode(v - rail, saturation, thermal, resistance, gmin)
    lower, falling = diode(-v, saturation, thermal, resistance, gmin)
    return upper - lower, rising + falling


@jit
def balance(
    inflow: float,
    load: float,
    rail: float,
    saturation: float,
    thermal: float,
    resistance: float,
    gmin: float,
) -> tuple[float, float]:
    """Where ``load v + clamp(v) = inflow``, and how far v gives way to more inflow; see `clamps.Diodes`."""
    high, low = max(inflow - load * rail, 0.0), max(-inflow, 0.0)
    v = inflow / load
    if v > rail:
        v = min(v, rail + thermal * math.log1p(high / saturation) + resistance * high)
    elif v < 0.0:
        v = max(v, -thermal * math.log1p(low / saturation) - resistance * low)
    slope = 0.0
    for _ in range(100):
        current, slope = clamp(v, rail, saturation, thermal, resistance, gmin)
        step = (load * v + current - inflow) / (load + slope)
        v -= step
        if abs(step) <= 1e-15 * rail:
            break
    return v, 1.0 / (load + slope)
