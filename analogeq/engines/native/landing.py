r"""Land on the equilibrium that the dynamics are on their way to, and prove that it is that one.

From a state x of the waveform, the linear piece around it is solved for its equilibrium x*. The
dynamics end there if, with :math:`d = \lVert x - x^* \rVert_2`,

- x* satisfies Kirchhoff's law with its clamps, and
- the energy's curvature is positive on all nodes that can move within d of x*: the free ones, and
  held ones whose clamp current at x* is less than their couplings' norm times d.

For the clamped flow of a curvature that is positive on a ball never leaves it: with
:math:`e = x - x^*`, :math:`\tfrac{d}{dt} \lVert e \rVert^2 \le -2 e^T H e < 0`. (H the symmetric part: it
holds whether or not the two directions of a weight agree.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.pieces import Mask, active_set, solve_piece
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
    proven: Mask
    distance: Array


def land(problem: Problem, state: Array, layers: TwoLayers | None, *, convex: bool) -> Landing:
    """Solve the linear piece around every sample's state.

    Parameters
    ----------
    convex : bool
        Whether there is one equilibrium only, so that any is the right one.
    """
    free = active_set(problem, state)
    found = np.clip(solve_piece(problem, state, free, layers), 0.0, problem.rail)
    distance = np.linalg.norm(found - state, axis=1)
    net = problem.inflow(found)
    still = np.abs(_with_clamps(problem, found, net)).max(axis=1, initial=0.0) <= STILL * problem.rail
    if convex:
        return Landing(found, still, distance)
    reach = problem.coupling.row_norms * distance[:, None]
    movable = ~((found <= 0.0) & (net < -reach)) & ~((found >= problem.rail) & (net > reach))
    at_rest = (
        np.abs(_with_clamps(problem, state, problem.inflow(state))).max(axis=1, initial=0.0) <= 1e-15 * problem.rail
    )
    proven = still.copy()
    for sample in np.flatnonzero(still & ~at_rest):
        proven[sample] = positive(problem, movable[sample], layers)
    return Landing(found, proven, distance)


def positive(problem: Problem, movable: Mask, layers: TwoLayers | None) -> bool:
    """Whether the energy curves upwards along every direction of the ``movable`` nodes."""
    load = problem.load - MARGIN
    if (load[movable] <= 0.0).any():
        return False
    if layers is not None:
        mean = 0.5 * (layers.to_outer + layers.to_inner)[movable[layers.outer]]
        own = np.diag(load[layers.outer][movable[layers.outer]])
        weighted = mean * (movable[layers.inner] / load[layers.inner])
        return _definite(own - weighted @ mean.T)
    at = np.flatnonzero(movable)
    if at.size <= _DENSE_UP_TO:
        whole = problem.coupling.dense[np.ix_(at, at)]
        return _definite(np.diag(load[at]) - 0.5 * (whole + whole.T))
    return _smallest(problem, movable) > MARGIN


def _definite(matrix: Array) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


def _smallest(problem: Problem, movable: Mask) -> float:
    """Smallest eigenvalue on the movable nodes, by Lanczos from a fixed start, so that it repeats."""
    n = movable.size

    def apply(x: NDArray[np.float64]) -> NDArray[np.float64]:
        row = (x.reshape(1, n) * movable).astype(problem.load.dtype)
        pushed = problem.coupling.product(row)
        if not problem.coupling.symmetric:
            pushed = 0.5 * (pushed + row @ problem.coupling.dense.T)
        # Nodes that cannot move count with the largest load, which is no smallest eigenvalue.
        return np.where(movable, problem.load * row - pushed, problem.load.max() * x).reshape(n)

    operator = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    try:
        start = np.random.default_rng(0).standard_normal(n)
        return float(eigsh(operator, k=1, which="SA", v0=start, tol=1e-6, return_eigenvectors=False)[0])
    except ArpackNoConvergence:
        return -np.inf


def _with_clamps(problem: Problem, voltages: Array, net: Array) -> Array:
    low, high = voltages <= 0.0, voltages >= problem.rail
    clamped: Array = np.where(low, np.maximum(net, 0.0), np.where(high, np.minimum(net, 0.0), net))
    return clamped
