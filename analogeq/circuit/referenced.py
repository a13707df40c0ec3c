"""The memory devices of a ``hopfield`` chip with reference lines: one for every weight and bias, and the references."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.mapping import (
    ArrayMaps,
    References,
    array_maps,
    beside_edges,
    refuse_sparse_arrays,
    siemens_per_weight,
)
from analogeq.errors import TechnologyError
from analogeq.hardware import Technology
from analogeq.hardware.memory import DeviceArray, DeviceState, Written
from analogeq.network import Network, Parameters

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """All devices as a reading found them [S].

    Attributes
    ----------
    weights : ndarray, shape (edge,)
    biases : ndarray, shape (node,)
    references : References
    """

    weights: Doubles
    biases: Doubles
    references: References


class ReferencedDevices:
    """The devices of one chip, written and moved as weights and biases; see `analogeq.circuit.mapping`.

    References are written with the weights and never moved by learning: they are devices like the others, with
    errors, noise and drift, and what is wrong with one is wrong with all weights of its line.

    Parameters
    ----------
    technology : Technology
    network : Network
    """

    def __init__(self, technology: Technology, network: Network) -> None:
        refuse_sparse_arrays(network, technology)
        self.technology, self.network = technology, network
        self._words = [block.shape[0] for block in network.blocks]
        self._backward = [block.shape[1] for block in network.blocks if block.pre > 0]
        count = network.n_edges + network.n_nodes + sum(self._words) + sum(self._backward) + 1
        self.array = DeviceArray(technology.memory, technology.conductance_low, technology.conductance_high, count)
        nothing = Parameters(np.zeros(network.n_edges), np.zeros(network.n_nodes))
        self._maps: ArrayMaps | None = None
        if technology.mapping != "affine":
            self._lay_out(nothing)

    def _lay_out(self, parameters: Parameters) -> None:
        self._maps = array_maps(self.network, self.technology, parameters)
        self._siemens = siemens_per_weight(self.network, self.technology, self._maps)

    @property
    def maps(self) -> ArrayMaps:
        """How the arrays are laid out."""
        if self._maps is None:
            raise TechnologyError(
                "[crossbar] mapping: 'affine' lays a chip out by the weights it is written with, and none have been; "
                "write it first, or set mapping to 'offset-column'"
            )
        return self._maps

    def write(self, parameters: Parameters) -> Written:
        """Write every device, and wait as long as the memory says; return what each took."""
        self._lay_out(parameters)
        told = self.maps.references
        blocks = self.network.blocks
        beside = np.repeat(told, [b.edges.stop - b.edges.start for b in blocks] + [self.network.n_nodes])
        between = told[:-1][[block.pre > 0 for block in blocks]]
        target = np.concatenate([
            beside + _joined(parameters) * self._siemens,
            np.repeat(told[:-1], self._words),
            np.repeat(between, self._backward),
            told[-1:],
        ])  # fmt: skip
        taken = self.array.write(target)
        self.array.wait(self.technology.memory.read_after)
        return taken

    def move(self, before: Parameters, wanted: Parameters) -> Written:
        """Move every device by the difference of two sets of weights, as one update; return what each took.

        Raises
        ------
        TechnologyError
            If the map is affine: it follows from the weights' ends, which learning moves.
        """
        if self.technology.mapping == "affine":
            raise TechnologyError(
                "[crossbar] mapping: 'affine' lays a layer out by its least and greatest weight, which learning in "
                "place moves; train with 'differential' or 'offset-column', or transfer what was trained to the chip"
            )
        step = np.zeros(len(self.array))
        moved = (_joined(wanted) - _joined(before)) * self._siemens
        step[: len(moved)] = moved
        taken = self.array.update(step)
        self.array.wait(self.technology.memory.update_period)
        return taken

    def held(self, dtype: np.dtype[np.floating]) -> Parameters:
        """Weights and biases that the devices realise now, read forward, without the noise of a reading."""
        return self.realised(self._split(self.array.held()), dtype)

    def read(self, *, aside: bool = False) -> Found:
        """Read all devices, as the circuit does while its phases last; see `DeviceArray`."""
        return self._split(self.array.read(aside=aside))

    def realised(self, found: Found, dtype: np.dtype[np.floating]) -> Parameters:
        """Weights, read forward, and biases that devices realise."""
        forward, _ = beside_edges(self.network, found.references)
        n_edges = self.network.n_edges
        weights = (found.weights - forward) / self._siemens[:n_edges]
        biases = (found.biases - found.references.bias) / self._siemens[n_edges:]
        return Parameters(weights.astype(dtype), biases.astype(dtype))

    def realised_backward(self, pairs: Doubles, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
        """Weights realised by the devices that are read backward and what they are read against, shape (2, edge)."""
        weights: NDArray[np.floating] = (pairs[0] - pairs[1]) / self._siemens[: self.network.n_edges]
        return weights.astype(dtype)

    @property
    def state(self) -> DeviceState:
        """What a checkpoint keeps."""
        return self.array.state

    def restore(self, state: DeviceState) -> None:
        """Go on from a checkpoint; an affine chip, which does not learn in place, has none."""
        if self.technology.mapping == "affine":
            raise TechnologyError(
                "[crossbar] mapping: 'affine' lays a chip out by the weights it is written with, which a checkpoint of "
                "its devices does not hold; write the weights anew"
            )
        self.array.restore(state)

    def _split(self, g: Doubles) -> Found:
        net = self.network
        ends = np.cumsum([net.n_edges, net.n_nodes, *self._words, *self._backward])
        weights, biases, *lines = np.split(g, ends)
        n_blocks = len(self._words)
        references = References(self.maps, tuple(lines[:n_blocks]), tuple(lines[n_blocks:-1]), float(lines[-1][0]))
        return Found(weights, biases, references)


def _joined(parameters: Parameters) -> Doubles:
    return np.concatenate([parameters.weights, parameters.biases]).astype(np.float64, copy=False)
