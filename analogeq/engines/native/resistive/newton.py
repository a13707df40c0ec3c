"""Newton for any graph, all samples together; a semismooth one where diodes are ideal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.linalg import SuperLU, splu

from analogeq.engines.native.resistive.descent import Descended, started
from analogeq.engines.native.resistive.problem import Array, Link, Problem

Doubles = NDArray[np.float64]
Marks = NDArray[np.bool_]

MOST_STEPS = 100
SHORTEST = 2.0**-30

DENSE = 64
"""Nodes up to which LAPACK on full matrices beats a sparse factorisation for each sample, by a factor of 2 to 20."""

REGULAR = 1e-9
"""Of its own load, added to each node where nodes form an island that nothing holds; Newton corrects for it."""


def newton(problem: Problem, start: Array, tolerance: Array) -> Descended:
    """Settle every sample within ``tolerance``, shape (batch,) [A].

    One sweep of every node alone brings each device near its knee, so that no exponential runs away; the
    step is halved until the imbalance falls. An ideal diode's node is either free or at its bound, decided anew at
    each step: for these matrices (no positive entry off the diagonal) such an active set ends after a few
    steps. Samples whose linearised circuits are the same, all of a linear circuit and all with the same
    diodes conducting, share one factorisation.
    """
    matrix = _matrix(problem)
    voltages = started(problem, start)
    residual = np.full(len(start), np.inf)
    part, goal, active = problem, tolerance, np.arange(len(start))
    v = _alone(part, matrix, voltages)
    steps = 0
    while steps < MOST_STEPS:
        steps += 1
        worst = _worst(_net(part, matrix, v))
        voltages[active], residual[active] = v, worst
        keep = np.flatnonzero(worst > goal)
        if not len(keep):
            break
        if len(keep) < len(active):
            active, goal, v, worst, part = active[keep], goal[keep], v[keep], worst[keep], part.rows(keep)
        v = _shortened(part, matrix, v, _target(part, matrix, v), worst)
    return Descended(voltages, residual, steps)


def finished(problem: Problem, reached: Descended, slow: NDArray[np.intp], tolerance: Array) -> Descended:
    """Settle samples ``slow`` from where another solver left them; the others stay."""
    last = newton(problem.rows(slow), reached.voltages[slow], tolerance[slow])
    voltages, residual = reached.voltages.copy(), reached.residual.copy()
    voltages[slow], residual[slow] = last.voltages, last.residual
    return Descended(voltages, residual, reached.sweeps + last.sweeps)


@dataclass(frozen=True, eq=False)
class _Matrix:
    """Minus the couplings, with room for a diagonal.

    ``data``, ``rows`` and ``starts`` are a CSC matrix whose diagonal entries stand, zero, at ``diagonal``;
    ``couplings`` is the same without them, to multiply by.
    """

    couplings: csr_array
    data: Doubles
    rows: NDArray[np.integer]
    starts: NDArray[np.integer]
    diagonal: NDArray[np.intp]

    def linearised(self, diagonal: Doubles, moving: Marks) -> csc_array:
        """Put a diagonal in; nodes that do not move keep a row of the unit matrix."""
        data = self.data * moving[self.rows]
        data[self.diagonal] = np.where(moving, diagonal, 1.0)
        n = len(moving)
        return csc_array((data, self.rows, self.starts), shape=(n, n))


def _matrix(problem: Problem) -> _Matrix:
    n = len(problem.load)
    rows: list[NDArray[np.intp]] = []
    cols: list[NDArray[np.intp]] = []
    values: list[Array] = []
    for link in problem.links:
        pre, post, g, ahead, back = _entries(link)
        rows += [post, pre]
        cols += [pre, post]
        values += [-g * ahead, -g * back]
    every = np.arange(n, dtype=np.intp)
    numbers = np.concatenate([every, *rows]), np.concatenate([every, *cols])
    data = np.concatenate([np.zeros(n), *values]).astype(np.float64)
    whole = csc_array(coo_array((data, numbers), shape=(n, n)))
    whole.sort_indices()
    columns = np.repeat(every, np.diff(whole.indptr))
    at = np.flatnonzero(whole.indices == columns)
    return _Matrix(csr_array(whole).astype(problem.supply.dtype), whole.data, whole.indices, whole.indptr, at)


def _entries(link: Link) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, Array | float, Array | float]:
    if isinstance(link.matrix, np.ndarray):
        row, col = np.indices(link.matrix.shape).reshape(2, -1)
        g: Array = link.matrix.ravel()
    else:
        entries = link.matrix.tocoo()
        row, col, g = np.asarray(entries.row, dtype=np.intp), np.asarray(entries.col, dtype=np.intp), entries.data
    ahead = _at(link.gain, row) * _at(link.lower_back, col)
    back = _at(link.back, row) * _at(link.lower_gain, col)
    return row + link.pre.start, col + link.post.start, g, ahead, back


def _at(gains: Array | None, nodes: NDArray[np.intp]) -> Array | float:
    return 1.0 if gains is None else gains[nodes]


def _incoming(problem: Problem, matrix: _Matrix, v: Array) -> Array:
    incoming: Array = problem.supply - (matrix.couplings @ v.T).T
    return incoming


def _alone(problem: Problem, matrix: _Matrix, v: Array) -> Array:
    """Solve every node with the others where they are, held outputs excepted."""
    alone = problem.solved(slice(0, v.shape[1]), _incoming(problem, matrix, v))
    if problem.held is not None:
        alone[:, problem.outputs] = problem.held
    return alone


def _net(problem: Problem, matrix: _Matrix, v: Array) -> Array:
    net = problem.imbalance(v, slice(0, v.shape[1]), _incoming(problem, matrix, v))
    if problem.held is not None:
        net[:, problem.outputs] = 0.0
    return net


def _worst(net: Array) -> Array:
    worst: Array = np.abs(net).max(axis=1, initial=0.0)
    return worst


def _target(problem: Problem, matrix: _Matrix, v: Array) -> Array:
    """Where the linearised circuit of each sample stands, shape (batch, node)."""
    sign, device = problem.polarity, problem.device
    current, slope = device.current(v * sign)
    incoming = _incoming(problem, matrix, v)
    net = (incoming - problem.load * v - sign * current).astype(np.float64)
    diagonal = (problem.load + sign**2 * slope).astype(np.float64)
    moving, fixed = diagonal != 0.0, v
    if np.isfinite(device.lowest):
        pushed_out = (sign != 0.0) & (sign * incoming - problem.load * device.lowest < 0.0)
        moving &= ~pushed_out
        fixed = np.where(pushed_out, sign * device.lowest, v)
    if problem.held is not None:
        moving[:, problem.outputs] = False
    step = _solved(matrix, diagonal, moving, np.where(moving, net, fixed - v))
    # Nodes that do not move stand where they are to the last bit: an ideal diode's bound is a corner.
    target: Array = np.where(moving, v + step, fixed).astype(v.dtype)
    return target


def _solved(matrix: _Matrix, diagonal: Doubles, moving: Marks, right: Doubles) -> Doubles:
    """Solve each sample's linear equations, those that are alike together."""
    # Loads and slopes are above zero, so that zero marks the nodes that do not move.
    kinds, first, kind = np.unique(np.where(moving, diagonal, 0.0), axis=0, return_index=True, return_inverse=True)
    found = np.empty_like(right)
    if len(kinds) > 1 and right.shape[1] <= DENSE:
        full = np.stack([matrix.linearised(diagonal[k], moving[k]).toarray() for k in first])
        try:
            return np.linalg.solve(full[kind], right[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            pass  # the factorisations below know what to do
    for number, sample in enumerate(first):
        alike = np.flatnonzero(kind == number)
        found[alike] = _factored(matrix, diagonal[sample], moving[sample], right[alike])
    return found


def _factored(matrix: _Matrix, diagonal: Doubles, moving: Marks, right: Doubles) -> Doubles:
    try:
        factors = _factors(matrix.linearised(diagonal, moving))
    except RuntimeError:  # exactly singular: some nodes are joined to each other and to nothing else
        factors = _factors(matrix.linearised((1.0 + REGULAR) * diagonal, moving))
    solution: Doubles = factors.solve(np.ascontiguousarray(right.T)).T
    return solution


def _factors(whole: csc_array) -> SuperLU:
    """Factorise without exchange of rows: these matrices have their weight on the diagonal."""
    return splu(whole, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})


def _shortened(problem: Problem, matrix: _Matrix, v: Array, target: Array, worst: Array) -> Array:
    """Go as much of each sample's way as lowers its imbalance; where none does, solve every node alone."""
    if np.isfinite(problem.device.lowest):
        return target
    moved = _alone(problem, matrix, v)
    pending, share = np.arange(len(v)), 1.0
    while len(pending) and share > SHORTEST:
        tried = v[pending] + v.dtype.type(share) * (target - v)[pending]
        better = _worst(_net(problem.rows(pending), matrix, tried)) < worst[pending]
        moved[pending[better]] = tried[better]
        pending, share = pending[~better], 0.5 * share
    return moved
