"""Temperature coefficients of devices and of leaks: by hand, by what they leave as it is, and against ngspice."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Tether, power_flow
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.engines import engine
from analogeq.hardware import DiodeClamp, Technology, Wires
from analogeq.hardware.memory import Levels, Memory
from analogeq.network import Network, Parameters, glorot_uniform

ROUNDING = 1e-12  # relative; sums of a few terms in double precision
WARM = Technology(device_temperature_coefficient=2e-3, leak_temperature_coefficient=-1e-3, temperature=85.0)


def drawn(technology):
    circuit = Circuit(Network.layered((4, 5, 3)), technology)
    theta = glorot_uniform(circuit.network, np.random.default_rng(0), scale=0.5)
    theta.biases[:] = 0.3
    return circuit, theta, circuit.program(theta)


def settled(circuit, held, drive):
    with engine("native", accuracy="tight").open(circuit) as session:
        session.program(held)
        return session.settle(drive).voltages


def test_at_27_degrees_nothing_depends_on_a_coefficient():
    circuit, theta, held = drawn(replace(WARM, temperature=27.0))
    assert held.weights is theta.weights
    assert held.backward is theta.weights
    assert circuit.technology.leak_conductance == circuit.technology.unit_conductance


def test_a_lone_neuron_stands_at_its_bias_by_the_ratio_of_both_factors():
    circuit = Circuit(Network.layered((1, 1)), WARM)
    held = circuit.program(Parameters(np.zeros(1), np.array([0.4])))
    found = settled(circuit, held, Drive(np.zeros((1, 1))))
    # 58 K above the reference: 1.116 of the device over 0.942 of the leak.
    assert found[0, 0] == pytest.approx(0.4 * 1.116 / 0.942, rel=1e-9)


def test_the_tether_is_no_device_of_the_chip_s_arrays():
    circuit = Circuit(Network.layered((1, 1)), WARM)
    held = circuit.program(Parameters(np.zeros(1), np.array([0.4])))
    drive = Drive(np.zeros((1, 1)), Tether(np.array([[0.9]]), 0.5 * WARM.unit_conductance))
    expected = (0.4 * 1.116 + 0.5 * 0.9) / (0.942 + 0.5)
    assert settled(circuit, held, drive)[0, 0] == pytest.approx(expected, rel=1e-9)


def test_a_chip_whose_leaks_follow_its_devices_settles_where_it_does_at_27_degrees():
    drive = Drive(np.random.default_rng(2).random((5, 4)))
    ends = []
    for warm in (WARM.temperature, 27.0):
        tech = Technology(device_temperature_coefficient=2e-3, leak_temperature_coefficient=2e-3, temperature=warm)
        circuit, _, held = drawn(tech)
        ends.append(settled(circuit, held, drive))
    assert ((ends[0] > 0.0) & (ends[0] < 1.0)).mean() > 0.5
    assert ends[0] == pytest.approx(ends[1], abs=1e-9)


def test_devices_conduct_more_and_take_more_power():
    circuit, _, held = drawn(WARM)
    cold, _, there = drawn(Technology())
    for which in ("weights", "backward", "biases"):
        for warm, plain in zip(held.pairs(which), there.pairs(which), strict=True):
            assert warm == pytest.approx(1.116 * plain, rel=ROUNDING)
    drive, v = Drive(np.full((1, 4), 0.5)), np.full((1, 8), 0.3)
    warm, plain = power_flow(circuit, held, drive, v), power_flow(cold, there, drive, v)
    assert warm.crossbar == pytest.approx(1.116 * plain.crossbar, rel=ROUNDING)
    assert warm.leak == pytest.approx(0.942 * plain.leak, rel=ROUNDING)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_keep_their_precision_and_both_directions_stay_one_array(dtype):
    circuit = Circuit(Network.layered((3, 4, 2)), WARM)
    held = circuit.program(glorot_uniform(circuit.network, np.random.default_rng(0), dtype=dtype))
    assert held.weights.dtype == dtype
    assert held.backward is held.weights


CHIPS = {
    "ideal clamps": WARM,
    "diodes": replace(WARM, clamp=DiodeClamp(1e-12, 1.2)),
    "wires": replace(WARM, wires=Wires(1e3, 2e3, 4e3, 3e3)),
    "mirrored": replace(WARM, arrays="mirrored", mirror_mismatch=0.1, sense_offset_spread=10e-3),
    "devices": replace(WARM, conductance_low=1e-6, conductance_high=6e-6, memory=Memory(levels=Levels(8))),
}


@pytest.mark.ngspice
@pytest.mark.parametrize("name", CHIPS)
def test_the_native_engine_settles_where_ngspice_settles_the_warm_chip(run_netlist, name):
    circuit, theta, held = drawn(CHIPS[name])
    drive = Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    there = np.array([ends[node] for node in cell_hierarchy(circuit, held, drive).neurons])
    assert np.abs(settled(circuit, held, drive)[0] - there).max() < 1e-9  # rail 1 V: what the two are to agree to
    still = replace(CHIPS[name], device_temperature_coefficient=0.0, leak_temperature_coefficient=0.0)
    cold = Circuit(circuit.network, still)
    assert np.abs(settled(cold, cold.program(theta), drive)[0] - there).max() > 1e-2  # temperature does something


@pytest.mark.ngspice
def test_both_engines_settle_and_follow_a_warm_chip_alike():
    circuit, _, held = drawn(replace(WARM, sense_gain_spread=0.05))
    drive, tau = Drive(np.random.default_rng(1).random((3, 4))), circuit.technology.time_constant
    settles, follows = [], []
    for name in ("native", "ngspice"):
        made = engine(name, accuracy="tight")
        with made.open(circuit) as session:
            session.program(held)
            settles.append(session.settle(drive).voltages)
            follows.append(session.settle(drive, duration=2.0 * tau).voltages)
        if hasattr(made, "close"):
            made.close()
    assert settles[0] == pytest.approx(settles[1], abs=1e-9)
    assert follows[0] == pytest.approx(follows[1], abs=1e-5)  # trapezoidal steps of 0.02 tau at most
