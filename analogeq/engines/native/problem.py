"""One batch to settle, in the units the solvers work in: volts, currents over G0, time over tau."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.coupling import Array, Coupling

HIGHEST = 18
"""Highest order of a Taylor step of the transient: beyond, a longer step gains nothing in double precision."""


@dataclass(frozen=True, eq=False)
class Problem:
    """``dv/dt = -load v + current + M v`` between the rails.

    Attributes
    ----------
    coupling : Coupling
    load : ndarray, shape (node,)
        Conductance to ground over G0.
    current : ndarray, shape (batch, node)
        Norton currents over G0 [V].
    rail : float
        Upper rail [V].
    """

    coupling: Coupling
    load: Array
    current: Array
    rail: float

    @property
    def bend(self) -> float:
        """How hard a corner in one node's path bends another's: a coupling times a rate, four times for safety."""
        largest, norm = self.coupling.strength
        return 4.0 * largest * (float(np.abs(self.load).max()) + norm)

    def only(self, samples: NDArray[np.intp]) -> Problem:
        """The same problem for some of its samples."""
        return replace(self, current=self.current[samples])

    def inflow(self, voltages: Array) -> Array:
        """Net current over G0 [V] into each node but for its clamp."""
        total = self.coupling.product(voltages)
        total += self.current
        total -= self.load * voltages
        return total

    def imbalance(self, voltages: Array) -> Array:
        """`inflow` less what an ideal clamp takes; zero at an equilibrium."""
        net = self.inflow(voltages)
        np.maximum(net, 0.0, out=net, where=voltages <= 0.0)
        np.minimum(net, 0.0, out=net, where=voltages >= self.rail)
        return net
