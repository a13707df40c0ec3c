"""The readable netlist of lattices, convolutions and learning networks, run by ngspice."""

import networkx as nx
import numpy as np
import pytest

from analogeq.circuit import Nudge, compile_circuit
from analogeq.circuit.resistive import ResistiveDrive, kirchhoff_residual
from analogeq.circuit.resistive.netlist import readable_netlist
from analogeq.hardware.resistive import DoubleShockley, NoDevice, ResistiveTechnology
from analogeq.network import (
    LocalLayer,
    Maps,
    MapTopology,
    lattice_graph,
    layered_graph,
    network_from_graph,
    random_graph,
    with_lateral_connections,
    with_terminals,
)

MAPS = MapTopology(Maps(1, 4, 4), (LocalLayer(2, 3, shared=True),), (2,))
BARE = ResistiveTechnology(inputs="single", device=NoDevice(), bias_currents="none")
NETWORKS = {
    "lattice": (network_from_graph(lattice_graph(3, 4)), ResistiveTechnology()),
    "lateral": (network_from_graph(with_lateral_connections(layered_graph((2, 4, 2)))), ResistiveTechnology()),
    "no layers": (network_from_graph(random_graph(2, 6, 2, 0.3, seed=1)), ResistiveTechnology(bias_voltage=0.5)),
    "maps": (MAPS.network(), ResistiveTechnology(device=DoubleShockley())),
    "self-learning": (network_from_graph(with_terminals(nx.grid_2d_graph(4, 4), [(1, 1), (3, 0)], [(0, 3)])), BARE),
}


@pytest.mark.ngspice
@pytest.mark.parametrize("name", NETWORKS)
def test_the_readable_netlist_settles_where_the_laws_say(name, run_netlist):
    circuit = compile_circuit(*NETWORKS[name])
    rng = np.random.default_rng(5)
    held = circuit.program(rng.uniform(0.1, 1.0, circuit.wiring.n_edges))
    targets = rng.random((1, circuit.network.n_outputs))
    drive = ResistiveDrive(rng.normal(size=(1, circuit.network.n_inputs)), None, Nudge(targets, 0.3))
    ends = run_netlist(readable_netlist(circuit, held, drive), "run")
    voltages = np.array([[ends[node] for node in circuit.network.node_names]])
    assert (
        kirchhoff_residual(circuit, held, drive, voltages)[0] < 1e-7
    )  # A of some; an ideal diode's stand-in leaves 1e-9
    assert np.ptp(voltages) > 0.05
