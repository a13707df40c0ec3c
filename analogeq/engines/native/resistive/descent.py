r"""Exact block coordinate descent: odd layers, then even layers, each solved at once.

Layers of one parity are not joined to each other, so each of their nodes is alone behind its load
and has a closed form (or a one-dimensional root). Every half sweep minimises the co-content over
half of the variables, so it never rises, and it converges wherever the co-content is strictly
convex (Scellier, ICML 2024, section 5). After a sweep the even layers are exactly in balance;
the odd ones' imbalance is known before they move again, so the stop costs nothing.

Deep circuits converge slowly: an error has to walk from layer to layer. There the map of a sweep
is accelerated by Anderson's method [1]_ on each sample, and a step that does not lower the imbalance
is given up for a plain sweep.

References
----------
.. [1] Walker & Ni, Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49 (2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.resistive.problem import Array, Problem

MEMORY = 5
"""Sweeps that Anderson's method looks back on."""

REGULAR = 1e-12
"""Of the largest squared difference, added to the small system of Anderson's method."""


@dataclass(frozen=True, eq=False)
class Descended:
    """Where a descent ended.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
    residual : ndarray, shape (batch,)
        Largest imbalance before the last sweep [A]; not known (infinite) for a fixed number of sweeps.
    sweeps : int
    """

    voltages: Array
    residual: Array
    sweeps: int


def fixed_sweeps(problem: Problem, start: Array, sweeps: int) -> Descended:
    """Make so many sweeps and stop, wherever that is."""
    v = _started(problem, start)
    for _ in range(sweeps):
        for parity in (0, 1):
            _half_sweep(problem, v, parity)
    return Descended(v, np.full(len(v), np.inf), sweeps)


def descend(problem: Problem, start: Array, tolerance: Array, most: int) -> Descended:
    """Sweep each sample until its imbalance is within ``tolerance``, shape (batch,) [A], ``most`` sweeps at most."""
    v = _started(problem, start)
    residual = np.full(len(v), np.inf)
    active = np.arange(len(v))
    part, at, goal = problem, v, tolerance
    history = _History(MEMORY)
    sweeps = 0
    while len(active) and sweeps < most:
        before = _worst(part, at)
        residual[active] = before
        done = before <= goal
        if done.any():
            v[active[done]] = at[done]
            keep = np.flatnonzero(~done)
            active, goal, before = active[keep], goal[keep], before[keep]
            if not len(active):
                break
            part, at = part.rows(keep), at[keep]
            history.keep(keep)
        at = history.improved(at, before, part)
        sweeps += 1
    v[active] = at
    return Descended(v, residual, sweeps)


def _started(problem: Problem, start: Array) -> Array:
    v = start.astype(problem.supply.dtype, copy=True)
    if problem.held is not None:
        v[:, problem.outputs] = problem.held
    return v


def _worst(problem: Problem, v: Array) -> Array:
    """Largest imbalance of each sample [A]; the even layers are in balance but for the first time."""
    net = np.zeros_like(v)
    incoming = problem.incoming(v)
    for layer in problem.layers:
        net[:, layer] = problem.imbalance(v, layer, incoming[:, layer])
    if problem.held is not None:
        net[:, problem.outputs] = 0.0
    worst: Array = np.abs(net).max(axis=1, initial=0.0)
    return worst


def _half_sweep(problem: Problem, v: Array, parity: int) -> None:
    """Solve the layers of one parity in place."""
    for layer in problem.layers[parity::2]:
        incoming = problem.supply[:, layer].copy()
        for link in problem.links:
            if link.post == layer:
                incoming += link.forward(v[:, link.pre])
            elif link.pre == layer:
                incoming += link.backward(v[:, link.post])
        v[:, layer] = problem.solved(layer, incoming)
    if problem.held is not None:
        v[:, problem.outputs] = problem.held


class _History:
    """Differences of the last sweeps' starts and steps, for Anderson's method."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.starts: list[Array] = []
        self.steps: list[Array] = []
        self.best: Array | None = None

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Forget samples that are done."""
        self.starts = [a[rows] for a in self.starts]
        self.steps = [a[rows] for a in self.steps]
        if self.best is not None:
            self.best = self.best[rows]

    def improved(self, at: Array, residual: Array, problem: Problem) -> Array:
        """One sweep from ``at``, extrapolated through the last ones."""
        swept = at.copy()
        for parity in (0, 1):
            _half_sweep(problem, swept, parity)
        step = swept - at
        self.starts.append(at)
        self.steps.append(step)
        if len(self.starts) > self.memory + 1:
            del self.starts[0], self.steps[0]
        if len(self.starts) < 3:
            return swept
        return swept - self._correction(step)

    def _correction(self, step: Array) -> Array:
        moved = np.stack([b - a for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)], axis=1)
        turned = np.stack([b - a for a, b in zip(self.steps[:-1], self.steps[1:], strict=True)], axis=1)
        gram = turned @ turned.transpose(0, 2, 1)
        right = turned @ step[:, :, None]
        size = np.trace(gram, axis1=1, axis2=2)
        gram += (REGULAR * size + np.finfo(step.dtype).tiny)[:, None, None] * np.eye(gram.shape[1], dtype=step.dtype)
        mixing = np.linalg.solve(gram, right)
        correction: Array = ((moved + turned).transpose(0, 2, 1) @ mixing)[:, :, 0]
        return correction
