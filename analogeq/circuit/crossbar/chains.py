r"""Chains: many lines of one direction at once, each a row of cells joined by wire.

Seen from cell k, the wire and devices on one side of it are one conductance to what is fixed. With the
cell's own conductance :math:`g_k` added, and seen through a segment of r Ohm, it becomes

.. math:: y_{k+1} = \frac{y_k + g_k}{1 + r (y_k + g_k)},

a recursion of positive terms: nothing cancels, whatever the resistances, and a segment of 0 Ohm is
no special case. Sources go along as Norton currents, :math:`j_{k+1} = (j_k + g_k u_k)/(1 + r (y_k + g_k))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.wires import Line

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Chains:
    """Lines that are not ideal.

    Attributes
    ----------
    g : ndarray, shape (line, cell)
        Conductance of the device in each cell [S].
    line : Line
        The wire.
    """

    g: Doubles
    line: Line

    @cached_property
    def before(self) -> Doubles:
        """Conductance of all that is before each cell, wire to it included [S], shape (line, cell)."""
        return self._looking(self.g, held=self.line.ends != "last")

    @cached_property
    def after(self) -> Doubles:
        """Conductance of all that is after each cell, wire to it included [S], shape (line, cell)."""
        return self._looking(self.g[:, ::-1], held=self.line.ends != "first")[:, ::-1]

    def _looking(self, g: Doubles, *, held: bool) -> Doubles:
        seen = np.empty(g.shape[::-1])
        seen[0] = 1.0 / self.line.lead if held else 0.0
        for k in range(1, len(seen)):
            own = seen[k - 1] + g[:, k - 1]
            seen[k] = own / (1.0 + self.line.segment * own)
        return seen.T

    @cached_property
    def seen_by_devices(self) -> Doubles:
        """What each device has in series: the line as seen from its own cell [S], shape (line, cell)."""
        return self.before + self.after

    def reached(self) -> Doubles:
        """Voltage at cell j per volt at the far end of device k, the held ends at 0 V, shape (line, cell j, cell k).

        On and below the diagonal, j >= k; above it zero. Times the conductance of device j it is what flows out of its
        far end, the same for j and k exchanged.
        """
        n_lines, n = self.g.shape
        # from cell j - 1 to cell j a voltage falls by the divider of the segment and all that follows
        passed = 1.0 / (1.0 + self.line.segment * (self.g + self.after))
        at_own_cell = self.g / (self.g + self.seen_by_devices)
        found = np.zeros((n_lines, n, n))
        for j in range(n):
            if j:
                np.multiply(found[:, j - 1, :j], passed[:, j, None], out=found[:, j, :j])
            found[:, j, j] = at_own_cell[:, j]
        return found

    def own(self) -> Doubles:
        """Conductance of each device with its line in series [S], shape (line, cell)."""
        series: Doubles = self.g * self.seen_by_devices / (self.g + self.seen_by_devices)
        return series

    def sent(self) -> Doubles:
        """Current out of each device's far end, at 0 V, per volt on the line's held ends [A/V], shape (line, cell)."""
        reached = self.voltages(np.ones((1, len(self.g))), np.zeros((1, *self.g.shape)))[0]
        carried: Doubles = self.g * reached
        return carried

    def voltages(self, ends: Doubles, far: Doubles) -> Doubles:
        """Voltages along the lines.

        Parameters
        ----------
        ends : ndarray, shape (batch, line)
            What the held ends stand at [V].
        far : ndarray, shape (batch, line, cell)
            What the far ends of the devices stand at [V].

        Returns
        -------
        ndarray, shape (batch, line, cell)
            [V].
        """
        if self.line.ends == "last":
            turned = Chains(self.g[:, ::-1], Line(self.line.segment, self.line.terminal, "first"))
            return turned.voltages(ends, far[:, :, ::-1])[:, :, ::-1]
        r, lead = self.line.segment, self.line.lead
        g, y = self.g.T[:, None, :], (self.before + self.g).T[:, None, :]
        currents = np.ascontiguousarray(np.moveaxis(far, 2, 0)) * g
        currents[0] += ends / lead
        for k in range(1, len(currents)):
            currents[k] += currents[k - 1] / (1.0 + r * y[k - 1])
        last = 1.0 / lead if self.line.ends == "both" else 0.0
        found = np.empty_like(currents)
        found[-1] = (currents[-1] + last * ends) / (y[-1] + last)
        for k in range(len(found) - 2, -1, -1):
            found[k] = (found[k + 1] + r * currents[k]) / (1.0 + r * y[k])
        return np.moveaxis(found, 0, 2)
