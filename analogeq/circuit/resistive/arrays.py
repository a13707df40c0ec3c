r"""Crossbars of a resistive circuit whose wires resist: what nodes see of each other through them.

A block of conductances that joins two layers in full is a crossbar. Its word lines come from sources or from nodes
(behind amplifiers: from their outputs), its bit lines end in nodes, and device (i, j) stands inside, between a point
of word line i and a point of bit line j. Everything between these terminals is linear and passive. With the terminals'
voltages :math:`v_t` and those of all points inside :math:`v_c`, Kirchhoff's law inside gives
:math:`v_c = -Y_{cc}^{-1} Y_{ct} v_t`, and the currents at the terminals are

.. math:: i_t = (Y_{tt} - Y_{tc} Y_{cc}^{-1} Y_{ct})\, v_t .

This Schur complement (Kron reduction [1]_) is once more the Laplacian of a network of conductances, none of them
negative, now directly between the terminals: from every word line to every bit line, from bit line to bit line where
word lines resist, and from word line to word line where bit lines do. Word lines that end in sources have no
conductance among each other that any node could see. So a wired circuit settles like one of ideal wires that has
these conductances; `Seen` is its network, `Arrays.seen` its numbers.

Learning is local to a device: the slope of the co-content by its conductance is half the square of its own drop, which
`analogeq.circuit.crossbar` finds from the voltages of the terminals by substitution. A function of the terminals'
voltages changes with a device by the product of two such drops (Tellegen; Director & Rohrer 1969).

References
----------
.. [1] Dörfler & Bullo, "Kron reduction of graphs with applications to electrical networks", IEEE TCAS-I 60 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.crossbar import Crossbar
from analogeq.errors import GraphError
from analogeq.hardware.wires import Wires
from analogeq.network import Block, Network
from analogeq.network.network import Floats, Ints

Doubles = NDArray[np.float64]
Ends = tuple[Floats, Floats]
"""Voltages at a block's word lines, shape (batch, row), and at its bit lines, shape (batch, column) [V]."""

_AT_ONCE = 4_000_000
"""Voltages of devices, or factors of an array, that are held at a time: 32 MB."""


@dataclass(frozen=True, eq=False)
class Coupling:
    """Conductances between nodes.

    Attributes
    ----------
    block : Block
    raised : tuple of bool
        Whether its upper and its lower ends are where amplifiers drive, not at the nodes themselves.
    """

    block: Block
    raised: tuple[bool, bool]


@dataclass(frozen=True, eq=False)
class Seen:
    """The network of conductances that nodes and sources see between each other.

    Attributes
    ----------
    network : Network
        With ideal wires the devices themselves. With others these are followed by blocks inside layers, one for each
        array and side on which the lines of the other direction resist.
    couplings : tuple of Coupling
        Its blocks between nodes.
    """

    network: Network
    couplings: tuple[Coupling, ...]


def word_lines(block: Block) -> Ints | None:
    """Rows of a block that is a crossbar: those that have devices, each to all columns; None if it is none."""
    if block.lateral:
        return None
    if block.dense:
        return np.arange(block.shape[0], dtype=np.intp)
    used = np.unique(block.endpoints()[0])
    return used if block.edges.stop - block.edges.start == len(used) * block.shape[1] else None


def refuse_other_than_crossbars(wiring: Network) -> None:
    """Raise `GraphError` if there are conductances that wires cannot be laid to."""
    for block in wiring.blocks:
        if word_lines(block) is None:
            count = block.edges.stop - block.edges.start
            where = f"layer {block.pre}" if block.lateral else f"layers {block.pre} and {block.post}"
            raise GraphError(
                f"{where}: {count} edges between {block.shape[0]} and {block.shape[1]} nodes, and wires that resist; "
                "word and bit lines join every row of a crossbar to every column, which kernels of feature maps, "
                "sparse graphs and edges inside a layer do not. Join the two layers in full, or leave [wires] out of "
                "the technology"
            )


def seen_through(wiring: Network, wires: Wires) -> Seen:
    """Network that is seen between the terminals of all arrays."""
    coupled = [Coupling(block, (True, False)) for block in wiring.coupling_blocks]
    if wires.are_ideal:
        return Seen(wiring, tuple(coupled))
    at, blocks = wiring.n_edges, list(wiring.blocks)
    for number in range(len(wiring.blocks)):
        for layer, lines, raised in _meshed(wiring, wires, number):
            rows, cols = _pairs(lines)
            block = Block(layer, layer, (wiring.layer_sizes[layer],) * 2, slice(at, at + len(rows)), rows, cols)
            at = block.edges.stop
            blocks.append(block)
            coupled.append(Coupling(block, (raised, raised)))
    return Seen(Network(wiring.names, wiring.layer_sizes, wiring.outputs, tuple(blocks)), tuple(coupled))


def _meshed(wiring: Network, wires: Wires, number: int) -> list[tuple[int, Ints, bool]]:
    """Layers whose nodes a block joins among each other: which of them, and whether behind their amplifiers."""
    word, bit = wires.forward
    block, found = wiring.blocks[number], []
    if not word.is_ideal:
        found.append((block.post, np.arange(block.shape[1], dtype=np.intp), False))
    words = word_lines(block)
    if not bit.is_ideal and block.pre > 0 and words is not None:
        found.append((block.pre, words, True))
    return [part for part in found if len(part[1]) > 1]


def _pairs(lines: Ints) -> tuple[Ints, Ints]:
    first, second = np.triu_indices(len(lines), 1)
    return lines[first], lines[second]


@dataclass(frozen=True, eq=False)
class Flow:
    """What goes through one array, of every sample.

    Attributes
    ----------
    words : ndarray, shape (batch, row)
        Current into each row's word line [A]; none into a row without one.
    bits : ndarray, shape (batch, column)
        Current out of each bit line [A].
    devices : ndarray, shape (batch,)
        Power that the devices turn into heat [W]; the rest of what goes in stays in the wires.
    """

    words: Doubles
    bits: Doubles
    devices: Doubles


@dataclass(frozen=True, eq=False)
class Arrays:
    """The crossbars of one programmed chip.

    Attributes
    ----------
    wiring : Network
        Sources, nodes and devices.
    wires : Wires
    g : ndarray, shape (edge,)
        Conductance of every device [S].
    """

    wiring: Network
    wires: Wires
    g: Doubles

    @cached_property
    def seen(self) -> Doubles:
        """Conductances of the network that `seen_through` gives [S], shape (edge,)."""
        for array in self._arrays:
            if array.g.size * min(array.g.shape) <= _AT_ONCE:  # learning asks for drops inside as well
                array.keep_factors()
        parts = [array.equivalent.ravel() for array in self._arrays]
        for number, array in enumerate(self._arrays):
            for _, lines, raised in _meshed(self.wiring, self.wires, number):
                coupling = array.word_coupling if raised else array.bit_coupling
                parts.append(coupling[*_pairs(np.arange(len(lines)))])
        return np.concatenate(parts)

    @cached_property
    def _arrays(self) -> tuple[Crossbar, ...]:
        return tuple(self.crossbar(number) for number in range(len(self.wiring.blocks)))

    def words(self, number: int) -> Ints:
        """Rows of a block that have a word line, from the top of its array to the bottom."""
        lines = word_lines(self.wiring.blocks[number])
        assert lines is not None  # noqa: S101  a circuit with other blocks was refused
        return lines

    def crossbar(self, number: int) -> Crossbar:
        """Array of a block, its rows those of `words`."""
        block = self.wiring.blocks[number]
        return Crossbar.forward(self.g[block.edges].reshape(-1, block.shape[1]), self.wires)

    def products(self, number: int, one: Ends, other: Ends) -> Doubles:
        """Drop across each device of a block at some ends' voltages, times that at others, summed over the batch.

        Parameters
        ----------
        number : int
            Which block of ``wiring``.
        one, other : tuple of ndarray
            Voltages at the ends of its lines [V].

        Returns
        -------
        ndarray, shape (edge,)
            [V²]
        """
        found = np.zeros(self._arrays[number].g.shape)
        for part in self._parts(number, len(one[0])):
            drops = [self._drop(number, ends, part) for ends in (one, other)]
            found += np.einsum("bij,bij->ij", *drops)
        return found.ravel()

    def flow(self, number: int, ends: Ends) -> Flow:
        """What goes through a block's array with its lines' ends at these voltages."""
        array, batch = self._arrays[number], len(ends[0])
        words, bits = np.zeros((batch, self.wiring.blocks[number].shape[0])), np.empty((batch, array.g.shape[1]))
        devices = np.empty(batch)
        for part in self._parts(number, batch):
            drop = self._drop(number, ends, part)
            current = drop * array.g
            words[part, self.words(number)] = current.sum(axis=2)
            bits[part] = current.sum(axis=1)
            devices[part] = np.einsum("bij,bij->b", current, drop)
        return Flow(words, bits, devices)

    def _drop(self, number: int, ends: Ends, part: slice) -> Doubles:
        words, bits = (np.asarray(volts[part], dtype=np.float64) for volts in ends)
        return self._arrays[number].voltages(words[:, self.words(number)], bits).drop

    def _parts(self, number: int, batch: int) -> list[slice]:
        size = max(1, _AT_ONCE // self._arrays[number].g.size)
        edges = [*range(0, batch, size), batch]
        return [slice(*ends) for ends in pairwise(edges)]


class LatestArrays:
    """Remembers the arrays of the chip that was asked for last: phases, laws and learning ask for the same."""

    def __init__(self, wiring: Network, wires: Wires) -> None:
        self._wiring, self._wires = wiring, wires
        self._latest: Arrays | None = None

    def of(self, g: Floats) -> Arrays:
        """Arrays of devices that hold ``g`` [S], shape (edge,), whatever array it stands in."""
        if self._latest is None or not np.array_equal(self._latest.g, g):
            held = g.astype(np.float64)
            held.setflags(write=False)
            self._latest = Arrays(self._wiring, self._wires, held)
        return self._latest
