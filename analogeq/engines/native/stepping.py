r"""Follow the dynamics by exponential steps.

Within a step the current u into each node is taken as linear in time, so that the node's own
relaxation is exact and its clamp is a clip at the step's end [1]_:

.. math:: s_1 = \mathrm{clip}\big(e^{-ah} s_0 + h \varphi_1(ah) u_0 + h \varphi_2(ah) (u_1 - u_0)\big)

References
----------
.. [1] Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 19 (2010), section 2.
"""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem

STEP = 0.01
"""Longest step over tau: an error of h^3/12 each keeps the waveform within about 1e-5 of the rail."""


def step_factors(load: Array, step: float) -> tuple[Array, Array, Array]:
    """Decay and the two weights of a step, each of the shape of ``load``."""
    z = load * step
    small = np.abs(z) < 1e-4  # below, the quotients lose digits and their series is exact to 1e-13
    safe = np.where(small, 1.0, z)
    first = np.where(small, 1.0 - z / 2 + z * z / 6, -np.expm1(-safe) / safe)
    second = np.where(small, 0.5 - z / 6 + z * z / 24, (safe + np.expm1(-safe)) / safe**2)
    return np.exp(-z), step * first, step * second


def follow(problem: Problem, start: Array, duration: float, keep: list[Array] | None = None) -> tuple[Array, int]:
    """Go ``duration`` time constants on from ``start``; every step's end is appended to ``keep``."""
    count = max(1, int(np.ceil(duration / STEP - 1e-9)))
    decay, hold, ramp = step_factors(problem.load, duration / count)
    voltages = np.clip(start, 0.0, problem.rail)
    entering = problem.coupling.product(voltages) + problem.current
    for _ in range(count):
        if keep is not None:
            keep.append(voltages)
        relaxed = decay * voltages + hold * entering
        guess = np.clip(relaxed, 0.0, problem.rail)
        leaving = problem.coupling.product(guess) + problem.current
        voltages = np.clip(relaxed + ramp * (leaving - entering), 0.0, problem.rail)
        entering = problem.coupling.product(voltages) + problem.current
    if keep is not None:
        keep.append(voltages)
    return voltages, count
