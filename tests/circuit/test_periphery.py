"""Offsets and gain errors of amplifiers: by hand, folded against drawn, and native against ngspice."""

from dataclasses import replace

import numpy as np
import pytest

from analogeq.circuit import Circuit, Drive, power_flow
from analogeq.circuit.netlist import readable_netlist
from analogeq.circuit.netlist.hierarchy import cell_hierarchy
from analogeq.circuit.noise import noise_densities, thermal_energy
from analogeq.engines import engine
from analogeq.hardware import DiodeClamp, IdealClamp, Technology, Wires
from analogeq.hardware.amplifiers import amplifier_flaws
from analogeq.hardware.memory import Levels, Memory
from analogeq.network import Network, Parameters, glorot_uniform

ROUNDING = 1e-12  # relative; sums of a few terms in double precision
FLAWED = Technology(
    sense_gain=2.0,
    follower_gain=50.0,
    sense_offset=5e-3,
    sense_offset_spread=20e-3,
    sense_gain_spread=0.1,
    follower_offset=-3e-3,
    follower_offset_spread=10e-3,
    amplifier_seed=3,
)


def drawn(technology, sizes=(4, 5, 3), seed=0):
    circuit = Circuit(Network.layered(sizes), technology)
    theta = glorot_uniform(circuit.network, np.random.default_rng(seed), scale=0.5)
    theta.biases[:] = 0.3
    return circuit, theta, circuit.program(theta)


def test_amplifiers_without_errors_leave_conductances_as_they_were():
    circuit, theta, held = drawn(Technology(amplifier_seed=5))
    assert circuit.amplifiers is None
    assert held.weights is theta.weights
    assert held.backward is theta.weights
    assert held.held is None
    assert held.offsets is None


def test_one_neuron_s_offset_current_is_its_columns_conductances_times_their_offsets():
    tech = replace(FLAWED, follower_gain=float("inf"))
    circuit = Circuit(Network.layered((1, 1, 1)), tech)
    held = circuit.program(Parameters(np.array([0.5, -0.25]), np.array([0.1, 0.0])))
    flaws, low, step = circuit.amplifiers, tech.conductance_low, tech.unit_conductance / tech.sense_gain
    # The hidden neuron's columns: from the input, its bias, and backward from the output; the follower of that.
    plus, minus = 3 * low + (0.5 + 0.1) * step, 3 * low + 0.25 * step
    gain = tech.sense_gain * flaws.gain[0]
    offset = -gain * (flaws.plus[0] * plus - flaws.minus[0] * minus + 0.25 * step * flaws.follower[1])
    assert held.offsets[0] == pytest.approx(offset, rel=ROUNDING)
    assert held.weights == pytest.approx([0.5 * flaws.gain[0], -0.25 * flaws.gain[1]], rel=ROUNDING)
    assert held.backward[1] == pytest.approx(-0.25 * flaws.gain[0], rel=ROUNDING)
    assert held.biases[0] == pytest.approx(0.1 * flaws.gain[0], rel=ROUNDING)
    assert held.pairs("weights")[0][0] == pytest.approx(low + 0.5 * step, rel=ROUNDING)  # no device is another


def test_an_offset_common_to_both_columns_leaves_what_their_devices_differ_by():
    """With o on both grounds the current is -A o (S+ - S-): a bias of -(sum of all weights into the node) o / V_u."""
    circuit, theta, held = drawn(Technology(sense_offset=10e-3))
    net = circuit.network
    into = theta.biases.copy()
    for block in net.blocks:
        into[net.layer(block.post)] += block.view(theta.weights).sum(axis=0)
        if block.pre > 0:
            into[net.layer(block.pre)] += block.view(theta.weights).sum(axis=1)
    # A difference of sums of devices that cancel to a part of them.
    assert held.offsets == pytest.approx(-10e-3 * into * circuit.technology.unit_conductance, rel=1e-9)


def test_where_all_stands_at_one_voltage_no_wire_carries_a_current():
    """Inputs, followers and virtual grounds at o, no neuron driven otherwise: columns carry nothing, wires or not."""
    at = 20e-3
    for wires in (Wires(), Wires(5e3, 4e3, 8e3, 6e3, driven_from="both")):
        circuit, _, held = drawn(Technology(sense_offset=at, follower_offset=at, wires=wires))
        bare = held.biases * circuit.technology.rail  # biases stand at the rail, against grounds at o
        wanted = bare * (1.0 - at / circuit.technology.rail) * circuit.technology.unit_conductance
        found = circuit.input_currents(held, np.full((1, 4), at))[0]
        assert found == pytest.approx(wanted, rel=1e-9)


def test_every_amplifier_is_its_own_and_a_seed_is_a_chip():
    one = amplifier_flaws(replace(FLAWED, sense_gain_spread=0.05), 4000)
    again, other = (amplifier_flaws(replace(FLAWED, amplifier_seed=seed), 4000) for seed in (3, 4))
    assert np.array_equal(one.plus, again.plus)
    assert not np.array_equal(one.plus, other.plus)
    # A standard deviation of 4,000 draws is known to 1.1 % of itself, a mean to 1.6 % of the spread.
    for values, mean, spread in (
        (one.gain, 1.0, 0.05), (one.plus, 5e-3, 20e-3), (one.minus, 5e-3, 20e-3), (one.follower, -3e-3, 10e-3)
    ):  # fmt: skip
        assert values.std() == pytest.approx(spread, rel=0.05)
        assert values.mean() == pytest.approx(mean, abs=0.08 * spread)
    draws = np.array([one.gain, one.plus, one.minus, one.follower])
    assert np.abs(np.corrcoef(draws) - np.eye(4)).max() < 0.08  # five standard errors


def test_gain_errors_alone_are_a_chip_with_other_weights():
    circuit, theta, held = drawn(Technology(sense_gain_spread=0.2))
    net, gain = circuit.network, circuit.amplifiers.gain
    there, back = theta.weights.copy(), theta.weights.copy()
    for block in net.blocks:
        block.view(there)[:] *= gain[net.layer(block.post)]
        if block.pre > 0:
            block.view(back)[:] *= gain[net.layer(block.pre)][:, None]
    assert np.array_equal(held.weights, there)
    assert np.array_equal(held.backward, back)
    assert not held.offsets.any()


CHIPS = {
    "ideal wires": FLAWED,
    "diodes": replace(FLAWED, clamp=DiodeClamp(1e-12, 1.2), temperature=60.0),
    "wires": replace(FLAWED, wires=Wires(1e3, 2e3, 4e3, 3e3)),
    "mirrored wires": replace(
        FLAWED, arrays="mirrored", mirror_mismatch=0.1, wires=Wires(200.0, 100.0, driven_from="both", sensed_at="top")
    ),
    "devices": replace(FLAWED, conductance_low=1e-6, conductance_high=6e-6, memory=Memory(levels=Levels(8))),
}


@pytest.mark.ngspice
@pytest.mark.parametrize("name", CHIPS)
def test_the_native_engine_settles_where_ngspice_settles_the_drawn_amplifiers(run_netlist, name):
    circuit, theta, held = drawn(CHIPS[name])
    drive = Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    settled = []
    plain = {"sense_offset": 0.0, "sense_offset_spread": 0.0, "sense_gain_spread": 0.0}
    plain |= {"follower_offset": 0.0, "follower_offset_spread": 0.0}
    for chip in (circuit, Circuit(circuit.network, replace(circuit.technology, **plain))):
        with engine("native", accuracy="tight").open(chip) as session:
            session.program(chip.program(theta))
            settled.append(session.settle(drive).voltages[0])
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    drawn_ends = np.array([ends[node] for node in cell_hierarchy(circuit, held, drive).neurons])
    assert ((drawn_ends > 0.01) & (drawn_ends < 0.99)).sum() >= 5
    assert np.abs(settled[0] - drawn_ends).max() < 1e-9  # rail 1 V: what the two are asked to agree to
    assert np.abs(settled[0] - settled[1]).max() > 1e-3  # the errors do something


@pytest.mark.ngspice
def test_both_engines_fold_the_same_errors(drive_commands):
    circuit, _, held = drawn(FLAWED)
    drive = Drive(np.random.default_rng(1).random((3, 4)))
    found = []
    for name in ("native", "ngspice"):
        made = engine(name, accuracy="tight")
        with made.open(circuit) as session:
            session.program(held)
            found.append(session.settle(drive).voltages)
        if hasattr(made, "close"):
            made.close()
    assert np.abs(found[0] - found[1]).max() < 1e-9


@pytest.mark.ngspice
@pytest.mark.parametrize("name", ["ideal wires", "wires", "mirrored wires"])
def test_what_crossbars_turn_into_heat_is_what_ngspice_s_sources_give(run_netlist, name):
    circuit, _, held = drawn(CHIPS[name])
    drive = Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    hierarchy = cell_hierarchy(circuit, held, drive)
    v = np.array([[ends[node] for node in hierarchy.neurons]])
    at = power_flow(circuit, held, drive, v)
    flaws, neurons = circuit.amplifiers, range(circuit.network.n_nodes)
    # A source's current is that into its plus end.
    given = -sum(volts * ends[f"vi{k}#branch"] for k, volts in enumerate(drive.inputs[0].tolist()))
    given -= circuit.technology.rail * ends["vrail#branch"]
    for sign, grounds in (("plus", flaws.plus), ("minus", flaws.minus)):
        given -= sum(grounds[k] * ends[f"v.xs{k}.v{sign}#branch"] for k in neurons)
    sources = next(t for s in hierarchy.sections for t in s.tables if t.names[:1] == ("vo0",))
    for source in sources:  # between a follower and its word line: what the line's array takes goes through it
        given -= ends[hierarchy.nodes[source.nodes[0]]] * ends[f"{source.name}#branch"]
    assert float(at.crossbar[0]) == pytest.approx(given, rel=1e-9)


def test_noise_passes_a_conveyor_of_twice_the_gain_four_times_as_strong():
    tech = Technology(sense_gain_spread=0.3)
    circuit, _, held = drawn(tech)
    plain = Circuit(circuit.network, Technology())
    rest, v = Drive(np.zeros((1, 4))), np.zeros((1, circuit.network.n_nodes))
    found = noise_densities(circuit, held, rest, v)[0]
    bare = noise_densities(plain, plain.program(Parameters(held.held[0], held.held[2])), rest, v)[0]
    leak = 4.0 * thermal_energy(plain) * tech.unit_conductance
    assert found - leak == pytest.approx((bare - leak) * circuit.amplifiers.gain**2, rel=1e-9)


@pytest.mark.ngspice
@pytest.mark.parametrize(
    "clamp", [IdealClamp(1e9, 0.05, 0.08, 2), DiodeClamp(1e-12, 1.2, 0.0, "", 0.05, 0.08, 2)], ids=["ideal", "diodes"]
)
def test_the_native_engine_settles_between_the_drawn_levels_of_clamps(run_netlist, clamp):
    circuit, theta, _ = drawn(Technology(clamp=clamp))
    theta.biases[::2], theta.biases[1::2] = 1.5, -0.8  # into both levels
    held, drive = circuit.program(theta), Drive(np.array([[0.9, 0.2, 0.7, 0.4]]))
    ends = run_netlist(readable_netlist(circuit, held, drive), "op")
    there = np.array([ends[node] for node in cell_hierarchy(circuit, held, drive).neurons])
    found = []
    for chip in (
        circuit,
        Circuit(circuit.network, Technology(clamp=replace(clamp, lower_spread=0.0, upper_spread=0.0))),
    ):
        with engine("native").open(chip) as session:
            session.program(held)
            found.append(session.settle(drive).voltages[0])
    # ngspice's ideal clamp yields by 1e-9 of what pushes, a rail or so; its diodes by the tolerance of node voltages.
    assert np.abs(found[0] - there).max() < 5e-9
    assert np.abs(found[1] - there).max() > 1e-2  # the spread does something
