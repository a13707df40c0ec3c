r"""A measured device: the pulse model fitted to a table of its pulses.

The table is that of `analogeq.hardware.memory.pulse_table`. A run is a stretch of rows of one direction in which
the pulse number rises; it is counted from its own first row, the state before the pulses that follow: the low end
of the range for a run up, the high end for one down. Of runs there may be many.

Fitted, by least squares over all rows at once, is the curve of `analogeq.hardware.memory.pulses` with
one range for both directions, each with its bend k = P/A, where P is its longest run:

.. math:: G_{up}(n) = G_{low} + (G_{high} - G_{low}) \frac{1 - e^{-k n/P}}{1 - e^{-k}}
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from analogeq.errors import TechnologyError
from analogeq.hardware.memory.memory import Memory
from analogeq.hardware.memory.pulse_table import PulseTable
from analogeq.hardware.memory.pulses import Branch, Pulses

Array = NDArray[np.float64]

_STEEPEST = 50.0  # a bend of 50 goes all the way in the first tenth of its pulses; no fit can tell more
_LEAST_RUN = 4  # rows: two ends and a bend, and one to spare


@dataclass(frozen=True)
class MeasuredDevice:
    """What was fitted, and how well.

    Attributes
    ----------
    low, high : float
        Ends of the range [S].
    pulses : Pulses
        Its cycle-to-cycle spread is that of the residual's steps from row to row, a measurement's own noise included.
    residual : float
        Root mean square of measured less fitted [S].
    rows : int
    """

    low: float
    high: float
    pulses: Pulses
    residual: float
    rows: int

    @property
    def residual_of_range(self) -> float:
        """The residual over the range."""
        return self.residual / (self.high - self.low)

    @property
    def memory(self) -> Memory:
        """A memory of such devices."""
        return Memory(pulses=self.pulses)


def fit_pulses(table: PulseTable) -> MeasuredDevice:
    """Fit the pulse model to a measurement.

    Raises
    ------
    TechnologyError
        If a direction is missing or too short, or the conductances do not rise and fall.
    """
    lengths = []
    for name, rows in (("up", table.up), ("down", ~table.up)):
        if np.count_nonzero(rows) < _LEAST_RUN or table.pulse[rows].max() < _LEAST_RUN - 1:
            raise TechnologyError(
                f"pulses {name}: {np.count_nonzero(rows)} rows; a bend needs runs of {_LEAST_RUN} rows: measure them, "
                f'or give kind = "described" with pulses_up, pulses_down and what else is known'
            )
        lengths.append(float(table.pulse[rows].max()))
    g, scale = table.conductance, float(table.conductance.max())
    ends = np.percentile(g, [2.0, 98.0]) / scale if scale > 0.0 else np.zeros(2)
    if not ends[0] < ends[1]:
        raise TechnologyError(f"conductance: {scale!r} S in every row; the device does not move, measure it anew")
    part = table.pulse / np.where(table.up, *lengths)

    def misses(guess: Array) -> Array:
        miss: Array = (_curve(guess, part, table.up) - g / scale) / (ends[1] - ends[0])
        return miss

    found = least_squares(
        misses, [*ends, 1.0, 1.0], bounds=([0.0, 0.0, -_STEEPEST, -_STEEPEST], [np.inf, np.inf, _STEEPEST, _STEEPEST])
    )
    low, high = float(found.x[0]) * scale, float(found.x[1]) * scale
    if not low < high:
        raise TechnologyError(
            f"conductance: pulses up lead from {low!r} S to {high!r} S; they have to raise it, so "
            "swap up and down, or measure a device that follows its pulses"
        )
    off = g - _curve(found.x, part, table.up) * scale
    up, down = (
        Branch(p, p / float(k) if abs(k) > _NO_BEND else math.inf) for p, k in zip(lengths, found.x[2:], strict=True)
    )
    spread = _step_spread(off, table.run, table.pulse) / (high - low)
    return MeasuredDevice(low, high, Pulses(up, down, of_range=spread), float(np.sqrt(np.mean(off**2))), len(g))


_NO_BEND = 1e-6  # a curve with that bend is 1e-7 of the range off a line, less than any meter reads


def _curve(guess: Array, part: Array, up: NDArray[np.bool_]) -> Array:
    low, high, bend_up, bend_down = guess
    bend = np.where(up, bend_up, bend_down)
    bend = np.where(np.abs(bend) < _NO_BEND, _NO_BEND, bend)
    way = np.expm1(-bend * part) / np.expm1(-bend)
    curve: Array = np.where(up, low + (high - low) * way, high - (high - low) * way)
    return curve


def _step_spread(off: Array, run: NDArray[np.intp], pulse: Array) -> float:
    """Standard deviation that one pulse adds to the residual [S], whatever drifts slowly left aside."""
    same = run[1:] == run[:-1]
    steps = np.diff(off)[same] / np.sqrt(np.diff(pulse)[same])
    return float(np.sqrt(np.mean(steps**2)))
