"""From a state to the equilibrium of the circuit linearised around it: exact with ideal clamps."""

from __future__ import annotations

import numpy as np

from analogeq.engines.native.clamps import Ideal
from analogeq.engines.native.coupling import Array
from analogeq.engines.native.problem import Problem
from analogeq.engines.native.twolayer import TwoLayers

PRECISE = 1e-14
"""Residual at which conjugate gradients stop, in units of the rail."""

MOST_NEWTON = 30
"""Newton steps from a state to an equilibrium; from nearby it takes two, or five with diodes."""


def nearest_equilibrium(problem: Problem, state: Array, layers: TwoLayers | None) -> Array:
    """Where Newton's method ends from ``state``; the caller checks whether that is an answer.

    Between ideal clamps a step is exact once it is right which nodes their rails hold.
    """
    v = state
    for _ in range(MOST_NEWTON):
        into = problem.coupling.product(v) + problem.current
        balanced, give = problem.clamps.balance(into, problem.load)
        if isinstance(problem.clamps, Ideal):
            v = np.where(give > 0.0, v, balanced)
            step = linear_step(problem, problem.inflow(v), give, layers)
            new = np.clip(v + step, 0.0, problem.rail)
        else:
            new = v + linear_step(problem, (balanced - v) / give, give, layers)
        moved = np.abs(new - v).max(initial=0.0)
        v = new
        if not moved > problem.precise(PRECISE):
            break
    return v


def linear_step(problem: Problem, push: Array, give: Array, layers: TwoLayers | None) -> Array:
    """Solve ``(diag(1 / give) - M) x = push`` for every sample; nodes that give by 0 stay.

    Two dense layers go by their Schur complement, couplings that are the same both ways by
    conjugate gradients over the whole batch, any others by one dense solve a sample. A singular or
    indefinite matrix gives some step, not NaN.
    """
    if layers is not None:
        return _two_layers(push, give, layers)
    if problem.coupling.symmetric:
        return _conjugate_gradients(problem, push, give)
    return _dense(problem, push, give)


def _two_layers(push: Array, give: Array, layers: TwoLayers) -> Array:
    outer, inner = give[:, layers.outer], give[:, layers.inner]
    right = outer * (push[:, layers.outer] + (inner * push[:, layers.inner]) @ layers.to_outer.T)
    answer = outer[:, :, None] * ((layers.to_outer * inner[:, None, :]) @ layers.to_inner.T)
    step = np.empty_like(push)
    step[:, layers.outer] = _solve(np.eye(outer.shape[1], dtype=push.dtype) - answer, right)
    step[:, layers.inner] = inner * (push[:, layers.inner] + step[:, layers.outer] @ layers.to_inner)
    return step


def _conjugate_gradients(problem: Problem, push: Array, give: Array) -> Array:
    """Preconditioned by the diagonal, which diodes make uneven."""
    free = give > 0.0
    stiffness = np.where(free, 1.0 / np.where(free, give, 1.0), 0.0)
    x, residual = np.zeros_like(push), push * free
    direction = give * residual
    square = (residual * direction).sum(axis=1)
    goal = problem.precise(PRECISE) ** 2
    for _ in range(4 * push.shape[1] + 20):
        image = (stiffness * direction - problem.coupling.product(direction)) * free
        bend = (direction * image).sum(axis=1)
        # A direction of no or negative curvature has no minimum: the sample stays where it is.
        moving = (bend > 0.0) & (square > goal)
        if not moving.any():
            break
        step = np.where(moving, square / np.where(moving, bend, 1.0), 0.0)[:, None]
        x += step * direction
        residual -= step * image
        scaled = give * residual
        new = (residual * scaled).sum(axis=1)
        direction = scaled + np.where(moving, new / np.where(square > 0.0, square, 1.0), 0.0)[:, None] * direction
        square = np.where(moving, new, 0.0)
    return x


def _dense(problem: Problem, push: Array, give: Array) -> Array:
    step = np.zeros_like(push)
    for sample, soft in enumerate(give):
        at = np.flatnonzero(soft > 0.0)
        matrix = np.diag(1.0 / soft[at]) - problem.coupling.dense[np.ix_(at, at)].T
        step[sample, at] = _solve(matrix[None], push[sample, at][None])[0]
    return step


def _solve(matrix: Array, right: Array) -> Array:
    """Solve a stack of systems; least squares where one of them is singular."""
    try:
        solved: Array = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        solved = np.stack([np.linalg.lstsq(a, b, rcond=None)[0] for a, b in zip(matrix, right, strict=True)])
    return solved
