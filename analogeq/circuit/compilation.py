"""Network and technology to a circuit that passed the electrical rule check."""

from __future__ import annotations

from typing import overload

import numpy as np

from analogeq.circuit.circuit import Circuit, Conductances
from analogeq.circuit.netlist.simulation import folded_schematic
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.circuit.resistive.netlist.checked import connected_schematic
from analogeq.circuit.rules import check, check_names
from analogeq.circuit.schematic import refuse
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.network import Network


@overload
def compile_circuit(network: Network, technology: Technology) -> Circuit: ...


@overload
def compile_circuit(network: Network, technology: ResistiveTechnology) -> ResistiveCircuit: ...


@overload
def compile_circuit(network: Network, technology: Technology | ResistiveTechnology) -> Circuit | ResistiveCircuit: ...


def compile_circuit(network: Network, technology: Technology | ResistiveTechnology) -> Circuit | ResistiveCircuit:
    """Build the circuit of a network and check it, before any simulator starts.

    Parameters
    ----------
    network : Network
    technology : Technology or ResistiveTechnology
        Its family decides the circuit's.

    Raises
    ------
    GraphError
        If the family cannot build the network, as with amplifiers that drive each other.
    ElectricalRuleError
        Listing every violation: the network's names, then the circuit's values and connections.
    """
    if isinstance(technology, ResistiveTechnology):
        return _resistive(network, technology)
    circuit = Circuit(network, technology)
    idle = np.zeros(network.n_edges)
    unprogrammed = Conductances(technology, idle, idle, np.zeros(network.n_nodes))
    schematic = folded_schematic(circuit, unprogrammed)
    refuse((*check_names(network), *check(schematic)))
    return circuit


def _resistive(network: Network, technology: ResistiveTechnology) -> ResistiveCircuit:
    refuse(check_names(network))  # first: the schematic is in the network's names
    circuit = ResistiveCircuit(network, technology)
    refuse(check(connected_schematic(circuit)))
    return circuit
