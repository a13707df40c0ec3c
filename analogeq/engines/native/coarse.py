r"""Follow the dynamics in long steps whose end is right: what training and first looks need.

One product with the couplings a step. The current u into each node is taken to go on as it went in
the last step, and the node's own relaxation is exact [1]_:

.. math:: s_1 = \mathrm{clip}\big(e^{-ah} s_0 + h \varphi_1(ah) u_0 + h \varphi_2(ah) (u_0 - u_{-1})\big)

which is of second order while no clamp begins or ceases to conduct, and of first order over such a corner.
Whatever the step, a state at rest is one of the circuit's own equilibria, to rounding.

A sample is done early once it provably stays: where :math:`\mu` bounds the energy's curvature from
below, net currents decay at that rate, so the rest of any duration moves a sample by no more than
:math:`\lVert f(s) \rVert_2 / \mu`, with f the net current into each node, clamps included.

References
----------
.. [1] Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 19 (2010), section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array, Coupling, Matrix
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.stepping import step_factors
from analogeq.engines.native.transient import Path
from analogeq.engines.native.twolayer import TwoLayers

LONGEST = 0.5
"""Longest step over tau while anything much moves, as of ngspice's fast phases; then twice that."""

TURN = 0.75
"""Longest step times the spectral radius of the couplings: the steps are stable up to 1."""

LEAK = 1.0
"""Longest step times a node's load: up to 1, the steps' own modes die before the circuit's."""

FEWEST = 4
"""A short phase is divided into at least this many steps."""

GENTLE = 1e-2
"""Speed [rail per tau, Euclidean norm over the nodes] at or below which steps are twice as long."""

REST = 1e-7
"""Distance [rail] within which a sample has to stay for good to be done early."""

METHOD = "coarse exponential steps"


@dataclass(frozen=True, eq=False)
class Steps:
    r"""The steps through one duration: ``count`` short ones, any two of which one long one may replace.

    Attributes
    ----------
    count : int
    decay, hold, ramp : ndarray, shape (2, node)
        :math:`e^{-ah}`, :math:`h \varphi_1` and :math:`h \varphi_2` of short and long steps.
    gentle : float
        A step as short as this [V] is followed by long ones; negative where none are allowed.
    rest : float
        Largest net current over G0 [V], Euclidean norm over the nodes, of a sample that is done early;
        negative where none can be.
    still : float
        No step that a sample at rest takes is longer than this [V].
    """

    count: int
    decay: Array
    hold: Array
    ramp: Array
    gentle: float
    rest: float
    still: float

    @classmethod
    def through(cls, problem: Problem, duration: float, strength: float, longest: float = LONGEST) -> Steps:
        """Divide ``duration`` over tau; ``strength`` is an upper bound from `strongest`."""
        heaviest = float(problem.load.max(initial=0.0))
        bound = min(LEAK / max(heaviest, LEAK), TURN / max(problem.coupling.radius, TURN))
        count = max(1, int(np.ceil(duration / min(longest, bound, duration / FEWEST) - 1e-9)))
        short = duration / count
        factors = (step_factors(problem.load, length) for length in (short, 2.0 * short))
        decay, hold, ramp = (np.stack(pair) for pair in zip(*factors, strict=True))
        curvature = float(problem.load.min(initial=np.inf)) - strength
        convex = curvature > 0.0
        rest = REST * problem.rail * curvature if convex else -1.0
        # With one equilibrium and 2 h a <= 1 the long steps' own modes decay as fast as the circuit's.
        gentle = GENTLE * problem.rail * short if convex and 2.0 * short * heaviest <= LEAK + 1e-9 else -1.0
        return cls(count, decay, hold, ramp, gentle, rest, 2.0 * float(hold.max(initial=0.0)) * rest)


def strongest(coupling: Coupling, layers: TwoLayers | None) -> float:
    """Upper bound of the norm of the couplings' symmetric part: exact for two dense layers."""
    if layers is not None:
        mean = 0.5 * (layers.to_outer + layers.to_inner)
        return float(np.sqrt(np.linalg.eigvalsh(mean @ mean.T)[-1])) * (1.0 + 1e-12)
    sums = np.zeros(coupling.n_nodes)
    for link in coupling.links:
        for matrix, source, sink in ((link.forward, link.pre, link.post), (link.backward, link.post, link.pre)):
            size = cast(Matrix, abs(matrix))
            sums[source] += np.asarray(size.sum(axis=1)).ravel()
            sums[sink] += np.asarray(size.sum(axis=0)).ravel()
    return 0.5 * coupling.factor * float(sums.max(initial=0.0))


def follow(problem: Problem, start: Array, duration: float, strength: float, longest: float = LONGEST) -> Path:
    """Go ``duration`` time constants on from ``start`` between ideal clamps.

    Parameters
    ----------
    problem : Problem
    start : ndarray, shape (batch, node)
        [V]; what lies outside the rails is put to them.
    duration, longest : float
        Over tau; ``longest`` bounds the short steps.
    strength : float
        Upper bound of the couplings' norm, from `strongest`.
    """
    steps, batch = Steps.through(problem, duration, strength, longest), len(start)
    states = np.clip(start, 0.0, problem.rail)
    counts = np.zeros((batch, 3), dtype=np.int64)
    going = _Going(np.arange(batch), states, _first(problem, steps, states), batch, steps.count)
    counts[:, 1] = 1
    while going.alive.size:
        total = problem.coupling.product(going.v) + problem.current[going.alive]
        counts[going.alive, 1] += 1
        rested = _at_rest(problem, steps, going, total)
        counts[going.alive[rested], 2] = 1
        counts[going.alive[~rested], 0] += 1
        going.step(steps, total, problem.rail)
        ended = rested | (going.left == 0)
        if ended.any():
            arrived = ended & ~rested
            states[going.alive[rested]] = going.passed[rested]
            states[going.alive[arrived]] = going.v[arrived]
            going.keep(~ended)
    return as_path(states, counts)


def as_path(states: Array, counts: NDArray[np.int64]) -> Path:
    """Say where the samples went, by how many steps and products, and which were done early."""
    batch, n = states.shape
    steps, products, early = counts.T
    return Path(
        states, np.empty((batch, 0, n)), np.zeros((batch, 0)), steps, np.zeros_like(steps), products, METHOD, early
    )


class _Going:
    """The samples that are still on their way."""

    def __init__(self, alive: NDArray[np.intp], v: Array, before: Array, batch: int, count: int) -> None:
        self.alive = alive
        self.v = self.passed = v
        self.before = before
        self.moved = np.full(batch, np.inf)
        self.left = np.full(batch, count)
        self.last = np.ones(batch, dtype=np.int64)

    def step(self, steps: Steps, total: Array, rail: float) -> None:
        stride = np.where((self.left > 1) & ((self.last == 2) | (self.moved <= steps.gentle)), 2, 1)
        of = stride - 1
        following = steps.decay[of] * self.v + steps.hold[of] * total
        following += (stride / self.last)[:, None] * steps.ramp[of] * (total - self.before)
        np.clip(following, 0.0, rail, out=following)
        self.moved = np.linalg.norm(following - self.v, axis=1)
        self.passed, self.v, self.before = self.v, following, total
        self.left, self.last = self.left - stride, stride

    def keep(self, those: NDArray[np.bool_]) -> None:
        self.alive, self.v, self.before = self.alive[those], self.v[those], self.before[those]
        self.moved, self.left, self.last = self.moved[those], self.left[those], self.last[those]


def _first(problem: Problem, steps: Steps, v: Array) -> Array:
    """What the currents would have been one step before the start, by one predicted step ahead."""
    now = problem.coupling.product(v) + problem.current
    ahead = np.clip(steps.decay[0] * v + steps.hold[0] * now, 0.0, problem.rail)
    before: Array = 2.0 * now - problem.coupling.product(ahead) - problem.current
    return before


def _at_rest(problem: Problem, steps: Steps, going: _Going, total: Array) -> NDArray[np.bool_]:
    """Which samples nothing can move any more; only those that hardly moved last are looked at."""
    rested = going.moved <= steps.still
    if rested.any():
        v = going.v[rested]
        net = problem.clamped(v, total[rested] - problem.load * v)
        rested[rested] = np.linalg.norm(net, axis=1) <= steps.rest
    return rested
