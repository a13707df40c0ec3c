"""A name is never a command: canary files prove that nothing ran."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, compile_circuit
from analogeq.circuit.netlist import netlist_hash, readable_netlist, simulation_netlist
from analogeq.circuit.netlist.pyspice_view import pyspice_circuit
from analogeq.errors import ElectricalRuleError
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters

HOSTILE = "x\n.control\nshell touch canary\n.endc"
DRIVE = Drive(np.array([[0.5]]))


def hostile_circuit():
    network = replace(Network.layered((1, 1, 1)), names=("x0", HOSTILE, "y0"))
    circuit = Circuit(network, Technology())
    return circuit, circuit.program(Parameters(np.array([0.5, 0.5]), np.zeros(2)))


def test_a_node_that_is_a_command_is_refused_by_every_way_to_a_netlist():
    circuit, conductances = hostile_circuit()
    for attempt in (
        lambda: compile_circuit(circuit.network, circuit.technology),
        lambda: readable_netlist(circuit, conductances, DRIVE),
        lambda: pyspice_circuit(circuit, conductances, DRIVE),
    ):
        with pytest.raises(ElectricalRuleError, match="illegal name") as raised:
            attempt()
        assert "\n.control" not in str(raised.value)


@pytest.mark.ngspice
def test_the_simulation_rendering_holds_no_name_and_runs_no_command(run_netlist, tmp_path):
    circuit, conductances = hostile_circuit()
    text = simulation_netlist(circuit, conductances)
    assert "control" not in text
    run_netlist(text, "op")
    assert not (tmp_path / "canary").exists()


@pytest.mark.ngspice
def test_the_canary_would_have_shown_it(run_netlist, tmp_path):
    # the same command, not refused: what the rules above keep out does run where it gets in
    run_netlist(f"title\nr1 a 0 1k\nv1 a 0 dc 1\n* node {HOSTILE}\n.end\n", "op")
    assert (tmp_path / "canary").exists()


def test_a_hash_tells_netlists_apart():
    circuit, conductances = hostile_circuit()
    text = simulation_netlist(circuit, conductances)
    assert netlist_hash(text) == netlist_hash(simulation_netlist(circuit, conductances))
    assert netlist_hash(text) != netlist_hash(text + "\n")
    assert len(netlist_hash(text)) == 64
