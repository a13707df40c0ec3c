r"""Two exponential diodes back to back: the node is held softly between two voltages.

.. math:: i(v) = I_s \left(e^{(v - V_{off}) / V_t} - e^{-(v + V_{off}) / V_t}\right)
    = 2 I_s e^{-V_{off}/V_t} \sinh(v / V_t)

Two diodes to two bias sources U (upper) and L (lower) carry the same current about the middle of
the two, with :math:`V_{off} = (U - L)/2`: the saturation currents cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analogeq.errors import TechnologyError
from analogeq.hardware.limits import check_not_negative, check_number, check_positive
from analogeq.hardware.resistive.device import Array, over
from analogeq.hardware.resistive.knees import outer_knee, turned

LARGEST_EXPONENT = 500.0
"""Beyond it a current is beyond any that a circuit holds; a wild iterate stays finite."""

MOST_OFFSET = 500.0
"""Thermal voltages; with more exp(-offset) is no number that a saturation current can be multiplied by."""

NEWTON_STEPS = 40
"""Far more than are ever taken: convergence is monotone and quadratic, five or six steps."""


@dataclass(frozen=True)
class DoubleShockley:
    """The double Shockley element.

    Attributes
    ----------
    saturation_current : float
        I_s [A].
    thermal_voltage : float
        V_t [V], the ideality included.
    offset : float
        V_off [V].
    """

    saturation_current: float = 1e-6
    thermal_voltage: float = 0.05
    offset: float = 1.0

    alternates: ClassVar[bool] = False
    lowest: ClassVar[float] = -np.inf

    def __post_init__(self) -> None:
        check_positive("saturation_current", self.saturation_current, "A")
        check_positive("thermal_voltage", self.thermal_voltage, "V")
        check_number("offset", self.offset, "V")
        if abs(self.offset) > MOST_OFFSET * self.thermal_voltage:
            raise TechnologyError(
                f"offset: {self.offset!r} V is more than {MOST_OFFSET:g} thermal voltages, {self.thermal_voltage!r} V "
                "each; its current is beyond any number: bring the biases closer, or leave the device out"
            )

    @property
    def prefactor(self) -> float:
        """2·I_s·exp(-V_off / V_t) [A]."""
        return 2.0 * self.saturation_current * math.exp(-self.offset / self.thermal_voltage)

    @property
    def middle(self) -> float:
        """Voltage about which the current is odd [V]."""
        return 0.0

    def current(self, v: Array) -> tuple[Array, Array]:
        """I(v) [A] and di/dv [S]."""
        x = np.clip((v - self.middle) / self.thermal_voltage, -LARGEST_EXPONENT, LARGEST_EXPONENT)
        return self.prefactor * np.sinh(x), (self.prefactor / self.thermal_voltage) * np.cosh(x)

    def stored(self, v: Array) -> Array:
        """Co-content [W]."""
        at = np.clip((v - self.middle) / self.thermal_voltage, -LARGEST_EXPONENT, LARGEST_EXPONENT)
        zero = math.cosh(self.middle / self.thermal_voltage)
        energy: Array = self.prefactor * self.thermal_voltage * (np.cosh(at) - zero)
        return energy

    def voltage(self, load: Array, supply: Array) -> Array:
        """Newton from above, where it converges monotonically.

        On the side of the sign of the supply the function is convex, and both what the linear part
        alone and what the diodes alone would hold are too far out.
        """
        pulled = supply - load * self.middle
        size = np.abs(pulled)
        vt = self.thermal_voltage
        alone = vt * np.arcsinh(size / self.prefactor)
        x = np.where(load > 0.0, np.minimum(over(size, load), alone), alone) / vt
        slope_scale = self.prefactor / vt
        enough = 4.0 * np.finfo(x.dtype).eps
        for _ in range(NEWTON_STEPS):
            grown = np.exp(x)
            shrunk = 1.0 / grown
            step = (load * vt * x + 0.5 * self.prefactor * (grown - shrunk) - size) / (
                load * vt + 0.5 * slope_scale * vt * (grown + shrunk)
            )
            x = np.maximum(x - step, 0.0)
            if np.all(np.abs(step) <= enough * (1.0 + x)):
                break
        held: Array = self.middle + np.copysign(vt * x, pulled)
        return held

    def knees(self, load: float) -> tuple[float, float]:
        """Where either diode conducts as the load does: the sinh is convex on its outer sides."""
        check_not_negative("load", load, "S")
        low = outer_knee(turned(self._at), load, max(-self.middle, 0.0))
        return 0.0 - low, outer_knee(self._at, load, max(self.middle, 0.0))

    def _at(self, v: float) -> tuple[float, float]:
        current, slope = self.current(np.array(v))
        return float(current), float(slope)


@dataclass(frozen=True)
class DiodePair(DoubleShockley):
    """An antiparallel pair of exponential diodes to two bias sources.

    Attributes
    ----------
    upper, lower : float
        Bias voltages [V]; ``offset`` is half their distance and is set from them.
    """

    offset: float = math.nan
    upper: float = 1.0
    lower: float = -1.0

    def __post_init__(self) -> None:
        check_number("upper", self.upper, "V")
        check_number("lower", self.lower, "V")
        if not self.upper > self.lower:
            raise TechnologyError(
                f"upper: {self.upper!r} V is not above lower, {self.lower!r} V; the pair would short the sources; "
                "swap the two"
            )
        object.__setattr__(self, "offset", 0.5 * (self.upper - self.lower))
        super().__post_init__()

    @property
    def middle(self) -> float:
        """Half-way between the two biases [V]."""
        return 0.5 * (self.upper + self.lower)
