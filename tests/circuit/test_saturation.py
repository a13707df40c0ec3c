"""Saturation currents below ngspice's floor are announced to it."""

import numpy as np
import pytest

from analogeq.circuit import Circuit
from analogeq.circuit.elements import DiodeModel
from analogeq.circuit.netlist import simulation_netlist
from analogeq.circuit.netlist.saturation import EPSMIN, saturation_option
from analogeq.circuit.resistive import ResistiveCircuit, ResistiveDrive
from analogeq.circuit.resistive import netlist as resistive
from analogeq.hardware import DiodeClamp, Technology
from analogeq.hardware.resistive import DoubleShockley, ResistiveTechnology
from analogeq.network import Network, Parameters


def test_usual_diodes_need_no_option_and_tiny_ones_name_the_least() -> None:
    usual, tiny, tinier = (DiodeModel("d", current, 1.0, 0.0) for current in (1e-14, 1e-30, 3e-41))
    assert saturation_option([]) == saturation_option([usual]) == ""
    assert saturation_option([DiodeModel("d", EPSMIN, 1.0, 0.0)]) == ""
    assert saturation_option([tiny, usual, tinier]) == " epsmin=3e-41"


@pytest.mark.parametrize(("current", "said"), [(1e-14, False), (1e-31, True)])
def test_the_netlist_of_a_clamp_says_so(current: float, said: bool) -> None:
    circuit = Circuit(Network.layered((1, 1)), Technology(clamp=DiodeClamp(saturation_current=current)))
    text = simulation_netlist(circuit, circuit.program(Parameters(np.zeros(1), np.zeros(1))))
    assert ("epsmin=1e-31" in text) is said


def test_both_netlists_of_a_resistive_circuit_say_so() -> None:
    device = DoubleShockley(saturation_current=1e-9, thermal_voltage=0.02, offset=1.0)  # 2e-31 A at 0 V
    circuit = ResistiveCircuit(Network.layered((2, 3, 1)), ResistiveTechnology(device=device))
    held = circuit.program(np.full(circuit.wiring.n_edges, 0.1), np.zeros(circuit.network.n_nodes))
    for text in (
        resistive.simulation_netlist(circuit, held),
        resistive.readable_netlist(circuit, held, ResistiveDrive(np.ones((1, 2)))),
    ):
        assert " epsmin=1.9287498479639" in text  # 1e-9 A times exp(-50), in full
