r"""One exponential diode from ground to the node.

.. math:: i(v) = -I_s (e^{-v / n V_t} - 1)

Behind a conductance a the node stands, by Wright's omega function [1]_ with x = -v, at

.. math:: x = p - n V_t\, \omega\!\left(\ln\frac{I_s}{a n V_t} + \frac{p}{n V_t}\right),
    \qquad p = \frac{I_s - J}{a}

This is the textbook's law. ngspice's own diode follows it above :math:`-3 n V_t` and below that carries
:math:`-I_s (1 + (3 n V_t / (e v))^3)`, at most 0.05 I_s away: what a netlist settles to differs by as much, and an
engine refuses an answer on which that tells. `JunctionDiode` has ngspice's law throughout.

References
----------
.. [1] Corless & Jeffrey, The Wright omega function, LNCS 2385 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import wrightomega

from analogeq.hardware.limits import check_not_negative, check_positive
from analogeq.hardware.resistive.device import Array
from analogeq.hardware.resistive.knees import outer_knee, turned

LARGEST_EXPONENT = 500.0
"""Beyond it a current is beyond any that a circuit holds; a wild iterate stays finite."""


@dataclass(frozen=True)
class ShockleyDiode:
    """The textbook diode that keeps its node from falling far below 0 V.

    Attributes
    ----------
    saturation_current : float
        I_s [A].
    scaled_thermal_voltage : float
        n·V_t [V].
    """

    saturation_current: float = 1e-6
    scaled_thermal_voltage: float = 0.05

    alternates: ClassVar[bool] = True
    lowest: ClassVar[float] = -np.inf

    def __post_init__(self) -> None:
        check_positive("saturation_current", self.saturation_current, "A")
        check_positive("scaled_thermal_voltage", self.scaled_thermal_voltage, "V")

    def current(self, v: Array) -> tuple[Array, Array]:
        """I(v) [A] and di/dv [S]."""
        grown = np.exp(np.minimum(-v / self.scaled_thermal_voltage, LARGEST_EXPONENT))
        return -self.saturation_current * (grown - 1.0), self.saturation_current / self.scaled_thermal_voltage * grown

    def stored(self, v: Array) -> Array:
        """Co-content [W]."""
        grown = np.exp(np.minimum(-v / self.scaled_thermal_voltage, LARGEST_EXPONENT))
        energy: Array = self.saturation_current * (self.scaled_thermal_voltage * (grown - 1.0) + v)
        return energy

    def voltage(self, load: Array, supply: Array) -> Array:
        """Closed form by Wright's omega; where nothing else is connected, the diode's own logarithm."""
        open_circuit = load == 0.0
        if np.any(open_circuit):
            behind = self.voltage(np.where(open_circuit, 1.0, load), supply)
            return np.where(open_circuit, self._alone(supply), behind)
        sat, nvt = self.saturation_current, self.scaled_thermal_voltage
        linear = (sat - supply) / load
        omega: Array = wrightomega(np.log(sat / (load * nvt)) + linear / nvt)
        return nvt * omega - linear

    def knees(self, load: float) -> tuple[float, float]:
        """Where the diode conducts as the load does; backward its current ends at I_s and the side is free."""
        check_not_negative("load", load, "S")
        return 0.0 - outer_knee(turned(self._at), load, 0.0), 0.0 if load == 0.0 else np.inf

    def _at(self, v: float) -> tuple[float, float]:
        current, slope = self.current(np.array(v))
        return float(current), float(slope)

    def _alone(self, supply: Array) -> Array:
        """Where the diode alone carries the supply; it blocks I_s at most."""
        share = np.maximum(1.0 - supply / self.saturation_current, np.finfo(supply.dtype).tiny)
        voltage: Array = -self.scaled_thermal_voltage * np.log(share)
        return voltage
