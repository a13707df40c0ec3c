"""Three ways to lay signed weights onto devices: one equilibrium, other devices, powers and errors."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, Nudge, Tether, compile_circuit, power_flow
from analogeq.circuit.mapping import array_maps
from analogeq.circuit.netlist import readable_netlist
from analogeq.engines import engine
from analogeq.errors import GraphError, TechnologyError
from analogeq.hardware import Technology
from analogeq.hardware.memory import DeviceState, Faults, Levels, Memory, Noise, Programming
from analogeq.hardware.technology import MAPPINGS
from analogeq.network import Block, Network, Parameters

TECHNOLOGY = Technology(conductance_low=1e-6, conductance_high=41e-6, rail=0.8, follower_gain=99.0)
NETWORK = Network.layered((4, 5, 3))
EXACT = Memory(levels=Levels(2**24))
"""Not ideal, and off by 2e-12 S at most: what it does can be compared with the ideal."""
REFERENCED = [mapping for mapping in MAPPINGS if mapping != "differential"]


def circuit_of(mapping, **changes):
    return Circuit(NETWORK, replace(TECHNOLOGY, mapping=mapping, **changes))


def drawn(seed=0, limit=0.4):
    rng = np.random.default_rng(seed)
    return Parameters(rng.uniform(-limit, limit, NETWORK.n_edges), rng.uniform(-limit, limit, NETWORK.n_nodes))


def driven(samples=1):
    rng, g0 = np.random.default_rng(7), TECHNOLOGY.unit_conductance
    tether = Tether(rng.uniform(0.0, 0.8, (samples, NETWORK.n_nodes)), 0.1 * g0)
    return Drive(rng.uniform(0.0, 0.8, (samples, 4)), tether, Nudge(rng.uniform(0.0, 0.8, (samples, 3)), 0.5 * g0))


def ideal_devices_settle(engine_name, mapping):
    circuit = circuit_of(mapping)
    with engine(engine_name).open(circuit) as session:
        session.program(circuit.program(drawn()))
        return session.settle(driven(5)).voltages


@pytest.mark.parametrize("engine_name", ["native", pytest.param("ngspice", marks=pytest.mark.ngspice)])
@pytest.mark.parametrize("mapping", REFERENCED)
def test_ideal_devices_settle_alike_however_weights_are_laid_onto_them(engine_name, mapping):
    pairs, shared = (ideal_devices_settle(engine_name, one) for one in ("differential", mapping))
    assert np.abs(pairs - shared).max() <= 1e-12 * TECHNOLOGY.rail  # the rounding of a sum
    assert np.ptp(pairs) > 0.1 * TECHNOLOGY.rail


@pytest.mark.ngspice
@pytest.mark.parametrize("mapping", REFERENCED)
@pytest.mark.parametrize(
    "memory", [Memory(), Memory(programming=Programming(Noise(of_range=0.05)))], ids=["ideal", "noisy"]
)
def test_reference_lines_drawn_device_by_device_settle_in_ngspice_where_the_native_engine_does(
    mapping, memory, run_netlist
):
    circuit = circuit_of(mapping, memory=memory)
    held, drive = circuit.program(drawn()), driven()
    with engine("native").open(circuit) as session:
        session.program(held)
        expected = session.settle(drive).voltages[0]
    text = readable_netlist(circuit, held, drive, duration=60.0 * TECHNOLOGY.time_constant)
    ends = run_netlist(text, "run")
    found = np.array([ends[name] for name in NETWORK.node_names])
    assert found == pytest.approx(expected, abs=1e-7)  # ngspice's tolerances, and e^-60 of the way left


@pytest.mark.ngspice
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_the_power_of_the_crossbars_is_what_ngspice_reads_at_virtual_grounds_and_drivers(mapping, run_netlist):
    circuit = circuit_of(mapping)
    held, drive = circuit.program(drawn()), Drive(driven().inputs)
    ends = run_netlist(readable_netlist(circuit, held, drive, duration=60.0 * TECHNOLOGY.time_constant), "run")
    voltages = np.array([[ends[name] for name in NETWORK.node_names]])
    inputs = -sum(ends[f"vi{k}#branch"] * drive.inputs[0, k] for k in range(4))
    assert power_flow(circuit, held, drive, voltages).inputs[0] == pytest.approx(inputs, rel=1e-6)  # ngspice's reltol


@pytest.mark.parametrize("mapping", REFERENCED)
def test_written_devices_realise_their_weights_both_ways(mapping):
    asked = drawn()
    held = circuit_of(mapping, memory=EXACT).program(asked)
    for found, wanted in ((held.weights, asked.weights), (held.backward, asked.weights), (held.biases, asked.biases)):
        assert np.allclose(found, wanted, atol=1e-6)  # two devices of 24 bits, a weight of one at up to 41 uS
    ideal = circuit_of(mapping).program(asked)
    for which in ("weights", "backward", "biases"):
        for found, wanted in zip(held.pairs(which), ideal.pairs(which), strict=True):
            assert np.allclose(found, wanted, atol=5e-12)  # likewise


def test_references_of_an_offset_column_stand_in_the_middle_and_leave_half_of_the_range():
    circuit = circuit_of("offset-column")
    assert circuit.technology.weight_limit == 0.5 * TECHNOLOGY.weight_limit
    held = circuit.program(drawn(limit=3.0))
    weights, references = held.pairs("weights")
    assert (references == 21e-6).all()
    assert (weights.min(), weights.max()) == (1e-6, 41e-6)
    assert held.clipped == np.count_nonzero(np.abs(np.r_[drawn(limit=3.0).weights, drawn(limit=3.0).biases]) > 2.0)


def test_an_affine_map_brings_every_arrays_least_and_greatest_weight_to_the_ends_of_the_range():
    held = circuit_of("affine").program(drawn())
    arrays = [held.pairs("weights", block.edges)[0] for block in NETWORK.blocks] + [held.pairs("biases")[0]]
    for g in arrays:
        assert (g.min(), g.max()) == pytest.approx((1e-6, 41e-6), rel=1e-12)  # rounding
    assert len(set(held.references.maps.gains)) == len(arrays)


def test_an_affine_map_keeps_zero_in_the_range_and_takes_an_array_of_zeros():
    nothing = Parameters(np.full(NETWORK.n_edges, 0.5), np.zeros(NETWORK.n_nodes))
    maps = array_maps(NETWORK, replace(TECHNOLOGY, mapping="affine"), nothing)
    assert maps.references[:-1] == pytest.approx(1e-6, rel=1e-12)  # weights of one sign need no shift
    assert (maps.gains[-1], maps.references[-1]) == (TECHNOLOGY.sense_gain, 21e-6)  # as an offset column's


def test_references_stand_on_a_level_and_weights_are_laid_out_from_there():
    coarse = circuit_of("offset-column", memory=Memory(levels=Levels(4)))
    held = coarse.program(Parameters(np.zeros(NETWORK.n_edges), np.zeros(NETWORK.n_nodes)))
    assert not held.weights.any()
    assert not held.biases.any()


def test_what_is_wrong_with_a_reference_is_wrong_with_all_weights_of_its_line():
    noisy = Memory(levels=Levels(2**24), read_noise=Noise(of_range=0.02), seed=3)
    circuit = circuit_of("offset-column", memory=noisy)
    held = circuit.program(drawn())
    _, references = held.pairs("weights", NETWORK.blocks[1].edges)
    of_lines = references.reshape(5, 3)
    assert (of_lines == of_lines[:, :1]).all()
    assert len(np.unique(of_lines)) == 5
    assert not np.array_equal(held.weights, held.backward)  # the other side has references of its own


def test_a_step_in_place_moves_weights_and_leaves_references_alone():
    circuit = circuit_of("offset-column", memory=replace(EXACT, rounding="nearest"))
    devices, before, wanted = circuit.new_devices(), drawn(0), drawn(1)
    devices.write(before)
    references = devices.read().references.forward
    devices.move(before, wanted)
    assert np.allclose(devices.held(np.dtype(np.float64)).weights, wanted.weights, atol=1e-6)  # 24 bits
    assert all(np.array_equal(*both) for both in zip(references, devices.read().references.forward, strict=True))


def test_stuck_references_cost_whole_lines_and_devices_come_back_from_a_checkpoint():
    circuit = circuit_of("offset-column", memory=Memory(faults=Faults(stuck_low=0.2), seed=1))
    devices, again = circuit.new_devices(), circuit.new_devices()
    devices.write(drawn())
    again.restore(devices.state)
    assert np.array_equal(devices.read().weights, again.read().weights)
    stuck = np.concatenate(devices.read().references.forward) == 1e-6
    assert 0 < stuck.sum() < len(stuck)


def test_an_affine_chip_learns_within_the_gains_that_it_was_made_with():
    circuit = circuit_of("affine", affine_headroom=8.0, memory=replace(EXACT, rounding="nearest"))
    devices, before, wanted = circuit.new_devices(), drawn(0), drawn(1, limit=0.6)
    devices.write(before)
    maps = devices.maps
    assert devices.bound(wanted) == 0
    devices.move(before, wanted)
    assert devices.maps is maps
    found = devices.held(np.dtype(np.float64))
    assert np.allclose(found.weights, wanted.weights, atol=1e-6)  # 24 bits
    assert np.allclose(found.biases, wanted.biases, atol=1e-6)


def test_what_an_affine_chip_has_no_room_for_is_clipped_and_counted():
    devices = circuit_of("affine").new_devices()
    before = drawn()
    devices.write(before)
    wanted = before.copy()
    assert devices.bound(wanted) == 0  # its own ends are inside, but for rounding
    wanted.weights[:3], wanted.biases[0] = 5.0, -5.0
    assert devices.bound(wanted) == 4
    first = before.weights[NETWORK.blocks[0].edges]
    assert wanted.weights[:3] == pytest.approx(first.max(), rel=1e-12)  # rounding
    assert wanted.biases[0] == pytest.approx(before.biases.min(), rel=1e-12)


def test_weights_written_later_do_not_make_an_affine_chip_anew():
    devices = circuit_of("affine", memory=EXACT).new_devices()
    devices.write(drawn())
    gains = devices.maps.gains
    devices.write(drawn(1, limit=4.0))
    assert devices.maps.gains is gains
    assert devices.array.held().max() == TECHNOLOGY.conductance_high


def test_an_affine_chip_comes_back_from_a_checkpoint_with_its_layout():
    circuit = circuit_of("affine", affine_headroom=3.0, memory=EXACT)
    devices, again = circuit.new_devices(), circuit.new_devices()
    with pytest.raises(TechnologyError, match="none have been"):
        devices.read()
    devices.write(drawn())
    state = DeviceState.from_arrays(devices.state.as_arrays("devices"), "devices")
    again.restore(state)
    assert np.array_equal(devices.read().weights, again.read().weights)
    assert np.array_equal(devices.held(np.dtype(float)).weights, again.held(np.dtype(float)).weights)
    with pytest.raises(TechnologyError, match="does not say how a chip of 3 arrays was laid out"):
        again.restore(replace(state, layout=None))


def test_a_headroom_below_one_is_refused():
    with pytest.raises(TechnologyError, match=r"affine_headroom: 0\.5 is below 1"):
        circuit_of("affine", affine_headroom=0.5)


@pytest.mark.parametrize("mapping", REFERENCED)
def test_pairs_that_are_balanced_are_refused_where_there_are_none(mapping):
    with pytest.raises(
        TechnologyError, match=f"mapping: '{mapping}' with balanced pairs, where a weight is one device"
    ):
        circuit_of(mapping, memory=Memory(pairs="balanced"))


def test_an_unknown_mapping_is_refused():
    with pytest.raises(TechnologyError, match="mapping: 'rows' is unknown; give 'differential', 'offset-column' or"):
        circuit_of("rows")


def test_reference_lines_are_refused_where_a_layer_is_joined_in_part():
    partly = Block(0, 1, (2, 2), slice(0, 2), np.array([0, 1]), np.array([1, 0]))
    network = Network(("a", "b", "c", "d"), (2, 2), np.array([0, 1]), (partly,))
    with pytest.raises(GraphError, match="2 edges between 2 and 2 nodes, and mapping 'offset-column'"):
        compile_circuit(network, replace(TECHNOLOGY, mapping="offset-column"))
