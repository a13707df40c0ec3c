"""Both engines settle with what the devices hold, stuck and open ones included."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Drive, compile_circuit
from analogeq.circuit.resistive import ResistiveDrive
from analogeq.engines import engine
from analogeq.hardware import ResistiveTechnology, Technology
from analogeq.hardware.memory import (
    DeviceArray,
    Drift,
    Faults,
    Levels,
    Memory,
    Noise,
    Programming,
    Retention,
    Spread,
)
from analogeq.network import Network, Parameters

pytestmark = pytest.mark.ngspice

MEMORY = Memory(
    levels=Levels(8),
    programming=Programming(Noise(of_range=0.05)),
    read_noise=Noise(of_value=0.02),
    faults=Faults(0.05, 0.05, 0.1),
)
VERIFIED = Memory(
    programming=Programming(Noise(of_range=0.03), budget=6, tolerance=0.01),
    read_noise=Noise(of_range=0.005),
    drift=Drift(0.05, 0.01, 1.0),
    retention=Retention(1e5, 0.1),
    spread=Spread(tolerance=0.05),
    read_after=1e3,
)
"""Write-verify, and everything that happens to a device afterwards."""
MEMORIES = pytest.mark.parametrize("memory", [MEMORY, VERIFIED], ids=["written", "verified, aged"])
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


@MEMORIES
def test_engines_agree_on_resistors_that_are_real_devices(memory):
    technology = ResistiveTechnology(conductance_low=1e-5, conductance_high=1e-3, memory=memory)
    circuit = compile_circuit(NETWORK, technology)
    rng = np.random.default_rng(1)
    asked = rng.uniform(1e-5, 1e-3, circuit.wiring.n_edges)
    held = circuit.program(asked)
    assert (held.g == 0.0).any() == (memory is MEMORY)  # open ones
    drive, points = ResistiveDrive(rng.random((3, 4))), {}
    for name in ("native", "ngspice"):
        with engine(name).open(circuit) as session:
            session.program(held)
            points[name] = session.settle(drive).voltages
    # Of a volt: ngspice's gmin of 1e-12 S beside loads of some 1e-4 S.
    assert np.abs(points["native"] - points["ngspice"]).max() < 1e-7
    with engine("native").open(compile_circuit(NETWORK, replace(technology, memory=Memory()))) as session:
        session.program(session.circuit.program(asked))
        assert np.abs(session.settle(drive).voltages - points["native"]).max() > 1e-3  # the devices are seen at all


@MEMORIES
def test_both_families_write_age_and_read_their_devices_alike(memory):
    def array_after(target):
        devices = DeviceArray(memory, 1e-5, 1e-3, len(target))
        devices.write(target)
        devices.wait(memory.read_after)
        return devices.read()

    resistive = compile_circuit(
        NETWORK, ResistiveTechnology(conductance_low=1e-5, conductance_high=1e-3, memory=memory)
    )
    asked = np.random.default_rng(2).uniform(1e-5, 1e-3, resistive.wiring.n_edges)
    assert np.array_equal(resistive.program(asked).g, array_after(asked))
    technology = Technology(unit_conductance=1e-3, conductance_low=1e-5, conductance_high=1e-3, memory=memory)
    zero = Parameters(np.zeros(NETWORK.n_edges), np.zeros(NETWORK.n_nodes))
    found = compile_circuit(NETWORK, technology).program(zero)
    written = np.concatenate([found.pairs("weights"), found.pairs("biases")], axis=1)
    assert np.array_equal(written.ravel(), array_after(np.full(written.size, 1e-5)))
