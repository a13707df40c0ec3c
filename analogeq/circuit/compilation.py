"""Network and technology to a circuit that passed the electrical rule check."""

from __future__ import annotations

import numpy as np

from analogeq.circuit.circuit import Circuit, Conductances
from analogeq.circuit.netlist.simulation import folded_schematic
from analogeq.circuit.rules import check, check_names
from analogeq.circuit.schematic import refuse
from analogeq.hardware import Technology
from analogeq.network import Network


def compile_circuit(network: Network, technology: Technology) -> Circuit:
    """Build the circuit of a network and check it, before any simulator starts.

    Parameters
    ----------
    network : Network
    technology : Technology

    Raises
    ------
    ElectricalRuleError
        Listing every violation: the network's names, then the circuit's values and connections.
    """
    circuit = Circuit(network, technology)
    idle = np.zeros(network.n_edges)
    unprogrammed = Conductances(technology, idle, idle, np.zeros(network.n_nodes))
    schematic = folded_schematic(circuit, unprogrammed)
    refuse((*check_names(network), *check(schematic)))
    return circuit
