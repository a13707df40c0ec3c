"""Settle: to the one equilibrium by the fastest way, or to the one that the dynamics reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.contract import Status
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.landing import land
from analogeq.engines.native.methods import Methods
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.twolayer import MOST, TwoLayers

FIRST_STRETCH = 3.0
"""Time constants followed before the first attempt to land; doubled after every one that fails twice."""

LONGEST = 1000.0
"""Time constants after which a settle gives up."""

LONGEST_UNSTABLE = 60.0
"""The same where a node has no conductance to ground left: the rails are reached long before."""

ROUGH = 1e-3
"""Local error [rail] of the way to an equilibrium that is the only one."""

CAREFUL = 1e-7
"""The same where there may be several: starts closer than about this to a basin's edge may fall on either side."""


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Where a batch settled, and how."""

    voltages: Array
    status: NDArray[np.int8]
    analysis: str
    stats: Mapping[str, float] = field(default_factory=dict)


def settle(problem: Problem, start: Array, layers: TwoLayers | None, methods: Methods, *, convex: bool) -> Equilibrium:
    """Go to the equilibrium that the dynamics reach from ``start``.

    Parameters
    ----------
    layers : TwoLayers or None
        The couplings as two dense layers, where they are.
    convex : bool
        Whether there is one equilibrium only.
    """
    if convex and layers is not None:
        return _newton(problem, start, layers, methods)
    return _follow_and_land(problem, start, layers, methods, convex=convex)


def _newton(problem: Problem, start: Array, layers: TwoLayers, methods: Methods) -> Equilibrium:
    voltages, iterations = methods.solve_two_layers(layers, problem, start)
    status = np.where(iterations < MOST, Status.SETTLED, Status.CYCLING).astype(np.int8)
    stats = {
        "iterations": float(iterations.max(initial=0)),
        "mean_iterations": float(iterations.mean()) if iterations.size else 0.0,
        "start_distance": _furthest(voltages, start),
    }
    return Equilibrium(voltages, status, "operating point by Newton's method on two layers", stats)


def _follow_and_land(
    problem: Problem, start: Array, layers: TwoLayers | None, methods: Methods, *, convex: bool
) -> Equilibrium:
    unstable = bool((problem.load <= 0.0).any())
    longest = LONGEST_UNSTABLE if unstable else LONGEST
    state, status = start.copy(), np.full(len(start), Status.NOT_SETTLED, dtype=np.int8)
    alive, time, stretch, tries, steps, last_leg = np.arange(len(start)), 0.0, FIRST_STRETCH, 0, 0, 0.0
    while alive.size and time < longest:
        part = problem.only(alive)
        path = methods.follow(part, state[alive], stretch, (ROUGH if convex else CAREFUL) * problem.rail)
        time, tries, steps = time + stretch, tries + 1, steps + int(path.steps.max())
        landing = land(part, path.states, layers, convex=convex)
        state[alive] = np.where(landing.proven[:, None], landing.voltages, path.states)
        status[alive[landing.proven]] = Status.SETTLED
        last_leg = max(last_leg, float(landing.distance[landing.proven].max(initial=0.0)))
        alive = alive[~landing.proven]
        stretch *= 2.0 if tries % 2 == 0 else 1.0
    if unstable:
        status[:] = Status.UNSTABLE
    stats = {
        "time_constants": time,
        "steps": float(steps),
        "landings": float(tries),
        "last_leg": last_leg,
        "start_distance": _furthest(state, start),
    }
    kind = "operating point" if convex else "transient"
    return Equilibrium(state, status, f"{kind} by Taylor steps, landed by solving the linear piece", stats)


def _furthest(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max(initial=0.0))
