"""Wired crossbars of the resistive family: the mesh, what nodes see of it, and the native engine are one circuit."""

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.circuit.resistive.laws import supply_currents
from analogeq.circuit.resistive.netlist import readable_netlist, simulation_netlist
from analogeq.engines import engine
from analogeq.hardware import Wires
from analogeq.hardware.resistive import Amplifier, DoubleShockley, IdealDiode, ResistiveTechnology
from analogeq.network import Network

pytestmark = pytest.mark.ngspice

AGREEMENT = 1e-9
"""Of the largest voltage: what ngspice's shunts of 1e-12 S, and 1e12 S for an ideal diode, leave beside 1 S."""

WIRES = {
    "left to bottom": Wires(0.02, 0.03, 0.2, 0.1),
    "right to top": Wires(0.02, 0.03, 0.2, 0.1, driven_from="right", sensed_at="top"),
    "both sides": Wires(0.05, 0.0, driven_from="both"),
    "bit lines": Wires(0.0, 0.05, 0.0, 0.1),
    "as much as devices": Wires(1.0, 1.0, 1.0, 1.0),
}

TECHNOLOGIES = {
    "ideal": {"device": IdealDiode()},
    "soft": {"device": DoubleShockley(1e-3, 0.2, 0.3), "bias_voltage": 0.2},
    "amplified": {"device": DoubleShockley(1e-3, 0.2, 0.3), "amplifier": Amplifier(2.0, 0.5), "inputs": "single"},
}


def built(wires, technology, sizes=(3, 5, 4, 2)):
    circuit = ResistiveCircuit(Network.layered(sizes), ResistiveTechnology(wires=wires, **technology))
    rng = np.random.default_rng(6)
    g = rng.uniform(0.05, 1.0, circuit.wiring.n_edges)
    g[::9] = 0.0
    held = circuit.program(g, 0.02 * rng.normal(size=circuit.network.n_nodes))
    return circuit, held, ResistiveDrive(rng.normal(0.0, 0.3, (1, sizes[0])))


@pytest.mark.parametrize("technology", TECHNOLOGIES)
@pytest.mark.parametrize("wires", WIRES)
def test_the_mesh_the_reduced_netlist_and_the_native_engine_are_one_circuit(run_netlist, wires, technology):
    circuit, held, drive = built(WIRES[wires], TECHNOLOGIES[technology])
    with engine("native").open(circuit) as session:
        session.program(held)
        settled = session.settle(drive).voltages[0]
    assert 0.01 < np.abs(settled[circuit.hidden]).max() < 0.6  # V; ngspice has another law 3 thermal voltages below 0
    mesh = run_netlist(readable_netlist(circuit, held, drive), "run")
    currents = supply_currents(circuit, held, drive)[0]
    commands = [f"alter i{k}={float(amperes)!r}" for k, amperes in enumerate(currents)]
    reduced = run_netlist(simulation_netlist(circuit, held), *commands, "op")
    limit = AGREEMENT * np.abs(settled).max()
    assert np.abs(settled - [mesh[name] for name in circuit.network.node_names]).max() < limit
    assert np.abs(settled - [reduced[f"n{k}"] for k in range(circuit.network.n_nodes)]).max() < limit


def test_the_mesh_has_a_segment_for_each_cell_and_line():
    circuit, held, drive = built(WIRES["left to bottom"], TECHNOLOGIES["ideal"])
    text = readable_netlist(circuit, held, drive)
    cells = circuit.wiring.n_edges
    assert sum(line.startswith("r") for line in text.splitlines()) == 2 * cells  # one of each line, a lead or between
    assert sum(line.startswith("xd") and " conductance " in line for line in text.splitlines()) == (held.g > 0.0).sum()
    assert "Crossbar from layer 1 to layer 2" in text
