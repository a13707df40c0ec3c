"""The memory devices of a ``resistive`` chip: one for every conductance. Its bias currents are sources, and ideal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware.memory import DeviceArray, DeviceState, Written
from analogeq.hardware.resistive import ResistiveTechnology
from analogeq.network import Network, Parameters

Array = NDArray[np.float64]


class EdgeDevices:
    """The devices of one chip, written and moved as conductances.

    Parameters
    ----------
    technology : ResistiveTechnology
    wiring : Network
        The network that the conductances belong to.
    """

    def __init__(self, technology: ResistiveTechnology, wiring: Network) -> None:
        self.technology = technology
        low, high = technology.conductance_low, technology.conductance_high
        self.array = DeviceArray(technology.memory, low, high, wiring.n_edges)
        self._currents = np.zeros(wiring.n_nodes)

    def write(self, parameters: Parameters) -> Written:
        """Write every device, and wait as long as the memory says; return what each took."""
        taken = self.array.write(parameters.weights.astype(np.float64))
        self._currents = parameters.biases.astype(np.float64)
        self.array.wait(self.technology.memory.read_after)
        return taken

    def move(self, before: Parameters, wanted: Parameters) -> Written:
        """Move every device by the difference of two sets of conductances, as one update; return what each took."""
        step = wanted.weights.astype(np.float64) - before.weights.astype(np.float64)
        taken = self.array.update(step)
        self._currents = wanted.biases.astype(np.float64)
        self.array.wait(self.technology.memory.update_period)
        return taken

    def held(self, dtype: np.dtype[np.floating]) -> Parameters:
        """What the devices hold now, without the noise of a reading."""
        return Parameters(self.array.held().astype(dtype), self._currents.astype(dtype))

    def read(self, dtype: np.dtype[np.floating], *, aside: bool = False) -> Parameters:
        """Read the devices, as the circuit does while its phases last; see `DeviceArray.read`."""
        return Parameters(self.array.read(aside=aside).astype(dtype), self._currents.astype(dtype))

    @property
    def state(self) -> DeviceState:
        """What a checkpoint keeps besides the bias currents."""
        return self.array.state

    def restore(self, state: DeviceState, currents: NDArray[np.floating]) -> None:
        """Go on from a checkpoint and its bias currents [A]."""
        self.array.restore(state)
        self._currents = currents.astype(np.float64)
