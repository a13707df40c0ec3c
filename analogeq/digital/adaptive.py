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

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analogeq.errors import InputError, NotSettledError
from analogeq.network.network import Floats

SAFETY = 0.9
SHRINK, GROW = 0.2, 5.0
"""A step is at least and at most this times the one before (Hairer et al., Section II.4)."""

TINY = 1e-30
"""Stands for an error of zero."""

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

    def evaluations(self, tries: int) -> int:
        """Evaluations of the force, each the work of an Euler step, in so many tried steps.

        Raises
        ------
        NotSettledError
            If the tries were in vain.
        """
        if tries > MOST_TRIES:
            raise NotSettledError(
                f"adaptive steps: {self.duration:g} time constants took more than {MOST_TRIES} steps at a tolerance of "
                f"{self.tolerance:g}; weights may have grown without bound: lower the rates, or raise the tolerance"
            )
        return 2 * tries


def follow(force: Callable[[Floats], Floats], duration: float, tolerance: float, signals: Floats) -> int:
    """Follow samples side by side, in place; those that are through wait for the last.

    Parameters
    ----------
    force : callable
        Signals to their rate of change without the rails, both of shape (batch, node).

    Returns
    -------
    int
        Steps tried; above `MOST_TRIES` if a sample has not come through its time.
    """
    left = np.full((len(signals), 1), duration, dtype=signals.dtype)
    slope = force(signals)
    step = np.minimum(first_step(slope, tolerance), left)
    tries = 0
    while left.any() and tries <= MOST_TRIES:
        tries += 1
        euler = np.clip(signals + step * slope, 0.0, 1.0)
        heun = np.clip(0.5 * (signals + euler + step * force(euler)), 0.0, 1.0)
        error = np.abs(heun - euler).max(axis=1, keepdims=True)
        taken = error <= tolerance
        np.copyto(signals, heun, where=taken)
        left -= np.where(taken, step, 0)
        step = np.minimum(next_step(step, error, tolerance), left)
        slope = force(signals)
    return tries


def first_step(slope: Floats, tolerance: float) -> Floats:
    """Step in which the fastest neuron of each sample moves by the root of the tolerance, shape (batch, 1)."""
    fastest = np.abs(slope).max(axis=1, keepdims=True)
    found: Floats = slope.dtype.type(np.sqrt(tolerance)) / np.maximum(fastest, slope.dtype.type(tolerance))
    return found


def next_step(step: Floats, error: Floats, tolerance: float) -> Floats:
    """Step for which the error, that grows with its square, would be a little within the tolerance."""
    ratio = tolerance / np.maximum(error, error.dtype.type(TINY))
    found: Floats = (step * np.clip(SAFETY * np.sqrt(ratio), SHRINK, GROW)).astype(step.dtype, copy=False)
    return found
