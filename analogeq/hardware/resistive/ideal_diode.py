"""One perfect diode from ground to the node: the node cannot fall below 0 V."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analogeq.hardware.limits import check_not_negative, check_positive
from analogeq.hardware.resistive.device import Array, over


@dataclass(frozen=True)
class IdealDiode:
    """No current above 0 V, any current at it; the first half of a layer each way (Scellier 2024, section 4).

    Attributes
    ----------
    stiffness : float
        How a simulator that cannot hold a node exactly stands in for it: the conductance of the
        diode when it conducts [S]. At 1e12 a node that takes one ampere stands 1e-12 V beyond its bound.
    """

    stiffness: float = 1e12

    alternates: ClassVar[bool] = True
    lowest: ClassVar[float] = 0.0

    def __post_init__(self) -> None:
        check_positive("stiffness", self.stiffness, "S")

    def current(self, v: Array) -> tuple[Array, Array]:
        """Nothing where the diode blocks; at its bound the current is whatever is left over."""
        zero = np.zeros_like(v)
        return zero, zero

    def stored(self, v: Array) -> Array:
        """Nothing: a perfect diode has either no voltage or no current."""
        return np.zeros_like(v)

    def voltage(self, load: Array, supply: Array) -> Array:
        """Closed form: where the linear part would stand, or 0 V."""
        held: Array = np.maximum(over(supply, load), 0.0)
        return held

    def knees(self, load: float) -> tuple[float, float]:
        """0 V, whatever the load; nothing above."""
        check_not_negative("load", load, "S")
        return 0.0, np.inf
