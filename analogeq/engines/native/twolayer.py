r"""Equilibria of two densely joined layers: all unknowns but the shorter layer's are closed forms.

Given the outer (shorter) layer y, each inner node is a clip, :math:`h(y) = \mathrm{clip}((I_h + y T_{in}) / a_h)`,
so an equilibrium is a root of

.. math:: F(y) = a_o y - I_o - h(y)\, T_{out}

over the box. F is piecewise linear; its Jacobian is the Schur complement
:math:`\mathrm{diag}(a_o) - T_{out}^T \mathrm{diag}(f / a_h) T_{in}^T`, f marking the free inner nodes.
Newton's method ends exactly once the set of free nodes is right [1]_; where it does not come
closer, the exchange of exact layer minima (block coordinate descent), which always does when the
energy is strictly convex, takes over for a while.

References
----------
.. [1] Hintermüller, Ito, Kunisch, "The primal-dual active set strategy as a semismooth Newton method",
   SIAM J. Optim. 13 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array, Coupling
from analogeq.engines.native.problem import Problem

LARGEST_OUTER = 64
"""Nodes of the outer layer up to which its dense Schur complement is the cheapest way."""

CLOSE = 1e-13
"""Largest distance between y and its own update at which a sample is done, in units of the rail: rounding."""

MOST = 400
"""Iterations after which a sample counts as going round in circles."""


@dataclass(frozen=True, eq=False)
class TwoLayers:
    """The one dense link of a coupling, seen from its shorter side.

    Attributes
    ----------
    outer, inner : slice
    to_outer, to_inner : ndarray, shape (outer, inner)
        With the follower's factor.
    """

    outer: slice
    inner: slice
    to_outer: Array
    to_inner: Array

    @classmethod
    def of(cls, coupling: Coupling) -> TwoLayers | None:
        """Return the two layers, or None if the coupling is anything else."""
        table = coupling.packed.table
        if len(table) != 1 or table[0, 0] != 0:
            return None
        _, first, n_outer, second, n_inner, _ = (int(i) for i in table[0])
        if n_outer > LARGEST_OUTER or n_outer + n_inner != coupling.n_nodes:
            return None
        shape = (n_outer, n_inner)
        to_outer, to_inner = coupling.packed.to_outer.reshape(shape), coupling.packed.to_inner.reshape(shape)
        if coupling.factor != 1.0:
            to_outer, to_inner = coupling.factor * to_outer, coupling.factor * to_inner
        return cls(slice(first, first + n_outer), slice(second, second + n_inner), to_outer, to_inner)

    def curvature(self, load: Array, free: NDArray[np.bool_]) -> Array:
        """Schur complement on the outer layer, shape (…, outer, outer), with ``free`` inner nodes (…, inner)."""
        weighted = self.to_outer * (free / load[self.inner])[..., None, :]
        result: Array = np.diag(load[self.outer]) - weighted @ self.to_inner.T
        return result

    def strictly_convex(self, load: Array, margin: float) -> bool:
        """Whether the energy's curvature is above ``margin`` everywhere, by its Schur complement."""
        if load.min() <= margin:
            return False
        mean = 0.5 * (self.to_outer + self.to_inner)
        schur = np.diag(load[self.outer] - margin) - (mean / (load[self.inner] - margin)) @ mean.T
        return bool(np.linalg.eigvalsh(schur)[0] > 0.0)


def solve(layers: TwoLayers, problem: Problem, start: Array) -> tuple[Array, NDArray[np.int64]]:
    """Find the equilibrium of every sample.

    Returns
    -------
    voltages : ndarray, shape (batch, node)
    iterations : ndarray of int, shape (batch,)
        `MOST` where the sample did not end.
    """
    rail, load = problem.rail, problem.load
    voltages = np.clip(start, 0.0, rail)
    iterations = np.zeros(len(start), dtype=np.int64)
    alive = np.arange(len(start))
    y = voltages[:, layers.outer].copy()
    far, patience, waiting = np.full(len(start), np.inf), np.ones(len(start)), np.zeros(len(start))
    while alive.size:
        current = problem.current[alive]
        reach = (current[:, layers.inner] + y @ layers.to_inner) / load[layers.inner]
        inner = np.clip(reach, 0.0, rail)
        wish = (current[:, layers.outer] + inner @ layers.to_outer.T) / load[layers.outer]
        update = np.clip(wish, 0.0, rail)
        distance = np.abs(update - y).max(axis=1)
        ended = (distance <= CLOSE * rail) | (iterations[alive] >= MOST - 1)
        iterations[alive] += 1
        out = alive[ended]
        voltages[out, layers.outer], voltages[out, layers.inner] = update[ended], inner[ended]
        worse = (distance > 0.5 * far) & (waiting <= 0.0)
        patience = np.where(worse, np.minimum(2.0 * patience, 64.0), patience)
        waiting = np.where(worse, patience, waiting) - 1.0
        newton = (waiting < 0.0) & ~ended
        if newton.any():
            free = (reach[newton] > 0.0) & (reach[newton] < rail)
            update[newton] = _newton(layers, load, free, y[newton], wish[newton], rail)
        keep = ~ended
        alive, y, far = alive[keep], update[keep], distance[keep]
        patience, waiting = patience[keep], waiting[keep]
    return voltages, iterations


def _newton(layers: TwoLayers, load: Array, free: NDArray[np.bool_], y: Array, wish: Array, rail: float) -> Array:
    """One step on the nodes that wish to stay inside; the others go to their rails."""
    inside = (wish > 0.0) & (wish < rail)
    rails = np.clip(wish, 0.0, rail) - y
    matrix = np.where(inside[:, :, None], layers.curvature(load, free), np.eye(y.shape[1], dtype=y.dtype))
    right = np.where(inside, load[layers.outer] * (wish - y), rails)
    result: Array = np.clip(y + np.linalg.solve(matrix, right[:, :, None])[:, :, 0], 0.0, rail)
    return result
