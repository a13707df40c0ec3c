r"""Where a single node balances under its clamp, given all that flows into it from elsewhere.

.. math:: a\,v + i_{clamp}(v) / G_0 = u

With ideal clamps that is a clip. With diodes the left side rises steeply and is solved by Newton's
method from a point beyond the root, from which it comes down without a miss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array
from analogeq.hardware import DiodeClamp, Technology
from analogeq.hardware.clamp import ClampLevels
from analogeq.hardware.diode import GMIN, clamp_current, resisted_diode_current, thermal_voltage

MOST = 100
"""Newton steps after which a node counts as solved as well as it can be; ten is a lot."""


@dataclass(frozen=True)
class Ideal:
    """Perfect diodes at 0 and ``rail`` [V]."""

    rail: float

    def balance(self, inflow: Array, load: Array) -> tuple[Array, Array]:
        """Node voltages, and how far each gives way to a further unit of inflow, dimensionless."""
        reach = inflow / load
        free = (reach > 0.0) & (reach < self.rail)
        return np.clip(reach, 0.0, self.rail), free / load


@dataclass(frozen=True)
class Diodes:
    """Exponential diodes; currents are over G0, so volts.

    Attributes
    ----------
    clamp : DiodeClamp
    rail : float
        [V].
    temperature : float
        [degC].
    unit : float
        G0 [S].
    levels : ClampLevels or None
        What each node's two diodes are tied to, where that differs; ``rail`` is the nominal one.
    """

    clamp: DiodeClamp
    rail: float
    temperature: float
    unit: float
    levels: ClampLevels | None = None

    @classmethod
    def of(cls, technology: Technology, levels: ClampLevels | None = None) -> Diodes | None:
        """The diodes of a technology, None where its clamps are ideal."""
        if not isinstance(technology.clamp, DiodeClamp):
            return None
        return cls(technology.clamp, technology.rail, technology.temperature, technology.unit_conductance, levels)

    @property
    def _ends(self) -> tuple[float | NDArray[np.float64], float | NDArray[np.float64]]:
        """Lower and upper level [V]."""
        return (0.0, self.rail) if self.levels is None else (self.levels.lower, self.levels.upper)

    @property
    def constants(self) -> tuple[float, float, float, float]:
        """IS over G0 [V], N·kT/q [V], RS times G0, gmin over G0: what compiled kernels read."""
        return (
            self.clamp.saturation_current / self.unit,
            self.clamp.ideality * thermal_voltage(self.temperature),
            self.clamp.series_resistance * self.unit,
            GMIN / self.unit,
        )

    def current(self, v: Array) -> tuple[Array, Array]:
        """What the clamp draws from nodes at ``v``, over G0 [V], and its slope."""
        low, high = self._ends
        current, slope = clamp_current(v, self.clamp, high, self.temperature, low)
        return current / self.unit, slope / self.unit

    def least_slope(self, low: Array, high: Array) -> Array:
        """Lower bound of the slope over G0 between ``low`` and ``high``: one diode's rises, the other's falls."""
        junction = (
            self.clamp.saturation_current,
            self.clamp.ideality * thermal_voltage(self.temperature),
            self.clamp.series_resistance,
        )
        bottom, top = self._ends
        upper = resisted_diode_current(low - top, *junction)[1]
        lower = resisted_diode_current(bottom - high, *junction)[1]
        least: Array = (upper + lower) / self.unit
        return least

    def balance(self, inflow: Array, load: Array) -> tuple[Array, Array]:
        """Node voltages, and how far each gives way to a further unit of inflow, dimensionless."""
        v = self._beyond(inflow, load)
        for _ in range(MOST):
            current, slope = self.current(v)
            step = (load * v + current - inflow) / (load + slope)
            v = v - step
            # Far from the rails, where a wild guess may lead, rounding leaves no smaller step than this.
            if (np.abs(step) <= 1e-15 * np.maximum(self.rail, 2.0 * np.abs(v))).all():
                break
        return v, 1.0 / (load + self.current(v)[1])

    def _beyond(self, inflow: Array, load: Array) -> Array:
        """The lesser of two points beyond the root: no clamp at all, and a clamp that takes everything."""
        saturation, thermal, resistance, _ = self.constants
        lowest, highest = self._ends
        high, low = np.maximum(inflow - load * highest, 0.0), np.maximum(load * lowest - inflow, 0.0)
        top = highest + thermal * np.log1p(high / saturation) + resistance * high
        bottom = lowest - thermal * np.log1p(low / saturation) - resistance * low
        result: Array = np.clip(inflow / load, bottom, top)
        return result


Clamps = Ideal | Diodes
