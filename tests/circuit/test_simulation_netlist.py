"""The flat rendering that engines load."""

import re

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.circuit.netlist import folded_schematic, simulation_netlist
from analogeq.hardware import DiodeClamp, Technology
from analogeq.network import Network, Parameters, glorot_uniform


def programmed(sizes, technology=None, seed=0):
    network = Network.layered(sizes)
    circuit = Circuit(network, technology or Technology())
    return circuit, circuit.program(glorot_uniform(network, np.random.default_rng(seed)))


def test_every_neuron_has_its_altered_elements():
    circuit, conductances = programmed((2, 3, 2))
    lines = simulation_netlist(circuit, conductances).splitlines()
    for k in range(5):
        assert f"i{k} 0 n{k} dc 0.0" in lines
        assert f"c{k} n{k} 0 1e-12 ic=0.0" in lines
        assert f"gt{k} n{k} 0 n{k} 0 0.0" in lines
    assert "gn0 n3 0 n3 0 0.0" in lines
    assert "gn1 n4 0 n4 0 0.0" in lines


def test_a_coupling_is_written_both_ways_with_full_precision():
    network = Network.layered((1, 1, 1))
    circuit = Circuit(network, Technology(unit_conductance=1e-5, follower_gain=9.0))
    conductances = circuit.program(Parameters(np.array([0.25, 1 / 3]), np.zeros(2)))
    lines = simulation_netlist(circuit, conductances).splitlines()
    siemens = repr(1 / 3 * (1e-5 * 0.9))
    assert f"gw1_f 0 n1 n0 0 {siemens}" in lines
    assert f"gw1_b 0 n0 n1 0 {siemens}" in lines


def test_it_holds_no_analysis_and_no_command_and_ends_with_end():
    text = simulation_netlist(*programmed((2, 2, 1)))
    assert text.endswith("\n.end\n")
    cards = [line.split()[0] for line in text.splitlines() if line.startswith(".")]
    assert cards == [".options", ".end"]


def test_a_diode_clamp_is_two_diodes_a_rail_and_a_model():
    clamp = DiodeClamp(saturation_current=1e-9, ideality=1.5, series_resistance=2.0)
    text = simulation_netlist(*programmed((2, 1, 1), Technology(clamp=clamp, rail=0.8, temperature=85.0)))
    lines = text.splitlines()
    assert "vrail rail 0 dc 0.8" in lines
    assert "du1 n1 rail dclamp" in lines
    assert "dl1 0 n1 dclamp" in lines
    assert ".model dclamp d(is=1e-09 n=1.5 rs=2.0)" in lines
    assert "temp=85.0 tnom=85.0" in lines[1]


def test_no_number_is_written_as_a_numpy_scalar():
    assert not re.search(r"np\.|float|array", simulation_netlist(*programmed((3, 2, 1))))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_schematic_agrees_with_the_text_element_by_element(dtype):
    network = Network.layered((2, 2, 1))
    circuit = Circuit(network, Technology())
    conductances = circuit.program(glorot_uniform(network, np.random.default_rng(1), dtype=dtype))
    schematic = folded_schematic(circuit, conductances)
    names = [element.name for element in schematic]
    written = [line.split()[0] for line in simulation_netlist(circuit, conductances).splitlines()[2:-1]]
    assert names == written
