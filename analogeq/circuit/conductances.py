"""A programmed chip: what its devices hold, and what that realises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.devices import HeldPairs
from analogeq.circuit.mapping import References
from analogeq.hardware import Technology
from analogeq.network.network import Floats, Ints

Which = Literal["weights", "backward", "biases"]
"""Weights of the first array, of the one that is read backward, and biases."""


@dataclass(frozen=True, eq=False)
class Conductances:
    r"""A programmed chip: what every pair of devices holds.

    The pair of edge (i, j) realises :math:`w_{ij} = A (G^+_{ij} - G^-_{ij}) / G_0`. The device that
    a sign does not need stays at the low end of the range, so the pair and ``w`` say the same and
    only ``w`` is stored. Where wires resist or conveyors' gains differ, w is what the pairs realise through them, and
    what they hold is stored beside it. Where the memory is not ideal any two devices may make up a pair, and all are
    stored.

    Attributes
    ----------
    technology : Technology
    weights : ndarray, shape (edge,)
        What the pairs realise from the first layer of each edge to the second, dimensionless.
    backward : ndarray, shape (edge,)
        What they realise the other way; the same array where both directions share one.
    biases : ndarray, shape (node,)
        Dimensionless; each a pair on a word line held at the rail.
    clipped : int
        How many of the weights and biases asked for were outside the range.
    held : tuple of ndarray or None
        What the devices of the forward and of the backward arrays, of shape (edge,), and of the biases, of shape
        (node,), hold, where the chip makes it another thing than what they realise; None where it does not.
    devices : HeldPairs or None
        What a reading found every device to hold, where the memory is not ideal.
    offsets : ndarray or None, shape (node,)
        Constant current into each neuron that the offsets of amplifiers cause [A]; None where they have none.
    references : References or None
        Where weights share reference lines: what these hold. ``g_minus`` is then the reference a device is read
        against, the same one for all of its word line.
    """

    technology: Technology
    weights: Floats
    backward: Floats
    biases: Floats
    clipped: int = 0
    held: tuple[Floats, Floats, Floats] | None = None
    devices: HeldPairs | None = None
    offsets: NDArray[np.float64] | None = None
    references: References | None = None

    def pairs(self, which: Which, at: Ints | slice = slice(None)) -> tuple[Floats, Floats]:
        """``g_plus`` and ``g_minus`` [S] of some weights, of the array that is read backward, or of some biases.

        At the chip's temperature.
        """
        if self.devices is not None:
            g_plus, g_minus = getattr(self.devices, which)[:, at]
        elif self.held is not None:
            g_plus, g_minus = self.pair(self.held[("weights", "backward", "biases").index(which)][at])
        else:
            g_plus, g_minus = self.pair(getattr(self, which)[at])
        warm = self.technology.device_factor
        return (g_plus, g_minus) if warm == 1.0 else (warm * g_plus, warm * g_minus)

    def doubles(self, which: Which) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`pairs` in float64."""
        g_plus, g_minus = (g.astype(np.float64) for g in self.pairs(which))
        return g_plus, g_minus

    def pair(self, values: Floats) -> tuple[Floats, Floats]:
        """Split dimensionless ``values`` into ``g_plus`` and ``g_minus`` [S] at 27 degC, each of its shape."""
        tech = self.technology
        excess = values * (tech.unit_conductance / tech.sense_gain)
        return tech.conductance_low + np.maximum(excess, 0.0), tech.conductance_low + np.maximum(-excess, 0.0)

    def warmed(self, factor: float) -> Conductances:
        """Let every device conduct ``factor`` times as much; both directions stay one array where they are."""
        if factor == 1.0:
            return self
        weights = self.weights * self.weights.dtype.type(factor)
        back = weights if self.backward is self.weights else self.backward * self.backward.dtype.type(factor)
        biases = self.biases * self.biases.dtype.type(factor)
        references = None if self.references is None else self.references.times(factor)
        return replace(self, weights=weights, backward=back, biases=biases, references=references)
