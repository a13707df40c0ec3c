"""One batch to settle, in the units the solvers work in: volts, currents over G0, time over tau."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.engines.native.clamps import Clamps, Diodes
from analogeq.engines.native.coupling import Array, Coupling

HIGHEST = 18
"""Highest order of a Taylor step of the transient: beyond, a longer step gains nothing in double precision."""

ROUNDING = 64.0
"""Units in the last place that sums over a few hundred couplings may be off: 1e-14 in float64, 8e-6 in float32."""

AT_ONCE = 1e-12
"""An event of the transient within this time over tau happens at the step's start. A step that ended there
might move neither the clock nor the node, and so come to the same event again for ever."""


@dataclass(frozen=True, eq=False)
class Problem:
    """``dv/dt = -load v + current + M v`` less what the clamps draw.

    Attributes
    ----------
    coupling : Coupling
    load : ndarray, shape (node,)
        Conductance to ground over G0.
    current : ndarray, shape (batch, node)
        Norton currents over G0 [V].
    clamps : Ideal or Diodes
    """

    coupling: Coupling
    load: Array
    current: Array
    clamps: Clamps

    @property
    def rail(self) -> float:
        """Upper rail [V]."""
        return self.clamps.rail

    def precise(self, wanted: float) -> float:
        """The distance [V] that stands for ``wanted`` [rail] where rounding leaves no smaller one."""
        return self.rail * max(wanted, ROUNDING * float(np.finfo(self.load.dtype).eps))

    @property
    def bend(self) -> float:
        """How hard a corner in one node's path bends another's: a coupling times a rate, four times for safety."""
        largest, norm = self.coupling.strength
        return 4.0 * largest * (float(np.abs(self.load).max()) + norm)

    def only(self, samples: NDArray[np.intp]) -> Problem:
        """The same problem for some of its samples."""
        return replace(self, current=self.current[samples])

    def within(self, voltages: Array) -> Array:
        """A copy of ``voltages``, put between the rails if the clamps are ideal: they do that at once."""
        return voltages.copy() if isinstance(self.clamps, Diodes) else np.clip(voltages, 0.0, self.rail)

    def inflow(self, voltages: Array) -> Array:
        """Net current over G0 [V] into each node but for its clamp."""
        total = self.coupling.product(voltages)
        total += self.current
        total -= self.load * voltages
        return total

    def imbalance(self, voltages: Array) -> Array:
        """`inflow` less what the clamps take; zero at an equilibrium."""
        return self.clamped(voltages, self.inflow(voltages))

    def clamped(self, voltages: Array, inflow: Array) -> Array:
        """Take what the clamps draw from ``inflow``; an ideal clamp takes all that pushes outwards."""
        if isinstance(self.clamps, Diodes):
            return inflow - self.clamps.current(voltages)[0]
        # Bounds in place of masks: what pushes outwards at a rail is nothing, elsewhere all of it counts.
        least = np.where(voltages <= 0.0, 0.0, -np.inf)
        most = np.where(voltages >= self.rail, 0.0, np.inf)
        net: Array = np.clip(inflow, least, most)
        return net
