r"""A measured device: the pulse model fitted to a table of its pulses.

The table is a CSV with a heading: ``pulse``, ``conductance`` with its unit in brackets, ``direction``
(``up`` or ``down``). A run is a stretch of rows of one direction in which the pulse number rises; it is
counted from its own first row, the state before the pulses that follow: the low end of the range for a run up,
the high end for one down. Of runs there may be many.

Fitted, by least squares over all rows at once, is the curve of `analogeq.hardware.memory.pulses` with
one range for both directions, each with its bend k = P/A, where P is its longest run:

.. math:: G_{up}(n) = G_{low} + (G_{high} - G_{low}) \frac{1 - e^{-k n/P}}{1 - e^{-k}}
"""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from analogeq.errors import TechnologyError
from analogeq.hardware.memory.memory import Memory
from analogeq.hardware.memory.pulses import Branch, Pulses
from analogeq.hardware.quantities import parse_quantity

Array = NDArray[np.float64]

LARGEST_FILE = 10_000_000
"""Characters of a file."""

_HEADING = re.compile(r"conductance\s*[\[(]\s*(\S+?)\s*[\])]")
_STEEPEST = 50.0  # a bend of 50 goes all the way in the first tenth of its pulses; no fit can tell more
_LEAST_RUN = 4  # rows: two ends and a bend, and one to spare


@dataclass(frozen=True, eq=False)
class PulseTable:
    """A measurement.

    Attributes
    ----------
    pulse : ndarray, shape (row,)
        Pulses since the run began.
    conductance : ndarray, shape (row,)
        [S]
    up : ndarray of bool, shape (row,)
    run : ndarray of int, shape (row,)
        Number of the run a row belongs to.
    """

    pulse: Array
    conductance: Array
    up: NDArray[np.bool_]
    run: NDArray[np.intp]


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


def read_pulses(path: Path) -> PulseTable:
    """Read a measurement from CSV.

    Raises
    ------
    TechnologyError
        If the file cannot be read, lacks a column or holds a row that is no measurement.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            text = file.read(LARGEST_FILE + 1)
        lines = [row for row in csv.reader(io.StringIO(text)) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TechnologyError(f"{path.name}: cannot be read as CSV ({error}); check the path and the file") from error
    if len(text) > LARGEST_FILE:
        raise TechnologyError(f"{path.name}: more than {LARGEST_FILE} characters; a fit needs some hundred pulses")
    if not lines:
        raise TechnologyError(f"{path.name}: is empty; {_WANTED}")
    columns, unit = _columns(path.name, lines[0])
    rows = [_row(path.name, number, row, columns) for number, row in enumerate(lines[1:], start=2)]
    if not rows:
        raise TechnologyError(f"{path.name}: has no rows under its heading; give one for each pulse")
    pulse, conductance, up = (np.array(column) for column in zip(*rows, strict=True))
    return _in_runs(pulse.astype(np.float64), conductance.astype(np.float64) * unit, up.astype(bool))


_WANTED = "the heading names pulse, conductance [uS] (or another unit) and direction"


def _columns(name: str, heading: list[str]) -> tuple[tuple[int, int, int], float]:
    found = [cell.strip().lower() for cell in heading]
    measured = [at for at, cell in enumerate(heading) if _HEADING.fullmatch(cell.strip())]
    if "pulse" not in found or "direction" not in found or len(measured) != 1:
        raise TechnologyError(f"{name}: heading {','.join(heading)[:80]!r}; {_WANTED}")
    match = _HEADING.fullmatch(heading[measured[0]].strip())
    assert match is not None  # noqa: S101  it matched two lines above
    unit = parse_quantity(f"1 {match[1]}", "S", f"{name}: conductance's unit", "1 uS")
    return (found.index("pulse"), measured[0], found.index("direction")), unit


def _row(name: str, number: int, row: list[str], columns: tuple[int, int, int]) -> tuple[float, float, bool]:
    try:
        pulse, conductance, direction = float(row[columns[0]]), float(row[columns[1]]), row[columns[2]].strip().lower()
    except (ValueError, IndexError):
        raise TechnologyError(f"{name}, line {number}: {','.join(row)[:40]!r} is no pulse and conductance") from None
    if direction not in ("up", "down"):
        raise TechnologyError(f"{name}, line {number}: direction {direction[:20]!r}; write up or down")
    if not (math.isfinite(pulse) and math.isfinite(conductance)) or conductance < 0.0:
        raise TechnologyError(
            f"{name}, line {number}: pulse {pulse}, conductance {conductance}; give finite numbers, no conductance "
            "below zero"
        )
    return pulse, conductance, direction == "up"


def _in_runs(pulse: Array, conductance: Array, up: NDArray[np.bool_]) -> PulseTable:
    begins = np.concatenate([[True], (up[1:] != up[:-1]) | (pulse[1:] <= pulse[:-1])])
    run = np.cumsum(begins) - 1
    return PulseTable(pulse - pulse[begins][run], conductance, up, run)


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
                f"pulses {name}: {np.count_nonzero(rows)} rows; a bend needs runs of {_LEAST_RUN} rows"
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
            f"conductance: pulses up lead from {low!r} S to {high!r} S; they have to raise it, so swap up and down"
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
