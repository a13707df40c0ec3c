"""Exact solves on one linear piece: which nodes are free is known, the rest stand at a rail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem

Mask = NDArray[np.bool_]


def active_set(problem: Problem, voltages: Array) -> Mask:
    """Which nodes are free: inside the rails, or at one and pulled inwards."""
    net = problem.inflow(voltages)
    low = (voltages <= 0.0) & (net <= 0.0)
    high = (voltages >= problem.rail) & (net >= 0.0)
    free: Mask = ~(low | high)
    return free


def solve_piece(problem: Problem, voltages: Array, free: Mask) -> Array:
    """Voltages at which the free nodes balance while the others stay where they are."""
    matrix = problem.coupling.dense
    held = np.where(free, 0.0, voltages)
    source = problem.current + problem.coupling.product(held)
    solved = held.copy()
    for sample, mask in enumerate(free):
        at = np.flatnonzero(mask)
        if at.size:
            system = np.diag(problem.load[at]) - matrix[np.ix_(at, at)].T
            solved[sample, at] = np.linalg.solve(system, source[sample, at])
    return solved
