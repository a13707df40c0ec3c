r"""Equilibria of two densely joined layers: all unknowns but the shorter layer's are closed forms.

Given the outer (shorter) layer y, each inner node balances by itself, :math:`h(y) = \psi(I_h + y T_{in})`,
with :math:`\psi` the clip of ideal clamps or the solution of the diodes' scalar equation. So an equilibrium is
a root of

.. math:: F(y) = y - \psi(I_o + h(y)\, T_{out})

with :math:`F' = 1 - \mathrm{diag}(\psi'_o)\, T_{out}^T \mathrm{diag}(\psi'_h)\, T_{in}^T`. With ideal clamps F is
piecewise linear and Newton's method ends exactly once the set of free nodes is right [1]_; with diodes
F is tame, for :math:`\psi` never rises faster than a leak lets it. Where Newton does not come closer, the
exchange of exact layer minima (block coordinate descent), which always does when the energy is
strictly convex, takes over for a while.

References
----------
.. [1] Hintermüller, Ito, Kunisch, "The primal-dual active set strategy as a semismooth Newton method",
   SIAM J. Optim. 13 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.clamps import Ideal
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

    def curvature(self, outer: Array, inner: Array) -> Array:
        """Schur complement on the outer layer, shape (…, outer, outer), of nodes that give way by ``inner``.

        Parameters
        ----------
        outer : ndarray, shape (…, outer)
            Conductance to ground and into the clamp over G0.
        inner : ndarray, shape (…, inner)
            The reciprocal of the same; 0 for a node that is held.
        """
        own = outer[..., :, None] * np.eye(outer.shape[-1], dtype=outer.dtype)
        result: Array = own - (self.to_outer * inner[..., None, :]) @ self.to_inner.T
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
    load, clamps, close = problem.load, problem.clamps, problem.precise(CLOSE)
    voltages, iterations = start.copy(), np.zeros(len(start), dtype=np.int64)
    alive = np.arange(len(start))
    y = voltages[:, layers.outer].copy()
    far, patience, waiting = np.full(len(start), np.inf), np.ones(len(start)), np.ones(len(start))
    while alive.size:
        current = problem.current[alive]
        inner, give = clamps.balance(current[:, layers.inner] + y @ layers.to_inner, load[layers.inner])
        update, yields = clamps.balance(current[:, layers.outer] + inner @ layers.to_outer.T, load[layers.outer])
        distance = np.abs(update - y).max(axis=1)
        iterations[alive] += 1
        ended = (distance <= close) | (iterations[alive] >= MOST)
        out = alive[ended]
        voltages[out, layers.outer], voltages[out, layers.inner] = update[ended], inner[ended]
        worse = (distance > 0.5 * far) & (waiting <= 0.0)
        patience = np.where(worse, np.minimum(2.0 * patience, 64.0), patience)
        waiting = np.where(worse, patience, waiting) - 1.0
        newton = (waiting < 0.0) & ~ended
        if newton.any():
            step = _newton(layers, give[newton], yields[newton], update[newton] - y[newton])
            update[newton] = y[newton] + step
        if isinstance(clamps, Ideal):
            np.clip(update, 0.0, clamps.rail, out=update)
        keep = ~ended
        alive, y, far = alive[keep], update[keep], distance[keep]
        patience, waiting = patience[keep], waiting[keep]
    return voltages, iterations


def _newton(layers: TwoLayers, give: Array, yields: Array, away: Array) -> Array:
    """One step: how far the outer layer's own answer to a step is from the step."""
    answer = yields[:, :, None] * ((layers.to_outer * give[:, None, :]) @ layers.to_inner.T)
    step: Array = np.linalg.solve(np.eye(away.shape[1], dtype=away.dtype) - answer, away[:, :, None])[:, :, 0]
    return step
