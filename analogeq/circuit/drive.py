"""What is applied to a circuit from outside: inputs, tether, nudge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import InputError

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
    conductance : float or ndarray, shape (output,)
        2·beta·G0 [S], and what each output has of it where that differs; negative means an active element.
    """

    voltages: Volts
    conductance: float | NDArray[np.float64]

    def __post_init__(self) -> None:
        if np.ndim(self.conductance) and np.shape(self.conductance) != self.voltages.shape[1:]:
            raise InputError(
                f"nudge: conductances of shape {np.shape(self.conductance)} for targets of shape "
                f"{self.voltages.shape} (batch, output); give one for each output, or one for all"
            )

    @property
    def lowest(self) -> float:
        """The smallest, or most negative, conductance of an output [S]."""
        return float(np.min(self.conductance))

    def each(self, count: int) -> NDArray[np.float64]:
        """Conductance of each of ``count`` outputs [S], shape (output,)."""
        return np.full(count, self.conductance, dtype=np.float64)


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

    def only(self, rows: NDArray[np.intp]) -> Drive:
        """The same drive for some of its samples."""
        tether = self.tether and replace(self.tether, voltages=self.tether.voltages[rows])
        nudge = self.nudge and replace(self.nudge, voltages=self.nudge.voltages[rows])
        return Drive(self.inputs[rows], tether, nudge)
