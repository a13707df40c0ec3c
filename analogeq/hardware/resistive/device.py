"""What a device between a node and ground has to tell: its curve, its co-content, where it settles."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class NodeDevice(Protocol):
    """A two-terminal device from a hidden node to ground with a monotone current i(v).

    A layer whose nodes go half one way and half the other has half of its devices turned round:
    such a node carries -i(-v). Everything here speaks of the device the right way round.
    """

    @property
    def alternates(self) -> bool:
        """Whether the second half of every hidden layer has it turned round."""
        ...

    @property
    def lowest(self) -> float:
        """Voltage [V] that the device holds the node above by taking any current; -inf for none."""
        ...

    def current(self, v: Array) -> tuple[Array, Array]:
        """I(v) [A] and di/dv [S]."""
        ...

    def stored(self, v: Array) -> Array:
        """Co-content, the integral of i from 0 to v [W]."""
        ...

    def voltage(self, load: Array, supply: Array) -> Array:
        """Where ``load · v + i(v) = supply``: node voltages [V] behind a conductance.

        Parameters
        ----------
        load : ndarray
            Conductance [S] of everything linear at the node; not negative, broadcast against ``supply``.
        supply : ndarray
            Current [A] it would send into a grounded node.
        """
        ...

    def knees(self, load: float) -> tuple[float, float]:
        """Where the device takes over from a load [S] that has as much voltage.

        Returns
        -------
        low, high : float
            The outermost voltages [V] with ``i(v) = load · v``, low not above and high not below 0 V;
            beyond them the device carries more. 0 V where it carries more on the whole side, infinite
            where it leaves the side free.
        """
        ...


def over(supply: Array, load: Array) -> Array:
    """``supply / load``, and 0 V at a node that nothing is connected to."""
    open_circuit = load == 0.0
    if not np.any(open_circuit):
        return supply / load
    return np.where(open_circuit, 0.0, supply / np.where(open_circuit, 1.0, load))
