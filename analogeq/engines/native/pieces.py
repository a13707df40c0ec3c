"""Exact solves on one linear piece: which nodes are free is known, the rest stand at a rail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.twolayer import TwoLayers

Mask = NDArray[np.bool_]

PRECISE = 1e-14
"""Residual at which conjugate gradients stop, in units of the rail."""


def active_set(problem: Problem, voltages: Array) -> Mask:
    """Which nodes are free: inside the rails, or at one and pulled inwards."""
    net = problem.inflow(voltages)
    low = (voltages <= 0.0) & (net <= 0.0)
    high = (voltages >= problem.rail) & (net >= 0.0)
    free: Mask = ~(low | high)
    return free


def solve_piece(problem: Problem, voltages: Array, free: Mask, layers: TwoLayers | None) -> Array:
    """Voltages at which the free nodes balance while the others stay where they are.

    Two dense layers go by their Schur complement, couplings that are the same both ways by
    conjugate gradients over the whole batch, any others by one dense solve a sample. Where the
    piece's matrix is singular or not positive the answer need not be one; the caller checks.
    """
    if layers is not None:
        return _two_layers(problem, voltages, free, layers)
    if problem.coupling.symmetric:
        return _conjugate_gradients(problem, voltages, free)
    return _dense(problem, voltages, free)


def _two_layers(problem: Problem, voltages: Array, free: Mask, layers: TwoLayers) -> Array:
    load, current = problem.load[layers.inner], problem.current[:, layers.inner]
    inner, outer = free[:, layers.inner], free[:, layers.outer]
    fixed = np.where(inner, current / load, voltages[:, layers.inner])
    right = problem.current[:, layers.outer] + fixed @ layers.to_outer.T
    matrix = np.where(
        outer[:, :, None], layers.curvature(problem.load, inner), np.eye(outer.shape[1], dtype=voltages.dtype)
    )
    right = np.where(outer, right, voltages[:, layers.outer])
    solved = voltages.copy()
    solved[:, layers.outer] = _solve(matrix, right)
    told = (current + solved[:, layers.outer] @ layers.to_inner) / load
    solved[:, layers.inner] = np.where(inner, told, fixed)
    return solved


def _conjugate_gradients(problem: Problem, voltages: Array, free: Mask) -> Array:
    v, load = voltages.copy(), problem.load
    residual = problem.inflow(v) * free
    direction = residual.copy()
    square = (residual**2).sum(axis=1)
    goal = (PRECISE * problem.rail) ** 2
    for _ in range(4 * v.shape[1] + 20):
        if (square <= goal).all():
            break
        image = (load * direction - problem.coupling.product(direction)) * free
        bend = (direction * image).sum(axis=1)
        # A direction of no or negative curvature has no minimum: the sample stays, and is not taken for solved.
        moving = (bend > 0.0) & (square > goal)
        if not moving.any():
            break
        step = np.where(moving, square / np.where(moving, bend, 1.0), 0.0)[:, None]
        v += step * direction
        residual -= step * image
        new = (residual**2).sum(axis=1)
        direction = residual + np.where(moving, new / np.where(square > 0.0, square, 1.0), 0.0)[:, None] * direction
        square = new
    return v


def _dense(problem: Problem, voltages: Array, free: Mask) -> Array:
    matrix = np.diag(problem.load) - problem.coupling.dense.T
    source = problem.inflow(voltages)
    solved = voltages.copy()
    for sample, mask in enumerate(free):
        at = np.flatnonzero(mask)
        solved[sample, at] += _solve(matrix[np.ix_(at, at)][None], source[sample, at][None])[0]
    return solved


def _solve(matrix: Array, right: Array) -> Array:
    """Solve a stack of small systems; least squares where one of them is singular."""
    try:
        solved: Array = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        solved = np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(matrix, right, strict=True)])
    return solved
