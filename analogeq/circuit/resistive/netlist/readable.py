"""The readable rendering: every conductance by the names of its ends, one sample, for a person and their simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from analogeq.circuit.drive import Drive
from analogeq.circuit.elements import (
    CurrentSources,
    DiodeModel,
    Diodes,
    Doubles,
    Instances,
    Ints,
    Table,
    VoltageSources,
)
from analogeq.circuit.netlist.library import cell_text
from analogeq.circuit.netlist.mesh import mesh
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.resistive.arrays import Arrays
from analogeq.circuit.resistive.circuit import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.drive import ResistiveDrive
from analogeq.circuit.resistive.netlist.cells import device_cells, doubled_inputs
from analogeq.circuit.resistive.netlist.devices import bias_nodes, device_tables
from analogeq.circuit.resistive.netlist.simulation import options_line
from analogeq.circuit.schematic import Schematic, refuse_unwritable
from analogeq.hardware.resistive import NodeDevice
from analogeq.network import Block

Sections = list[tuple[str, tuple[Table, ...]]]
DeviceTables = Callable[[NodeDevice, tuple[str, ...], Ints, Doubles, tuple[int, ...]], tuple[Table, ...]]


def readable_netlist(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, drive: Drive, *, sample: int = 0
) -> str:
    """Write a self-contained netlist of one sample; ``ngspice -b FILE`` runs it and prints every node.

    Parameters
    ----------
    circuit : ResistiveCircuit
    conductances : ResistiveConductances
    drive : Drive
    sample : int
        Which sample of the drive.

    Raises
    ------
    ElectricalRuleError
        If a name or a value must not be in a netlist.
    """
    return written_sections(circuit, *readable_sections(circuit, conductances, drive, sample, device_cells))


def written_sections(circuit: ResistiveCircuit, sections: Sections, nodes: tuple[str, ...]) -> str:
    """Write what `readable_sections` gave, or what was made of it."""
    tables = tuple(table for _, tables in sections for table in tables)
    schematic = Schematic(nodes, tables)
    refuse_unwritable(schematic)
    cells = sorted({table.subcircuit for table in tables if isinstance(table, Instances)})
    models = {table.model: None for table in tables if isinstance(table, Diodes)}
    lines = [*_heading(circuit, models)]
    if models:
        lines += ["", "* Diodes of the hidden nodes", *(model.line() for model in models)]
    for cell in cells:
        lines += ["", cell_text(cell).rstrip("\n")]
    for title, parts in sections:
        lines += [f"\n* {title}"]
        for table in parts:
            lines += list(table.lines(nodes))
    lines += ["", "* Where it settles.", ".op", ".end\n"]
    return "\n".join(lines)


def _heading(circuit: ResistiveCircuit, models: Iterable[DiodeModel]) -> Iterator[str]:
    net = circuit.network
    yield f"analogeq, resistive family: {net.n_inputs} inputs, {net.n_nodes} nodes ({net.n_outputs} outputs)"
    yield "* Run it with: ngspice -b FILE; node voltages are printed."
    yield "* It settles where its co-content is smallest. One sample, SI units."
    yield options_line(models)


def readable_sections(
    circuit: ResistiveCircuit,
    conductances: ResistiveConductances,
    drive: Drive,
    sample: int,
    devices: DeviceTables = device_tables,
) -> tuple[Sections, tuple[str, ...]]:
    """Titles with the tables under them, and the names of the nodes by number.

    Parameters
    ----------
    circuit : ResistiveCircuit
    conductances : ResistiveConductances
    drive : Drive
    sample : int
    devices : callable
        Draws what stands at hidden nodes: `device_cells`, or `device_tables` for whoever exchanges single diodes.
    """
    net, wires = circuit.network, circuit.wiring
    named = Nodes(wires.names)
    sources = np.arange(1, wires.n_inputs + 1, dtype=np.intp)
    at = np.arange(wires.n_inputs + 1, wires.n_inputs + net.n_nodes + 1, dtype=np.intp)
    driven = at.copy()
    parts: list[tuple[str, tuple[Table, ...]]] = []
    parts.append(_sources(circuit, drive, sample, sources))
    if circuit.technology.amplifier is not None:
        driven[circuit.hidden] = named.derive("driven", at[circuit.hidden])
        gains = {"a": circuit.voltage_gains[circuit.hidden], "c": circuit.current_gains[circuit.hidden]}
        ends = np.column_stack((at[circuit.hidden], driven[circuit.hidden]))
        names = tuple(f"xa{k}" for k in circuit.hidden.tolist())
        parts.append(("Bidirectional amplifiers: node, what it drives", (Instances(names, ends, "amplifier", gains),)))
    if (arrays := circuit.arrays(conductances)) is None:
        parts.append(("Programmable conductances", (_conductances(circuit, conductances, sources, at, driven),)))
    else:
        parts += _crossbars(circuit, arrays, (sources, at, driven), named)
    if len(circuit.hidden):
        biases = tuple(named.single(name) for name in bias_nodes(circuit.technology.device))
        names = tuple(str(k) for k in circuit.hidden.tolist())
        polarity = circuit.polarity[circuit.hidden]
        standing = devices(circuit.technology.device, names, at[circuit.hidden], polarity, biases)
        parts.append(("What stands between hidden nodes and ground", standing))
    if conductances.bias_currents.any():
        into = np.column_stack((np.zeros_like(at), at))
        parts.append(("Bias currents", (_currents("ib", into, conductances.bias_currents),)))
    parts += _nudges(circuit, drive, sample, at, named)
    return parts, named.names


def _sources(circuit: ResistiveCircuit, drive: Drive, sample: int, sources: Ints) -> tuple[str, tuple[Table, ...]]:
    if circuit.technology.inputs == "doubled":
        inputs = drive.inputs[sample].astype(np.float64)
        return "Inputs and the bias, each with its opposite", (doubled_inputs(circuit, inputs, sources),)
    volts = circuit.source_voltages(drive.inputs[sample : sample + 1])[0].astype(np.float64)
    return "Inputs, amplified, and the bias", (_voltages("vs", sources, volts),)


def _conductances(
    circuit: ResistiveCircuit, conductances: ResistiveConductances, sources: Ints, at: Ints, driven: Ints
) -> Instances:
    wires = circuit.wiring
    ends = []
    for block in wires.blocks:
        rows, cols = block.endpoints()
        upper = sources[rows] if block.pre == 0 else _upper(block.lateral, at, driven)[wires.layer(block.pre)][rows]
        ends.append(np.column_stack((upper, at[wires.layer(block.post)][cols])))
    return Instances(
        device_names(circuit), np.concatenate(ends), "conductance", {"g": conductances.g.astype(np.float64)}
    )


def _crossbars(
    circuit: ResistiveCircuit, arrays: Arrays, numbers: tuple[Ints, Ints, Ints], named: Nodes
) -> Iterator[tuple[str, tuple[Table, ...]]]:
    """Every device, every segment of wire and both ends of every line, array by array."""
    (sources, at, driven), wires = numbers, circuit.wiring
    for number, block in enumerate(wires.blocks):
        upper = sources if block.pre == 0 else driven[wires.layer(block.pre)]
        lines, bits = arrays.words(number), at[wires.layer(block.post)]
        drawn = mesh(arrays.crossbar(number), _array_name(block), upper[lines], bits, named)
        yield f"Crossbar from layer {block.pre} to layer {block.post}", drawn


def _array_name(block: Block) -> str:
    return f"{block.pre}_{block.post}"


def device_names(circuit: ResistiveCircuit) -> tuple[str, ...]:
    """Name of every programmable conductance that is not 0 S in `readable_sections`, along the edge axis."""
    wires = circuit.wiring
    if circuit.technology.wires.are_ideal:
        return tuple(f"xg{e}" for e in range(wires.n_edges))
    return tuple(
        f"xd{_array_name(block)}_{i}_{j}"
        for block in wires.blocks
        for i in range((block.edges.stop - block.edges.start) // block.shape[1])
        for j in range(block.shape[1])
    )


def _upper(lateral: bool, at: Ints, driven: Ints) -> Ints:  # noqa: FBT001  private
    return at if lateral else driven


def _nudges(
    circuit: ResistiveCircuit, drive: Drive, sample: int, at: Ints, named: Nodes
) -> list[tuple[str, tuple[Table, ...]]]:
    outputs = at[circuit.network.outputs]
    parts: list[tuple[str, tuple[Table, ...]]] = []
    if drive.nudge is not None:
        targets = named.derive("target", outputs)
        volts = drive.nudge.voltages[sample].astype(np.float64)
        each = drive.nudge.each(len(outputs))
        names = tuple(f"xn{m}" for m in range(len(outputs)))
        nudge = Instances(names, np.column_stack((outputs, targets)), "nudge", {"g": each})
        parts.append(("Nudge", (_voltages("vt", targets, volts), nudge)))
    if isinstance(drive, ResistiveDrive) and drive.injected is not None:
        into = np.column_stack((np.zeros_like(outputs), outputs))
        parts.append(("Constant nudging currents", (_currents("in", into, drive.injected[sample]),)))
    if isinstance(drive, ResistiveDrive) and drive.held is not None:
        parts.append(("Held outputs", (_voltages("vh", outputs, drive.held[sample].astype(np.float64)),)))
    return parts


def _voltages(prefix: str, at: Ints, volts: Doubles) -> VoltageSources:
    names = tuple(f"{prefix}{k}" for k in range(len(at)))
    return VoltageSources(names, np.column_stack((at, np.zeros_like(at))), volts)


def _currents(prefix: str, ends: Ints, amperes: np.ndarray) -> CurrentSources:
    return CurrentSources(tuple(f"{prefix}{k}" for k in range(len(ends))), ends, amperes.astype(np.float64))
