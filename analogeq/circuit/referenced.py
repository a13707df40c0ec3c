"""The memory devices of a ``hopfield`` chip with reference lines: one for every weight and bias, and the references."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
        self._maps: ArrayMaps | None = None
        if technology.mapping != "affine":
            nothing = Parameters(np.zeros(network.n_edges), np.zeros(network.n_nodes))
            self._lay_out(array_maps(network, technology, nothing))

    def _lay_out(self, maps: ArrayMaps) -> None:
        self._maps = maps
        self._siemens = siemens_per_weight(self.network, self.technology, maps)

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
        """Write every device, and wait as long as the memory says; return what each took.

        The first time this lays out a chip whose map is affine; later weights are held to what that leaves them.
        """
        if self._maps is None:
            self._lay_out(array_maps(self.network, self.technology, parameters))
        told = self.maps.references
        between = told[:-1][[block.pre > 0 for block in self.network.blocks]]
        target = np.concatenate([
            self._told_beside() + _joined(parameters) * self._siemens,
            np.repeat(told[:-1], self._words),
            np.repeat(between, self._backward),
            told[-1:],
        ])  # fmt: skip
        taken = self.array.write(target)
        self.array.wait(self.technology.memory.read_after)
        return taken

    def move(self, before: Parameters, wanted: Parameters) -> Written:
        """Move every device by the difference of two sets of weights, as one update; return what each took."""
        self.maps  # noqa: B018  raises where nothing was written
        step = np.zeros(len(self.array))
        moved = (_joined(wanted) - _joined(before)) * self._siemens
        step[: len(moved)] = moved
        taken = self.array.update(step)
        self.array.wait(self.technology.memory.update_period)
        return taken

    def _told_beside(self) -> Doubles:
        """What the reference of every weight and bias is told to hold [S]."""
        counts = [block.edges.stop - block.edges.start for block in self.network.blocks] + [self.network.n_nodes]
        return np.repeat(self.maps.references, counts)

    def bound(self, wanted: Parameters) -> int:
        """Clip ``wanted`` in place to what the ends of the range realise; return how many were outside.

        What a sum of the weights' own precision rounds to counts as inside.
        """
        beside, clipped = self._told_beside(), 0
        low, high = ((end - beside) / self._siemens for end in (self.array.low, self.array.high))
        split = self.network.n_edges
        for values, at in ((wanted.weights, slice(split)), (wanted.biases, slice(split, None))):
            reach = 4.0 * np.finfo(values.dtype).eps * np.maximum(-low[at], high[at])
            clipped += int(np.count_nonzero((values < low[at] - reach) | (values > high[at] + reach)))
            np.clip(values, low[at], high[at], out=values, casting="same_kind")
        return clipped

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
        """What a checkpoint keeps; of an affine chip also how it was laid out."""
        if self.technology.mapping != "affine":
            return self.array.state
        return replace(self.array.state, layout=np.stack([self.maps.gains, self.maps.references]))

    def restore(self, state: DeviceState) -> None:
        """Go on from a checkpoint."""
        if self.technology.mapping == "affine":
            arrays = len(self.network.blocks) + 1
            if state.layout is None or state.layout.shape != (2, arrays):
                raise TechnologyError(
                    "[crossbar] mapping: 'affine', and the checkpoint does not say how a chip of "
                    f"{arrays} arrays was laid out; write the weights anew, or set mapping to what it was made with"
                )
            self._lay_out(ArrayMaps(*state.layout.copy()))
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
