"""Reference lines of real chips: amplifiers, mirrors and wires, by hand and against ngspice's drawing of every part."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, power_flow
from analogeq.circuit.crossbar import Crossbar
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.reference_lines import line_readings
from analogeq.engines import engine
from analogeq.errors import InputError
from analogeq.hardware import Technology, Wires
from analogeq.hardware.amplifiers import line_amplifiers
from analogeq.hardware.memory import Levels, Memory, Noise, Programming
from analogeq.network import Network, Parameters, glorot_uniform

ROUNDING = 1e-12  # relative; sums of a few terms in double precision
FLAWS = {
    "sense_offset": 5e-3,
    "sense_offset_spread": 10e-3,
    "sense_gain_spread": 0.01,
    "follower_offset": -3e-3,
    "follower_offset_spread": 10e-3,
    "amplifier_seed": 3,
}
PLAIN = Technology(mapping="offset-column", conductance_low=1e-6, conductance_high=21e-6, follower_gain=50.0)
FLAWED = replace(PLAIN, **FLAWS)
RESISTING = Wires(1e3, 2e3, 4e3, 3e3)


def drawn(technology, sizes=(4, 5, 3), seed=0, dtype=np.float64):
    circuit = Circuit(Network.layered(sizes), technology)
    theta = glorot_uniform(circuit.network, np.random.default_rng(seed), scale=0.5, dtype=dtype)
    theta.biases[:] = 0.3
    return circuit, theta, circuit.program(theta)


def test_one_neuron_s_columns_and_references_are_copied_with_gains_and_offsets_of_their_own():
    tech = replace(FLAWED, follower_gain=float("inf"), sense_gain=2.0)
    circuit = Circuit(Network.layered((1, 1, 1)), tech)
    held = circuit.program(Parameters(np.array([0.5, -0.25]), np.array([0.1, 0.0])))
    from_input, to_output, from_output, biases = circuit.line_amplifiers
    g0, step, middle, gain = tech.unit_conductance, tech.unit_conductance / 2.0, 11e-6, tech.sense_gain
    own, shared = middle + 0.5 * step, middle
    weight = gain * (from_input.own[0] * own - from_input.copies[0] * shared) / g0
    assert held.weights[0] == pytest.approx(weight, rel=ROUNDING)
    coupling = middle - 0.25 * step
    there = gain * (to_output.own[0] * coupling - to_output.copies[0] * middle) / g0
    back = gain * (from_output.own[0] * coupling - from_output.copies[0] * middle) / g0
    assert (held.weights[1], held.backward[1]) == pytest.approx((there, back), rel=ROUNDING)
    bias = gain * (biases.own[0] * (middle + 0.1 * step) - biases.copies[0] * middle) / g0
    assert held.biases[0] == pytest.approx(bias, rel=ROUNDING)
    lifted = circuit.follower_offsets[1]
    offset = sum(
        gain * (one.own[0] * g * (up - one.grounds[0]) - one.copies[0] * middle * (up - one.grounds[-1]))
        for one, g, up in ((from_input, own, 0.0), (from_output, coupling, lifted), (biases, middle + 0.1 * step, 0.0))
    )
    assert held.offsets[0] == pytest.approx(offset, rel=1e-11)  # differences of terms that cancel to a few per cent


def test_an_offset_common_to_all_grounds_leaves_what_devices_and_references_differ_by():
    """With o on all grounds the current is -A o (S - S_ref): a bias of -(sum of all weights into the node) o / V_u."""
    circuit, theta, held = drawn(replace(PLAIN, sense_offset=10e-3))
    into = theta.biases.copy()
    for block in circuit.network.blocks:
        into[circuit.network.layer(block.post)] += block.view(theta.weights).sum(axis=0)
        if block.pre > 0:
            into[circuit.network.layer(block.pre)] += block.view(theta.weights).sum(axis=1)
    # A difference of sums of devices that cancel to a part of them.
    assert held.offsets == pytest.approx(-10e-3 * into * circuit.technology.unit_conductance, rel=1e-9)


def test_copies_that_differ_leave_a_part_of_the_reference_in_every_weight_of_a_neuron():
    circuit, theta, held = drawn(replace(PLAIN, sense_gain_spread=0.05))
    for block, one in zip(circuit.network.blocks, circuit.line_amplifiers, strict=False):
        left = (one.own - one.copies) * 11e-6 / circuit.technology.unit_conductance
        expected = block.view(theta.weights) * one.own + left
        assert block.view(held.weights) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert np.abs(left).max() > 0.05  # as much as the spread, on a scale where references stand at 1.1
    assert not held.offsets.any()


@pytest.mark.parametrize("wires", [Wires(), replace(RESISTING, driven_from="both")])
def test_where_all_stands_at_one_voltage_no_wire_carries_a_current(wires):
    at = 20e-3
    tech = replace(PLAIN, sense_offset=at, follower_offset=at * 51.0 / 50.0, wires=wires)
    circuit, _, held = drawn(tech)
    bare = held.biases * tech.rail  # biases stand at the rail, against grounds at o
    wanted = bare * (1.0 - at / tech.rail) * tech.unit_conductance
    assert circuit.input_currents(held, np.full((1, 4), at))[0] == pytest.approx(wanted, rel=1e-9)


def test_every_amplifier_of_every_reading_is_its_own_and_a_seed_is_a_chip():
    tech = replace(FLAWED, sense_gain_spread=0.05)
    first, second = line_amplifiers(tech, (4000, 4000))
    assert np.array_equal(first.own, line_amplifiers(tech, (4000, 3))[0].own)
    assert not np.array_equal(first.own, line_amplifiers(replace(tech, amplifier_seed=4), (4000,))[0].own)
    draws = np.array([first.own, first.copies, first.grounds[1:], second.own, second.copies, second.grounds[1:]])
    # A standard deviation of 4,000 draws is known to 1.1 % of itself, a mean to 1.6 % of the spread.
    spreads, means = np.tile([0.05, 0.05, 10e-3], 2), np.tile([1.0, 1.0, 5e-3], 2)
    assert draws.std(axis=1) == pytest.approx(spreads, rel=0.05)
    assert (np.abs(draws.mean(axis=1) - means) < 0.08 * spreads).all()
    assert np.abs(np.corrcoef(draws) - np.eye(6)).max() < 0.08  # five standard errors


def test_a_mirrored_array_errs_by_the_same_part_of_every_weight_as_of_pairs():
    mirrored = {"arrays": "mirrored", "mirror_mismatch": 0.2, "mirror_seed": 4}
    circuit, theta, held = drawn(replace(PLAIN, **mirrored))
    pairs, _, beside = drawn(replace(PLAIN, mapping="differential", **mirrored))
    assert np.array_equal(held.weights, theta.weights)
    assert held.backward == pytest.approx(beside.backward, rel=1e-9)  # a weight is a tenth of a device and less
    g, references = held.pairs("backward")
    assert g - references == pytest.approx(held.backward * circuit.technology.unit_conductance, rel=1e-9)
    assert (references == 11e-6).all()
    assert not np.array_equal(pairs.backward(theta.weights), theta.weights)


def test_a_mismatch_takes_no_device_below_zero():
    tech = replace(PLAIN, arrays="mirrored", mirror_mismatch=0.5)
    circuit = Circuit(Network.layered((1, 4, 60)), tech)
    held = circuit.program(Parameters(np.full(244, -1.0), np.zeros(64)))
    g, references = held.pairs("backward")
    assert g.min() == 0.0  # told 1 uS, 10 uS below the reference: beyond a mismatch of 10 % there is nothing left
    assert held.backward.min() == pytest.approx(-references[0] / tech.unit_conductance, rel=ROUNDING)


def test_a_reference_stands_at_the_far_end_of_its_word_line():
    """One word line of one weight: the driver's and two segments' resistance, a ladder of two cells."""
    wires = Wires(word_line_resistance=2e3, driver_resistance=5e3)
    circuit = Circuit(Network.layered((1, 1, 1)), replace(PLAIN, wires=wires))
    held = circuit.program(Parameters(np.array([0.5, 0.0]), np.zeros(2)))
    device, reference = 16e-6, 11e-6
    far = 1.0 / (2e3 + 1.0 / reference)  # the wire to the reference, seen from the weight's cell
    near = 1.0 / (1.0 + 7e3 * (device + far))  # what is left of a volt there
    weight = near * (device - far) / circuit.technology.unit_conductance
    assert held.weights[0] == pytest.approx(weight, rel=ROUNDING)


@pytest.mark.parametrize("arrays", ["shared", "mirrored"])
def test_every_reading_is_an_array_with_one_bit_line_more(arrays):
    circuit, theta, held = drawn(replace(PLAIN, wires=RESISTING, arrays=arrays))
    tech, block = circuit.technology, circuit.network.blocks[1]
    devices = 11e-6 + block.view(theta.weights) * tech.unit_conductance
    forward = Crossbar.forward(np.column_stack([devices, np.full(5, 11e-6)]), RESISTING).equivalent
    assert block.view(held.weights) * tech.unit_conductance == pytest.approx(
        forward[:, :-1] - forward[:, -1:], rel=1e-9, abs=1e-18
    )
    turned = np.vstack([devices, np.full(3, 11e-6)])
    read = Crossbar.backward(turned, RESISTING) if arrays == "shared" else Crossbar.forward(turned.T, RESISTING)
    back = read.equivalent
    assert block.view(held.backward).T * tech.unit_conductance == pytest.approx(
        back[:, :-1] - back[:, -1:], rel=1e-9, abs=1e-18
    )


def test_single_precision_stays_single():
    for chip in (FLAWED, replace(PLAIN, wires=RESISTING), replace(PLAIN, arrays="mirrored", mirror_mismatch=0.1)):
        _, _, held = drawn(chip, dtype=np.float32)
        assert held.weights.dtype == held.backward.dtype == held.biases.dtype == np.float32


def test_chips_of_pairs_have_no_reference_lines_to_read():
    circuit, _, held = drawn(Technology())
    with pytest.raises(InputError, match="holds its weights as pairs"):
        next(line_readings(circuit, held))


CHIPS = {
    "amplifiers": FLAWED,
    "amplifiers, affine": replace(FLAWED, mapping="affine", arrays="mirrored"),
    "mismatch": replace(PLAIN, arrays="mirrored", mirror_mismatch=0.3),
    "wires": replace(PLAIN, wires=RESISTING),
    "wires, affine": replace(PLAIN, mapping="affine", wires=replace(RESISTING, driven_from="right")),
    "mirrored wires": replace(
        PLAIN, arrays="mirrored", mirror_mismatch=0.1, wires=Wires(200.0, 100.0, driven_from="both", sensed_at="top")
    ),
    "all": replace(FLAWED, wires=RESISTING, temperature=85.0, device_temperature_coefficient=1e-3),
    "all, mirrored": replace(
        FLAWED,
        mapping="affine",
        wires=Wires(0.0, 500.0, 0.0, 300.0),
        arrays="mirrored",
        mirror_mismatch=0.1,
        memory=Memory(levels=Levels(32), programming=Programming(Noise(of_range=0.01))),
    ),
}


@pytest.mark.ngspice
@pytest.mark.parametrize("name", CHIPS)
def test_the_native_engine_settles_where_ngspice_settles_the_drawn_reference_lines(run_netlist, name):
    circuit, theta, held = drawn(CHIPS[name])
    drive = Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    ideal = Circuit(circuit.network, replace(PLAIN, mapping=circuit.technology.mapping))
    settled = []
    for chip, programmed in ((circuit, held), (ideal, ideal.program(theta))):
        with engine("native", accuracy="tight").open(chip) as session:
            session.program(programmed)
            settled.append(session.settle(drive).voltages[0])
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    there = np.array([ends[node] for node in cell_hierarchy(circuit, held, drive).neurons])
    assert ((there > 0.01) & (there < 0.99)).sum() >= 5
    assert np.abs(settled[0] - there).max() < 1e-9  # rail 1 V: what the two are asked to agree to
    assert np.abs(settled[0] - settled[1]).max() > 1e-3  # the flaws do something


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["amplifiers", "wires", "all", "all, mirrored"])
def test_what_crossbars_turn_into_heat_is_what_ngspice_s_sources_give(run_netlist, name):
    circuit, _, held = drawn(CHIPS[name])
    drive = Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    hierarchy = cell_hierarchy(circuit, held, drive)
    at = power_flow(circuit, held, drive, np.array([[ends[node] for node in hierarchy.neurons]]))
    # A source's current is that into its plus end; an added offset stands between a follower and its word line.
    given = -circuit.technology.rail * ends["vrail#branch"]
    for table in hierarchy.schematic.tables:
        for source in table:
            if source.name.startswith(("vi", "vc", "vref", "vo")):
                given -= ends[hierarchy.nodes[source.nodes[0]]] * ends[f"{source.name}#branch"]
            elif source.name.startswith("xf") and circuit.follower_offsets is None:
                given -= ends[hierarchy.nodes[source.nodes[1]]] * ends[f"e.{source.name}.eline#branch"]
    assert float(at.crossbar[0]) == pytest.approx(given, rel=1e-9)
