r"""Exact block coordinate descent: odd layers, then even layers, each solved at once.

Layers of one parity are not joined to each other, so each of their nodes is alone behind its load
and has a closed form (or a one-dimensional root). Every half sweep minimises the co-content over
half of the variables, so it never rises, and it converges wherever the co-content is strictly
convex (Scellier, ICML 2024, section 5). After the odd layers moved they are exactly in balance, and
the even ones' imbalance is what they are about to be moved by: the proven stop costs nothing.

Wires that resist join the nodes of a layer, too. There each is solved with its neighbours where they were (Jacobi),
which converges as well, since no conductance is negative [2]_, and the imbalance is looked at for its own sake.

Deep circuits converge slowly: an error has to walk from layer to layer. There the map of a sweep
is accelerated by Anderson's method [1]_ on each sample.

References
----------
.. [1] Walker & Ni, Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49 (2011).
.. [2] Ortega & Rheinboldt, Iterative Solution of Nonlinear Equations in Several Variables (1970), on M-functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.resistive.problem import Array, Problem

MEMORY = 5
"""Sweeps that Anderson's method looks back on."""

REGULAR = 1e-12
"""Of the largest squared difference, added to the small system of Anderson's method."""


@dataclass(frozen=True, eq=False)
class Descended:
    """Where a solver ended.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
    residual : ndarray, shape (batch,)
        Largest imbalance of any node there [A].
    sweeps : int
        Sweeps or steps made, of the slowest sample.
    """

    voltages: Array
    residual: Array
    sweeps: int


def fixed_sweeps(problem: Problem, start: Array, sweeps: int) -> Descended:
    """Make so many sweeps and stop, wherever that is."""
    v = started(problem, start)
    for _ in range(sweeps):
        for parity in (0, 1):
            half_sweep(problem, v, parity)
    return Descended(v, largest_imbalance(problem, v), sweeps)


def descend(problem: Problem, start: Array, tolerance: Array, most: int) -> Descended:
    """Sweep each sample until its imbalance is within ``tolerance``, shape (batch,) [A], ``most`` sweeps at most."""
    answer = started(problem, start)
    residual = np.full(len(answer), np.inf)
    active = np.arange(len(answer))
    part, v, goal = problem, answer.copy(), tolerance
    history = _History(MEMORY)
    sweeps = 0
    while len(active) and sweeps < most:
        begun = v.copy()
        half_sweep(part, v, 0)
        before = v.copy()
        worst = half_sweep(part, v, 1)
        if part.meshed:
            worst = largest_imbalance(part, before)
        sweeps += 1
        answer[active], residual[active] = before, worst
        keep = np.flatnonzero(worst > goal)
        if len(keep) < len(active):
            active, goal, v, begun = active[keep], goal[keep], v[keep], begun[keep]
            part = part.rows(keep)
            history.keep(keep)
        if len(active):
            history.extrapolate(begun, v, part)
    return Descended(answer, residual, sweeps)


def started(problem: Problem, start: Array) -> Array:
    """Copy where to begin, held outputs at their sources."""
    v = start.astype(problem.supply.dtype, copy=True)
    if problem.held is not None:
        v[:, problem.outputs] = problem.held
    return v


def largest_imbalance(problem: Problem, v: Array) -> Array:
    """Largest imbalance of each sample [A], shape (batch,)."""
    net = np.zeros_like(v)
    incoming = problem.incoming(v)
    for layer in problem.layers:
        net[:, layer] = problem.imbalance(v, layer, incoming[:, layer])
    if problem.held is not None:
        net[:, problem.outputs] = 0.0
    worst: Array = np.abs(net).max(axis=1, initial=0.0)
    return worst


def half_sweep(problem: Problem, v: Array, parity: int) -> Array:
    """Solve the layers of one parity in place; give their largest imbalance before [A], shape (batch,)."""
    worst = np.zeros(len(v), dtype=v.dtype)
    for layer in problem.layers[parity::2]:
        incoming = problem.supply[:, layer].copy()
        for link in problem.links:
            if link.post == layer:
                incoming += link.forward(v[:, link.pre])
            if link.pre == layer:
                incoming += link.backward(v[:, link.post])
        if problem.has_kernel(layer):
            v[:, layer], most = problem.solved_by_kernel(layer, incoming, v[:, layer])
            worst = np.maximum(worst, most)
            continue
        net = np.abs(problem.imbalance(v, layer, incoming))
        solved = problem.solved(layer, incoming)
        if problem.held is not None:
            _hold(problem, layer, solved, net)
        v[:, layer] = solved
        worst = np.maximum(worst, net.max(axis=1, initial=0.0))
    return worst


def _hold(problem: Problem, layer: slice, solved: Array, net: Array) -> None:
    """Keep the held outputs of a layer where they are; sources take what is left over."""
    for m, output in enumerate(problem.outputs.tolist()):
        if layer.start <= output < layer.stop and problem.held is not None:
            solved[:, output - layer.start] = problem.held[:, m]
            net[:, output - layer.start] = 0.0


class _History:
    """The last sweeps on the even layers, for Anderson's method.

    The odd layers follow from the even ones, so the even ones are all there is to extrapolate, unless nodes of one
    layer are joined.
    """

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.starts: list[Array] = []
        self.steps: list[Array] = []

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Forget samples that are done."""
        self.starts = [a[rows] for a in self.starts]
        self.steps = [a[rows] for a in self.steps]

    def extrapolate(self, before: Array, after: Array, problem: Problem) -> None:
        """Move the even layers of ``after``, one sweep from ``before``, to where the last sweeps point."""
        layers = problem.layers if problem.meshed else problem.layers[1::2]
        if not layers:
            return
        start = np.concatenate([before[:, layer] for layer in layers], axis=1)
        step = np.concatenate([after[:, layer] for layer in layers], axis=1) - start
        self.starts.append(start)
        self.steps.append(step)
        if len(self.starts) > self.memory + 1:
            del self.starts[0], self.steps[0]
        if len(self.starts) < 2:
            return
        corrected = start + step - self._correction(step)
        at = 0
        for layer in layers:
            size = layer.stop - layer.start
            after[:, layer] = problem.allowed(layer, corrected[:, at : at + size])
            at += size

    def _correction(self, step: Array) -> Array:
        moved = np.stack([b - a for a, b in pairwise(self.starts)], axis=1)
        turned = np.stack([b - a for a, b in pairwise(self.steps)], axis=1)
        gram = turned @ turned.transpose(0, 2, 1)
        right = turned @ step[:, :, None]
        size = np.trace(gram, axis1=1, axis2=2)
        floor = REGULAR * size + np.finfo(step.dtype).tiny
        gram += floor[:, None, None] * np.eye(gram.shape[1], dtype=step.dtype)
        mixing = np.linalg.solve(gram, right)
        correction: Array = ((moved + turned).transpose(0, 2, 1) @ mixing)[:, :, 0]
        return correction
