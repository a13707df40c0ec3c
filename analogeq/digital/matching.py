"""The quickest way as near to equilibrium as Euler steps come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.layered import EulerSteps, Pull, Sweeps, settle
from analogeq.digital.weights import LayeredWeights
from analogeq.network.network import Floats

RELAXATIONS = (1.0, 1.15, 1.3, 1.45, 1.6)
"""Tried in turn; the best one depends on how strongly the layers are coupled."""

SETTLED = 1e-6
"""Largest move of a sweep, in signals, at the equilibrium: some roundings of float32."""

MOST_SWEEPS = 400
"""Sweeps after which no equilibrium is said to be found."""


@dataclass(frozen=True)
class Match:
    """What `match_steps` found.

    Attributes
    ----------
    how : Sweeps or EulerSteps
        The settling; the Euler steps themselves where nothing quicker came as near.
    steps_distance, distance : tuple of float
        For each layer, mean over the samples of the largest distance of a signal from equilibrium,
        after the Euler steps and after ``how``; empty where there is no equilibrium.
    """

    how: EulerSteps | Sweeps
    steps_distance: tuple[float, ...]
    distance: tuple[float, ...]


def match_steps(arithmetic: Arithmetic, weights: LayeredWeights, pull: Pull, steps: EulerSteps, start: Floats) -> Match:
    """Find the fewest sweeps that come as near to the equilibrium of ``pull`` as ``steps`` do, in every layer.

    The equilibrium is the one to which the steps lead. A phase without one, because an output is
    pushed away with nothing to hold it, keeps its steps.

    Parameters
    ----------
    start : ndarray, shape (batch, node)
        Where the phase begins; left alone.
    """
    end = start.copy()
    settle(arithmetic, weights, pull, steps, end)
    goal = None if pull.decay.min() <= 0.0 else equilibrium(arithmetic, weights, pull, end)
    if goal is None:
        return Match(steps, (), ())
    left = tuple(max(d, SETTLED) for d in distances(weights, end, goal))
    best = Match(steps, left, left)
    for relaxation in RELAXATIONS:
        best = _fewer(arithmetic, weights, pull, relaxation, start, goal, best)
    return best


def _fewer(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    pull: Pull,
    relaxation: float,
    start: Floats,
    goal: Floats,
    best: Match,
) -> Match:
    signals = start.copy()
    for taken in range(1, best.how.steps):
        settle(arithmetic, weights, pull, Sweeps(1, relaxation), signals)
        left = distances(weights, signals, goal)
        if all(mine <= theirs for mine, theirs in zip(left, best.steps_distance, strict=True)):
            return Match(Sweeps(taken, relaxation), best.steps_distance, left)
    return best


def equilibrium(arithmetic: Arithmetic, weights: LayeredWeights, pull: Pull, start: Floats) -> Floats | None:
    """Where alternating layers come to rest from ``start``; None if they do not."""
    signals, sweep = start.copy(), Sweeps(10)
    for _ in range(MOST_SWEEPS // sweep.steps):
        before = signals.copy()
        settle(arithmetic, weights, pull, sweep, signals)
        if np.abs(signals - before).max() <= SETTLED:
            return signals
    return None


def distances(weights: LayeredWeights, signals: Floats, goal: Floats) -> tuple[float, ...]:
    """Mean over the samples of the largest difference, layer by layer."""
    away = np.abs(signals - goal)
    return tuple(float(away[:, layer].max(axis=1).mean()) for layer in weights.network.layers)
