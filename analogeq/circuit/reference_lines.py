r"""Arrays whose weights share a reference line, as they are read: wires, virtual grounds, copies, and all their errors.

An array with its reference line is an array with one bit line more, the last one. With its word lines at u and its
virtual grounds at o it sends

.. math:: I = E^T u - B\,o

out of its bit lines, j = 1 … m and R, where with ideal wires E holds the devices and B, a diagonal, the sums of its
columns; where wires resist, both come from the mesh of n × (m + 1) cells (`analogeq.circuit.crossbar`). Each column
is sensed once and copied into its neuron with a gain :math:`A a_j`; the reference is sensed once for all neurons and
copied out of each with :math:`A a'_j`:

.. math:: I_j^{in} = A \, (a_j I_j - a'_j I_R)

so that, without offsets,

.. math:: w_{ij} = A \, (a_j E_{ij} - a'_j E_{iR}) / G_0

and offsets are a constant current into each neuron. What a pair has once, one conveyor for the difference, is here
twice: where :math:`a_j \ne a'_j` a part of the reference is left over in every weight of the neuron. Conveyors
and grounds belong to an array and a direction: a neuron has a column, and errors, for each one that ends in it.

Read backward, the second layer drives. A shared array then has its reference along the other side, the last cell of
every word line of the forward reading; each reading leaves the other's line out: it is switched off, and its segment
of wire is not counted. A mirrored array is one of its own, with the devices of the first one transposed, off by the
mirror's mismatch: of a device's excess over what its reference was told to hold, so that the relative error is the
weight's, as of pairs. References are not off by it. No device conducts less than 0 S: where the range ends low, a
mismatch of a large negative weight ends there. Biases are one word line at the rail, without wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.conductances import Conductances
from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.mapping import ArrayMaps
from analogeq.circuit.wired import Direction, as_read, through
from analogeq.errors import InputError
from analogeq.hardware import Wires
from analogeq.hardware.amplifiers import LineAmplifiers
from analogeq.network import Block, Network
from analogeq.network.network import Floats

if TYPE_CHECKING:
    from analogeq.circuit.circuit import Circuit

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LineReading:
    """One array and its reference line, read in one direction.

    Attributes
    ----------
    name : str
        The block's number and the direction's first letter; "b" of biases.
    block : Block or None
        None for the biases, which stand on one word line.
    direction : {"forward", "backward"}
    receiver : slice
        The layer that its columns end in, on the node axis.
    sender : slice or None
        The layer that drives its word lines; None for inputs and the rail.
    array : Crossbar
        Of shape (word line, column + 1); the reference is the last bit line.
    gain : float
        A of the array, dimensionless.
    amplifiers : LineAmplifiers
    """

    name: str
    block: Block | None
    direction: Direction
    receiver: slice
    sender: slice | None
    array: Crossbar
    gain: float
    amplifiers: LineAmplifiers

    def into_neurons(self, currents: Doubles) -> Doubles:
        """What arrives at the neurons, shape (..., column), of currents out of all bit lines, (..., column + 1) [A]."""
        own, copies = self.amplifiers.own, self.amplifiers.copies
        arriving: Doubles = self.gain * (own * currents[..., :-1] - copies * currents[..., -1:])
        return arriving

    def out_of_neurons(self, slopes: Doubles) -> Doubles:
        """Transpose of `into_neurons`: slopes by what arrives, turned into slopes by what bit lines send, over A."""
        own, copies = self.amplifiers.own, self.amplifiers.copies
        return np.concatenate([own * slopes, -(slopes @ copies)[..., None]], axis=-1)

    def offsets(self, words: Doubles) -> Doubles:
        """Constant current into each neuron [A] with the word lines at their drivers' offsets, shape (word,) [V]."""
        sent = self.array.currents(words[None])[0] - self.array.bit_loading @ self.amplifiers.grounds
        return self.into_neurons(sent)

    def heat(self, words: Doubles) -> Doubles:
        """Power that devices and wires turn into heat [W], shape (...), with ``words`` of shape (..., word) [V]."""
        flat, grounds = words.reshape(-1, words.shape[-1]), self.amplifiers.grounds
        if self.array.word.is_ideal and self.array.bit.is_ideal:
            found = flat**2 @ self.array.g.sum(axis=1)
        else:
            found = ((flat @ self.array.loading) * flat).sum(axis=1)
        if grounds.any():
            found = found + (self.array.bit_loading @ grounds - 2.0 * self.array.currents(flat)) @ grounds
        heat: Doubles = found.reshape(words.shape[:-1])
        return heat


def line_readings(circuit: Circuit, conductances: Conductances) -> Iterator[LineReading]:
    """Every block forward, every block between neurons backward, then the biases."""
    references, tech, net = conductances.references, circuit.technology, circuit.network
    if references is None:
        raise InputError("reference lines: this chip holds its weights as pairs; read them with `readings`")
    amplifiers = iter(circuit.line_amplifiers or map(LineAmplifiers.ideal, column_counts(net)))
    gains, bars = references.maps.gains, (references.forward, references.backward)
    for direction, block, at, line in _in_order(net):
        ends = (block.pre, block.post) if direction == "forward" else (block.post, block.pre)
        sender = net.layer(ends[0]) if ends[0] > 0 else None
        g = block.view(conductances.pairs("weights" if direction == "forward" else "backward")[0])
        held = bars[direction == "backward"][line]
        wide = np.column_stack([g, held]) if direction == "forward" else np.vstack([g, held])
        array = as_read(tech, wide, direction)
        name, receiver = f"{at}{direction[0]}", net.layer(ends[1])
        yield LineReading(name, block, direction, receiver, sender, array, float(gains[at]), next(amplifiers))
    biases = np.append(conductances.pairs("biases")[0], references.bias)[None]
    array = Crossbar.forward(biases, Wires())
    everyone = slice(0, net.n_nodes)
    yield LineReading("b", None, "forward", everyone, None, array, float(gains[-1]), next(amplifiers))


def column_counts(network: Network) -> list[int]:
    """Columns of every reading, in the order of `line_readings`."""
    shapes = [(block.shape, direction) for direction, block, _, _ in _in_order(network)]
    return [*(shape[1 if direction == "forward" else 0] for shape, direction in shapes), network.n_nodes]


def _in_order(network: Network) -> Iterator[tuple[Direction, Block, int, int]]:
    """Direction, block, its number, and the number of its reference line in that direction."""
    for at, block in enumerate(network.blocks):
        yield "forward", block, at, at
    between = [(at, block) for at, block in enumerate(network.blocks) if block.pre > 0]
    for line, (at, block) in enumerate(between):
        yield "backward", block, at, line


def realised_against_lines(circuit: Circuit, held: Conductances) -> Conductances:
    """Put what arrays realise through wires and amplifiers for what their devices hold; see the module."""
    tech, net = circuit.technology, circuit.network
    flawed = circuit.line_amplifiers is not None or circuit.follower_offsets is not None
    there, back, biases = held.weights.copy(), held.backward.copy(), held.biases.copy()
    offsets = np.zeros(net.n_nodes) if flawed else None
    for read in line_readings(circuit, held):
        found = read.into_neurons(read.array.equivalent) / tech.unit_conductance
        if read.block is None:
            biases[:] = found[0]
        elif read.direction == "forward":
            read.block.view(there)[:] = found
        else:
            read.block.view(back)[:] = found.T
        if offsets is not None:
            offsets[read.receiver] += read.offsets(_follower_offsets(circuit, read))
    return replace(held, weights=there, backward=back, biases=biases, offsets=offsets)


def _follower_offsets(circuit: Circuit, read: LineReading) -> Doubles:
    """By how much followers' errors lift each word line [V]."""
    if read.sender is None or circuit.follower_offsets is None:
        return np.zeros(len(read.array.g))
    lifted: Doubles = circuit.technology.follower_factor * circuit.follower_offsets[read.sender]
    return lifted


def mirrored(network: Network, maps: ArrayMaps, devices: Doubles, factors: Floats) -> Doubles:
    """Devices of the arrays that are read backward [S], shape (edge,), with errors of their weights ``factors``."""
    told = np.repeat(maps.references[:-1], [block.edges.stop - block.edges.start for block in network.blocks])
    found: Doubles = np.maximum(told + factors * (devices - told), 0.0)
    return found


def line_slopes(
    circuit: Circuit, conductances: Conductances, forward: Doubles, backward: Doubles, currents: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    r"""Derivative of something by what devices hold, from those by what a chip realises and by its nodes' currents.

    References do not move, nor does the layout of an affine chip. With :math:`S_{ij}` the derivative by a realised
    weight, the one by the array's E is
    :math:`a_j S_{ij}` in a column and :math:`-\sum_j a'_j S_{ij}` in the reference's, and goes back to the devices
    through the mesh; offsets of both ends of a device, :math:`u_i - o_j`, do likewise.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    forward, backward : ndarray, shape (edge,)
        By every realised weight of that direction.
    currents : ndarray, shape (node,)
        By every node's current over G0 V_u.

    Returns
    -------
    forward, backward : ndarray, shape (edge,)
        By every held weight of the arrays that are read in that direction.
    biases : ndarray, shape (node,)
    """
    net, rail = circuit.network, circuit.technology.rail
    there, back, biases = np.zeros(net.n_edges), np.zeros(net.n_edges), np.zeros(net.n_nodes)
    for read in line_readings(circuit, conductances):
        wanted = read.out_of_neurons(currents[read.receiver])
        lifted, grounds = _follower_offsets(circuit, read) / rail, read.amplifiers.grounds / rail
        drop = read.array.voltages(lifted[None], grounds[None]).drop[0]
        sent_back = read.array.voltages(np.zeros_like(lifted)[None], wanted[None]).drop[0]
        found = -(drop * sent_back)[:, :-1]
        if read.block is None:
            biases = found[0] + wanted[:-1]
            continue
        if read.direction == "forward":
            slopes: Doubles = read.block.view(forward).astype(np.float64)
            read.block.view(there)[:] = found + through(read.array, read.out_of_neurons(slopes))[:, :-1]
        else:
            slopes = read.block.view(backward).T.astype(np.float64)
            read.block.view(back)[:] = (found + through(read.array, read.out_of_neurons(slopes))[:, :-1]).T
    return there, back, biases
