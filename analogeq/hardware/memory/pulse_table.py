"""A table of a device's pulses, from CSV as laboratories and spreadsheets write it.

The heading names ``pulse``, ``conductance`` or ``resistance`` with its unit in brackets, and ``direction`` (``up`` or
``down``); other columns are left aside, lines that begin with ``#`` too. Columns are separated by commas,
semicolons or tabs; between the latter two a decimal comma is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.measured_table import Row, read_rows
from analogeq.hardware.quantities import parse_quantity

Array = NDArray[np.float64]

_MEASURED = re.compile(r"(conductance|resistance)\s*[\[(]\s*(\S+?)\s*[\])]", re.IGNORECASE)
_PULSE = ("pulse", "pulses", "pulse number", "pulse_number")
_UP = ("up", "ltp", "potentiation")
_DOWN = ("down", "ltd", "depression")
_WANTED = "the heading names pulse, conductance [uS] (or resistance [kOhm], in any unit) and direction"


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
class _Columns:
    """Where a row has what, and how its reading becomes a conductance [S]."""

    pulse: int
    reading: int
    direction: int
    siemens: Callable[[float], float]


def read_pulses(path: Path) -> PulseTable:
    """Read a measurement from CSV.

    Raises
    ------
    TechnologyError
        If the file cannot be read, lacks a column or holds a row that is no measurement.
    """
    table = read_rows(path)
    if not table:
        raise TechnologyError(f"{path.name}: is empty; {_WANTED}")
    columns = _columns(path.name, table[0])
    rows = [_row(f"{path.name}, line {row.line}", row, columns) for row in table[1:]]
    if not rows:
        raise TechnologyError(f"{path.name}: has no rows under its heading; give one for each pulse")
    pulse, conductance, up = (np.array(column) for column in zip(*rows, strict=True))
    return _in_runs(pulse.astype(np.float64), conductance.astype(np.float64), up.astype(bool))


def _columns(name: str, heading: Row) -> _Columns:
    found = heading.cells
    pulse = [at for at, cell in enumerate(found) if cell.lower() in _PULSE]
    direction = [at for at, cell in enumerate(found) if cell.lower() == "direction"]
    measured = [(at, match) for at, cell in enumerate(found) if (match := _MEASURED.fullmatch(cell))]
    if not len(pulse) == len(direction) == len(measured) == 1:
        raise TechnologyError(f"{name}: heading {heading.text[:80]!r}; {_WANTED}, each once")
    ((at, match),) = measured
    siemens = _to_siemens(match[1].lower(), match[2], name)
    return _Columns(pulse[0], at, direction[0], siemens)


def _to_siemens(quantity: str, symbol: str, name: str) -> Callable[[float], float]:
    """Return what turns a reading into siemens; a unit of the other quantity is refused."""
    what = f"{name}: {quantity}'s unit"
    if quantity == "resistance":
        ohms = parse_quantity(f"1 {symbol}", "Ohm", what, "1 kOhm")
        return lambda reading: 1.0 / (reading * ohms) if reading else math.inf
    one, ten = (parse_quantity(f"{n} {symbol}", "S", what, "1 uS") for n in (1, 10))
    if ten < one:
        raise TechnologyError(f"{what} is {symbol}, which is a resistance's; name the column resistance [{symbol}]")
    return lambda reading: reading * one


def _row(where: str, row: Row, columns: _Columns) -> tuple[float, float, bool]:
    try:
        pulse, reading = float(row.cells[columns.pulse]), float(row.cells[columns.reading])
        direction = row.cells[columns.direction].lower()
    except (ValueError, IndexError):
        raise TechnologyError(f"{where}: {row.text[:40]!r} is no pulse and reading; mend or remove the line") from None
    if direction not in (*_UP, *_DOWN):
        raise TechnologyError(f"{where}: direction {direction[:20]!r}; write up or down")
    if not (math.isfinite(pulse) and math.isfinite(reading)) or reading < 0.0:
        raise TechnologyError(
            f"{where}: pulse {pulse}, reading {reading}; give finite numbers, none below zero, or remove the line"
        )
    if pulse < 0.0 or pulse != int(pulse):
        raise TechnologyError(f"{where}: pulse {pulse}; pulses are counted 0, 1, 2, …: are two columns swapped?")
    conductance = columns.siemens(reading)
    if not math.isfinite(conductance):
        raise TechnologyError(f"{where}: reading {reading}, no finite conductance; mend or remove the line")
    return pulse, conductance, direction in _UP


def _in_runs(pulse: Array, conductance: Array, up: NDArray[np.bool_]) -> PulseTable:
    begins = np.concatenate([[True], (up[1:] != up[:-1]) | (pulse[1:] <= pulse[:-1])])
    run = np.cumsum(begins) - 1
    return PulseTable(pulse - pulse[begins][run], conductance, up, run)
