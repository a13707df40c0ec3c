r"""Following the node equation for its time with steps that an error estimate chooses.

The papers' Euler steps have one size, which a stiff network (a strong tether or nudge, large weights)
makes unstable. Here each sample takes steps of its own by Heun's method with Euler's inside [1]_: with the
force :math:`f` and the signals held between the rails after every stage,

.. math:: s^1 = \mathrm{clip}(s + h f(s)), \quad
    s^2 = \mathrm{clip}\Big(s + \tfrac12 (s^1 - s) + \tfrac{h}{2} f(s^1)\Big), \quad
    e = \max_j |s^2_j - s^1_j|

A step is taken, to :math:`s^2`, where its error estimate :math:`e` is within the tolerance, and tried again
smaller where it is not; the next one has :math:`h \cdot 0.9 \sqrt{\mathrm{tol}/e}`. The first stage's slope is
what the rails let through, so that a neuron that leaves a rail inside a step is seen in :math:`e`.

References
----------
.. [1] Hairer, Nørsett, Wanner, "Solving Ordinary Differential Equations I", 2nd ed. (1993), Section II.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analogeq.digital.arithmetic import Arithmetic
from analogeq.digital.weights import LayeredWeights
from analogeq.errors import InputError, NotSettledError
from analogeq.network.network import Floats

SAFETY = 0.9
SHRINK, GROW = 0.2, 5.0
"""A step is at least and at most this times the one before (Hairer et al., Section II.4)."""

MOST_TRIES = 10_000
"""Tries after which a phase has failed: a thousand times what a trained network takes."""


@dataclass(frozen=True)
class AdaptiveSteps:
    """A phase of fixed time, in steps whose error is controlled.

    Attributes
    ----------
    duration : float
        In units of tau.
    tolerance : float
        Largest error estimate of a step, in signals.
    """

    duration: float
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        if not self.duration > 0.0:
            raise InputError(f"adaptive steps: duration {self.duration} time constants; give more than 0")
        if not 0.0 < self.tolerance < 1.0:
            raise InputError(f"adaptive steps: tolerance {self.tolerance} signals; give more than 0, less than 1")


def follow(
    arithmetic: Arithmetic,
    weights: LayeredWeights,
    constant: Floats,
    decay: Floats,
    how: AdaptiveSteps,
    signals: Floats,
) -> int:
    """Follow the node equation in place.

    Parameters
    ----------
    constant : ndarray, shape (batch, node)
        What pulls on the neurons besides each other.
    decay : ndarray, shape (node,)
        What a neuron's own signal is multiplied by in its force.
    signals : ndarray, shape (batch, node)
        C-contiguous; where the phase begins, then where it ends.

    Returns
    -------
    int
        Evaluations of the force, each the work of an Euler step; samples that are through wait for the last.

    Raises
    ------
    NotSettledError
        If a sample has not come through its time after `MOST_TRIES` tries.
    """
    left = np.full((len(signals), 1), how.duration, dtype=signals.dtype)
    slope = force(arithmetic, weights, constant, decay, signals)
    step = np.minimum(first_step(slope, how.tolerance), left)
    for tries in range(1, MOST_TRIES + 1):
        euler = np.clip(signals + step * slope, 0.0, 1.0)
        second = force(arithmetic, weights, constant, decay, euler)
        heun = np.clip(0.5 * (signals + euler + step * second), 0.0, 1.0)
        error = np.abs(heun - euler).max(axis=1, keepdims=True)
        taken = error <= how.tolerance
        np.copyto(signals, heun, where=taken)
        left -= np.where(taken, step, 0)
        if not left.any():
            return 2 * tries
        step = np.minimum(next_step(step, error, how.tolerance), left)
        slope = force(arithmetic, weights, constant, decay, signals)
    raise NotSettledError(
        f"adaptive steps: {left.max():.3g} of {how.duration:g} time constants are left after {MOST_TRIES} tries at a "
        f"tolerance of {how.tolerance:g}; weights may have grown without bound: lower the rates, or raise the tolerance"
    )


def force(arithmetic: Arithmetic, weights: LayeredWeights, constant: Floats, decay: Floats, signals: Floats) -> Floats:
    """Rate of change of every neuron without the rails, in units of 1/tau, shape (batch, node)."""
    out: Floats = constant - decay * signals
    layer = weights.network.layer
    for held in weights.couplings:
        pre, post = layer(held.block.pre).start, layer(held.block.post).start
        arithmetic.add_forward(held, signals, pre, out, post)
        arithmetic.add_backward(held, signals, post, out, pre)
    return out


def first_step(slope: Floats, tolerance: float) -> Floats:
    """Step in which the fastest neuron of each sample moves by the root of the tolerance, shape (batch, 1)."""
    fastest = np.abs(slope).max(axis=1, keepdims=True)
    found: Floats = slope.dtype.type(np.sqrt(tolerance)) / np.maximum(fastest, slope.dtype.type(tolerance))
    return found


def next_step(step: Floats, error: Floats, tolerance: float) -> Floats:
    """Step for which the error, that grows with its square, would be a little within the tolerance."""
    ratio = tolerance / np.maximum(error, np.finfo(error.dtype).tiny)
    found: Floats = (step * np.clip(SAFETY * np.sqrt(ratio), SHRINK, GROW)).astype(step.dtype, copy=False)
    return found
