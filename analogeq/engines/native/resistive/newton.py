"""Sparse Newton for any graph, each sample on its own; a semismooth one where diodes are ideal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, diags_array
from scipy.sparse.linalg import splu

from analogeq.engines.native.resistive.descent import Descended
from analogeq.engines.native.resistive.problem import Array, Link, Problem

MOST_STEPS = 100
SHORTEST = 2.0**-30


def newton(problem: Problem, start: Array, tolerance: Array) -> Descended:
    """Settle every sample within ``tolerance``, shape (batch,) [A].

    A device's voltage is limited to where the device alone would carry the node's whole supply, so
    that no exponential runs away; the step is halved until the imbalance falls. An ideal diode's
    node is either free or at its bound, decided anew at each step: for these matrices (no positive
    entry off the diagonal) such an active set ends after a few steps.
    """
    couplings = _couplings(problem)
    voltages = start.copy()
    residual = np.full(len(start), np.inf)
    most = 0
    for sample in range(len(start)):
        one = problem.rows(np.array([sample]))
        voltages[sample], residual[sample], steps = _one(one, couplings, start[sample], float(tolerance[sample]))
        most = max(most, steps)
    return Descended(voltages, residual, most)


def _couplings(problem: Problem) -> csc_array:
    """Minus the couplings, times nothing else: the part of L off its diagonal [S]."""
    rows: list[NDArray[np.intp]] = []
    cols: list[NDArray[np.intp]] = []
    values: list[Array] = []
    for link in problem.links:
        pre, post, g, ahead, back = _entries(link)
        rows += [post, pre]
        cols += [pre, post]
        values += [-g * ahead, -g * back]
    n = len(problem.load)
    if not rows:
        return csc_array((n, n))
    return csc_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))), shape=(n, n))


def _entries(link: Link) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, Array | float, Array | float]:
    if isinstance(link.matrix, np.ndarray):
        row, col = np.indices(link.matrix.shape).reshape(2, -1)
        g: Array = link.matrix.ravel()
    else:
        entries = link.matrix.tocoo()
        row, col, g = np.asarray(entries.row, dtype=np.intp), np.asarray(entries.col, dtype=np.intp), entries.data
    ahead = 1.0 if link.gain is None else link.gain[row]
    back = 1.0 if link.back is None else link.back[row]
    return row + link.pre.start, col + link.post.start, g, ahead, back


def _one(problem: Problem, couplings: csc_array, start: Array, tolerance: float) -> tuple[Array, float, int]:
    free_of_source = np.ones(len(start), dtype=bool)
    v = start.copy()
    if problem.held is not None:
        free_of_source[problem.outputs] = False
        v[problem.outputs] = problem.held[0]
    # One sweep of every node alone brings each device near its knee, wherever the start was.
    v = np.where(free_of_source, _alone(problem, couplings, v), v)
    for step in range(1, MOST_STEPS + 1):
        net = _net(problem, couplings, v, free_of_source)
        residual = float(np.abs(net).max(initial=0.0))
        if residual <= tolerance:
            return v, residual, step
        target = _target(problem, couplings, v, free_of_source)
        v = _shortened(problem, couplings, v, target, residual, free_of_source)
    return v, float(np.abs(_net(problem, couplings, v, free_of_source)).max(initial=0.0)), MOST_STEPS


def _alone(problem: Problem, couplings: csc_array, v: Array) -> Array:
    every = slice(0, len(v))
    alone: Array = problem.solved(every, (problem.supply[0] - couplings @ v)[None])[0]
    return alone


def _net(problem: Problem, couplings: csc_array, v: Array, free: NDArray[np.bool_]) -> Array:
    every = slice(0, len(v))
    incoming = (problem.supply[0] - couplings @ v)[None]
    net: Array = np.where(free, problem.imbalance(v[None], every, incoming)[0], 0.0)
    return net


def _target(problem: Problem, couplings: csc_array, v: Array, free: NDArray[np.bool_]) -> Array:
    """Where the linearised circuit stands."""
    sign, device = problem.polarity, problem.device
    current, slope = device.current(v * sign)
    current, slope = sign * current, sign**2 * slope
    incoming = problem.supply[0] - couplings @ v
    moving = free.copy()
    fixed = v.copy()
    if np.isfinite(device.lowest):
        pushed_out = (sign != 0.0) & (sign * (incoming - problem.load * sign * device.lowest) < 0.0)
        moving &= ~pushed_out
        fixed = np.where(pushed_out, sign * device.lowest, v)
    if not moving.any():
        return fixed
    at = np.flatnonzero(moving)
    matrix = csc_array(couplings + diags_array(problem.load + slope, format="csc"))
    known = np.where(moving, 0.0, fixed)
    right = problem.supply[0] - current + slope * v - couplings @ known
    solution = fixed.copy()
    solution[at] = splu(csc_array(matrix[at][:, at])).solve(right[at])
    return solution


def _shortened(
    problem: Problem, couplings: csc_array, v: Array, target: Array, residual: float, free: NDArray[np.bool_]
) -> Array:
    if np.isfinite(problem.device.lowest):
        return target
    share = 1.0
    while share > SHORTEST:
        tried: Array = v + share * (target - v)
        if float(np.abs(_net(problem, couplings, tried, free)).max(initial=0.0)) < residual:
            return tried
        share *= 0.5
    return np.where(free, _alone(problem, couplings, v), v)
