r"""Every array of a programmed chip as it is read, with virtual grounds that need not stand at 0 V.

With word lines at u and virtual grounds at o an array is linear in both: the current out of its bit lines is

.. math:: I = G^T u - B\,o,

and what devices and wires turn into heat :math:`u^T Y u - 2\,u^T G\,o + o^T B\,o`, where B is what the virtual grounds
see while the word lines stand at 0 V. With ideal wires G holds the devices and B, a diagonal, the sums of its columns:
every device has :math:`u_i - o_j` across it. Where wires resist, both come from the mesh (`analogeq.circuit.crossbar`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analogeq.circuit.conductances import Conductances
from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.wired import Direction, crossbars
from analogeq.network import Block, Network

Doubles = NDArray[np.float64]


class Array(Protocol):
    """The devices of one sign between word lines and bit lines."""

    def currents(self, words: Doubles) -> Doubles:
        """Out of the bit lines at 0 V [A], shape (..., bit), with the word lines at ``words`` [V]."""
        ...

    def pulled(self, bits: Doubles) -> Doubles:
        """Into the bit lines at ``bits`` [V], shape (bit,), with the word lines at 0 V [A]."""
        ...

    def seen(self) -> Doubles:
        """B, current into each bit line per volt on each of them [S], shape (bit, bit)."""
        ...

    def slopes(self, words: Doubles, bits: Doubles, wanted: Doubles) -> Doubles:
        """Derivative of ``wanted`` · (current out of the bit lines) by every device, shape (edge,)."""
        ...


@dataclass(frozen=True, eq=False)
class Reading:
    """One block read in one direction.

    Attributes
    ----------
    block : Block
    direction : {"forward", "backward"}
    receiver : slice
        The layer that its columns end in, on the node axis.
    sender : slice or None
        The layer that drives its word lines; None for the inputs.
    plus, minus : Array
    """

    block: Block
    direction: Direction
    receiver: slice
    sender: slice | None
    plus: Array
    minus: Array


def readings(network: Network, conductances: Conductances) -> Iterator[Reading]:
    """Every block forward, then every block between neurons backward."""
    directions: tuple[tuple[Direction, tuple[Block, ...]], ...] = (
        ("forward", tuple(network.blocks)),
        ("backward", tuple(network.coupling_blocks)),
    )
    for direction, blocks in directions:
        for block in blocks:
            ends = (block.pre, block.post) if direction == "forward" else (block.post, block.pre)
            sender = network.layer(ends[0]) if ends[0] > 0 else None
            plus, minus = _arrays(conductances, block, direction)
            yield Reading(block, direction, network.layer(ends[1]), sender, plus, minus)


def _arrays(conductances: Conductances, block: Block, direction: Direction) -> tuple[Array, Array]:
    pairs = conductances.pairs("weights" if direction == "forward" else "backward")
    if conductances.technology.wires.are_ideal:
        plus, minus = (_Bare(block, g.astype(np.float64, copy=False), direction) for g in pairs)
        return plus, minus
    meshes = (_Mesh(block, array, direction) for array in crossbars(conductances.technology, block, pairs, direction))
    return next(meshes), next(meshes)


@dataclass(frozen=True, eq=False)
class _Bare:
    """Devices without wires."""

    block: Block
    g: Doubles
    direction: Direction

    def _ends(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        rows, cols = self.block.endpoints()
        return (rows, cols) if self.direction == "forward" else (cols, rows)

    def currents(self, words: Doubles) -> Doubles:
        matrix = self.block.matrix(self.g)
        flat = words.reshape(-1, words.shape[-1]) @ (matrix if self.direction == "forward" else matrix.T)
        sent: Doubles = flat.reshape(*words.shape[:-1], flat.shape[-1])
        return sent

    def pulled(self, bits: Doubles) -> Doubles:
        return self._sums() * bits

    def seen(self) -> Doubles:
        return np.diag(self._sums())

    def _sums(self) -> Doubles:
        count = self.block.shape[1 if self.direction == "forward" else 0]
        sums: Doubles = np.bincount(self._ends()[1], self.g[self.block.edges], minlength=count).astype(np.float64)
        return sums

    def slopes(self, words: Doubles, bits: Doubles, wanted: Doubles) -> Doubles:
        word, bit = self._ends()
        found: Doubles = (words[word] - bits[bit]) * wanted[bit]
        return found


@dataclass(frozen=True, eq=False)
class _Mesh:
    """Devices with wires that resist; a dense block."""

    block: Block
    array: Crossbar
    direction: Direction

    def currents(self, words: Doubles) -> Doubles:
        return self.array.currents(words.reshape(-1, words.shape[-1])).reshape(*words.shape[:-1], -1)

    def pulled(self, bits: Doubles) -> Doubles:
        return self.array.bit_loading @ bits

    def seen(self) -> Doubles:
        return self.array.bit_loading

    def slopes(self, words: Doubles, bits: Doubles, wanted: Doubles) -> Doubles:
        read = self.array.voltages(words[None], bits[None]).drop[0]
        back = self.array.voltages(np.zeros((1, len(words))), wanted[None]).drop[0]
        found: Doubles = -read * back
        return found.ravel() if self.direction == "forward" else found.T.ravel()
