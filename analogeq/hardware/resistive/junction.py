r"""A real diode by itself: ngspice's junction law behind a series resistance.

With j(x) the current of the junction at x (`analogeq.hardware.diode`) the diode stands at
:math:`u = x + R_S\, j(x)` and carries :math:`d(u) = j(x)`.

Co-content. Along the curve :math:`du = dx + R_S\, dj`, so

.. math:: \int_0^u d\,du = \int_0^x j\,dx + \int_0^{j(x)} R_S\, j\,dj = S(x) + \tfrac12 R_S\, j(x)^2,

.. math:: S(x) = I_S \left(N V_t (e^{x/NV_t} - 1) - x\right) + \tfrac12 g_{min} x^2,

and below :math:`x_0 = -3 N V_t`, with :math:`c = 3 N V_t / e`,

.. math:: S(x) = S(x_0) - I_S \left(x - x_0 - \tfrac12 c^3 (x^{-2} - x_0^{-2})\right)
    + \tfrac12 g_{min} (x^2 - x_0^2).

Behind a load. Where :math:`a u + d(u) = J`, putting u in terms of x gives

.. math:: \frac{a}{1 + a R_S}\, x + j(x) = \frac{J}{1 + a R_S}:

the resistance is taken into load and supply, and a bare junction is left, with which
:math:`u = (x + R_S J) / (1 + a R_S)`. Forward its voltage is a
Wright omega function [1]_; below :math:`x_0` it is the root of a concave function of -x.

References
----------
.. [1] Corless & Jeffrey, The Wright omega function, LNCS 2385 (2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import wrightomega

from analogeq.hardware.diode import GMIN, diode_current
from analogeq.hardware.resistive.device import Array

NEWTON_STEPS = 40
"""Far more than are ever taken: from where it starts convergence is monotone, four or five steps."""


@dataclass(frozen=True)
class Junction:
    """One diode, anode to cathode.

    Attributes
    ----------
    saturation_current : float
        I_S [A].
    scaled_thermal_voltage : float
        N·V_t [V].
    series_resistance : float
        R_S [Ohm].
    """

    saturation_current: float
    scaled_thermal_voltage: float
    series_resistance: float

    def current(self, u: Array) -> tuple[Array, Array]:
        """D(u) [A] and its slope [S].

        `analogeq.hardware.diode.resisted_diode_current` in closed form, for batches: to the junction its
        resistance is a load and u the supply behind it. One step of Newton's method takes the last roundings out.
        """
        sat, nvt, resistance = self.saturation_current, self.scaled_thermal_voltage, self.series_resistance
        if resistance == 0.0:
            return diode_current(u, sat, nvt)
        x = self._bare_voltage(np.ones_like(u) / resistance, u / resistance)
        current, slope = diode_current(x, sat, nvt)
        current, slope = diode_current(x - (x + resistance * current - u) / (1.0 + resistance * slope), sat, nvt)
        return current, slope / (1.0 + resistance * slope)

    def stored(self, u: Array) -> Array:
        """Co-content, the integral of d from 0 to u [W]."""
        current, _ = self.current(u)
        resistance = self.series_resistance
        energy: Array = self._bare(u - resistance * current) + 0.5 * resistance * current**2
        return energy

    def voltage(self, load: Array, supply: Array) -> Array:
        """Where ``load · u + d(u) = supply`` [V]; both may be anything, the load not negative."""
        shared = 1.0 + load * self.series_resistance
        x = self._bare_voltage(load / shared, supply / shared)
        held: Array = (x + self.series_resistance * supply) / shared
        return held

    def _bare(self, x: Array) -> Array:
        """S(x) [W]."""
        sat, nvt = self.saturation_current, self.scaled_thermal_voltage
        corner, cubed = -3.0 * nvt, (3.0 * nvt / np.e) ** 3
        near, far = np.maximum(x, corner), np.minimum(x, corner)
        grown = np.expm1(np.minimum(near / nvt, 500.0))
        forward = sat * (nvt * grown - near)
        backward = -sat * (far - corner - 0.5 * cubed * (far**-2.0 - corner**-2.0))
        energy: Array = forward + backward + 0.5 * GMIN * x**2
        return energy

    def _bare_voltage(self, load: Array, supply: Array) -> Array:
        """Where ``load · x + j(x) = supply``."""
        sat, nvt = self.saturation_current, self.scaled_thermal_voltage
        a, q = np.broadcast_arrays(load + GMIN, supply + sat)
        scale = np.log(sat / (a * nvt))
        alone = q / a
        omega = wrightomega(scale + alone / nvt)
        # ln ω = z - ω: for a large ω the logarithm keeps the digits that the difference of two large numbers loses.
        large = omega > 1.0
        x: Array = np.where(large, nvt * (np.log(np.where(large, omega, 1.0)) - scale), alone - nvt * omega)
        backward = q < -3.0 * nvt * a + sat * np.exp(-3.0)
        if np.any(backward):
            x[backward] = -self._blocked(a[backward], q[backward])
        return x

    def _blocked(self, a: Array, q: Array) -> Array:
        """Root y > 3 N V_t of ``a·y + q = k / y³``, with k = I_S (3 N V_t / e)³; -y is the junction's voltage.

        Newton's method from below the root of a concave rising function comes up to it without a miss.
        It starts where one term alone would balance the right side, not above the root.
        """
        k = self.saturation_current * (3.0 * self.scaled_thermal_voltage / np.e) ** 3
        by_load = (k / a) ** 0.25
        pushed = q > 0.0
        by_supply = np.where(pushed, np.cbrt(k / np.where(pushed, q, 1.0)), np.inf)
        below = np.where(pushed, np.minimum(by_load, by_supply) / np.cbrt(2.0), np.maximum(by_load, -q / a))
        y = np.maximum(below, 3.0 * self.scaled_thermal_voltage)
        for _ in range(NEWTON_STEPS):
            cubed = k / y**3
            step = (a * y + q - cubed) / (a + 3.0 * cubed / y)
            y = y - step
            if np.all(np.abs(step) <= 4.0 * np.finfo(y.dtype).eps * y):
                break
        root: Array = y
        return root
