"""Thermal noise behind amplifiers of limited swing, current and bandwidth."""

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.circuit.noise import noise_currents, thermal_energy
from analogeq.circuit.stages import quickest
from analogeq.engines.native.engine import NativeEngine
from analogeq.engines.noise import noise_covariance, noise_density, noisy_waveform
from analogeq.hardware import Technology
from analogeq.network import Network, Parameters


def settled(circuit, held, drive):
    with NativeEngine(accuracy="tight").open(circuit) as session:
        session.program(held)
        return session.settle(drive).voltages


def test_noise_without_couplings_is_filtered_by_both_poles():
    """A neuron of 1/RC = a behind a conveyor of pole b has of its crossbar's noise b / (a + b), of its leak's all."""
    tech = Technology(sense_bandwidth=10e6)
    circuit = Circuit(Network.layered((2, 1)), tech)
    held = circuit.program(Parameters(np.array([0.5, -0.25]), np.zeros(1)))
    drive = Drive(np.full((1, 2), 0.5))
    at = settled(circuit, held, drive)
    noise = noise_currents(circuit, held, drive, at)
    a, b = 1.0 / tech.time_constant, 2.0 * np.pi * 10e6
    own = thermal_energy(circuit) / tech.node_capacitance
    share = noise.crossbars[0, 0] / noise.own[0, 0] * b / (a + b)
    assert noise_covariance(circuit, held, drive, at)[0, 0, 0] == pytest.approx(own * (1.0 + share), rel=1e-12)
    low = noise_density(circuit, held, drive, at, np.zeros(1))[0, 0, 0]
    assert low == pytest.approx(noise.matrix(0)[0, 0] / tech.unit_conductance**2, rel=1e-12)


@pytest.mark.parametrize(
    "limits",
    [{"sense_bandwidth": 5e6}, {"follower_bandwidth": 5e6, "follower_high": 0.5}, {"sense_current_limit": 4e-6}],
    ids=["conveyors", "followers", "current"],
)
def test_a_noisy_waveform_behind_limited_amplifiers_has_the_covariance_of_the_linearised_circuit(limits):
    """1,500 copies at seven moments: some 10,000 samples leave a variance 1.4 % open, and steps of a fortieth of the
    quickest time constant err by a hundredth: five standard deviations and that."""
    circuit = Circuit(Network.layered((2, 2, 1)), Technology(**limits))
    held = circuit.program(Parameters(np.array([0.3, 0.2, 0.4, -0.3, 0.4, 0.3]), np.full(3, 0.1)))
    drive = Drive(np.full((1, 2), 0.5))
    at, copies = settled(circuit, held, drive), 1500
    assert ((at > 0.1) & (at < 0.9)).all()  # thousands of standard deviations from the rails
    many, span = Drive(np.repeat(drive.inputs, copies, axis=0)), 12.0 * circuit.technology.time_constant
    steps = round(40.0 * span / quickest(circuit))
    wave = noisy_waveform(circuit, held, many, np.repeat(at, copies, axis=0), span, seed=1, steps=steps)
    late = wave.voltages[:, steps // 2 :: steps // 12]
    seen, expected = np.cov((late - at).reshape(-1, 3).T), noise_covariance(circuit, held, drive, at)[0]
    assert np.abs(seen - expected).max() < 0.08 * np.diag(expected).max()


def test_a_saturated_conveyor_hands_on_less_noise():
    found = {}
    for limit in (np.inf, 2e-6):
        circuit = Circuit(Network.layered((2, 1)), Technology(sense_current_limit=limit))
        held = circuit.program(Parameters(np.array([0.5, 0.5]), np.zeros(1)))
        drive = Drive(np.full((1, 2), 0.6))
        found[limit] = noise_covariance(circuit, held, drive, settled(circuit, held, drive))[0, 0, 0]
        own = thermal_energy(circuit) / circuit.technology.node_capacitance
        found[limit] -= own
    slope = 1.0 - np.tanh(0.6 / 0.2) ** 2
    assert found[2e-6] == pytest.approx(slope**2 * found[np.inf], rel=1e-9)
