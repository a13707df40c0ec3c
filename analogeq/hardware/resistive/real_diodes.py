"""Real diodes at a node, in ngspice's own equation: one to ground, or an antiparallel pair to two biases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from analogeq.errors import TechnologyError
from analogeq.hardware.diode import GMIN, thermal_voltage
from analogeq.hardware.diodes import part_called
from analogeq.hardware.limits import (
    check_label,
    check_not_negative,
    check_number,
    check_positive,
    check_temperature,
)
from analogeq.hardware.resistive.device import Array
from analogeq.hardware.resistive.junction import Junction
from analogeq.hardware.resistive.knees import outer_knee, turned

MOST_STEPS = 200
"""Halvings that bring any bracket to rounding, and more than Newton's method ever takes: some six."""


@dataclass(frozen=True)
class JunctionDiode:
    """One real diode from ground to the node, half of a layer each way.

    Attributes
    ----------
    saturation_current : float
        IS [A], as given at ``temperature``.
    ideality : float
        N.
    series_resistance : float
        RS [Ohm], zero for none.
    temperature : float
        Of the junction [degC].
    name : str
        The part it describes, empty for a made-up one.
    """

    saturation_current: float = 1e-14
    ideality: float = 1.0
    series_resistance: float = 0.0
    temperature: float = 27.0
    name: str = ""

    alternates: ClassVar[bool] = True
    lowest: ClassVar[float] = -np.inf

    def __post_init__(self) -> None:
        check_positive("saturation_current", self.saturation_current, "A")
        check_positive("ideality", self.ideality)
        check_not_negative("series_resistance", self.series_resistance, "Ohm")
        check_temperature("temperature", self.temperature)
        check_label("diode name", self.name, empty=True)

    @classmethod
    def of_part(cls, part: str, *, temperature: float = 27.0) -> Self:
        """Diode of `analogeq.hardware.diodes.REAL_DIODES`, by its name in any case."""
        card = part_called(part)
        return cls(card.saturation_current, card.ideality, card.series_resistance, temperature, part.lower())

    @property
    def scaled_thermal_voltage(self) -> float:
        """N·kT/q [V]."""
        return self.ideality * thermal_voltage(self.temperature)

    @cached_property
    def junction(self) -> Junction:
        """The diode by itself."""
        return Junction(self.saturation_current, self.scaled_thermal_voltage, self.series_resistance)

    def current(self, v: Array) -> tuple[Array, Array]:
        """I(v) [A] and di/dv [S]."""
        current, slope = self.junction.current(-v)
        return -current, slope

    def stored(self, v: Array) -> Array:
        """Co-content [W]; see `analogeq.hardware.resistive.junction`."""
        return self.junction.stored(-v)

    def voltage(self, load: Array, supply: Array) -> Array:
        """Closed form where the junction conducts, Newton's method where it blocks."""
        return -self.junction.voltage(load, -supply)

    def knees(self, load: float) -> tuple[float, float]:
        """Where the diode conducts as the load does; backward only gmin is left, far out."""
        check_not_negative("load", load, "S")
        leaking = load <= GMIN / (1.0 + GMIN * self.series_resistance)
        return 0.0 - outer_knee(turned(self._at), load, 0.0), 0.0 if leaking else np.inf

    def _at(self, v: float) -> tuple[float, float]:
        current, slope = self.current(np.array(v))
        return float(current), float(slope)


@dataclass(frozen=True)
class JunctionPair(JunctionDiode):
    """An antiparallel pair of one real diode, from the node to the upper and from the lower bias to the node.

    Attributes
    ----------
    upper, lower : float
        Voltages of the bias sources [V].
    """

    upper: float = 1.0
    lower: float = -1.0

    alternates: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("upper", self.upper, "V")
        check_number("lower", self.lower, "V")
        if not self.upper > self.lower:
            raise TechnologyError(
                f"upper: {self.upper!r} V is not above lower, {self.lower!r} V; the pair would short the sources; "
                "swap the two"
            )

    @classmethod
    def of_part(cls, part: str, *, temperature: float = 27.0, upper: float = 1.0, lower: float = -1.0) -> Self:
        """Pair of `analogeq.hardware.diodes.REAL_DIODES`, by its name in any case."""
        card = part_called(part)
        shared = (card.saturation_current, card.ideality, card.series_resistance, temperature, part.lower())
        return cls(*shared, upper=upper, lower=lower)

    def current(self, v: Array) -> tuple[Array, Array]:
        """I(v) [A], which is d(v - upper) - d(lower - v), and di/dv [S]."""
        above, above_slope = self.junction.current(v - self.upper)
        below, below_slope = self.junction.current(self.lower - v)
        return above - below, above_slope + below_slope

    def stored(self, v: Array) -> Array:
        """Co-content [W], of both diodes from where they stand at 0 V."""
        of = self.junction.stored
        at_zero = float(of(np.array(-self.upper)) + of(np.array(self.lower)))
        energy: Array = of(v - self.upper) + of(self.lower - v) - at_zero
        return energy

    def voltage(self, load: Array, supply: Array) -> Array:
        """Newton's method within a bracket.

        About the middle of the biases the current is odd, so it is enough to look on the side of the
        supply. There the lower diode only helps: the node stands between the middle and where the
        upper diode alone would hold it, which is also where the search begins, a leakage away.
        """
        middle, reach = 0.5 * (self.upper + self.lower), 0.5 * (self.upper - self.lower)
        load, pulled = np.broadcast_arrays(load, supply - load * middle)
        size = np.abs(pulled)
        high = np.maximum(self.junction.voltage(load, size - load * reach) + reach, 0.0)
        low, x = np.zeros_like(high), high
        eps, nvt = float(np.finfo(x.dtype).eps), self.scaled_thermal_voltage
        high = high + 4.0 * eps * (nvt + high)  # it was rounded
        for _ in range(MOST_STEPS):
            above, above_slope = self.junction.current(x - reach)
            below, below_slope = self.junction.current(-reach - x)
            excess = load * x + above - below - size
            low, high = np.where(excess > 0.0, low, x), np.where(excess > 0.0, x, high)
            step = excess / (load + above_slope + below_slope)
            # A step leaves an error of its square over 2 N V_t: this one's is a rounding of N V_t, or of x itself.
            last = np.abs(step) <= 0.5 * eps**0.5 * nvt + 16.0 * eps * x
            tried = x - step
            x = np.where(~last & ((tried < low) | (tried > high)), 0.5 * (low + high), tried)
            if np.all(last):
                break
        held: Array = middle + np.copysign(x, pulled)
        return held

    def knees(self, load: float) -> tuple[float, float]:
        """Where either diode conducts as the load does; from the middle out the current is convex."""
        check_not_negative("load", load, "S")
        middle = 0.5 * (self.upper + self.lower)
        low = outer_knee(turned(self._at), load, max(-middle, 0.0))
        return 0.0 - low, outer_knee(self._at, load, max(middle, 0.0))
