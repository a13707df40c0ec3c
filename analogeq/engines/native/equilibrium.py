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

UNSTABLE_TIME = 30.0
"""Time constants followed where a node has no conductance to ground left: the rails are reached long before."""

ROUGH = 1e-3
"""Local error [rail] of the way to an equilibrium that is the only one."""

CAREFUL = 1e-6
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
    if (problem.load <= 0.0).any():
        return _runaway(problem, start, methods)
    if convex and layers is not None:
        return _newton(problem, start, layers, methods)
    return _follow_and_land(problem, start, layers, methods, convex=convex)


def _newton(problem: Problem, start: Array, layers: TwoLayers, methods: Methods) -> Equilibrium:
    voltages, iterations = methods.solve_two_layers(layers, problem, start)
    circling = np.flatnonzero(iterations >= MOST)
    status = np.full(len(start), Status.SETTLED, dtype=np.int8)
    stats = {
        "iterations": float(iterations.max(initial=0)),
        "mean_iterations": float(iterations.mean()) if iterations.size else 0.0,
        "start_distance": _furthest(voltages, start),
        "circling": float(circling.size),
    }
    if circling.size:
        rest = _follow_and_land(problem.only(circling), start[circling], layers, methods, convex=True)
        voltages[circling] = rest.voltages
        status[circling] = np.where(rest.status == Status.SETTLED, Status.SETTLED, Status.CYCLING)
    return Equilibrium(voltages, status, "operating point by Newton's method on two layers", stats)


def _runaway(problem: Problem, start: Array, methods: Methods) -> Equilibrium:
    """Follow a circuit with a node that nothing holds but its rails; it is not taken for settled."""
    path = methods.follow(problem, start, UNSTABLE_TIME, ROUGH * problem.rail)
    status = np.full(len(start), Status.UNSTABLE, dtype=np.int8)
    stats = {"time_constants": UNSTABLE_TIME, "start_distance": _furthest(path.states, start)}
    return Equilibrium(path.states, status, f"transient by {path.method}", stats)


def _follow_and_land(
    problem: Problem, start: Array, layers: TwoLayers | None, methods: Methods, *, convex: bool
) -> Equilibrium:
    state, status = problem.within(start), np.full(len(start), Status.NOT_SETTLED, dtype=np.int8)
    tolerance = (ROUGH if convex else CAREFUL) * problem.rail
    alive, stretch, method = np.arange(len(start)), FIRST_STRETCH, "no step"
    stats = dict.fromkeys(("time_constants", "steps", "landings", "last_leg", "landed_at_once"), 0.0)
    while True:
        # The first attempt is made from the start itself: a good prediction needs no following.
        part = problem.only(alive)
        landing = land(part, state[alive], layers, convex=convex)
        done = alive[landing.proven]
        state[done], status[done] = landing.voltages[landing.proven], Status.SETTLED
        alive = alive[~landing.proven]
        stats["landings"] += 1.0
        stats["last_leg"] = max(stats["last_leg"], float(landing.distance[landing.proven].max(initial=0.0)))
        if method == "no step":
            stats["landed_at_once"] = float(done.size)
        if not alive.size or stats["time_constants"] >= LONGEST:
            break
        path = methods.follow(problem.only(alive), state[alive], stretch, tolerance)
        state[alive], method = path.states, path.method
        stats["time_constants"] += stretch
        stats["steps"] += float(path.steps.max())
        stretch *= 2.0 if stats["landings"] % 2.0 == 0.0 else 1.0
    stats["start_distance"] = _furthest(state, start)
    kind = "operating point" if convex else "transient"
    return Equilibrium(state, status, f"{kind} by {method}, then by Newton's method from there", stats)


def _furthest(a: Array, b: Array) -> float:
    return float(np.abs(a - b).max(initial=0.0))
