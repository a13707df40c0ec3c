"""The memory devices of a ``hopfield`` chip: two for every weight and every bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.hardware import Technology
from analogeq.hardware.memory import DeviceArray, DeviceState, Written
from analogeq.network import Network, Parameters

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldPairs:
    """``g_plus`` and ``g_minus`` of all pairs, as a reading found them.

    Attributes
    ----------
    weights : ndarray, shape (2, edge)
        Of the first array [S].
    backward : ndarray, shape (2, edge)
        Of the array that is read backward [S]: the same, or a second one, whose devices are in proportion to the first
        one's, off by the mirror's mismatch.
    biases : ndarray, shape (2, node)
        [S]
    """

    weights: Array
    backward: Array
    biases: Array


class PairDevices:
    r"""The devices of one chip, written and moved as weights and biases.

    A pair realises :math:`w = A (G^+ - G^-) / G_0`, whatever its two devices hold. Written one-sided, the device
    that a sign does not need is told to stand at the low end; balanced, both stand w/2 to either side of the
    middle of the range. A step of a one-sided pair first lowers the device that pulls the other way, as far as
    it goes, and raises its own by the rest; of a balanced pair each device takes half. How far a device goes
    down, one that is stuck included, is taken as known from a test of the chip.

    Parameters
    ----------
    technology : Technology
    network : Network
    """

    def __init__(self, technology: Technology, network: Network) -> None:
        self.technology, self.network = technology, network
        n_pairs = network.n_edges + network.n_nodes
        low, high = technology.conductance_low, technology.conductance_high
        self.array = DeviceArray(technology.memory, low, high, 2 * n_pairs)
        self._floor = self.array.floor().reshape(2, n_pairs)

    @property
    def _siemens(self) -> float:
        """Conductance of a weight of one [S]."""
        return self.technology.unit_conductance / self.technology.sense_gain

    @property
    def _balanced(self) -> bool:
        return self.technology.memory.pairs == "balanced"

    def write(self, parameters: Parameters) -> Written:
        """Write every pair, and wait as long as the memory says; return what each device took."""
        excess = _joined(parameters) * self._siemens
        low, high = self.array.low, self.array.high
        if self._balanced:
            middle = 0.5 * (low + high)
            target = np.stack([middle + 0.5 * excess, middle - 0.5 * excess])
        else:
            target = np.stack([low + np.maximum(excess, 0.0), low + np.maximum(-excess, 0.0)])
        taken = self.array.write(target.ravel())
        self.array.wait(self.technology.memory.read_after)
        return taken

    def move(self, before: Parameters, wanted: Parameters) -> Written:
        """Move every pair by the difference of two sets of weights, as one update; return what each device took."""
        step = (_joined(wanted) - _joined(before)) * self._siemens
        if self._balanced:
            steps = np.stack([0.5 * step, -0.5 * step])
        else:
            room = np.maximum(self.array.held().reshape(2, -1) - self._floor, 0.0)
            up, down = np.maximum(step, 0.0), np.maximum(-step, 0.0)
            lower_minus, lower_plus = np.minimum(up, room[1]), np.minimum(down, room[0])
            steps = np.stack([up - lower_minus - lower_plus, down - lower_plus - lower_minus])
        taken = self.array.update(steps.ravel())
        self.array.wait(self.technology.memory.update_period)
        return taken

    def held(self, dtype: np.dtype[np.floating]) -> Parameters:
        """Weights and biases that the devices realise now, without the noise of a reading."""
        return self.realised(*self._pairs(self.array.held()), dtype)

    def read(self, *, aside: bool = False) -> tuple[Array, Array]:
        """Read the pairs [S] of weights and of biases, as the circuit does while its phases last; see `DeviceArray`.

        Returns
        -------
        weights : ndarray, shape (2, edge)
        biases : ndarray, shape (2, node)
        """
        return self._pairs(self.array.read(aside=aside))

    def realised(self, weights: Array, biases: Array, dtype: np.dtype[np.floating]) -> Parameters:
        """Weights and biases that pairs realise, as `read` gives them."""
        values = [(pairs[0] - pairs[1]) / self._siemens for pairs in (weights, biases)]
        return Parameters(values[0].astype(dtype), values[1].astype(dtype))

    @property
    def state(self) -> DeviceState:
        """What a checkpoint keeps."""
        return self.array.state

    def restore(self, state: DeviceState) -> None:
        """Go on from a checkpoint."""
        self.array.restore(state)

    def _pairs(self, g: Array) -> tuple[Array, Array]:
        both, n_edges = g.reshape(2, -1), self.network.n_edges
        return both[:, :n_edges], both[:, n_edges:]


def _joined(parameters: Parameters) -> Array:
    return np.concatenate([parameters.weights, parameters.biases]).astype(np.float64, copy=False)
