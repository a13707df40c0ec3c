r"""Follow the dynamics to a thousandth of the rail where there is no compiled kernel: exponential steps.

Within a step the current u into each node is taken as linear in time, so that the node's own
relaxation is exact and its ideal clamp is a clip at the step's end [1]_:

.. math:: s_1 = \mathrm{clip}\big(e^{-ah} s_0 + h \varphi_1(ah) u_0 + h \varphi_2(ah) (u_1 - u_0)\big)

References
----------
.. [1] Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 19 (2010), section 2.
"""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.transient import Path

STEP = 0.04
"""Longest step over tau: within 1e-3 of the rail on networks as strongly coupled as Glorot's."""

LEAST_TOLERANCE = 1e-5
"""Local error [rail] at or above which these steps will do."""


def follow(problem: Problem, start: Array, duration: float) -> Path:
    """Go ``duration`` time constants on from ``start``; see `analogeq.engines.native.transient.follow`."""
    count = max(1, int(np.ceil(duration / STEP - 1e-9)))
    decay, hold, ramp = step_factors(problem.load, duration / count)
    voltages = np.clip(start, 0.0, problem.rail)
    entering = problem.coupling.product(voltages) + problem.current
    for _ in range(count):
        relaxed = decay * voltages + hold * entering
        guess = np.clip(relaxed, 0.0, problem.rail)
        leaving = problem.coupling.product(guess) + problem.current
        voltages = np.clip(relaxed + ramp * (leaving - entering), 0.0, problem.rail)
        entering = problem.coupling.product(voltages) + problem.current
    batch, n = start.shape
    steps = np.full(batch, count, dtype=np.int64)
    nothing = np.zeros((batch, 0))
    return Path(voltages, np.empty((batch, 0, n)), nothing, steps, np.zeros_like(steps), 2 * steps, "exponential steps")


def step_factors(load: Array, step: float) -> tuple[Array, Array, Array]:
    """Decay and the two weights of a step, each of the shape of ``load``."""
    z = load * step
    small = np.abs(z) < 1e-4  # below, the quotients lose digits and their series is exact to 1e-13
    safe = np.where(small, 1.0, z)
    first = np.where(small, 1.0 - z / 2 + z * z / 6, -np.expm1(-safe) / safe)
    second = np.where(small, 0.5 - z / 6 + z * z / 24, (safe + np.expm1(-safe)) / safe**2)
    return np.exp(-z), step * first, step * second
