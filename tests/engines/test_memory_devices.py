"""Both engines settle with what the devices hold, stuck and open ones included."""

import numpy as np
import pytest

from analogeq.circuit import Drive, compile_circuit
from analogeq.circuit.resistive import ResistiveDrive
from analogeq.engines import engine
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.hardware.memory import Faults, Levels, Memory, Noise, Programming
from analogeq.network import Network, Parameters

pytestmark = pytest.mark.ngspice

MEMORY = Memory(
    levels=Levels(8),
    programming=Programming(Noise(of_range=0.05)),
    read_noise=Noise(of_value=0.02),
    faults=Faults(0.05, 0.05, 0.1),
)
NETWORK = Network.layered((4, 5, 3))


def test_engines_agree_on_a_crossbar_of_real_devices():
    circuit = compile_circuit(NETWORK, Technology(conductance_low=1e-7, conductance_high=6e-6, memory=MEMORY))
    rng = np.random.default_rng(0)
    asked = Parameters(rng.uniform(-0.5, 0.5, NETWORK.n_edges), rng.uniform(0.0, 0.3, NETWORK.n_nodes))
    held, drive, points = circuit.program(asked), Drive(rng.random((3, 4))), {}
    for name in ("native", "ngspice"):
        with engine(name).open(circuit) as session:
            session.program(held)
            points[name] = session.settle(drive).voltages
    assert np.abs(points["native"] - points["ngspice"]).max() < 1e-8  # of 1 V: ngspice's stand-in for an ideal clamp
    with engine("native").open(compile_circuit(NETWORK, Technology())) as session:
        session.program(session.circuit.program(asked))
        assert np.abs(session.settle(drive).voltages - points["native"]).max() > 1e-2  # the devices are seen at all


def test_engines_agree_on_resistors_that_are_real_devices():
    technology = ResistiveTechnology(conductance_low=1e-5, conductance_high=1e-3, memory=MEMORY)
    circuit = compile_circuit(NETWORK, technology)
    rng = np.random.default_rng(1)
    held = circuit.program(rng.uniform(1e-5, 1e-3, circuit.wiring.n_edges))
    assert (held.g == 0.0).any()
    drive, points = ResistiveDrive(rng.random((3, 4))), {}
    for name in ("native", "ngspice"):
        with engine(name).open(circuit) as session:
            session.program(held)
            points[name] = session.settle(drive).voltages
    # Of a volt: ngspice's gmin of 1e-12 S beside loads of some 1e-4 S.
    assert np.abs(points["native"] - points["ngspice"]).max() < 1e-7
