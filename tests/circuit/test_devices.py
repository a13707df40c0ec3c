from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.engines import engine
from analogeq.hardware import Technology, Wires
from analogeq.hardware.amplifiers import amplifier_flaws
from analogeq.hardware.memory import Faults, Levels, Memory, Noise, Programming
from analogeq.network import Network, Parameters

TECHNOLOGY = Technology(conductance_low=1e-6, conductance_high=21e-6)
NETWORK = Network.layered((4, 5, 3))
EXACT = Memory(levels=Levels(2**24))
"""Not ideal, and off by 1e-12 S at most: what it does can be compared with the ideal."""


def circuit_of(memory, **changes):
    return Circuit(NETWORK, replace(TECHNOLOGY, memory=memory, **changes))


def drawn(seed=0, limit=1.5):
    rng = np.random.default_rng(seed)
    return Parameters(rng.uniform(-limit, limit, NETWORK.n_edges), rng.uniform(-limit, limit, NETWORK.n_nodes))


@pytest.mark.parametrize("pairs", ["one-sided", "balanced"])
def test_a_written_pair_realises_its_weight_and_stands_where_it_should(pairs):
    asked = drawn()
    held = circuit_of(replace(EXACT, pairs=pairs)).program(asked)
    assert np.allclose(held.weights, asked.weights, atol=1e-6)  # 24 bits of a weight of up to 2
    assert np.allclose(held.biases, asked.biases, atol=1e-6)  # likewise
    g_plus, g_minus = held.pairs("weights")
    if pairs == "balanced":
        assert np.allclose(g_plus + g_minus, 22e-6, atol=1e-11)  # likewise
    else:
        assert np.allclose(np.minimum(g_plus, g_minus), 1e-6, atol=1e-11)  # likewise


@pytest.mark.parametrize("pairs", ["one-sided", "balanced"])
def test_a_step_moves_the_weights_by_itself_across_signs(pairs):
    circuit = circuit_of(replace(EXACT, pairs=pairs, rounding="nearest"))
    devices, before, wanted = circuit.new_devices(), drawn(0, 0.9), drawn(1, 0.9)
    devices.write(before)
    devices.move(before, wanted)
    moved = devices.held(np.dtype(np.float64))
    assert np.allclose(moved.weights, wanted.weights, atol=1e-6)  # as above
    assert np.allclose(moved.biases, wanted.biases, atol=1e-6)  # as above


def test_a_one_sided_step_passes_by_a_device_that_is_stuck():
    circuit = circuit_of(replace(EXACT, faults=Faults(stuck_high=0.3), rounding="nearest"))
    devices, zero = circuit.new_devices(), Parameters(np.zeros(NETWORK.n_edges), np.zeros(NETWORK.n_nodes))
    devices.write(zero)
    before = devices.held(np.dtype(np.float64))
    devices.move(zero, Parameters(np.full(NETWORK.n_edges, 0.5), zero.biases))
    moved = devices.held(np.dtype(np.float64)).weights - before.weights
    stuck = devices.array.faults.reshape(2, -1)[:, : NETWORK.n_edges] != 0
    minus_alone = stuck[1] & ~stuck[0]
    assert minus_alone.any()
    assert np.allclose(moved[minus_alone], 0.5, atol=1e-6)  # as above


@pytest.mark.parametrize("arrays", ["shared", "mirrored"])
def test_the_netlist_holds_what_the_devices_hold_and_the_engines_see_their_difference(arrays):
    noisy = Memory(levels=Levels(8), programming=Programming(Noise(of_range=0.05)), faults=Faults(0.05, 0.05, 0.05))
    mismatch = 0.1 if arrays == "mirrored" else 0.0
    circuit = circuit_of(noisy, arrays=arrays, mirror_mismatch=mismatch)
    held = circuit.program(drawn())
    for which, values in (("weights", held.weights), ("backward", held.backward), ("biases", held.biases)):
        g_plus, g_minus = held.pairs(which)
        assert np.allclose((g_plus - g_minus) / TECHNOLOGY.unit_conductance, values, atol=1e-12)  # rounding
        assert (np.minimum(g_plus, g_minus) >= 0.0).all()
    hierarchy = cell_hierarchy(circuit, held, Drive(np.zeros((1, 4))))
    written = {
        name: values
        for section in hierarchy.sections
        for table in section.tables
        if getattr(table, "subcircuit", "") == "pair"
        for name, values in zip(table.names, np.stack(list(table.parameters.values())).T, strict=True)
    }
    forward = np.stack(held.pairs("weights"), axis=1)
    assert all(np.array_equal(written[f"xw{e}_f"], forward[e]) for e in range(NETWORK.n_edges))
    assert np.array_equal(written["xb2"], np.stack(held.pairs("biases"), axis=1)[2])


def test_equal_weights_on_chips_of_one_seed_are_equal_conductances():
    noisy = Memory(programming=Programming(Noise(of_range=0.05)), read_noise=Noise(of_value=0.1))
    one, two = circuit_of(noisy).program(drawn()), circuit_of(noisy).program(drawn())
    assert np.array_equal(one.weights, two.weights)
    other = circuit_of(replace(noisy, seed=1)).program(drawn())
    assert not np.array_equal(one.weights, other.weights)


def test_weights_beyond_the_range_are_counted_as_on_ideal_devices():
    asked = drawn()
    asked.weights[:3] = 5.0
    assert circuit_of(EXACT).program(asked).clipped == circuit_of(Memory()).program(asked).clipped == 3


def test_weights_keep_their_precision():
    asked = drawn()
    single = Parameters(asked.weights.astype(np.float32), asked.biases.astype(np.float32))
    assert circuit_of(EXACT).program(single).weights.dtype == np.float32


@pytest.mark.ngspice
@pytest.mark.parametrize("wires", [Wires(), Wires(50.0, 80.0, 400.0, 200.0)])
@pytest.mark.parametrize("arrays", ["shared", "mirrored"])
@pytest.mark.parametrize("pairs", ["one-sided", "balanced"])
def test_the_native_engine_settles_where_ngspice_settles_all_devices_and_wires(run_netlist, wires, arrays, pairs):
    real = Memory(
        levels=Levels(8),
        programming=Programming(Noise(of_range=0.02)),
        faults=Faults(0.05, 0.05, 0.05),
        pairs=pairs,
    )
    mismatch = 0.1 if arrays == "mirrored" else 0.0
    circuit = circuit_of(real, conductance_high=8e-6, wires=wires, arrays=arrays, mirror_mismatch=mismatch)
    held, drive = circuit.program(drawn(3, 0.4)), Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    with engine("native").open(circuit) as session:
        session.program(held)
        native = session.settle(drive).voltages[0]
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    devices = np.array([ends[name] for name in cell_hierarchy(circuit, held, drive).neurons])
    # Rail 1 V; on a clamp the netlist's stiffness of 1e9 lets some full-scale currents through by 1e-8.
    assert np.abs(native - devices).max() < 1e-7


def test_what_tells_mirrored_arrays_apart_is_nothing_else_that_is_drawn_of_the_seed():
    network = Network.layered((1, 60, 60))
    tech = Technology(arrays="mirrored", mirror_mismatch=0.1, mirror_seed=7, sense_gain_spread=0.1, amplifier_seed=7)
    same, other = Circuit(network, tech), Circuit(network, replace(tech, mirror_seed=8))
    ones = np.ones(network.n_edges)
    errors = same.backward(ones) - 1.0
    assert np.array_equal(Circuit(network, tech).backward(ones) - 1.0, errors)
    # Of 3,660 draws the sd is known to 1 / sqrt(2 n) and a correlation to 1 / sqrt(n); four of these.
    assert errors.std() == pytest.approx(0.1, rel=4.0 / np.sqrt(2 * len(errors)))
    gains = amplifier_flaws(tech, network.n_edges).gain
    for unlike in (other.backward(ones), gains, np.random.default_rng(7).standard_normal(len(errors))):
        assert abs(np.corrcoef(errors, unlike)[0, 1]) < 4.0 / np.sqrt(len(errors))
