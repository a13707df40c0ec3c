"""On random graphs, the netlists' elements carry the currents that the circuit's equations say.

The elements are evaluated by Kirchhoff's law itself: node voltages in, net currents out, no solver.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analogeq.circuit import Drive, Nudge, Tether, compile_circuit
from analogeq.circuit.elements import (
    Capacitors,
    CurrentConveyors,
    CurrentSources,
    IdealClamps,
    Resistors,
    Transconductances,
    VoltageAmplifiers,
    VoltageSources,
)
from analogeq.circuit.netlist import cell_hierarchy, folded_schematic
from analogeq.circuit.netlist.cells import flattened
from analogeq.circuit.rules import check
from analogeq.hardware import Technology
from analogeq.network import (
    glorot_uniform,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    with_lateral_connections,
    with_skip_connections,
)

TECHNOLOGIES = (
    Technology(),
    Technology(arrays="mirrored", mirror_mismatch=0.2, follower_gain=9.0, sense_gain=3.0, rail=0.7),
)
GRAPHS = st.one_of(
    st.builds(
        lambda seed, density: random_graph(2, 5, 2, density, seed=seed), st.integers(0, 999), st.floats(0.5, 1.0)
    ),
    st.sampled_from(
        (
            lattice_graph(3, 3),
            with_lateral_connections(layered_graph((2, 3, 2))),
            with_skip_connections(layered_graph((2, 2, 2, 1))),
        )
    ),
)


def net_currents(schematic, voltages):
    """Net current [A] into every node at node ``voltages`` [V], clamps left out."""
    net = np.zeros(len(voltages))
    for table in schematic.tables:
        a, b = table.nodes[:, 0], table.nodes[:, -1]
        if isinstance(table, Resistors):
            current = (voltages[a] - voltages[b]) / table.ohms
        elif isinstance(table, CurrentSources):
            current = table.amperes
        elif isinstance(table, Transconductances):
            a, b = table.nodes[:, 0], table.nodes[:, 1]
            current = table.siemens * (voltages[table.nodes[:, 2]] - voltages[table.nodes[:, 3]])
        else:
            continue
        np.add.at(net, a, -current)
        np.add.at(net, b, current)
    return net


def with_sources(schematic, voltages):
    """Set the nodes that voltage sources and amplifiers drive against ground."""
    for table in schematic.tables:
        if isinstance(table, VoltageSources):
            voltages[table.nodes[:, 0]] = table.volts
        if isinstance(table, VoltageAmplifiers):
            voltages[table.nodes[:, 0]] = table.gain * voltages[table.nodes[:, 2]]
    return voltages


def with_conveyors(schematic, net):
    """Add what the conveyors copy: a sensing source takes whatever flows into its bit line."""
    sensed = {}
    for table in schematic.tables:
        if isinstance(table, VoltageSources):
            sensed.update(zip(table.names, net[table.nodes[:, 0]], strict=True))
    for table in schematic.tables:
        if isinstance(table, CurrentConveyors):
            copied = table.gain * np.array([sensed[name] for name in table.sensing])
            np.add.at(net, table.nodes[:, 0], -copied)
            np.add.at(net, table.nodes[:, 1], copied)
    return net


@pytest.mark.parametrize("technology", TECHNOLOGIES, ids=["shared", "mirrored"])
@given(graph=GRAPHS, seed=st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_elements_carry_the_currents_of_the_circuits_equations(technology, graph, seed):
    rng = np.random.default_rng(seed)
    network = network_from_graph(graph)
    circuit = compile_circuit(network, technology)
    parameters = glorot_uniform(network, rng)
    parameters.biases[:] = rng.uniform(-1, 1, network.n_nodes)
    conductances = circuit.program(parameters)
    g0, rail = technology.unit_conductance, technology.rail
    tether = Tether(rng.uniform(0, rail, (1, network.n_nodes)), 0.3 * g0)
    uneven = -0.7 * g0 * rng.uniform(0.5, 1.2, network.n_outputs)
    nudge = Nudge(rng.uniform(0, rail, (1, network.n_outputs)), uneven)
    drive = Drive(rng.uniform(0, rail, (1, network.n_inputs)), tether, nudge)
    neurons = rng.uniform(0, rail, network.n_nodes)
    expected = circuit.unclamped_currents(conductances, drive, neurons[None])[0]

    flat = flattened(cell_hierarchy(circuit, conductances, drive).schematic, technology)
    assert check(flat) == ()
    voltages = np.zeros(len(flat.nodes))
    where = slice(1 + network.n_inputs, 1 + network.n_inputs + network.n_nodes)
    voltages[where] = neurons
    voltages = with_sources(flat, voltages)
    net = with_conveyors(flat, net_currents(flat, voltages))
    # sums of a few dozen currents of the size of G0 times the rail
    np.testing.assert_allclose(net[where], expected, rtol=0, atol=1e-11 * g0)

    folded = folded_schematic(circuit, conductances)
    undriven = circuit.coupling_currents(conductances, neurons[None])[0] - g0 * neurons
    grounded = np.concatenate(([0.0], neurons))
    np.testing.assert_allclose(net_currents(folded, grounded)[1:], undriven, rtol=0, atol=1e-11 * g0)


def test_every_neuron_has_one_capacitor_and_one_clamp_in_both_renderings():
    network = network_from_graph(lattice_graph(3, 3))
    circuit = compile_circuit(network, Technology())
    conductances = circuit.program(glorot_uniform(network, np.random.default_rng(0)))
    drive = Drive(np.zeros((1, network.n_inputs)))
    flat = flattened(cell_hierarchy(circuit, conductances, drive).schematic, Technology())
    for schematic in (flat, folded_schematic(circuit, conductances)):
        for kind in (Capacitors, IdealClamps):
            held = np.concatenate([table.nodes[:, 0] for table in schematic.tables if isinstance(table, kind)])
            assert len(np.unique(held)) == len(held) == network.n_nodes
