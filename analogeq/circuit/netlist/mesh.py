"""A crossbar as typed elements: every device, every segment of wire, every driver and virtual ground."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analogeq.circuit.crossbar.crossbar import Crossbar
from analogeq.circuit.elements import Doubles, Instances, Ints, Resistors, Table
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.hardware.wires import Line


def mesh(array: Crossbar, name: str, words: Ints, bits: Ints, nodes: Nodes) -> tuple[Table, ...]:
    """Draw an array between the nodes that its lines' ends are held at.

    A segment or an end of 0 Ohm is no element: what it joins is one node.

    Parameters
    ----------
    array : Crossbar
    name : str
        Goes into the names of nodes and elements, after their first letters.
    words : ndarray of int, shape (word,)
        Nodes that drive the word lines.
    bits : ndarray of int, shape (bit,)
        Nodes that the bit lines end in.
    nodes : Nodes
        Where the nodes of the cells are added.

    Returns
    -------
    tuple of Table
        Devices as instances of the cell ``conductance``; the wires, where they resist, as resistors.
    """
    word, word_wires = _lines(f"w{name}", array.word, words, array.g.shape, nodes)
    bit, bit_wires = _lines(f"b{name}", array.bit, bits, array.g.T.shape, nodes)
    at = np.argwhere(array.g > 0.0)
    devices = Instances(
        tuple(f"xd{name}_{i}_{j}" for i, j in at.tolist()),
        np.column_stack((word[*at.T], bit.T[*at.T])),
        "conductance",
        {"g": array.g[*at.T]},
    )
    return (devices, *word_wires, *bit_wires)


def _lines(name: str, line: Line, ends: Ints, shape: tuple[int, int], nodes: Nodes) -> tuple[Ints, tuple[Table, ...]]:
    """Nodes of every cell, shape (line, cell), and the wire along them."""
    cells = np.array([_cells(f"{name}_{k}", line, int(end), shape[1], nodes) for k, end in enumerate(ends)])
    runs = [run for k, end in enumerate(ends.tolist()) for run in _wire(f"r{name}_{k}", line, end, cells[k])]
    if not runs:
        return cells, ()
    names, joined, ohms = zip(*runs, strict=True)
    return cells, (Resistors(names, np.array(joined, dtype=np.intp), _doubles(ohms)),)


def _cells(name: str, line: Line, end: int, count: int, nodes: Nodes) -> Ints:
    if line.is_ideal:
        return np.full(count, end, dtype=np.intp)
    if line.segment == 0.0:
        return np.full(count, nodes.single(name), dtype=np.intp)
    return np.array([nodes.single(f"{name}_{k}") for k in range(count)], dtype=np.intp)


def _wire(name: str, line: Line, end: int, cells: Ints) -> Iterator[tuple[str, tuple[int, int], float]]:
    """Name, ends and resistance of each piece of one line."""
    if line.is_ideal:
        return
    if line.ends != "last":
        yield f"{name}_first", (end, int(cells[0])), line.lead
    if line.segment > 0.0:
        for k in range(1, len(cells)):
            yield f"{name}_{k}", (int(cells[k - 1]), int(cells[k])), line.segment
    if line.ends != "first":
        yield f"{name}_last", (int(cells[-1]), end), line.lead


def _doubles(values: tuple[float, ...]) -> Doubles:
    return np.array(values, dtype=np.float64)
