"""Where a polynomial first rises through zero."""

from __future__ import annotations

from analogeq.engines.native.compiled.jit import jit
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.roots import PRECISE, SAMPLES


@jit
def value_and_slope(terms: Array, degree: int, t: float) -> tuple[float, float]:
    """Horner's rule for a polynomial and its derivative."""
    value, slope = terms[degree], 0.0
    for k in range(degree - 1, -1, -1):
        slope = slope * t + value
        value = value * t + terms[k]
    return value, slope


@jit
def first_rise(terms: Array, degree: int, stop: float) -> float:
    """Return the first time in [0, stop] at which the polynomial, not positive at 0, is positive; -1 if none."""
    slack, power = 0.0, 1.0
    for k in range(2, degree + 1):
        power *= stop
        slack += k * abs(terms[k]) * power
    pieces = 1 if abs(terms[1]) > slack else SAMPLES
    left, low, slope_left = 0.0, min(terms[0], 0.0), terms[1]
    for piece in range(1, pieces + 1):
        right = stop * piece / pieces
        high, slope = value_and_slope(terms, degree, right)
        if high <= 0.0 and slope_left > 0.0 > slope:
            top = left + (right - left) * slope_left / (slope_left - slope)
            peak, _ = value_and_slope(terms, degree, top)
            if peak > 0.0:
                right, high = top, peak
        if high > 0.0:
            return _crossing(terms, degree, left, low, right, high)
        left, low, slope_left = right, high, slope
    return -1.0


@jit
def _crossing(terms: Array, degree: int, left: float, low: float, right: float, high: float) -> float:
    """Newton's method kept inside the bracket."""
    t = left - (right - left) * low / (high - low)
    for _ in range(60):
        value, slope = value_and_slope(terms, degree, t)
        if value > 0.0:
            right = t
        else:
            left = t
        closer = t - value / slope if slope > 0.0 else t - 1.0
        # A step that has become too small to matter may leave the bracket by rounding; keep it.
        if abs(closer - t) <= PRECISE or right - left <= PRECISE:
            return min(max(closer, left), right)
        t = closer if left < closer < right else 0.5 * (left + right)
    return t
