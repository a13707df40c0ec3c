r"""Weights through wires: what the pairs of a programmed chip realise where its crossbars' wires resist.

Every block of weights has two arrays, of the ``g_plus`` and of the ``g_minus`` devices, each with wires and drivers
of its own, side by side between the same drivers' voltages and virtual grounds. Each is linear, hence an
equivalent array of other conductances (`analogeq.circuit.crossbar`), and the block realises

.. math:: w_{ij} = A\,(G^+_{ij} - G^-_{ij}) / G_0

with the equivalent :math:`G^\pm` in place of the devices'. Put in place of the weights, these fold exactly like
those of ideal wires: engines and laws need not know of the wires. Biases are pairs right at their sense
amplifiers, without wire. Weights that share reference lines have one array with a bit line more in place of the two:
`analogeq.circuit.reference_lines`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.conductances import Conductances
from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.drive import Volts
from analogeq.errors import GraphError
from analogeq.hardware import Technology
from analogeq.network import Block, Network
from analogeq.network.network import Floats

Doubles = NDArray[np.float64]
Pairs = tuple[Floats, Floats]
Direction = Literal["forward", "backward"]


def refuse_sparse_blocks(network: Network, technology: Technology) -> None:
    """Raise `GraphError` if wires that resist would join nodes that the network does not join.

    A current from one row goes along the wires and other rows' devices into every column. So an array's equivalent
    is a full matrix, also where the network has no edge.
    """
    if technology.wires.are_ideal:
        return
    for block in network.blocks:
        if not block.dense:
            joined = block.edges.stop - block.edges.start
            raise GraphError(
                f"layers {block.pre} and {block.post}: {joined} edges between {block.shape[0]} and {block.shape[1]} "
                "nodes, and wires that resist; in a crossbar every row then reaches every column. Join all of them, "
                "or leave [wires] out of the technology"
            )


def crossbars(technology: Technology, block: Block, pairs: Pairs, direction: Direction) -> tuple[Crossbar, Crossbar]:
    """The two arrays of a block, plus and minus, as they are read in one direction.

    Parameters
    ----------
    technology : Technology
    block : Block
        A dense one.
    pairs : tuple of ndarray, shape (edge,)
        ``g_plus`` and ``g_minus`` of the arrays that are read in that direction [S].
    direction : {"forward", "backward"}
        From the first layer to the second, or the other way: a shared array is then read through its bit lines, a
        mirrored one is an array of its own whose word lines the second layer drives.
    """
    plus, minus = (as_read(technology, block.view(g), direction) for g in pairs)
    return plus, minus


def as_read(technology: Technology, g: Floats, direction: Direction) -> Crossbar:
    """One array of devices ``g`` [S], shape (first layer, second layer), with its wires."""
    if direction == "forward":
        return Crossbar.forward(g, technology.wires)
    if technology.arrays == "shared":
        return Crossbar.backward(g, technology.wires)
    return Crossbar.forward(g.T, technology.wires)


def realised(network: Network, held: Conductances) -> tuple[Floats, Floats]:
    """Weights that devices realise through the wires.

    Parameters
    ----------
    network : Network
    held : Conductances
        What they would realise without.

    Returns
    -------
    forward, backward : ndarray, shape (edge,)
        One array again where reading it both ways is the same: shared devices, and drivers that resist as much as
        virtual grounds, so that the network of resistors is reciprocal between its ends.
    """
    technology, wires = held.technology, held.technology.wires
    refuse_sparse_blocks(network, technology)
    there = np.empty_like(held.weights)
    for block in network.blocks:
        block.view(there)[:] = _weights(technology, block, held.pairs("weights"), "forward")
    if technology.arrays == "shared" and wires.driver_resistance == wires.sense_resistance:
        return there, there
    back = there.copy()
    for block in network.coupling_blocks:
        block.view(back)[:] = _weights(technology, block, held.pairs("backward"), "backward").T
    return there, back


def _weights(technology: Technology, block: Block, pairs: Pairs, direction: Direction) -> Doubles:
    plus, minus = crossbars(technology, block, pairs, direction)
    found: Doubles = (plus.equivalent - minus.equivalent) * (technology.sense_gain / technology.unit_conductance)
    return found


def drawn_power(technology: Technology, block: Block, pairs: Pairs, direction: Direction, driven: Volts) -> Doubles:
    """Power that a block's word lines draw from their drivers [W], all of it turned into heat in devices and wires.

    Parameters
    ----------
    technology : Technology
    block : Block
    pairs : tuple of ndarray, shape (edge,)
        ``g_plus`` and ``g_minus`` of the arrays that are read in that direction [S].
    direction : {"forward", "backward"}
    driven : ndarray, shape (..., word line)
        What the drivers stand at [V].

    Returns
    -------
    ndarray, shape (...)
        Of both arrays together.
    """
    loading = np.add(*(array.loading for array in crossbars(technology, block, pairs, direction)))
    drawn: Doubles = ((driven @ loading) * driven).sum(axis=-1)
    return drawn


def pull_back(network: Network, conductances: Conductances, slopes: Floats, direction: Direction) -> Doubles:
    r"""Derivative by what the devices hold, from the derivative by what they realise.

    Of a one-sided pair only the device that holds the weight's sign moves with it, the other stays where it is; the
    devices of a balanced pair move by half of it each, in opposite directions.

    Parameters
    ----------
    network : Network
    conductances : Conductances
        Of a chip whose wires resist.
    slopes : ndarray, shape (edge,)
        Derivative of something by every realised weight.
    direction : {"forward", "backward"}
        In which the arrays are read; backward there are no input blocks, whose derivative is zero.

    Returns
    -------
    ndarray, shape (edge,)
        Its derivative by every held weight of the arrays that are read in that direction.
    """
    which: Literal["weights", "backward"] = "weights" if direction == "forward" else "backward"
    pairs = conductances.pairs(which)
    found = np.zeros(network.n_edges)
    for block in network.blocks if direction == "forward" else network.coupling_blocks:
        matrix: Doubles = block.view(slopes).astype(np.float64)
        sent = matrix if direction == "forward" else matrix.T
        arrays = crossbars(conductances.technology, block, pairs, direction)
        plus, minus = (through(array, sent) for array in arrays)
        if direction == "backward":
            plus, minus = plus.T, minus.T
        if conductances.technology.memory.pairs == "balanced":
            block.view(found)[:] = 0.5 * (plus + minus)
        else:
            block.view(found)[:] = np.where(block.view(pairs[0]) >= block.view(pairs[1]), plus, minus)
    return found


def through(array: Crossbar, slopes: Doubles) -> Doubles:
    """Derivative by every device of the sum of slopes times equivalent conductances."""
    if array.word.is_ideal and array.bit.is_ideal:
        return slopes
    n_words, n_bits = array.g.shape
    if n_words <= n_bits:
        return array.gradient(np.eye(n_words), slopes)
    return array.gradient(slopes.T, np.eye(n_bits))
