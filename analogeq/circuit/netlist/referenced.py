"""Crossbars whose weights share reference lines: one device for a weight, one more on every word line.

Every column is sensed by a source of its own at its virtual ground, the reference column once for all neurons that it
serves. Each neuron's conveyor copies its column's current into it; another takes the reference's out of it. Where
wires resist, devices, references and wires are one mesh, of which the references are the last bit line.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.elements import CurrentConveyors, Doubles, Instances, Ints, Table, VoltageSources
from analogeq.circuit.netlist.mesh import mesh
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.reference_lines import LineReading, line_readings

DEVICES = "devices, references, virtual grounds, conveyors"
_MESH = "devices, references and wires, virtual grounds, conveyors"


def referenced_biases(
    circuit: Circuit, conductances: Conductances, rail: Ints, neurons: Ints, nodes: Nodes
) -> tuple[Table, ...]:
    """Devices of the biases, all on one word line that stands at the rail, of shape (1,)."""
    read = next(read for read in line_readings(circuit, conductances) if read.block is None)
    columns, reference = nodes.derive("cb", neurons), nodes.single("refb")
    g, held = read.array.g[0, :-1], read.array.g[0, -1:]
    devices = _devices([f"xb{k}" for k in range(len(neurons))], np.repeat(rail, len(neurons)), columns, g)
    return (devices, _devices(["xrb"], rail, np.array([reference]), held), *_sensed(read, columns, reference, neurons))


def referenced_blocks(
    circuit: Circuit, conductances: Conductances, lines: Ints, neurons: Ints, nodes: Nodes, *, inputs: bool
) -> Iterator[tuple[str, tuple[Table, ...]]]:
    """Title and tables of every block from the inputs, or of all others in both directions.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    lines : ndarray of int, shape (input,) or (node,)
        What drives each word line.
    neurons : ndarray of int, shape (node,)
    nodes : Nodes
        Where columns, and cells of wires, are added.
    inputs : bool
        Which of the two.
    """
    what = DEVICES if circuit.technology.wires.are_ideal else _MESH
    for read in line_readings(circuit, conductances):
        if read.block is None or (read.sender is None) != inputs:
            continue
        words = lines if read.sender is None else lines[read.sender]
        tables = _drawn(circuit, read, words, neurons[read.receiver], nodes)
        yield f"{_title(read)}: {what}", tables


def _title(read: LineReading) -> str:
    assert read.block is not None  # noqa: S101  biases have a title of their own
    pre, post = read.block.pre, read.block.post
    if read.direction == "backward":
        return f"Crossbar from layer {post} to layer {pre}, with its own references"
    return f"Crossbar from {'the inputs' if read.sender is None else f'layer {pre}'} to layer {post}"


def _drawn(circuit: Circuit, read: LineReading, words: Ints, neurons: Ints, nodes: Nodes) -> tuple[Table, ...]:
    columns = nodes.derive(f"c{read.name}", neurons)
    reference = nodes.single(f"ref{read.name}")
    if circuit.technology.wires.are_ideal:
        tables = _bare(read, words, columns, reference)
    else:
        tables = mesh(read.array, read.name, words, np.append(columns, reference), nodes)
    return (*tables, *_sensed(read, columns, reference, neurons))


def _bare(read: LineReading, words: Ints, columns: Ints, reference: int) -> tuple[Table, ...]:
    assert read.block is not None  # noqa: S101  the caller's blocks
    rows, cols = read.block.endpoints()
    word, bit = (rows, cols) if read.direction == "forward" else (cols, rows)
    names = [f"xw{edge}_{read.direction[0]}" for edge in range(read.block.edges.start, read.block.edges.stop)]
    own = [f"xr{read.name}_{k}" for k in range(len(words))]
    shared = np.full(len(words), reference, dtype=np.intp)
    g = read.array.g
    return _devices(names, words[word], columns[bit], g[word, bit]), _devices(own, words, shared, g[:, -1])


def _devices(names: list[str], words: Ints, columns: Ints, g: Doubles) -> Instances:
    return Instances(tuple(names), np.column_stack((words, columns)), "conductance", {"g": g})


def _sensed(read: LineReading, columns: Ints, reference: int, neurons: Ints) -> tuple[Table, ...]:
    """Virtual grounds of the columns and of the reference's, and the conveyors behind them."""
    which, count, ground = read.name, len(neurons), np.zeros_like(neurons)
    own, shared = tuple(f"vc{which}_{k}" for k in range(count)), f"vref{which}"
    sensed = np.append(columns, reference)
    there, back = np.column_stack((ground, neurons)), np.column_stack((neurons, ground))
    flaws = read.amplifiers
    return (
        VoltageSources((*own, shared), np.column_stack((sensed, np.zeros_like(sensed))), flaws.grounds),
        CurrentConveyors(tuple(f"fc{which}_{k}" for k in range(count)), there, own, read.gain * flaws.own),
        CurrentConveyors(
            tuple(f"fref{which}_{k}" for k in range(count)), back, (shared,) * count, read.gain * flaws.copies
        ),
    )
