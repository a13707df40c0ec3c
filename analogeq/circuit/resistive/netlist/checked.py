"""What the electrical rule check looks at: every path there can be, by the user's names.

The simulation rendering has all that loads a node as one conductance to ground, beside currents that
other nodes control: an island would look grounded there. Here a conductance between two nodes is
between them, an amplifier's output is a source, and sources alone are folded. Each conductance holds
what the technology lets it, not 0 S: a chip may be programmed to leave a node alone, but not built so.
"""

from __future__ import annotations

import numpy as np

from analogeq.circuit.elements import Ints, Table, Transconductances, VoltageAmplifiers
from analogeq.circuit.netlist.nodes import Nodes
from analogeq.circuit.resistive.circuit import ResistiveCircuit
from analogeq.circuit.resistive.netlist.devices import bias_nodes, device_tables
from analogeq.circuit.resistive.netlist.simulation import coupling_ends
from analogeq.circuit.schematic import Schematic

SIEMENS = 1.0
"""What a conductance without an upper bound is taken to hold; any value above 0 S gives the same paths."""


def connected_schematic(circuit: ResistiveCircuit) -> Schematic:
    """Build the circuit as its technology lets it be connected."""
    net, hidden = circuit.network, circuit.hidden
    named = Nodes(net.node_names)
    at = np.arange(1, net.n_nodes + 1, dtype=np.intp)
    bias_names = bias_nodes(circuit.technology.device) if circuit.n_hidden else ()
    biases = tuple(named.single(name) for name in bias_names)
    amplified = () if circuit.technology.amplifier is None else _amplifiers(circuit, at, named)
    driven = at.copy()
    if amplified:
        driven[hidden] = amplified[0].nodes[:, 0]
    numbers = tuple(str(k) for k in hidden.tolist())
    device = circuit.technology.device
    devices = device_tables(device, numbers, at[hidden], circuit.polarity[hidden], biases) if len(hidden) else ()
    return Schematic(named.names, (*_conductances(circuit, at, driven), *amplified, *devices))


def _conductances(circuit: ResistiveCircuit, at: Ints, driven: Ints) -> tuple[Table, Table]:
    most = min(circuit.technology.conductance_high, SIEMENS)
    fed = _fed(circuit)
    pre, post, edges = coupling_ends(circuit.wiring)
    between = np.column_stack((driven[pre], at[post]))
    sources = np.column_stack((at[fed], np.zeros_like(fed)))
    return (
        Transconductances(
            tuple(f"gs{k}" for k in fed.tolist()), np.hstack((sources, sources)), np.full(len(fed), most)
        ),
        Transconductances(
            tuple(f"gw{e}" for e in edges.tolist()), np.hstack((between, between)), np.full(len(edges), most)
        ),
    )


def _fed(circuit: ResistiveCircuit) -> Ints:
    """Nodes that some source reaches."""
    net = circuit.wiring
    columns = [b.endpoints()[1] + net.layer(b.post).start for b in net.input_blocks]
    return np.unique(np.concatenate([*columns, np.zeros(0, dtype=np.intp)]))


def _amplifiers(circuit: ResistiveCircuit, at: Ints, named: Nodes) -> tuple[Table, ...]:
    """Their forward halves; what an amplifier takes from its node is a current and no path."""
    hidden = circuit.hidden
    ground = np.zeros_like(hidden)
    outputs = named.derive("driven", at[hidden])
    names = tuple(f"e{k}" for k in hidden.tolist())
    ends = np.column_stack((outputs, ground, at[hidden], ground))
    return (VoltageAmplifiers(names, ends, circuit.voltage_gains[hidden]),)
