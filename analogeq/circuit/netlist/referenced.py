"""Crossbars whose weights share reference lines: one device for a weight, one more on every word line.

Every column is sensed by a source of 0 V of its own, the reference column once for all neurons that it serves. Each
neuron's conveyor copies its column's current into it; another takes the reference's out of it, at the same gain.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analogeq.circuit.circuit import Conductances
from analogeq.circuit.elements import CurrentConveyors, Doubles, Instances, Ints, Table, VoltageSources
from analogeq.circuit.mapping import References
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.network import Block, Network
from analogeq.network.network import Floats

Lines = tuple[Ints, Ints]
"""Node numbers of what drives word lines, and of the neurons that columns end in."""


def referenced_biases(
    conductances: Conductances, references: References, lines: Lines, nodes: Nodes
) -> tuple[Table, ...]:
    """Devices of the biases, all on one word line: ``lines`` begin with the rail, once."""
    rail, neurons = lines
    columns = nodes.derive("cb", neurons)
    names = [f"xb{k}" for k in range(len(neurons))]
    devices = _devices(names, np.repeat(rail, len(neurons)), columns, conductances.pairs("biases")[0])
    reference = _devices(["xrb"], rail, _reference_column("b", nodes), np.array([references.bias]))
    return (devices, reference, *_sensed("b", reference, columns, neurons, references.maps.gains[-1]))


def referenced_inputs(
    network: Network, conductances: Conductances, references: References, lines: Lines, nodes: Nodes
) -> Iterator[tuple[str, tuple[Table, ...]]]:
    """Title and tables of every block from the inputs."""
    inputs, neurons = lines
    for at, block in enumerate(network.blocks):
        if block.pre == 0:
            ends = inputs, neurons[network.layer(block.post)]
            title = f"Crossbar from the inputs to layer {block.post}"
            yield title, _read(conductances, references, at, block, references.forward[at], "f", ends, nodes)


def referenced_couplings(
    network: Network, conductances: Conductances, references: References, lines: Lines, nodes: Nodes
) -> Iterator[tuple[str, tuple[Table, ...]]]:
    """Title and tables of every block between neurons, read forward, then read backward."""
    driven, neurons = lines
    between = [(at, block) for at, block in enumerate(network.blocks) if block.pre > 0]
    for at, block in between:
        ends = driven[network.layer(block.pre)], neurons[network.layer(block.post)]
        title = f"Crossbar from layer {block.pre} to layer {block.post}"
        yield title, _read(conductances, references, at, block, references.forward[at], "f", ends, nodes)
    for (at, block), held in zip(between, references.backward, strict=True):
        ends = driven[network.layer(block.post)], neurons[network.layer(block.pre)]
        title = f"Crossbar from layer {block.post} to layer {block.pre}, with its own references"
        yield title, _read(conductances, references, at, block, held, "b", ends, nodes)


def _read(
    conductances: Conductances,
    references: References,
    at: int,
    block: Block,
    held: Doubles,
    direction: str,
    lines: Lines,
    nodes: Nodes,
) -> tuple[Table, ...]:
    rows, cols = block.endpoints()
    words, bits = (rows, cols) if direction == "f" else (cols, rows)
    driven, neurons = lines
    columns = nodes.derive(f"c{at}{direction}", neurons)
    names = [f"xw{edge}_{direction}" for edge in range(block.edges.start, block.edges.stop)]
    g, _ = conductances.pairs("weights" if direction == "f" else "backward", block.edges)
    devices = _devices(names, driven[words], columns[bits], g)
    which = f"{at}{direction}"
    own = [f"xr{which}_{k}" for k in range(len(driven))]
    reference = _devices(own, driven, np.repeat(_reference_column(which, nodes), len(driven)), held)
    return (devices, reference, *_sensed(which, reference, columns, neurons, references.maps.gains[at]))


def _reference_column(which: str, nodes: Nodes) -> Ints:
    return np.array([nodes.single(f"ref{which}")], dtype=np.intp)


def _devices(names: list[str], words: Ints, columns: Ints, g: Floats) -> Instances:
    return Instances(
        tuple(names), np.column_stack((words, columns)), "conductance", {"g": g.astype(np.float64, copy=False)}
    )


def _sensed(which: str, reference: Instances, columns: Ints, neurons: Ints, gain: float) -> tuple[Table, ...]:
    """Virtual grounds of the columns and of the reference's, and the conveyors behind them."""
    count, ground = len(neurons), np.zeros_like(neurons)
    own, shared = tuple(f"vc{which}_{k}" for k in range(count)), f"vref{which}"
    sensed = np.concatenate((columns, reference.nodes[:1, 1]))
    gains = np.full(count, float(gain))
    return (
        VoltageSources((*own, shared), np.column_stack((sensed, np.zeros_like(sensed))), np.zeros(count + 1)),
        CurrentConveyors(tuple(f"fc{which}_{k}" for k in range(count)), np.column_stack((ground, neurons)), own, gains),
        CurrentConveyors(
            tuple(f"fref{which}_{k}" for k in range(count)),
            np.column_stack((neurons, ground)),
            (shared,) * count,
            gains,
        ),
    )
