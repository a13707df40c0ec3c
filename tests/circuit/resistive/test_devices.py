from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit.resistive import ResistiveCircuit, ResistiveConductances
from analogeq.errors import InputError
from analogeq.hardware import ResistiveTechnology
from analogeq.hardware.memory import Faults, Levels, Memory, Noise, Programming
from analogeq.network import Network, Parameters

TECHNOLOGY = ResistiveTechnology(conductance_low=1e-5, conductance_high=1e-3)
NETWORK = Network.layered((4, 5, 3))


def circuit_of(memory):
    return ResistiveCircuit(NETWORK, replace(TECHNOLOGY, memory=memory))


def asked(circuit):
    return np.random.default_rng(0).uniform(1e-5, 1e-3, circuit.wiring.n_edges)


def test_conductances_are_what_the_devices_hold_and_currents_what_is_asked():
    circuit = circuit_of(Memory(levels=Levels(5), faults=Faults(stuck_open=0.3)))
    g, currents = asked(circuit), np.arange(8.0)
    held = circuit.program(g, currents)
    open_ones = circuit.new_devices().array.faults != 0
    assert np.array_equal(held.g[open_ones], np.zeros(open_ones.sum()))
    assert np.allclose(held.g[~open_ones], 1e-5 + np.rint((g[~open_ones] - 1e-5) / 2.475e-4) * 2.475e-4, rtol=1e-12)
    assert np.array_equal(held.bias_currents, currents)


def test_a_step_moves_conductances_and_currents():
    circuit = circuit_of(Memory(levels=Levels(2**20), rounding="nearest"))
    devices, g = circuit.new_devices(), asked(circuit)
    before, wanted = Parameters(g, np.zeros(8)), Parameters(g[::-1].copy(), np.ones(8))
    devices.write(before)
    devices.move(before, wanted)
    moved = devices.held(np.dtype(np.float64))
    assert np.allclose(moved.weights, wanted.weights, atol=2e-9)  # two levels of 9.4e-10 S
    assert np.array_equal(moved.biases, wanted.biases)


def test_the_same_chip_holds_the_same_and_goes_on_from_its_state():
    circuit = circuit_of(Memory(programming=Programming(Noise(of_value=0.1)), read_noise=Noise(of_value=0.05)))
    g = asked(circuit)
    assert np.array_equal(circuit.program(g).g, circuit.program(g).g)
    devices, again = circuit.new_devices(), circuit.new_devices()
    devices.write(Parameters(g, np.ones(8)))
    again.restore(devices.state, np.ones(8))
    one, two = (circuit.reading(chip, np.dtype(np.float64)) for chip in (devices, again))
    assert np.array_equal(one.g, two.g)
    assert np.array_equal(one.bias_currents, two.bias_currents)


def test_real_devices_may_be_open_and_never_negative():
    circuit = circuit_of(Memory(read_noise=Noise(of_value=0.1)))
    g = asked(circuit)
    g[0], g[1] = 0.0, 2e-3  # open, and read with noise beyond the range
    circuit.checked(ResistiveConductances(g, np.zeros(8)))
    g[2] = -1e-9
    with pytest.raises(InputError, match=r"conductance -1e-09 S is below the range's low 0\.0 S"):
        circuit.checked(ResistiveConductances(g, np.zeros(8)))
