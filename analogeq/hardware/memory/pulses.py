r"""Pulsed updates: what n equal pulses do to a device that stands somewhere in its range.

With x = 0 at the low end of the device's range and 1 at its high end, pulses up go along [1]_

.. math:: x(n) = B\,(1 - e^{-n/A}), \qquad B = \frac{1}{1 - e^{-P/A}},

which takes P pulses from end to end. From anywhere on it, n more pulses lead to

.. math:: x' = x + (B - x)\,(1 - e^{-n/A}),

and pulses down do the same to 1 − x with their own A and P. Two limits have names: A → ∞ are *linear*
steps of 1/P; P → ∞ (B = 1) are *soft bounds* [2]_, each step in proportion to the way that is left,
so that no number of pulses arrives. A below zero bends the other way: steps grow towards the end.
Different A up and down is asymmetry: a pulse up and one down do not cancel, and a device pulsed up
and down in turn drifts to where its two steps are equal.

Cycle-to-cycle spread is a normal error of every pulse, independent of all others. Of n pulses at once
the errors are added in squares, as if each had hit on the mean path, which is exact for one pulse and
for linear steps.

References
----------
.. [1] Chen, Peng, Yu, IEEE Trans. CAD 37 (2018) 3067, and MLP+NeuroSim V3.0, whose P is maxNumLevel and A paramA.
.. [2] Fusi & Abbott, Nature Neurosci. 10 (2007) 485; SoftBoundsDevice of aihwkit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative, check_number, check_positive

Array = NDArray[np.float64]

STRAIGHT = 1e-12
"""P/A below which a curve is a line: it is off it by P/(8A) of the range, far below the last digit of a float."""


@dataclass(frozen=True)
class Branch:
    """One direction.

    Attributes
    ----------
    pulses : float
        P, from one end of the range to the other; infinite for soft bounds.
    constant : float
        A [pulses]; infinite for linear steps, negative where steps grow.
    """

    pulses: float
    constant: float = math.inf

    def __post_init__(self) -> None:
        check_positive("pulses", self.pulses, infinite=True)
        if check_number("constant", self.constant, infinite=True) == 0.0:
            raise TechnologyError("constant: 0 pulses; give A of 1 - exp(-n/A), or inf for linear steps")
        if math.isinf(self.pulses) and not 0.0 < self.constant < math.inf:
            raise TechnologyError(
                f"constant: {self.constant!r} with infinitely many pulses, which never arrive; give how many pulses "
                "the range takes, or soft bounds a finite constant above zero"
            )
        if not self.linear and abs(self.pulses / self.constant) > _STEEPEST and math.isfinite(self.pulses):
            raise TechnologyError(
                f"constant: {self.constant!r} for {self.pulses!r} pulses; a curve that steep is a jump, give one "
                f"above {self.pulses / _STEEPEST!r} pulses, or infinitely many pulses for soft bounds"
            )

    @property
    def linear(self) -> bool:
        """Whether all steps are equal."""
        return math.isinf(self.constant) or abs(self.pulses / self.constant) < STRAIGHT

    @property
    def reach(self) -> float:
        """B: where infinitely many pulses would lead, in ranges from the start; infinite for linear steps."""
        return math.inf if self.linear else -1.0 / math.expm1(-self.pulses / self.constant)

    @property
    def mean_step(self) -> float:
        """One pulse's step from the middle of the range, in ranges: by it a controller counts pulses."""
        return float(self.after(np.array([0.5]), np.ones(1))[0]) - 0.5

    def after(self, x: Array, n: Array) -> Array:
        """Where ``n`` pulses lead from ``x``, in ranges from the start, never beyond the end."""
        if self.linear:
            moved = x + n / self.pulses
        else:
            with np.errstate(over="ignore"):  # growing steps may overflow on their way past the end
                moved = x - (self.reach - x) * np.expm1(-n / self.constant)
        return np.clip(moved, 0.0, 1.0)

    def count(self, x: Array) -> Array:
        """Pulses that lead to ``x`` from the start: the inverse of `after`; infinite at a soft bound."""
        if self.linear:
            return x * self.pulses
        with np.errstate(divide="ignore"):
            return -self.constant * np.log1p(-x / self.reach)


_STEEPEST = 700.0  # exp(700) is still a float


@dataclass(frozen=True)
class Pulses:
    """Both directions, and how far a pulse misses.

    Attributes
    ----------
    up, down : Branch
        Down counts from the high end of the range.
    of_range : float
        Standard deviation of a pulse's step in ranges (NeuroSim's sigmaCtoC).
    of_step : float
        The same as a fraction of the step that a pulse makes there.
    """

    up: Branch
    down: Branch
    of_range: float = field(default=0.0)
    of_step: float = field(default=0.0)

    def __post_init__(self) -> None:
        check_not_negative("cycle_sd_of_range", self.of_range)
        check_not_negative("cycle_sd_of_step", self.of_step)

    def applied(
        self, x: Array, n: Array, rng: np.random.Generator, step_up: Array | float = 1.0, step_down: Array | float = 1.0
    ) -> Array:
        """Where pulses lead: up where ``n`` is above zero, down where it is below.

        Parameters
        ----------
        x : ndarray, shape (device,)
            Place in the range, 0 … 1.
        n : ndarray, shape (device,)
            Signed number of pulses.
        rng : Generator
            Of the cycle-to-cycle spread.
        step_up, step_down : ndarray, shape (device,), or float
            How much larger than the mean device's this device's steps are: it goes as far as so many pulses more.
        """
        count = np.abs(n)
        moved = np.where(n > 0, self.up.after(x, count * step_up), 1.0 - self.down.after(1.0 - x, count * step_down))
        if not (self.of_range or self.of_step):
            return moved
        shared = np.abs(moved - x) / np.maximum(count, 1.0)
        sd = np.sqrt(count * (self.of_range**2 + (self.of_step * shared) ** 2))
        return np.clip(moved + sd * rng.standard_normal(x.shape), 0.0, 1.0)

    def asked(self, wanted: Array) -> Array:
        """How many pulses a controller gives for a step ``wanted``, in ranges: by the mean steps, not yet rounded."""
        return wanted / np.where(wanted > 0.0, self.up.mean_step, self.down.mean_step)
