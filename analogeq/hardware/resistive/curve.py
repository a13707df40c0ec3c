"""A measured I-V curve: points of a file, straight lines between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative
from analogeq.hardware.measured_table import Row, read_rows
from analogeq.hardware.quantities import parse_quantity
from analogeq.hardware.resistive.device import Array


@dataclass(frozen=True, eq=False)
class MeasuredCurve:
    """A monotone curve through measured points, continued straight beyond its ends.

    Attributes
    ----------
    volts, amperes : ndarray, shape (point,)
        Increasing voltages [V], currents that never fall [A].
    half : bool
        Whether the second half of every hidden layer has the device turned round.
    """

    volts: NDArray[np.float64]
    amperes: NDArray[np.float64]
    half: bool = False

    lowest: ClassVar[float] = -np.inf

    def __post_init__(self) -> None:
        for name in ("volts", "amperes"):
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64))
        if self.volts.ndim != 1 or self.volts.shape != self.amperes.shape or len(self.volts) < 2:
            raise TechnologyError(
                f"curve: voltages of shape {self.volts.shape} and currents of shape {self.amperes.shape}; "
                "give two columns of one length, two points or more"
            )
        for name, values, unit in (("voltage", self.volts, "V"), ("current", self.amperes, "A")):
            if not np.isfinite(values).all():
                at = int(np.flatnonzero(~np.isfinite(values))[0])
                raise TechnologyError(f"curve: point {at}: {name} {values[at]} {unit} is not finite; leave it out")
        if (np.diff(self.volts) <= 0.0).any():
            at = int(np.flatnonzero(np.diff(self.volts) <= 0.0)[0]) + 1
            raise TechnologyError(
                f"curve: point {at}: voltage {float(self.volts[at])!r} V is not above the one before, "
                f"{float(self.volts[at - 1])!r} V; sort the points by voltage and keep one of each"
            )
        if (np.diff(self.amperes) < 0.0).any():
            at = int(np.flatnonzero(np.diff(self.amperes) < 0.0)[0]) + 1
            raise TechnologyError(
                f"curve: point {at}: current {float(self.amperes[at])!r} A is below the one before, "
                f"{float(self.amperes[at - 1])!r} A; the curve must be monotone to have one operating point: smooth "
                "the measurement, or leave out its region of negative resistance"
            )
        with np.errstate(over="ignore"):
            steep = np.flatnonzero(~np.isfinite(self.slopes))
        if len(steep):
            at = int(steep[0]) + 1
            raise TechnologyError(
                f"curve: point {at}: the step from {float(self.volts[at - 1])!r} V to {float(self.volts[at])!r} V is "
                "too steep for a conductance to be finite; leave one of the two points out"
            )
        for array in (self.volts, self.amperes):
            array.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MeasuredCurve) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[bytes, bytes, bool]:
        # adding zero makes 0.0 of -0.0, which are one voltage
        return (self.volts + 0.0).tobytes(), (self.amperes + 0.0).tobytes(), self.half

    @property
    def alternates(self) -> bool:
        """Whether the second half of every hidden layer has it turned round."""
        return self.half

    @property
    def slopes(self) -> NDArray[np.float64]:
        """Conductance of each segment [S], shape (point - 1,)."""
        slopes: NDArray[np.float64] = np.diff(self.amperes) / np.diff(self.volts)
        return slopes

    def current(self, v: Array) -> tuple[Array, Array]:
        """I(v) [A] and di/dv [S]; at a corner the slope above it."""
        at = np.clip(np.searchsorted(self.volts, v, side="right") - 1, 0, len(self.volts) - 2)
        slope = self.slopes[at]
        return self.amperes[at] + slope * (v - self.volts[at]), slope

    def stored(self, v: Array) -> Array:
        """Co-content [W]."""
        return self._from_first(v) - self._from_first(np.zeros(()))

    def _from_first(self, v: Array) -> Array:
        steps = 0.5 * (self.amperes[1:] + self.amperes[:-1]) * np.diff(self.volts)
        whole = np.concatenate([[0.0], np.cumsum(steps)])
        at = np.clip(np.searchsorted(self.volts, v, side="right") - 1, 0, len(self.volts) - 2)
        beyond = v - self.volts[at]
        energy: Array = whole[at] + self.amperes[at] * beyond + 0.5 * self.slopes[at] * beyond**2
        return energy

    def voltage(self, load: Array, supply: Array) -> Array:
        """Table inverse: the segment by bisection, then a straight line."""
        shape = np.broadcast_shapes(np.shape(load), np.shape(supply))
        low = np.zeros(shape, dtype=np.intp)
        high = np.full(shape, len(self.volts) - 2, dtype=np.intp)
        while (low < high).any():
            middle = (low + high + 1) // 2
            above = load * self.volts[middle] + self.amperes[middle] <= supply
            low, high = np.where(above, middle, low), np.where(above, high, middle - 1)
        slope, volts = self.slopes[low], self.volts[low]
        total = load + slope
        flat = total == 0.0
        held: Array = volts + np.where(
            flat, 0.0, (supply - load * volts - self.amperes[low]) / np.where(flat, 1.0, total)
        )
        return held

    def knees(self, load: float) -> tuple[float, float]:
        """Exact: where one of the straight lines crosses the load's."""
        check_not_negative("load", load, "S")
        return 0.0 - _outer(-self.volts[::-1], -self.amperes[::-1], load), _outer(self.volts, self.amperes, load)


def _outer(volts: NDArray[np.float64], amperes: NDArray[np.float64], load: float) -> float:
    """Outermost voltage from 0 V up where the curve crosses the load's line [V]; see `NodeDevice.knees`."""
    curve = MeasuredCurve(volts, amperes)
    at = np.concatenate([[0.0], volts[volts > 0.0]])
    excess = curve.current(at)[0] - load * at
    steeper = float(curve.slopes[-1]) - load
    if steeper < 0.0 or (steeper == 0.0 and excess[-1] <= 0.0):
        return np.inf
    below = np.flatnonzero(excess < 0.0)
    if not len(below):
        return 0.0
    k = int(below[-1])
    if k == len(at) - 1:
        return float(at[k] - excess[k] / steeper)
    return float(at[k] - excess[k] * (at[k + 1] - at[k]) / (excess[k + 1] - excess[k]))


def read_curve(path: Path, *, half: bool = False) -> MeasuredCurve:
    """Read a curve from CSV: voltage and current a line.

    A heading names ``voltage`` and ``current``, or ``volts`` and ``amperes``, in any order and each with its unit in
    brackets if it is another than V and A. Without one the first column is in V, the second in A.

    Parameters
    ----------
    path : Path
    half : bool
        As in `MeasuredCurve`.

    Raises
    ------
    TechnologyError
        If the file cannot be read, its heading is another, a line is no pair of numbers or the curve is not monotone.
    """
    rows = read_rows(path)
    columns = _columns(path.name, rows[0]) if rows else None
    told = rows if columns is None else rows[1:]
    (v, volt), (i, ampere) = columns or _PLAIN
    most = 2 if columns is None else None
    points = np.array([_point(path.name, row, (v, i), most) for row in told], dtype=np.float64).reshape(-1, 2)
    try:
        return MeasuredCurve(points[:, 0] * volt, points[:, 1] * ampere, half)
    except TechnologyError as error:
        raise TechnologyError(f"{path.name}: {error}") from error


Column = tuple[int, float]
"""Place of a column, and what its unit is in V or A."""

_PLAIN: tuple[Column, Column] = ((0, 1.0), (1, 1.0))
_HEAD = re.compile(r"([a-z]+)\s*(?:[\[(]\s*(\S+?)\s*[\])])?", re.IGNORECASE)
_NAMES = {"voltage": "V", "volts": "V", "v": "V", "current": "A", "amperes": "A", "i": "A"}


def _columns(name: str, head: Row) -> tuple[Column, Column] | None:
    """Where the heading has voltage and current; None where the first row is a point."""
    if all(_is_number(cell) for cell in head.cells if cell):
        return None
    found: dict[str, list[Column]] = {"V": [], "A": []}
    for at, cell in enumerate(head.cells):
        match = _HEAD.fullmatch(cell)
        unit = _NAMES.get(match[1].lower()) if match else None
        if match and unit:
            found[unit].append((at, _unit(match[2], unit, f"{name}: unit of {match[1]}")))
    if not len(found["V"]) == len(found["A"]) == 1:
        raise TechnologyError(
            f"{name}: heading {head.text[:80]!r}; write voltage [V],current [mA], in whichever units, or no heading"
        )
    return found["V"][0], found["A"][0]


def _unit(symbol: str | None, unit: str, what: str) -> float:
    return 1.0 if symbol in (None, unit) else parse_quantity(f"1 {symbol}", unit, what, f"1 m{unit}")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _point(name: str, row: Row, at: tuple[int, int], most: int | None) -> tuple[float, float]:
    """Voltage and current as they stand in a row; without a heading (``most``) there is nothing else in it."""
    try:
        if most is not None and sum(map(bool, row.cells)) > most:
            raise ValueError
        return float(row.cells[at[0]]), float(row.cells[at[1]])
    except (ValueError, IndexError):
        raise TechnologyError(
            f"{name}, line {row.line}: {row.text[:40]!r} is no voltage and current; give two numbers"
        ) from None
