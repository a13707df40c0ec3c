"""Network and technology to a circuit that passed the electrical rule check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

import numpy as np

from analogeq.circuit.circuit import Circuit
from analogeq.circuit.conductances import Conductances
from analogeq.circuit.mapping import refuse_sparse_arrays
from analogeq.circuit.netlist.simulation import folded_schematic
from analogeq.circuit.resistive import ResistiveCircuit
from analogeq.circuit.resistive.netlist.checked import connected_schematic
from analogeq.circuit.rules import check, check_names
from analogeq.circuit.schematic import refuse
from analogeq.circuit.wired import refuse_sparse_blocks
from analogeq.errors import GraphError
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.network import Network
from analogeq.network.network import Ints


@overload
def compile_circuit(network: Network, technology: Technology) -> Circuit: ...


@overload
def compile_circuit(
    network: Network,
    technology: ResistiveTechnology,
    *,
    shared: Mapping[int, Ints] | None = None,
    shared_nodes: Ints | None = None,
) -> ResistiveCircuit: ...


@overload
def compile_circuit(
    network: Network,
    technology: Technology | ResistiveTechnology,
    *,
    shared: Mapping[int, Ints] | None = None,
    shared_nodes: Ints | None = None,
) -> Circuit | ResistiveCircuit: ...


def compile_circuit(
    network: Network,
    technology: Technology | ResistiveTechnology,
    *,
    shared: Mapping[int, Ints] | None = None,
    shared_nodes: Ints | None = None,
) -> Circuit | ResistiveCircuit:
    """Build the circuit of a network and check it, before any simulator starts.

    Parameters
    ----------
    network : Network
    technology : Technology or ResistiveTechnology
        Its family decides the circuit's.
    shared : mapping of int to ndarray of int, optional
    shared_nodes : ndarray of int, shape (node,), optional
        Edges and neurons that learn as one, see `ResistiveCircuit`; the other family has none.

    Raises
    ------
    GraphError
        If the family cannot build the network, as with amplifiers that drive each other, shared kernels, or
        wires that resist or reference lines in a crossbar of which the network uses only some cells.
    ElectricalRuleError
        Listing every violation: the network's names, then the circuit's values and connections.
    """
    if isinstance(technology, ResistiveTechnology):
        return _resistive(network, technology, shared, shared_nodes)
    if shared or shared_nodes is not None:
        raise GraphError(
            "shared: this network has conductances or biases that learn as one, which circuits of the hopfield family "
            "do not; take the labels 'shared' off the graph, or give a technology of family 'resistive'"
        )
    refuse_sparse_blocks(network, technology)
    refuse_sparse_arrays(network, technology)
    circuit = Circuit(network, technology)
    idle = np.zeros(network.n_edges)
    unprogrammed = Conductances(technology, idle, idle, np.zeros(network.n_nodes))
    schematic = folded_schematic(circuit, unprogrammed)
    refuse((*check_names(network), *check(schematic)))
    return circuit


def _resistive(
    network: Network, technology: ResistiveTechnology, shared: Mapping[int, Ints] | None, shared_nodes: Ints | None
) -> ResistiveCircuit:
    refuse(check_names(network))  # first: the schematic is in the network's names
    circuit = ResistiveCircuit(network, technology, shared or {}, shared_nodes)
    refuse(check(connected_schematic(circuit)))
    return circuit
