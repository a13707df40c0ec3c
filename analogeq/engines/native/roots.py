"""Where polynomials first rise through zero, many at once; `compiled.roots` does it one by one."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.coupling import Array

SAMPLES = 8
"""Points at which each polynomial is looked at; a bump between two is found by the parabola through their slopes."""

PRECISE = 1e-11
"""How well an event time is known, over tau; its square is what a corner can be off [V]."""


def value_and_slope(terms: Array, t: Array) -> tuple[Array, Array]:
    """Horner's rule for polynomials ``terms`` (degree + 1, many) at ``t`` (…, many), and their derivatives."""
    value, slope = np.broadcast_to(terms[-1], t.shape).copy(), np.zeros(t.shape)
    for term in terms[-2::-1]:
        slope *= t
        slope += value
        value *= t
        value += term
    return value, slope


def first_rise(terms: Array, stop: Array) -> Array:
    """First time in [0, stop] at which each polynomial, not positive at 0, is positive; -1 if none, shape (many,)."""
    t = stop * np.linspace(0.0, 1.0, SAMPLES + 1)[:, None]
    value, slope = value_and_slope(terms, t)
    np.minimum(value[0], 0.0, out=value[0])
    right, high = t[1:].copy(), value[1:].copy()
    bump = (high <= 0.0) & (slope[:-1] > 0.0) & (slope[1:] < 0.0)
    if bump.any():
        turn = np.where(bump, slope[:-1] / np.where(bump, slope[:-1] - slope[1:], 1.0), 0.0)
        top = t[:-1] + (t[1:] - t[:-1]) * turn
        peak, _ = value_and_slope(terms, top)
        over = bump & (peak > 0.0)
        right[over], high[over] = top[over], peak[over]
    rises = high > 0.0
    which = np.flatnonzero(rises.any(axis=0))
    found = np.full(stop.shape, -1.0)
    if which.size:
        piece = rises[:, which].argmax(axis=0)
        at = (piece, which)
        found[which] = _crossing(terms[:, which], t[at], value[at], right[at], high[at])
    return found


def _crossing(terms: Array, left: Array, low: Array, right: Array, high: Array) -> Array:
    """Newton's method kept inside the brackets."""
    t = left - (right - left) * low / (high - low)
    for _ in range(60):
        value, slope = value_and_slope(terms, t)
        up = value > 0.0
        right, left = np.where(up, t, right), np.where(up, left, t)
        steep = slope > 0.0
        closer = t - value / np.where(steep, slope, np.inf)
        # A step that has become too small to matter may leave the bracket by rounding; keep it.
        settled = steep & (np.abs(closer - t) <= PRECISE)
        lost = ~settled & (~steep | (closer <= left) | (closer >= right))
        t = np.where(lost, 0.5 * (left + right), closer)
        if (settled | (right - left <= PRECISE)).all():
            break
    return t
