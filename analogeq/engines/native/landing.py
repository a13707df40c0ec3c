r"""Land on the equilibrium that the dynamics are on their way to, and prove that it is that one.

From a state x of the waveform, the linear piece around it is solved for its equilibrium x* (with
diodes, Newton's method starts there). The dynamics end at x* if, with :math:`d = \lVert x - x^* \rVert_2`,

- x* satisfies Kirchhoff's law with its clamps, and
- the energy curves upwards in every direction throughout the ball of radius d around x*: with
  diodes by the least slope they have there, with ideal clamps among the nodes that can move: the
  free ones, and held ones whose clamp current at x* is less than their couplings' norm times d.

For the clamped flow of a curvature that is positive on a ball never leaves it: with
:math:`e = x - x^*`, :math:`\tfrac{d}{dt} \lVert e \rVert^2 \le -2 e^T H e < 0`. (H the symmetric part: it
holds whether or not the two directions of a weight agree.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from analogeq.engines.native.clamps import Diodes
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.pieces import nearest_equilibrium
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.twolayer import TwoLayers

STILL = 1e-9
"""Largest imbalance of an equilibrium, in units of G0 times the rail: a thousandth of what is accepted."""

MARGIN = 1e-9
"""Smallest curvature that counts as positive, over G0."""

_DENSE_UP_TO = 600  # free nodes up to which Cholesky is faster than Lanczos


@dataclass(frozen=True, eq=False)
class Landing:
    """What was tried from one state of the waveform.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
        The piece's equilibrium [V].
    proven : ndarray of bool, shape (batch,)
        Whether the dynamics end there.
    distance : ndarray, shape (batch,)
        From the state to it, Euclidean [V].
    """

    voltages: Array
    proven: NDArray[np.bool_]
    distance: Array


def land(problem: Problem, state: Array, layers: TwoLayers | None, *, convex: bool) -> Landing:
    """Look for the equilibrium next to every sample's state.

    Parameters
    ----------
    convex : bool
        Whether there is one equilibrium only, so that any is the right one.
    """
    found = nearest_equilibrium(problem, state, layers)
    distance = np.linalg.norm(found - state, axis=1)
    still = _unrest(problem, found) <= problem.precise(STILL)
    if convex:
        return Landing(found, still, distance)
    at_rest = _unrest(problem, state) <= 1e-15 * problem.rail
    stiffness = _least_stiffness(problem, found, distance[:, None])
    proven = still & at_rest
    for sample in np.flatnonzero(still & ~at_rest):
        proven[sample] = curves_upwards(problem, stiffness[sample], layers)
    return Landing(found, proven, distance)


def _unrest(problem: Problem, voltages: Array) -> Array:
    unrest: Array = np.abs(problem.imbalance(voltages)).max(axis=1, initial=0.0)
    return unrest


def _least_stiffness(problem: Problem, found: Array, distance: Array) -> Array:
    """Least conductance over G0 of every node and its clamp within ``distance``; infinite where held."""
    if isinstance(problem.clamps, Diodes):
        return problem.load + problem.clamps.least_slope(found - distance, found + distance)
    net, reach = problem.inflow(found), problem.coupling.row_norms * distance
    held = ((found <= 0.0) & (net < -reach)) | ((found >= problem.rail) & (net > reach))
    return np.where(held, np.inf, problem.load)


def curves_upwards(problem: Problem, stiffness: Array, layers: TwoLayers | None) -> bool:
    """Whether the energy curves upwards along every direction, given the nodes' own stiffness over G0."""
    own = stiffness - MARGIN
    if (own <= 0.0).any():
        return False
    if layers is not None:
        mean = 0.5 * (layers.to_outer + layers.to_inner)
        free = np.flatnonzero(np.isfinite(own[layers.outer]))
        schur = np.diag(own[layers.outer][free]) - (mean[free] / own[layers.inner]) @ mean[free].T
        return _definite(schur)
    at = np.flatnonzero(np.isfinite(own))
    if at.size <= _DENSE_UP_TO:
        whole = problem.coupling.dense[np.ix_(at, at)]
        return _definite(np.diag(own[at]) - 0.5 * (whole + whole.T))
    return _smallest(problem, own) > 0.0


def _definite(matrix: Array) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _smallest(problem: Problem, own: Array) -> float:
    """Smallest eigenvalue on the nodes that are not held, by Lanczos from a fixed start, so that it repeats."""
    n, movable = own.size, np.isfinite(own)
    stiffness = np.where(movable, own, 1.0)

    def apply(x: NDArray[np.float64]) -> NDArray[np.float64]:
        row = (x.reshape(1, n) * movable).astype(problem.load.dtype)
        pushed = problem.coupling.product(row)
        if not problem.coupling.symmetric:
            pushed = 0.5 * (pushed + row @ problem.coupling.dense.T)
        return np.where(movable, stiffness * row - pushed, stiffness.max() * x).reshape(n)

    operator = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    try:
        start = np.random.default_rng(0).standard_normal(n)
        return float(eigsh(operator, k=1, which="SA", v0=start, tol=1e-6, return_eigenvectors=False)[0])
    except ArpackNoConvergence:
        return -np.inf
