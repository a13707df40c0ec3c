r"""What stands in the copy of a ``hopfield`` circuit for the clamps of its nodes.

A node into which :math:`x` flows, in units of :math:`G_0 V_u`, stands at the s with

.. math:: s + i_{clamp}(V_u s) / (G_0 V_u) = x .

With ideal clamps that is the papers' hard sigmoid, a clip to [0, 1]. Diodes let go of the rails: a silicon
junction that takes what the leak does stands half a volt beyond. The copy may then keep the hard sigmoid,
which cannot reach such signals; or clip where a diode carries as much as the leak, at the *knees*, which is as
cheap; or follow the curve itself.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from analogeq.digital import HARD_SIGMOID, Activation, TabulatedActivation
from analogeq.hardware import DiodeClamp, Technology
from analogeq.hardware.diode import clamp_current, thermal_voltage
from analogeq.hardware.resistive.knees import outer_knee, turned

CopyActivation = Literal["hard-sigmoid", "knees", "curve"]
COPY_ACTIVATIONS: tuple[CopyActivation, ...] = ("hard-sigmoid", "knees", "curve")

FARTHEST_SUM = 1000.0
"""What flows into a node at the ends of a curve, in units of G0·V_u: a thousand inputs of weight 1."""
POINTS = 4097
"""Of a curve, evenly in voltage: less than a thousandth of the rail apart, and so is what is read between them."""


def activation_for(technology: Technology, name: CopyActivation) -> Activation:
    """Return the activation of that name; with ideal clamps all are the papers' hard sigmoid."""
    if name == "hard-sigmoid" or not isinstance(technology.clamp, DiodeClamp):
        return HARD_SIGMOID
    return _at_knees(technology, technology.clamp) if name == "knees" else _curve(technology, technology.clamp)


def _at_knees(technology: Technology, clamp: DiodeClamp) -> Activation:
    def drawn(v: float) -> tuple[float, float]:
        current, slope = clamp_current(np.array(v), clamp, technology.rail, technology.temperature)
        return float(current), float(slope)

    load, rail = technology.leak_conductance, technology.rail
    return Activation(-outer_knee(turned(drawn), load, 0.0) / rail, outer_knee(drawn, load, rail) / rail)


def _curve(technology: Technology, clamp: DiodeClamp) -> TabulatedActivation:
    unit, rail = technology.unit_conductance, technology.rail
    most = FARTHEST_SUM * unit * rail
    # What the diode alone drops at that current: with the leak beside it, it takes less.
    beyond = clamp.ideality * thermal_voltage(technology.temperature) * np.log1p(most / clamp.saturation_current)
    beyond += clamp.series_resistance * most
    v = np.linspace(-beyond, rail + beyond, POINTS)
    current, slope = clamp_current(v, clamp, rail, technology.temperature)
    leak = technology.leak_conductance / unit
    sums = (leak * v + current / unit) / rail
    return TabulatedActivation(sums=sums, signals=v / rail, slopes=1.0 / (leak + slope / unit))
