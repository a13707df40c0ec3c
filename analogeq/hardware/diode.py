r"""The exponential diode, in ngspice's own equation.

For a junction voltage v, with thermal voltage :math:`V_t = kT/q` and ideality N,

.. math:: i(v) = I_S (e^{v / N V_t} - 1) + g_{min} v \qquad v \ge -3 N V_t
.. math:: i(v) = -I_S \left(1 + \left(\frac{3 N V_t}{e\,v}\right)^3\right) + g_{min} v \qquad v < -3 N V_t

which is what ngspice's diode model evaluates (its level-1 junction diode), so that a native answer
and ngspice's differ by rounding and not by the model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.clamp import DiodeClamp

BOLTZMANN = 1.38064852e-23  # J/K, the value compiled into ngspice 39
CHARGE = 1.6021766208e-19  # C, likewise
KELVIN = 273.15
GMIN = 1e-12  # S, ngspice's default shunt across every junction


def thermal_voltage(temperature: float) -> float:
    """KT/q [V] at ``temperature`` [degC]; 0.025864917007157463 V at 27 degC."""
    return BOLTZMANN * (temperature + KELVIN) / CHARGE


def diode_current(
    v: NDArray[np.floating], saturation_current: float, scaled_thermal_voltage: float, gmin: float = GMIN
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Evaluate the junction and its slope.

    Parameters
    ----------
    v : ndarray
        Junction voltages [V].
    saturation_current : float
        IS [A].
    scaled_thermal_voltage : float
        N·kT/q [V].
    gmin : float
        Conductance in parallel with the junction [S].

    Returns
    -------
    current, conductance : ndarray
        i(v) [A] and di/dv [S], of the shape of ``v``. The exponent is capped at 500, where the
        current is beyond any that a circuit holds, so that a wild iterate stays finite.
    """
    forward = v >= -3.0 * scaled_thermal_voltage
    grow = np.exp(np.minimum(np.where(forward, v, 0.0) / scaled_thermal_voltage, 500.0))
    cubed = (3.0 * scaled_thermal_voltage / (np.where(forward, -1.0, v) * np.e)) ** 3
    current = np.where(forward, saturation_current * (grow - 1.0), -saturation_current * (1.0 + cubed))
    slope = np.where(
        forward,
        saturation_current * grow / scaled_thermal_voltage,
        3.0 * saturation_current * cubed / np.where(forward, -1.0, v),
    )
    return current + gmin * v, slope + gmin


def clamp_current(
    v: NDArray[np.floating], clamp: DiodeClamp, rail: float, temperature: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Current [A] that a diode clamp draws out of nodes at ``v`` [V], and its slope [S].

    One diode points from the node to the rail, one from ground to the node, so
    ``i = d(v - rail) - d(-v)``.
    """
    nvt = clamp.ideality * thermal_voltage(temperature)
    upper, g_upper = diode_current(v - rail, clamp.saturation_current, nvt)
    lower, g_lower = diode_current(-v, clamp.saturation_current, nvt)
    return upper - lower, g_upper + g_lower
