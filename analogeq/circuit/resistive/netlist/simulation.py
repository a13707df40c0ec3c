"""The simulation rendering: flat, sources folded, made to be altered in place.

It has the element names of the first family's, so that the same workers serve both: node k is
``n{k}``, ``i{k}`` the Norton current of sources, biases and nudges. A conductance e between nodes
is two transconductances, ``gw{e}_f`` (A·g, what the upper node sends down) and ``gw{e}_b`` (c·g, what the
lower sends up); what loads node k, everything linear added up, is ``gw{E + k}_f`` to ground, with E
the number of edges. Where wires resist these edges are what the nodes see of each other, not devices (Kron reduction:
`analogeq.circuit.resistive.arrays`). The folded sources are in the load and in the current. (One element with two
terminals would write four entries of the matrix where these two write one each; an operating point of
1568-100-10 took a third longer with it.)

ngspice builds its matrix anew for every analysis and inserts into sorted lists: conductances are
written last to first, because then each new entry comes at a list's head.

The capacitors ``c{k}`` are there for the workers' first analysis, which puts a new circuit's pivots in
order; an operating point does not see them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from analogeq.circuit.elements import Capacitors, CurrentSources, DiodeModel, Doubles, Ints, Table, Transconductances
from analogeq.circuit.names import GROUND
from analogeq.circuit.netlist.saturation import saturation_option
from analogeq.circuit.resistive.circuit import ResistiveCircuit, ResistiveConductances
from analogeq.circuit.resistive.laws import device_currents
from analogeq.circuit.resistive.netlist.devices import CELSIUS, bias_nodes, device_tables
from analogeq.circuit.schematic import Schematic
from analogeq.network import Network

TOLERANCES = "reltol=1e-6 vntol=1e-12 abstol=1e-15"
"""Newton's last step falls far below what makes it stop: agreement is to rounding, not to these."""

PARASITIC = 1e-12
"""Farads of a node; see above."""

SHUNT = 1e-12
"""What loads a node that nothing is connected to and no device conducts at [S], so that it stands at 0 V."""


def simulation_netlist(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> str:
    """Write the flat netlist: title, options, elements, ``.end``; no analysis and no commands."""
    net = circuit.network
    title = f"analogeq, resistive family, sources folded: {net.n_inputs} inputs, {net.n_nodes} nodes"
    schematic = folded_schematic(circuit, conductances)
    options = options_line(table.model for table in schematic.diode_tables)
    return "\n".join((title, options, *schematic.lines(), ".end\n"))


def options_line(models: Iterable[DiodeModel]) -> str:
    """Write the tolerances, the temperature and what the diodes of these models need."""
    return f".options {TOLERANCES} temp={CELSIUS!r} tnom={CELSIUS!r}{saturation_option(models)}"


def element_numbers(circuit: ResistiveCircuit) -> tuple[list[int], list[int]]:
    """Numbers of the transconductances: forward the edges between nodes, then one a node; backward the edges."""
    edges = [e for c in circuit.seen.couplings for e in range(c.block.edges.start, c.block.edges.stop)]
    first = circuit.seen.network.n_edges
    return edges + list(range(first, first + circuit.network.n_nodes)), edges


def simulation_values(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> tuple[Doubles, Doubles]:
    """What the transconductances hold [S], forward and backward, in the order of `element_numbers`."""
    forth, back = _sent(circuit, conductances)
    load = (circuit.source_load(conductances) + circuit.coupling_load(conductances)).astype(np.float64)
    _, slope = device_currents(circuit, np.zeros((1, len(load))))
    load[(load == 0.0) & (slope[0] == 0.0)] = SHUNT
    return np.concatenate([forth, load]), back


def _sent(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> tuple[Doubles, Doubles]:
    """Current per volt of the upper node into the lower one, and the other way [A/V], of every coupling's edges."""
    between = circuit.between(conductances).astype(np.float64)
    forth, back = [np.zeros(0)], [np.zeros(0)]
    for coupling in circuit.seen.couplings:
        (row, col), g = coupling.block.endpoints(), between[coupling.block.edges]
        (ahead, own), (lower_ahead, lower_own) = circuit.raising(coupling)
        forth.append(g * ahead[row] * lower_own[col])
        back.append(g * own[row] * lower_ahead[col])
    return np.concatenate(forth), np.concatenate(back)


def folded_schematic(circuit: ResistiveCircuit, conductances: ResistiveConductances) -> Schematic:
    """Build the circuit that the simulation netlist writes."""
    net = circuit.network
    at = np.arange(1, net.n_nodes + 1, dtype=np.intp)
    ground, zero = np.zeros_like(at), np.zeros(net.n_nodes)
    to_ground = np.column_stack((at, ground))
    bias_names = bias_nodes(circuit.technology.device) if circuit.n_hidden else ()
    biases = tuple(range(net.n_nodes + 1, net.n_nodes + 1 + len(bias_names)))
    nodes = (GROUND, *(f"n{k}" for k in range(net.n_nodes)), *bias_names)
    hidden = circuit.hidden
    names = tuple(str(k) for k in hidden.tolist())
    devices = device_tables(circuit.technology.device, names, at[hidden], circuit.polarity[hidden], biases)
    return Schematic(
        nodes,
        (
            CurrentSources(_named("i", net.n_nodes), np.column_stack((ground, at)), zero),
            Capacitors(_named("c", net.n_nodes), to_ground, np.full(net.n_nodes, PARASITIC), zero),
            Transconductances(_named("gt", net.n_nodes), _grounded(at), zero),
            Transconductances(_named("gn", net.n_outputs), _grounded(at[net.outputs]), np.zeros(net.n_outputs)),
            *_links(circuit, conductances, at),
            *(devices if len(hidden) else ()),
        ),
    )


def _links(circuit: ResistiveCircuit, conductances: ResistiveConductances, at: Ints) -> tuple[Table, Table]:
    pre, post, _ = coupling_ends(circuit.seen.network)
    values = simulation_values(circuit, conductances)
    source, target, ground = at[pre], at[post], np.zeros_like(pre)
    down = np.concatenate([np.column_stack((ground, target, source, ground)), _grounded(at)])
    up = np.column_stack((ground, source, target, ground))
    forward, backward = (
        Transconductances(tuple(f"gw{e}_{way}" for e in reversed(numbers)), ends[::-1], gains[::-1])
        for way, numbers, ends, gains in zip("fb", element_numbers(circuit), (down, up), values, strict=True)
    )
    return forward, backward


def coupling_ends(net: Network) -> tuple[Ints, Ints, Ints]:
    """Both ends on the node axis and the edge number of every conductance between nodes."""
    columns = [(np.zeros(0, dtype=np.intp),) * 3]
    for block in net.coupling_blocks:
        rows, cols = block.endpoints()
        edges = np.arange(block.edges.start, block.edges.stop, dtype=np.intp)
        columns.append((rows + net.layer(block.pre).start, cols + net.layer(block.post).start, edges))
    pre, post, numbers = (np.concatenate(column) for column in zip(*columns, strict=True))
    return pre, post, numbers


def _grounded(at: Ints) -> Ints:
    ground = np.zeros_like(at)
    return np.column_stack((at, ground, at, ground))


def _named(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{k}" for k in range(count))
