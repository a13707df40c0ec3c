"""Nothing between the hidden nodes and ground: a network of resistors alone, which is linear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analogeq.hardware.resistive.device import Array, over


@dataclass(frozen=True)
class NoDevice:
    """No current at any voltage, as in the physical learning networks of Stern et al. (Phys. Rev. X 11, 021045, 2021).

    Whatever the circuit computes is then linear in its inputs.
    """

    alternates: ClassVar[bool] = False
    lowest: ClassVar[float] = -np.inf

    def current(self, v: Array) -> tuple[Array, Array]:
        """No current, no slope."""
        zero = np.zeros_like(v)
        return zero, zero

    def stored(self, v: Array) -> Array:
        """Nothing."""
        return np.zeros_like(v)

    def voltage(self, load: Array, supply: Array) -> Array:
        """Ohm's law: ``supply / load``."""
        return over(supply, load)

    def knees(self, load: float) -> tuple[float, float]:  # noqa: ARG002  the interface's
        """Voltages [V] between which the device leaves its node alone: all."""
        return -np.inf, np.inf
