"""What is applied to a circuit from outside: inputs, tether, nudge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Volts = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Tether:
    """A conductance from every neuron to a converter that holds the digital prediction.

    Attributes
    ----------
    voltages : ndarray, shape (batch, node)
        Predicted node voltages [V].
    conductance : float
        lambda·G0 [S].
    """

    voltages: Volts
    conductance: float


@dataclass(frozen=True, eq=False)
class Nudge:
    """A conductance from every output to its target.

    Attributes
    ----------
    voltages : ndarray, shape (batch, output)
        Target voltages [V].
    conductance : float
        2·beta·G0 [S]; negative means an active element.
    """

    voltages: Volts
    conductance: float


@dataclass(frozen=True, eq=False)
class Drive:
    """Everything that is applied to a batch of copies of one circuit.

    Attributes
    ----------
    inputs : ndarray, shape (batch, input)
        Input voltages [V].
    tether : Tether or None
    nudge : Nudge or None
    """

    inputs: Volts
    tether: Tether | None = None
    nudge: Nudge | None = None

    @property
    def batch(self) -> int:
        """Number of samples."""
        return len(self.inputs)
