r"""Signed weights on devices that share a reference, in place of a pair each.

A device holds no negative conductance. With a reference line, every word line k of an array ends in one device more,
:math:`G^{ref}_k`, whose column is sensed once; every neuron's conveyor subtracts a copy of that current from its own
column's, so that

.. math:: w_{ij} = A \, (G_{ij} - G^{ref}_i) / G_0

with one device for a weight. Read backward, a shared array has a reference line along its other side. Biases are an
array of one word line, which stands at the rail.

- ``offset-column``: references stand at the middle of the range and A is the technology's. Either sign has half of
  the range. (ISAAC [1]_ biases its weights in this way and subtracts by a column of its own; [2]_ compares it with
  pairs.)
- ``affine``: each array's weights, zero included, are shifted and scaled until their least and greatest meet the ends
  of the range, the linear map of [3]_,

  .. math:: G = G_{low} + (w - w_{min}) \frac{G_{high} - G_{low}}{w_{max} - w_{min}}, \qquad
      A = G_0 \frac{w_{max} - w_{min}}{G_{high} - G_{low}}

  so every array has conveyors of a gain of its own, and references where a weight of zero stands. [3]_ subtracts the
  shift digitally; neurons that are analog need the reference line. With a *headroom* h, :math:`w_{min}` and
  :math:`w_{max}` are h times the ends of the weights. Gains are made with the chip, for the weights that it is written
  with first: weights that learn in place move within what that leaves them, and what a step would take beyond is
  clipped and counted. An array of zeros alone has the gain and the references of an offset column.

Where devices have levels, the references are told to hold the one nearest to that place, and weights are laid out
from there.

References
----------
.. [1] Shafiee et al., "ISAAC", ISCA (2016), doi:10.1109/ISCA.2016.12.
.. [2] Xiao et al., IEEE Circuits Syst. Mag. 22 (2022), 26-48, doi:10.1109/MCAS.2022.3214409.
.. [3] Hu et al., "Dot-product engine for neuromorphic computing", DAC (2016), doi:10.1145/2897937.2898010.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analogeq.errors import GraphError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters
from analogeq.network.network import Floats

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ArrayMaps:
    """How each array of a chip is laid out: its blocks in their order, then the biases; read-only.

    Attributes
    ----------
    gains : ndarray, shape (array,)
        A of the conveyors behind it, dimensionless.
    references : ndarray, shape (array,)
        What its reference devices are told to hold [S].
    """

    gains: Doubles
    references: Doubles

    def __post_init__(self) -> None:
        for array in (self.gains, self.references):
            array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class References:
    """What the reference devices of a chip hold at its temperature, and the conveyors' gains.

    Attributes
    ----------
    maps : ArrayMaps
    forward : tuple of ndarray
        Of each block, one device for each of its word lines [S].
    backward : tuple of ndarray
        Of each block between neurons, one device for each word line that its second layer drives [S].
    bias : float
        The device on the biases' word line [S].
    """

    maps: ArrayMaps
    forward: tuple[Doubles, ...]
    backward: tuple[Doubles, ...]
    bias: float

    def times(self, factor: float) -> References:
        """The same devices where all conduct ``factor`` times as much."""
        forward, backward = (tuple(factor * held for held in lines) for lines in (self.forward, self.backward))
        return References(self.maps, forward, backward, factor * self.bias)


def refuse_sparse_arrays(network: Network, technology: Technology) -> None:
    """Raise `GraphError` if a reference line would pull on pairs of nodes that the network does not join."""
    if technology.mapping == "differential":
        return
    for block in network.blocks:
        if not block.dense:
            raise GraphError(
                f"layers {block.pre} and {block.post}: {block.edges.stop - block.edges.start} edges between "
                f"{block.shape[0]} and {block.shape[1]} nodes, and mapping {technology.mapping!r}; a column without a "
                "device on some word line would have that line's reference subtracted all the same. Join all of them, "
                "or set mapping to 'differential'"
            )


def array_maps(network: Network, technology: Technology, parameters: Parameters) -> ArrayMaps:
    """Lay out the arrays; parameters matter to an affine map only."""
    low, high = technology.conductance_low, technology.conductance_high
    arrays = [parameters.weights[block.edges] for block in network.blocks] + [parameters.biases]
    gains, places = np.full(len(arrays), technology.sense_gain), np.full(len(arrays), 0.5 * (low + high))
    if technology.mapping == "affine":
        least, most = (
            technology.affine_headroom * np.array([float(end(values, initial=0.0)) for values in arrays])
            for end in (np.min, np.max)
        )
        span = most - least
        used = span > 0.0
        scale = np.divide(high - low, span, out=np.zeros_like(span), where=used)
        places = np.where(used, low - least * scale, places)
        gains[used] = technology.unit_conductance * span[used] / (high - low)
    levels = technology.memory.levels
    return ArrayMaps(gains, places if levels is None else levels.nearest(places, low, high))


def as_told(network: Network, maps: ArrayMaps) -> References:
    """References of devices that hold exactly what they are told to."""
    told = maps.references.tolist()
    forward = tuple(np.full(block.shape[0], place) for block, place in zip(network.blocks, told, strict=False))
    backward = tuple(
        np.full(block.shape[1], place) for block, place in zip(network.blocks, told, strict=False) if block.pre > 0
    )
    return References(maps, forward, backward, told[-1])


def siemens_per_weight(network: Network, technology: Technology, maps: ArrayMaps) -> Doubles:
    """Conductance of a weight of one [S] for every edge, then every bias."""
    counts = [block.edges.stop - block.edges.start for block in network.blocks] + [network.n_nodes]
    per_device: Doubles = np.repeat(technology.unit_conductance / maps.gains, counts)
    return per_device


def beside_edges(network: Network, references: References) -> tuple[Doubles, Doubles]:
    """The reference [S] that each edge is read against, forward and backward, each of shape (edge,)."""
    forward, backward = np.empty(network.n_edges), np.empty(network.n_edges)
    couplings = iter(references.backward)
    for block, held in zip(network.blocks, references.forward, strict=True):
        block.view(forward)[:] = held[:, None]
        back = block.view(backward)
        back[:] = next(couplings)[None, :] if block.pre > 0 else held[:, None]  # inputs are not read backward
    return forward, backward


def ideal_devices(
    network: Network, technology: Technology, parameters: Parameters
) -> tuple[References, Floats, Floats]:
    """References, and the devices of weights and of biases [S], where all hold exactly what they are told to."""
    maps = array_maps(network, technology, parameters)
    excess = np.concatenate([parameters.weights, parameters.biases]) * siemens_per_weight(network, technology, maps)
    references = as_told(network, maps)
    low, high, n_edges = technology.conductance_low, technology.conductance_high, network.n_edges
    beside = beside_edges(network, references)[0]
    # a weight at the end of the range must not stand beyond it by the rounding of a sum
    weights = np.clip(beside + excess[:n_edges], low, high)
    return references, weights, np.clip(references.bias + excess[n_edges:], low, high)
