"""Signed weights as differential pairs of devices."""

from __future__ import annotations

import numpy as np

from analogeq.hardware import Technology
from analogeq.network.network import Floats


def pair_conductances(technology: Technology, values: Floats) -> tuple[Floats, Floats]:
    """Split dimensionless ``values`` into ``g_plus`` and ``g_minus`` [S], each of its shape.

    The device that a sign does not need stays at the low end of the range.
    """
    excess = values * (technology.unit_conductance / technology.sense_gain)
    low = technology.conductance_low
    return low + np.maximum(excess, 0.0), low + np.maximum(-excess, 0.0)
