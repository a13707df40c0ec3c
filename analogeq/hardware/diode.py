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

_MOST_NEWTON = 60  # far more than the six or so that a resisted junction takes


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


def resisted_diode_current(
    v: NDArray[np.floating],
    saturation_current: float,
    scaled_thermal_voltage: float,
    series_resistance: float,
    gmin: float = GMIN,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    r"""Evaluate a junction behind its series resistance.

    The junction stands at x with :math:`x + R_S\, i(x) = v`. The left side rises and curves upwards, so
    that Newton's method from a point above the root comes down to it without a miss. Such a point is,
    forward, where the resistance alone would drop v; backward, where it drops the most that the junction
    lets through, or 0 V.

    Parameters
    ----------
    v : ndarray
        Voltages across junction and resistance [V].
    saturation_current, scaled_thermal_voltage, gmin : float
        As for `diode_current`.
    series_resistance : float
        RS [Ohm]; zero for none.

    Returns
    -------
    current, conductance : ndarray
        i [A] and di/dv [S], of the shape of ``v``.
    """
    junction = (saturation_current, scaled_thermal_voltage, gmin)
    if series_resistance == 0.0:
        return diode_current(v, *junction)
    dropped = np.maximum(v, 0.0) / (series_resistance * saturation_current)
    blocked = np.minimum(v + series_resistance * (saturation_current - gmin * v), 0.0)
    x = np.where(v > 0.0, np.minimum(v, scaled_thermal_voltage * np.log1p(dropped)), blocked)
    for _ in range(_MOST_NEWTON):
        current, slope = diode_current(x, *junction)
        step = (x + series_resistance * current - v) / (1.0 + series_resistance * slope)
        x = x - step
        eps = np.finfo(x.dtype).eps
        if np.abs(step).max(initial=0.0) <= 0.5 * eps + 2.0 * eps * np.abs(x).max(initial=0.0):
            break
    current, slope = diode_current(x, *junction)
    return current, slope / (1.0 + series_resistance * slope)


def clamp_current(
    v: NDArray[np.floating],
    clamp: DiodeClamp,
    rail: float | NDArray[np.float64],
    temperature: float,
    lower: float | NDArray[np.float64] = 0.0,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Current [A] that a diode clamp draws out of nodes at ``v`` [V], and its slope [S].

    One diode points from the node to the rail, one from ground to the node, so
    ``i = d(v - rail) - d(lower - v)``; ``lower`` is 0 V unless the clamps' levels differ.
    """
    nvt = clamp.ideality * thermal_voltage(temperature)
    down, g_down = resisted_diode_current(v - rail, clamp.saturation_current, nvt, clamp.series_resistance)
    up, g_up = resisted_diode_current(lower - v, clamp.saturation_current, nvt, clamp.series_resistance)
    return down - up, g_down + g_up
