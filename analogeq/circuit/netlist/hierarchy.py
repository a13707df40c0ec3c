"""The circuit as a designer draws it: neurons, word lines, bit lines, pairs, sense amplifiers.

One schematic for one sample, with the user's names, made of instances of the hand-written cells in
``netlists/lib``. Every weight is a real pair of devices between a word line and two bit lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances, Which
from analogeq.circuit.drive import Drive, Volts
from analogeq.circuit.elements import Doubles, Instances, Ints, Table, VoltageSources
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.netlist.referenced import DEVICES, referenced_biases, referenced_blocks
from analogeq.circuit.netlist.simulation import coupling_ends, joined
from analogeq.circuit.netlist.stages import DrawnStages
from analogeq.circuit.netlist.wired import wired_block, wired_blocks
from analogeq.circuit.rules import check_names
from analogeq.circuit.schematic import Schematic, refuse
from analogeq.circuit.stages import settled_states
from analogeq.errors import InputError

_WIRED = "devices and wires of its plus (p) and its minus (m) array"


@dataclass(frozen=True, eq=False)
class Section:
    """Some tables under a heading of this package's own words."""

    title: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """A circuit of cells for one sample.

    Attributes
    ----------
    nodes : tuple of str
        Node names by number.
    sections : tuple of Section
        In the order a reader meets them.
    neurons : tuple of str
        Names of the neurons, on the ``node`` axis.
    """

    nodes: tuple[str, ...]
    sections: tuple[Section, ...]
    neurons: tuple[str, ...]

    @property
    def schematic(self) -> Schematic:
        """All sections in one."""
        return Schematic(self.nodes, tuple(table for section in self.sections for table in section.tables))


@dataclass(frozen=True, eq=False)
class _Wires:
    """Node numbers of what the cells hang on; arrays on the ``input`` or ``node`` axis.

    Without bit lines where weights share references: there every array has columns of its own.
    """

    inputs: Ints
    neurons: Ints
    rail: Ints  # the one rail, repeated for each neuron
    plus: Ints
    minus: Ints
    sinks: Ints  # where the columns' currents go: the neurons, or the outputs of conveyors with limits


def cell_hierarchy(
    circuit: Circuit, conductances: Conductances, drive: Drive, *, sample: int = 0, start: Volts | None = None
) -> Hierarchy:
    """Draw a circuit for one sample of a drive.

    Parameters
    ----------
    circuit : Circuit
    conductances : Conductances
    drive : Drive
    sample : int
        Which sample of the drive.
    start : ndarray, shape (node,), optional
        What the node capacitors are preset to [V]; the tether's voltages if there is one, else zero.
    """
    if not 0 <= sample < drive.batch:
        raise InputError(f"sample {sample}: the drive holds {drive.batch}; give 0 … {drive.batch - 1}")
    net = circuit.network
    refuse(check_names(net))
    nodes = Nodes(net.names)
    neurons = net.n_inputs + 1 + np.arange(net.n_nodes, dtype=np.intp)
    shared_references = conductances.references is not None
    preset = _preset(drive, sample, start, net.n_nodes)
    settled = settled_states(circuit, conductances, drive.only(np.array([sample])), preset[None])[0]
    stages = DrawnStages.of(circuit, settled)
    wires = _Wires(
        inputs=np.arange(1, net.n_inputs + 1, dtype=np.intp),
        neurons=neurons,
        rail=np.full(net.n_nodes, nodes.single("rail"), dtype=np.intp),
        plus=neurons[:0] if shared_references else nodes.derive("bp", neurons),
        minus=neurons[:0] if shared_references else nodes.derive("bm", neurons),
        sinks=neurons if stages is None else stages.columns(neurons, nodes),
    )
    sections = (
        _sources(circuit, drive, sample, wires),
        *_neurons(circuit, wires, preset, nodes),
        *_conveyors(stages, wires),
        *_biases(circuit, conductances, wires, nodes),
        *_input_crossbar(circuit, conductances, wires, nodes),
        *_coupling_crossbars(circuit, conductances, stages, wires, nodes),
        *_tether(drive, sample, wires, nodes),
        *_nudge(circuit, drive, sample, wires, nodes),
    )
    return Hierarchy(nodes.names, sections, tuple(nodes.names[k] for k in neurons))


def _preset(drive: Drive, sample: int, start: Volts | None, n_nodes: int) -> Doubles:
    if start is None:
        start = np.zeros(n_nodes) if drive.tether is None else drive.tether.voltages[sample]
    if start.shape != (n_nodes,):
        raise InputError(f"start: shape {start.shape}; one voltage a neuron is wanted, pass shape ({n_nodes},)")
    return start.astype(np.float64)


def _voltages(prefix: str, at: Ints, volts: Volts) -> VoltageSources:
    names = tuple(f"{prefix}{k}" for k in range(len(at)))
    return VoltageSources(names, np.column_stack((at, np.zeros_like(at))), volts.astype(np.float64))


def _cells(subcircuit: str, names: tuple[str, ...], ports: tuple[Ints, ...], **parameters: Doubles) -> Instances:
    return Instances(names, np.column_stack(ports), subcircuit, parameters)


def _numbered(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{k}" for k in range(count))


def _sources(circuit: Circuit, drive: Drive, sample: int, wires: _Wires) -> Section:
    rail = VoltageSources(
        ("vrail",), np.array([[wires.rail[0], 0]], dtype=np.intp), np.array([float(circuit.technology.rail)])
    )
    return Section(
        "Supply, and inputs: each drives its own word line", (rail, _voltages("vi", wires.inputs, drive.inputs[sample]))
    )


def _cores(circuit: Circuit, wires: _Wires, preset: Doubles, nodes: Nodes) -> Section:
    names, levels = _numbered("xn", len(wires.neurons)), circuit.clamp_levels
    if levels is None:
        cells = _cells("neuron", names, (wires.neurons, wires.rail), v_preset=preset)
        return Section("Neurons: node, rail", (cells,))
    upper, lower = nodes.derive("cu", wires.neurons), nodes.derive("cl", wires.neurons)
    sources = _voltages("vcu", upper, levels.upper), _voltages("vcl", lower, levels.lower)
    cells = _cells("neuron_between", names, (wires.neurons, upper, lower), v_preset=preset)
    return Section(
        "Neurons, and the levels that each one's clamp holds it between: node, upper, lower", (*sources, cells)
    )


def _neurons(circuit: Circuit, wires: _Wires, preset: Doubles, nodes: Nodes) -> Iterator[Section]:
    count = len(wires.neurons)
    yield _cores(circuit, wires, preset, nodes)
    if not len(wires.plus):
        return
    names, ports, flaws = _numbered("xs", count), (wires.plus, wires.minus, wires.sinks), circuit.amplifiers
    if flaws is None:
        yield Section("Sense amplifiers: plus and minus bit line, neuron", (_cells("sense", names, ports),))
        return
    real = _cells("sense_real", names, ports, gain=flaws.gain, offset_plus=flaws.plus, offset_minus=flaws.minus)
    yield Section("Sense amplifiers, each with its errors: plus and minus bit line, neuron", (real,))


def _conveyors(stages: DrawnStages | None, wires: _Wires) -> Iterator[Section]:
    if stages is not None and (tables := stages.conveyors(wires.sinks, wires.neurons)):
        yield Section("Conveyors' outputs: what the columns ask for, neuron", tables)


def _biases(circuit: Circuit, conductances: Conductances, wires: _Wires, nodes: Nodes) -> Iterator[Section]:
    if conductances.references is not None:
        tables = referenced_biases(circuit, conductances, wires.rail[:1], wires.sinks, nodes)
        yield Section(f"Biases on a word line that stands at the rail: {DEVICES}", tables)
        return
    names = _numbered("xb", len(wires.neurons))
    pairs = _pairs(names, conductances.pairs("biases"), (wires.rail, wires.plus, wires.minus))
    yield Section("Biases: pairs on a word line that stands at the rail", (pairs,))


def _pairs(names: tuple[str, ...], held: tuple[Volts, Volts], ports: tuple[Ints, ...]) -> Instances:
    g_plus, g_minus = (g.astype(np.float64, copy=False) for g in held)
    return _cells("pair", names, ports, g_plus=g_plus, g_minus=g_minus)


def _input_crossbar(circuit: Circuit, conductances: Conductances, wires: _Wires, nodes: Nodes) -> Iterator[Section]:
    net = circuit.network
    if conductances.references is not None:
        drawn = referenced_blocks(circuit, conductances, wires.inputs, wires.sinks, nodes, inputs=True)
        yield from (Section(title, tables) for title, tables in drawn)
        return
    if not circuit.technology.wires.are_ideal:
        for block in net.input_blocks:
            layer = net.layer(block.post)
            lines = wires.inputs, wires.plus[layer], wires.minus[layer]
            title = f"Crossbar from the inputs to layer {block.post}: {_WIRED}"
            yield Section(title, wired_block(conductances, block, "forward", lines, nodes))
        return
    ends = joined((block, 0, net.layer(block.post).start) for block in net.input_blocks)
    rows, post, edge = ends
    if len(edge):
        names = tuple([f"xw{e}_f" for e in edge.tolist()])
        ports = (wires.inputs[rows], wires.plus[post], wires.minus[post])
        pairs = _pairs(names, conductances.pairs("weights", edge), ports)
        yield Section("Crossbar from the inputs: word line, plus and minus bit line", (pairs,))


def _coupling_crossbars(
    circuit: Circuit, conductances: Conductances, stages: DrawnStages | None, wires: _Wires, nodes: Nodes
) -> Iterator[Section]:
    pre, post, edge = coupling_ends(circuit)
    if not len(edge):
        return
    driving = np.unique(np.concatenate((pre, post)))
    line = np.zeros_like(wires.neurons)
    line[driving] = nodes.derive("wl", wires.neurons[driving])
    followed = wires.neurons[driving]
    if stages is not None:
        followed, tables = stages.followers(driving, wires.neurons, nodes)
        if tables:
            yield Section("What followers can follow: neuron, stage", tables)
    yield _followers(circuit, driving, line, followed, nodes)
    if conductances.references is not None:
        drawn = referenced_blocks(circuit, conductances, line, wires.sinks, nodes, inputs=False)
        yield from (Section(title, tables) for title, tables in drawn)
        return
    if not circuit.technology.wires.are_ideal:
        for title, tables in wired_blocks(circuit.network, conductances, (line, wires.plus, wires.minus), nodes):
            yield Section(f"{title}: {_WIRED}", tables)
        return
    yield from _ideal_crossbars(circuit, conductances, line, wires)


def _followers(circuit: Circuit, driving: Ints, line: Ints, followed: Ints, nodes: Nodes) -> Section:
    names = tuple(f"xf{k}" for k in driving.tolist())
    if circuit.follower_offsets is None:
        cells = _cells("follower", names, (followed, line[driving]))
        return Section("Word-line followers: neuron, word line", (cells,))
    driven = nodes.derive("fo", followed)
    volts = circuit.technology.follower_factor * circuit.follower_offsets[driving]
    added = VoltageSources(tuple(f"vo{k}" for k in driving.tolist()), np.column_stack((line[driving], driven)), volts)
    cells = _cells("follower", names, (followed, driven))
    return Section("Word-line followers: neuron, output; and what their offsets add on the word line", (cells, added))


def _ideal_crossbars(circuit: Circuit, conductances: Conductances, line: Ints, wires: _Wires) -> Iterator[Section]:
    pre, post, edge = coupling_ends(circuit)
    both = (
        "one array, read the other way: the same values" if circuit.technology.arrays == "shared" else "its own array"
    )
    directions: tuple[tuple[str, str, Which, Ints, Ints], ...] = (
        ("Crossbar between neurons, forward", "f", "weights", pre, post),
        (f"Crossbar between neurons, backward ({both})", "b", "backward", post, pre),
    )
    for title, suffix, which, source, target in directions:
        names = tuple([f"xw{e}_{suffix}" for e in edge.tolist()])
        ports = (line[source], wires.plus[target], wires.minus[target])
        yield Section(title, (_pairs(names, conductances.pairs(which, edge), ports),))


def _tether(drive: Drive, sample: int, wires: _Wires, nodes: Nodes) -> Iterator[Section]:
    if drive.tether is None:
        return
    count = len(wires.neurons)
    dac = nodes.derive("dac", wires.neurons)
    siemens = np.full(count, float(drive.tether.conductance))
    cells = _cells("tether", _numbered("xt", count), (wires.neurons, dac), g=siemens)
    yield Section("Tether to the digital prediction", (_voltages("vt", dac, drive.tether.voltages[sample]), cells))


def _nudge(circuit: Circuit, drive: Drive, sample: int, wires: _Wires, nodes: Nodes) -> Iterator[Section]:
    if drive.nudge is None:
        return
    outputs = wires.neurons[circuit.network.outputs]
    target = nodes.derive("target", outputs)
    siemens = drive.nudge.each(len(outputs))
    cells = _cells("nudge", _numbered("xu", len(outputs)), (outputs, target), g=siemens)
    yield Section("Nudge to the targets", (_voltages("vu", target, drive.nudge.voltages[sample]), cells))
