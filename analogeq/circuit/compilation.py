"""Network and technology to a circuit that passed the electrical rule check."""

from __future__ import annotations

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.netlist.simulation import folded_schematic
from analogeq.circuit.rules import check, check_names, refuse
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters


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
    idle = circuit.program(Parameters(np.zeros(network.n_edges), np.zeros(network.n_nodes)))
    refuse((*check_names(network), *check(folded_schematic(circuit, idle))))
    return circuit
