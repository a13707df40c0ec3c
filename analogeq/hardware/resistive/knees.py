r"""Where a device takes over from a load.

A load [S] and a device at one node carry as much where :math:`i(v) = g\,v`. The outermost such
voltage on a side is the device's *knee* there: beyond it the device carries more, and holds the
node. It is 0 V where the device carries more everywhere on that side, infinite where it carries less
however far out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

Current = Callable[[float], tuple[float, float]]
"""I(v) [A] and di/dv [S] of one voltage."""

RELATIVE = 4.0 * float(np.finfo(np.float64).eps)
"""The finest that `scipy.optimize.brentq` takes."""

FARTHEST = 1e9
"""Volts beyond which no knee is looked for."""


def outer_knee(current: Current, load: float, start: float) -> float:
    """Outermost voltage from ``start`` on where the device carries as much as the load [V].

    Parameters
    ----------
    current : callable
        Convex from ``start`` on, so that it crosses the load's line twice at most.
    load : float
        [S]
    start : float
        Not negative; the device carries no more than the load there, or 0 V.

    Returns
    -------
    float
        0 where the device carries more everywhere; infinite where it carries less everywhere far out.
    """

    def excess(v: float) -> float:
        return current(v)[0] - load * v

    def steeper(v: float) -> float:
        return current(v)[1] - load

    far = start + 1.0
    while excess(far) <= 0.0 or steeper(far) <= 0.0:
        far = start + 2.0 * (far - start)
        if far > FARTHEST:
            return math.inf
    # Convex: least where it is as steep as the load, and beyond that point crossed once at most.
    least = start if steeper(start) >= 0.0 else _root(steeper, start, far)
    if excess(least) == 0.0:
        return least
    return 0.0 if excess(least) > 0.0 else _root(excess, least, far)


def turned(current: Current) -> Current:
    """Return the same device turned round: -i(-v)."""

    def other(v: float) -> tuple[float, float]:
        i, slope = current(-v)
        return -i, slope

    return other


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-300, rtol=RELATIVE, maxiter=1000))
