"""Crossbars drawn with their wires: two meshes a block of weights, for each direction it is read in."""

from __future__ import annotations

from collections.abc import Iterator

from analogeq.circuit.conductances import Conductances
from analogeq.circuit.elements import Ints, Table
from analogeq.circuit.netlist.mesh import mesh
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.wired import Direction, crossbars
from analogeq.network import Block, Network


def wired_blocks(
    network: Network, conductances: Conductances, lines: tuple[Ints, Ints, Ints], nodes: Nodes
) -> Iterator[tuple[str, tuple[Table, ...]]]:
    """Title and tables of every block between neurons, read forward and read backward.

    Parameters
    ----------
    network : Network
    conductances : Conductances
    lines : tuple of ndarray of int, shape (node,)
        For each neuron: what its word line is driven by, and its plus and its minus virtual ground.
    nodes : Nodes
        Where the cells' nodes are added.
    """
    driven, plus, minus = lines
    shared = conductances.technology.arrays == "shared"
    how = "the same arrays, read from their bit lines" if shared else "arrays of their own"
    directions: tuple[tuple[Direction, tuple[int, int], str], ...] = (
        ("forward", (0, 1), ""),
        ("backward", (1, 0), f" ({how})"),
    )
    for direction, ends, said in directions:
        for block in network.coupling_blocks:
            pre, post = ((block.pre, block.post)[k] for k in ends)
            source, target = network.layer(pre), network.layer(post)
            tables = wired_block(conductances, block, direction, (driven[source], plus[target], minus[target]), nodes)
            yield f"Crossbar from layer {pre} to layer {post}{said}", tables


def wired_block(
    conductances: Conductances,
    block: Block,
    direction: Direction,
    lines: tuple[Ints, Ints, Ints],
    nodes: Nodes,
) -> tuple[Table, ...]:
    """Meshes of one block's two arrays.

    Parameters
    ----------
    conductances : Conductances
    block : Block
    direction : {"forward", "backward"}
    lines : tuple of ndarray of int
        What drives each word line; the virtual grounds of the plus and of the minus array's bit lines.
    nodes : Nodes
        Where the cells' nodes are added.
    """
    words, *grounds = lines
    pairs = conductances.pairs("weights" if direction == "forward" else "backward")
    arrays = crossbars(conductances.technology, block, pairs, direction)
    names = (f"{sign}{block.pre}_{block.post}{direction[0]}" for sign in "pm")
    drawn = (mesh(array, name, words, bits, nodes) for array, name, bits in zip(arrays, names, grounds, strict=True))
    return tuple(table for tables in drawn for table in tables)
